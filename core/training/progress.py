"""Where a training stands, and what its guards decide from that."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.training.hooks import EpochRecord
from core.training.plan import TrainingPlan
from utils.exceptions import ErrorCode, InvalidInputError

# What the learning rate is multiplied with after a divergence.
_RETREAT_FACTOR = 0.1
# After so many epochs a training should have learned something.
_LEARNED_BY_EPOCH = 5
_CHANCE_LOSS_SHARE = 0.95
_CHANCE_F1_FACTOR = 1.1

Tell = Callable[[str, str], None]


@dataclass(slots=True)
class Progress:
    """Where a training stands; every field is a plain JSON value."""

    epoch: int = 1
    position: int = 0
    loss_sum: float = 0.0
    n_right: int = 0
    n_seen: int = 0
    norm_sum: float = 0.0
    epoch_s: float = 0.0
    waiting_s: float = 0.0
    cpu_s: float = 0.0
    best_epoch: int = 0
    best_score: float = math.inf
    n_stale: int = 0
    n_flat: int = 0
    rate_factor: float = 1.0
    n_retreats: int = 0
    finished: bool = False
    history: list[dict[str, Any]] = field(default_factory=list)

    def begin_epoch(self, epoch: int) -> None:
        """Forget what was summed up inside an epoch."""
        self.epoch, self.position = epoch, 0
        self.loss_sum, self.n_right, self.n_seen, self.norm_sum = 0.0, 0, 0, 0.0
        self.epoch_s, self.waiting_s = 0.0, 0.0


class Guards:
    """Early stopping, plateaus, divergence, and a word of warning where nothing is learned.

    Parameters
    ----------
    plan
        Its options say how patient each guard is.
    progress
        Is changed.
    tell
        Takes a sentence and its level, ``info`` or ``warning``.
    """

    def __init__(self, plan: TrainingPlan, progress: Progress, tell: Tell) -> None:
        self._plan, self._progress, self._tell = plan, progress, tell

    def judge_epoch(self, record: EpochRecord, validation: dict[str, Any] | None) -> bool:
        """Take an epoch into account; return whether it is the best so far.

        Without validation every epoch is better than the one before.
        """
        progress = self._progress
        score = self._score(validation)
        is_best = validation is None or score < progress.best_score - self._plan.get_number("minimum_gain")
        if is_best:
            progress.best_score, progress.best_epoch = score, record.epoch
            progress.n_stale = progress.n_flat = 0
        else:
            progress.n_stale += 1
            progress.n_flat += 1
        progress.history.append(record.to_dict())
        self._look_for_an_end(record.epoch)
        if not progress.finished:
            self._look_for_a_plateau()
        self._look_whether_anything_is_learned(validation)
        return is_best

    def _score(self, validation: dict[str, Any] | None) -> float:
        """What is smaller for a better epoch."""
        if validation is None:
            return math.inf
        if self._plan.options["best_by"] == "macro_f1":
            return -float(validation["window_macro_f1"])
        return float(validation["loss"])

    def _look_for_an_end(self, epoch: int) -> None:
        progress = self._progress
        out_of_patience = progress.n_stale >= self._plan.get_whole("patience")
        progress.finished = out_of_patience or epoch >= self._plan.get_whole("epochs")
        if out_of_patience:
            self._tell(
                f"Ended: no better than epoch {progress.best_epoch} for {progress.n_stale} epochs.", "info"
            )

    def _look_for_a_plateau(self) -> None:
        progress, factor = self._progress, self._plan.get_number("plateau_factor")
        if factor < 1.0 and progress.n_flat >= self._plan.get_whole("plateau_patience"):
            progress.rate_factor *= factor
            self._tell(
                f"No better for {progress.n_flat} epochs: the learning rate is multiplied by {factor:g}.",
                "info",
            )
            progress.n_flat = 0

    def _look_whether_anything_is_learned(self, validation: dict[str, Any] | None) -> None:
        history, n_classes = self._progress.history, len(self._plan.class_names)
        if len(history) != _LEARNED_BY_EPOCH:
            return
        lowest = min(row["train_loss"] for row in history)
        learned = lowest < _CHANCE_LOSS_SHARE * math.log(n_classes)
        found = 0.0 if validation is None else float(validation["window_macro_f1"] or 0.0)
        if not learned and found < _CHANCE_F1_FACTOR / n_classes:
            self._tell(
                f"After {_LEARNED_BY_EPOCH} epochs the network still does no better than guessing. Another "
                "learning_rate (three times higher or lower), longer windows or weaker changes may help.",
                "warning",
            )

    def retreat(self) -> int:
        """Go back after a divergence: the epoch begins again with a tenth of the learning rate.

        Returns
        -------
        int
            Seed of the random state to go on with.

        Raises
        ------
        InvalidInputError
            ``TRAINING_DIVERGED``: it went back often enough.
        """
        progress, n_allowed = self._progress, self._plan.get_whole("divergence_retries")
        if progress.n_retreats >= n_allowed:
            raise InvalidInputError(
                f"The training diverged in epoch {progress.epoch}: the loss is no longer a finite number. "
                "Lower learning_rate (a tenth is a good try) and start again.",
                code=ErrorCode.TRAINING_DIVERGED,
            )
        progress.n_retreats += 1
        progress.rate_factor *= _RETREAT_FACTOR
        progress.begin_epoch(progress.epoch)
        place = f"the weights of epoch {progress.best_epoch}" if progress.best_epoch else "the beginning"
        self._tell(
            f"The loss was no longer a finite number: back to {place}, with a tenth of the learning rate "
            f"({progress.n_retreats} of {n_allowed}).",
            "warning",
        )
        place_key = [self._plan.seed, progress.epoch, progress.n_retreats]
        return int(np.random.SeedSequence(place_key).generate_state(1)[0])
