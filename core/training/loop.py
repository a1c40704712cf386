"""Training of a torch network: deterministic, and resumable from any point with the same result."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.networks.registry import build_network, get_network_spec
from core.training.augmentation import Augmentation
from core.training.batches import Batch, Mixture, WindowReader, mix_up
from core.training.checkpoints import TrainingState, save_state
from core.training.hooks import Command, EpochRecord, InterruptedTrainingError, TrainingHooks, obey
from core.training.learner import Learner, StepResult, add_prefix, take_prefix
from core.training.loader import Loader
from core.training.network_model import (
    BATCH_WINDOWS,
    NetworkModel,
    arrays_to_tensors,
    compute_probabilities,
)
from core.training.numerics import use_numerics
from core.training.plan import TrainingPlan, TrainingResult
from core.training.preprocessing import standardise
from core.training.progress import Guards, Progress
from core.training.schedule import Schedule, draw_epoch_order
from core.training.signals import WindowBank, judge_bank
from core.training.watch import Watch
from utils.clock import monotonic_s

# A kill costs at most this much work, however long an epoch is.
CHECKPOINT_EVERY_S = 30.0


@dataclass(frozen=True, slots=True)
class _Place:
    """The windows of one batch, and which batch of which epoch it is."""

    indices: NDArray[np.int64]
    epoch: int
    position: int


@dataclass(frozen=True, slots=True)
class _Step:
    """One batch, ready to be learned from."""

    batch: Batch
    mixture: Mixture | None


class _DivergedError(Exception):
    """Loss or gradient are no longer finite."""


class NetworkTraining:
    """One training of one network with one seed.

    Parameters
    ----------
    plan
        What is trained.
    train, validation
        Windows; without validation the last epoch is taken as the best.
    hooks
        The far side.
    """

    def __init__(
        self, plan: TrainingPlan, train: WindowBank, validation: WindowBank | None, hooks: TrainingHooks
    ) -> None:
        self._plan, self._hooks = plan, hooks
        self._train, self._validation = train, validation
        spec = get_network_spec(plan.network)
        self._needs, self._fewest_turns = spec.needs, spec.fewest_turns
        self._progress = Progress()
        self._guards = Guards(plan, self._progress, self._tell)
        self._n_batches = -(-len(train) // plan.get_whole("batch_size"))
        self._schedule = Schedule(
            str(plan.options["schedule"]),
            plan.get_number("learning_rate"),
            plan.get_number("warm_up_share"),
            plan.get_number("final_rate_share"),
        )
        self._best: dict[str, NDArray[Any]] = {}

    def run(self) -> TrainingResult:
        """Train until done, paused or stopped; the model is that of the best epoch.

        Raises
        ------
        InvalidInputError
            ``TRAINING_DIVERGED``.
        JobCancelledError
            The outside cancelled.
        """
        with use_numerics(self._plan.seed, deterministic=bool(self._plan.options["deterministic"])):
            try:
                self._build()
                self._restore()
                while not self._progress.finished:
                    self._run_epochs()
            except InterruptedTrainingError as interruption:
                return self._leave(interruption.command)
            self._hooks.on_batch(1.0)
            return self._build_result(Command.CONTINUE, self._build_best_model())

    def _build(self) -> None:
        for bank in (self._train, self._validation):
            if bank is not None:
                bank.check_conditions(self._needs, self._fewest_turns)
        counts = np.bincount(self._train.targets, minlength=len(self._plan.class_names))
        self._learner = Learner(self._plan, counts, self._hooks.on_message)
        self._watch = Watch(self._hooks.command, self._learner.leave_behind)
        self._reader = WindowReader(
            self._train,
            self._plan.preprocessing,
            Augmentation.from_options(self._plan.options),
            self._plan.class_names,
            self._plan.seed,
        )
        self._clock_s, self._cpu_clock_s, self._saved_s = monotonic_s(), time.process_time(), monotonic_s()

    def _look(self) -> None:
        obey(self._hooks.command)

    def _tell(self, message: str, level: str) -> None:
        self._hooks.on_message(message, level=level, epoch=self._progress.epoch)

    def _run_epochs(self) -> None:
        """Run to the end, or to a divergence, after which the epoch begins again."""
        try:
            with Loader(self._list_places(), self._prepare_step) as loader:
                while not self._progress.finished:
                    self._run_epoch(loader)
        except _DivergedError:
            self._learner.start_over(self._best, self._guards.retreat())
            self._save()

    def _list_places(self) -> Iterator[_Place]:
        """List what is left of this epoch, then the next ones."""
        batch_size, seed = self._plan.get_whole("batch_size"), self._plan.seed
        position = self._progress.position
        for epoch in range(self._progress.epoch, self._plan.get_whole("epochs") + 1):
            order = draw_epoch_order(len(self._train), batch_size, seed, epoch)
            for number in range(position, order.n_batches):
                yield _Place(order.get_batch(number), epoch, number)
            position = 0

    def _prepare_step(self, place: _Place) -> _Step:
        """Read and change the windows of one batch; runs in the loader's threads."""
        batch = self._reader.read(place.indices, place.epoch, place.position)
        key = (self._plan.seed, place.epoch, place.position)
        windows, mixture = mix_up(standardise(batch.windows), self._plan.get_number("mixup"), key)
        return _Step(Batch(windows, batch.targets, batch.conditions), mixture)

    def _run_epoch(self, loader: Loader[_Place, _Step]) -> None:
        progress = self._progress
        self._learner.begin_training()
        while progress.position < self._n_batches:
            self._hooks.on_batch(self._compute_share())
            self._look()
            waited_s = loader.waiting_s
            step = loader.get(self._look)
            progress.waiting_s += loader.waiting_s - waited_s
            self._learn(step)
            if monotonic_s() - self._saved_s > CHECKPOINT_EVERY_S:
                self._lap()
                self._save()
        validation = self._validate()
        self._finish_epoch(self._build_record(validation), validation)

    def _learn(self, step: _Step) -> None:
        progress = self._progress
        if self._watch.is_slow:
            self._learner.remember()
        found = self._watch.run(lambda: self._learner.compute(step.batch, step.mixture))
        _check_finite(found)
        self._learner.apply(self._compute_rate(progress.position))
        n_windows = len(step.batch.targets)
        progress.loss_sum += found.loss * n_windows
        progress.norm_sum += found.gradient_norm
        progress.n_right += found.n_right
        progress.n_seen += n_windows
        progress.position += 1

    def _compute_rate(self, position: int) -> float:
        step = (self._progress.epoch - 1) * self._n_batches + position
        n_steps = self._plan.get_whole("epochs") * self._n_batches
        return self._progress.rate_factor * self._schedule.compute_rate(step, n_steps)

    def _compute_share(self) -> float:
        done = self._progress.epoch - 1 + self._progress.position / (self._n_batches + 1)
        return done / self._plan.get_whole("epochs")

    def _validate(self) -> dict[str, Any] | None:
        """Judge the network as it is on the validation windows; None without any."""
        bank = self._validation
        if bank is None:
            return None
        network = self._learner.judged_network
        parts = []
        for start in range(0, len(bank), BATCH_WINDOWS):
            self._look()
            indices = np.arange(start, min(start + BATCH_WINDOWS, len(bank)))
            windows = bank.read_standardised(indices)
            known = bank.read_conditions(indices) if self._needs else None
            work = _Judging(network, windows, known)
            parts.append(self._watch.run(work))
        probabilities = np.concatenate(parts)
        if not np.isfinite(probabilities).all():
            raise _DivergedError
        return judge_bank(bank, probabilities, self._plan.class_names)

    def _build_record(self, validation: dict[str, Any] | None) -> EpochRecord:
        progress = self._progress
        found = validation or {}
        self._lap()
        return EpochRecord(
            epoch=progress.epoch,
            train_loss=progress.loss_sum / progress.n_seen,
            validation_loss=found.get("loss"),
            train_accuracy=progress.n_right / progress.n_seen,
            validation_window_accuracy=found.get("window_accuracy"),
            validation_recording_accuracy=found.get("recording_accuracy"),
            learning_rate=self._compute_rate(self._n_batches - 1),
            gradient_norm=progress.norm_sum / self._n_batches,
            duration_s=progress.epoch_s,
            validation_window_class_f1=found.get("window_class_f1"),
            waiting_s=progress.waiting_s,
        )

    def _finish_epoch(self, record: EpochRecord, validation: dict[str, Any] | None) -> None:
        """Keep the epoch if it is the best, tell it, and get ready for the next one."""
        if self._guards.judge_epoch(record, validation):
            self._best = self._learner.read_judged_weights()
        self._hooks.on_epoch(record)
        self._progress.begin_epoch(self._progress.epoch + 1)
        self._save()

    def _leave(self, command: Command) -> TrainingResult:
        self._lap()
        if command is Command.PAUSE:
            self._save()
            return self._build_result(command, None)
        if not self._best:
            self._hooks.on_message("Stopped within the first epoch: the weights reached so far are kept.")
            self._progress.best_epoch = self._progress.epoch
            self._best = self._learner.read_judged_weights()
        return self._build_result(command, self._build_best_model())

    def _build_result(self, command: Command, model: NetworkModel | None) -> TrainingResult:
        progress = self._progress
        return TrainingResult(command, model, progress.best_epoch, progress.cpu_s, progress.history)

    def _build_best_model(self) -> NetworkModel:
        """Build a network of its own: the one under training may be at work in a thread left behind."""
        network = build_network(
            self._plan.network,
            self._plan.options,
            n_samples=self._plan.preprocessing.window_samples,
            n_classes=len(self._plan.class_names),
            sample_rate_hz=self._plan.preprocessing.analysis_rate_hz,
        )
        network.load_state_dict(arrays_to_tensors(self._best))
        return NetworkModel(network, self._needs, self._fewest_turns)

    def _lap(self) -> None:
        """Add the time since the last lap to the epoch's and the training's."""
        now_s, cpu_now_s = monotonic_s(), time.process_time()
        self._progress.epoch_s += now_s - self._clock_s
        self._progress.cpu_s += cpu_now_s - self._cpu_clock_s
        self._clock_s, self._cpu_clock_s = now_s, cpu_now_s

    def _save(self) -> None:
        arrays = self._learner.to_arrays() | add_prefix("best", self._best)
        save_state(self._plan.folder, TrainingState(self._plan.fingerprint, arrays, asdict(self._progress)))
        self._saved_s = monotonic_s()

    def _restore(self) -> None:
        state = self._plan.resume_state(self._hooks.on_message)
        if state is None:
            validated = "no" if self._validation is None else f"{len(self._validation):,}"
            self._tell(
                f"Begins with {len(self._train):,} training and {validated} validation windows of "
                f"{self._plan.preprocessing.window_samples:,} samples.",
                "info",
            )
            return
        for name, value in state.values.items():
            setattr(self._progress, name, value)
        self._best = take_prefix("best", state.arrays)
        self._learner.load_arrays(state.arrays)
        self._hooks.on_message(
            f"Resumed in epoch {self._progress.epoch} after {self._progress.position} batches."
        )


@dataclass(frozen=True, slots=True)
class _Judging:
    """One batch of validation windows, to be judged in whichever thread."""

    network: torch.nn.Module
    windows: NDArray[np.float32]
    conditions: NDArray[np.float32] | None

    def __call__(self) -> NDArray[np.float64]:
        return compute_probabilities(self.network, self.windows, self.conditions)


def _check_finite(found: StepResult) -> None:
    if not (math.isfinite(found.loss) and math.isfinite(found.gradient_norm)):
        raise _DivergedError
