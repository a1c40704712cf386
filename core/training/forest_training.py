"""Growing a random forest chunk by chunk: it reports, stops, pauses and resumes like a network."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.networks.random_forest import Forest, grow_forest, join_forests
from core.training.checkpoints import TrainingState, save_state
from core.training.forest_model import ForestModel
from core.training.front_ends import choose_front_end
from core.training.hooks import Command, EpochRecord, InterruptedTrainingError, TrainingHooks, obey
from core.training.plan import TrainingPlan, TrainingResult
from core.training.signals import WindowBank, judge_bank
from utils.clock import monotonic_s

CHUNK_TREES = 20
_PARTS = ("train", "validation")
_FEATURE_BATCH = 256
# Share of the progress bar that the features take; the trees take the rest.
_FEATURE_SHARE = 0.5


class ForestTraining:
    """One forest with one seed; a chunk of trees counts as an epoch.

    Parameters
    ----------
    plan
        What is trained.
    train, validation
        Windows; the validation windows only show how the forest does.
    hooks
        The far side.
    """

    def __init__(
        self, plan: TrainingPlan, train: WindowBank, validation: WindowBank | None, hooks: TrainingHooks
    ) -> None:
        self._plan, self._hooks = plan, hooks
        self._train, self._validation = train, validation
        self._front_end = choose_front_end(plan.options)
        self._forest: Forest | None = None
        self._sums = {name: np.zeros((0, 0)) for name in _PARTS}
        self._history: list[dict[str, Any]] = []
        self._cpu_s = 0.0

    def run(self) -> TrainingResult:
        """Grow until done, paused or stopped; see `core.training.loop.NetworkTraining.run`."""
        self._cpu_clock_s = time.process_time()
        self._restore()
        n_chunks = -(-self._plan.get_whole("n_trees") // CHUNK_TREES)
        try:
            self._read_features()
            while len(self._history) < n_chunks:
                obey(self._hooks.command)
                self._grow_chunk(len(self._history))
                self._save()
                share = len(self._history) / n_chunks
                self._hooks.on_batch(_FEATURE_SHARE + (1 - _FEATURE_SHARE) * share)
        except InterruptedTrainingError as interruption:
            return self._leave(interruption.command)
        return self._build_result(Command.CONTINUE)

    def _read_features(self) -> None:
        n_all = len(self._train) + (len(self._validation) if self._validation else 0)
        self._train_features = self._compute_bank_features(self._train, 0, n_all)
        if self._validation is not None:
            done = len(self._train)
            self._validation_features = self._compute_bank_features(self._validation, done, n_all)

    def _compute_bank_features(self, bank: WindowBank, n_before: int, n_all: int) -> NDArray[np.float32]:
        bank.check_conditions(self._front_end.needs)
        parts = []
        for start in range(0, len(bank), _FEATURE_BATCH):
            obey(self._hooks.command, deaf_to_stop=True)
            indices = np.arange(start, min(start + _FEATURE_BATCH, len(bank)))
            parts.append(
                self._front_end(
                    bank.read_windows(indices),
                    self._plan.preprocessing.analysis_rate_hz,
                    bank.read_conditions(indices),
                )
            )
            self._hooks.on_batch(_FEATURE_SHARE * (n_before + start + len(indices)) / n_all)
        return np.concatenate(parts)

    def _grow_chunk(self, chunk: int) -> None:
        began_s = monotonic_s()
        max_depth = self._plan.options["max_depth"]
        grown = grow_forest(
            self._train_features,
            self._train.targets,
            n_classes=len(self._plan.class_names),
            n_trees=min(CHUNK_TREES, self._plan.get_whole("n_trees") - chunk * CHUNK_TREES),
            seed=int(np.random.SeedSequence([self._plan.seed, chunk]).generate_state(1)[0]),
            max_depth=None if max_depth is None else self._plan.get_whole("max_depth"),
            min_leaf_windows=self._plan.get_whole("min_leaf_windows"),
            feature_share=self._plan.get_number("feature_share"),
        )
        self._forest = grown if self._forest is None else join_forests([self._forest, grown])
        record = self._judge_chunk(chunk + 1, began_s, grown)
        self._history.append(record.to_dict())
        self._hooks.on_epoch(record)

    def _judge_chunk(self, epoch: int, began_s: float, grown: Forest) -> EpochRecord:
        train = self._judge_part("train", self._train, self._train_features, grown)
        validation: dict[str, float | None] = {}
        if self._validation is not None:
            validation |= self._judge_part("validation", self._validation, self._validation_features, grown)
        return EpochRecord(
            epoch=epoch,
            train_loss=train["loss"],
            validation_loss=validation.get("loss"),
            train_accuracy=train["window_accuracy"],
            validation_window_accuracy=validation.get("window_accuracy"),
            validation_recording_accuracy=validation.get("recording_accuracy"),
            learning_rate=None,
            gradient_norm=None,
            duration_s=monotonic_s() - began_s,
        )

    def _judge_part(
        self, name: str, bank: WindowBank, features: NDArray[np.float32], grown: Forest
    ) -> dict[str, float]:
        """Add the new trees to the running sum of a part's probabilities, and judge the forest so far."""
        added = grown.predict_probabilities(features) * grown.n_trees
        self._sums[name] = added if self._sums[name].size == 0 else self._sums[name] + added
        probabilities = self._sums[name] / self._sums[name].sum(axis=1, keepdims=True)
        return judge_bank(bank, probabilities, self._plan.class_names)

    def _leave(self, command: Command) -> TrainingResult:
        if command is Command.PAUSE:
            self._save()
        elif self._forest is None:
            self._hooks.on_message("Stopped before the first trees: one chunk of them is grown.")
            self._grow_chunk(0)
        return self._build_result(command)

    def _build_result(self, command: Command) -> TrainingResult:
        self._lap()
        model = None
        if self._forest is not None and command is not Command.PAUSE:
            model = ForestModel(self._forest, self._front_end)
        return TrainingResult(command, model, len(self._history), self._cpu_s, self._history)

    def _lap(self) -> None:
        now_s = time.process_time()
        self._cpu_s += now_s - self._cpu_clock_s
        self._cpu_clock_s = now_s

    def _save(self) -> None:
        self._lap()
        arrays: dict[str, NDArray[Any]] = {f"sum/{name}": self._sums[name] for name in _PARTS}
        if self._forest is not None:
            arrays |= self._forest.to_arrays()
        values = {"history": self._history, "best_epoch": len(self._history), "cpu_s": self._cpu_s}
        save_state(self._plan.folder, TrainingState(self._plan.fingerprint, arrays, values))

    def _restore(self) -> None:
        state = self._plan.resume_state(self._hooks.on_message)
        if state is None:
            return
        self._history, self._cpu_s = state.values["history"], state.values["cpu_s"]
        self._sums = {name: state.arrays[f"sum/{name}"] for name in _PARTS}
        if self._history:
            self._forest = Forest.from_arrays(dict(state.arrays))
            self._hooks.on_message(f"Resumed with {self._forest.n_trees} trees.")
