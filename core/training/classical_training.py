"""Training of a classical model in steps: it reports, stops, pauses and resumes like a network."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.networks.classical import Learner, LearningTable, Part
from core.training.augmentation import Augmentation
from core.training.batches import WindowReader
from core.training.checkpoints import TrainingState, save_state
from core.training.classical_model import ClassicalModel, fit_reader, load_learner
from core.training.hooks import Command, EpochRecord, InterruptedTrainingError, TrainingHooks, obey
from core.training.plan import TrainingPlan, TrainingResult
from core.training.signals import WindowBank, judge_bank
from utils.clock import monotonic_s

_FEATURE_BATCH = 256
# Share of the progress bar that the features take; the steps take the rest.
_FEATURE_SHARE = 0.5


class ClassicalTraining:
    """One training of one model with one seed; a step of its learner counts as an epoch.

    Parameters
    ----------
    plan
        What is trained.
    train, validation
        Windows.
    hooks
        The far side.
    """

    def __init__(
        self, plan: TrainingPlan, train: WindowBank, validation: WindowBank | None, hooks: TrainingHooks
    ) -> None:
        self._plan, self._hooks = plan, hooks
        self._banks: dict[Part, WindowBank] = {"train": train}
        if validation is not None:
            self._banks["validation"] = validation
        self._n_copies = plan.get_whole("augmented_copies")
        self._history: list[dict[str, Any]] = []
        self._cpu_s = 0.0

    def run(self) -> TrainingResult:
        """Learn until done, paused or stopped; see `core.training.loop.NetworkTraining.run`."""
        self._cpu_clock_s = time.process_time()
        state = self._plan.resume_state(self._hooks.on_message)
        if state is not None:
            self._history, self._cpu_s = state.values["history"], state.values["cpu_s"]
        learner: Learner | None = None
        try:
            learner = self._build_learner()
            if state is not None:
                learner.restore(state.arrays)
                self._hooks.on_message(f"Resumed after step {len(self._history)}.")
            while not learner.is_finished(self._list_losses()):
                obey(self._hooks.command)
                self._take_step(learner, deaf_to_stop=False)
                self._save(learner)
                share = len(self._history) / learner.n_steps
                self._hooks.on_batch(_FEATURE_SHARE + (1 - _FEATURE_SHARE) * share)
        except InterruptedTrainingError as interruption:
            return self._leave(interruption.command, learner)
        self._hooks.on_batch(1.0)
        return self._build_result(Command.CONTINUE, learner)

    def _build_learner(self) -> Learner:
        """Read all features and hand them to the learner; a stop waits, for there is nothing to stop with."""
        plan, train = self._plan, self._banks["train"]
        self._reader = fit_reader(
            plan.network, plan.options, train, plan.preprocessing.window_samples, plan.seed
        )
        _, recordings = np.unique(
            np.asarray([str(signal.recording_id) for signal in train.signals]), return_inverse=True
        )
        rows = np.concatenate(list(self._read_training()))
        repeats = 1 + self._n_copies
        table = LearningTable(
            train=rows,
            validation=self._read_validation(),
            targets=np.tile(train.targets, repeats),
            recordings=np.tile(recordings[train.owners].astype(np.int64), repeats),
            n_plain=len(train),
            n_classes=len(plan.class_names),
        )
        return load_learner(plan.network)(table, plan.options, plan.seed)

    def _read_training(self) -> Iterator[NDArray[np.float32]]:
        """Features of the training windows, then of their changed copies, batch by batch."""
        bank, rate_hz = self._banks["train"], self._plan.preprocessing.analysis_rate_hz
        for indices in self._cut(bank):
            windows, conditions = bank.read_windows(indices), bank.read_conditions(indices)
            yield self._reader.read(windows, rate_hz, conditions)
        if not self._n_copies:
            return
        changed = WindowReader(
            bank,
            self._plan.preprocessing,
            Augmentation.from_options(self._plan.options),
            self._plan.class_names,
            self._plan.seed,
        )
        for copy in range(1, self._n_copies + 1):
            for position, indices in enumerate(self._cut(bank, n_before=copy * len(bank))):
                batch = changed.read(indices, copy, position)
                yield self._reader.read(batch.windows, rate_hz, batch.conditions)

    def _read_validation(self) -> NDArray[np.float32] | None:
        bank = self._banks.get("validation")
        if bank is None:
            return None
        rate_hz = self._plan.preprocessing.analysis_rate_hz
        n_before = (1 + self._n_copies) * len(self._banks["train"])
        return np.concatenate(
            [
                self._reader.read(bank.read_windows(indices), rate_hz, bank.read_conditions(indices))
                for indices in self._cut(bank, n_before)
            ]
        )

    def _cut(self, bank: WindowBank, n_before: int = 0) -> Iterator[NDArray[np.int64]]:
        """Numbers of a bank's windows, batch by batch; obeys and reports in between."""
        n_all = (1 + self._n_copies) * len(self._banks["train"])
        n_all += len(self._banks["validation"]) if "validation" in self._banks else 0
        for start in range(0, len(bank), _FEATURE_BATCH):
            obey(self._hooks.command, deaf_to_stop=True)
            yield np.arange(start, min(start + _FEATURE_BATCH, len(bank)))
            done = n_before + min(start + _FEATURE_BATCH, len(bank))
            self._hooks.on_batch(_FEATURE_SHARE * done / n_all)

    def _take_step(self, learner: Learner, *, deaf_to_stop: bool) -> None:
        began_s = monotonic_s()
        step = len(self._history)
        learner.take_step(step, lambda: obey(self._hooks.command, deaf_to_stop=deaf_to_stop))
        record = self._judge(learner, step + 1, began_s)
        self._history.append(record.to_dict())
        self._hooks.on_epoch(record)

    def _judge(self, learner: Learner, epoch: int, began_s: float) -> EpochRecord:
        found = {
            part: judge_bank(bank, learner.judge(part), self._plan.class_names)
            for part, bank in self._banks.items()
        }
        train, validation = found["train"], found.get("validation", {})
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
            validation_window_class_f1=validation.get("window_class_f1"),
        )

    def _list_losses(self) -> list[float | None]:
        return [record["validation_loss"] for record in self._history]

    def _leave(self, command: Command, learner: Learner | None) -> TrainingResult:
        if command is Command.PAUSE:
            if learner is not None:
                self._save(learner)
            return self._build_result(command, None)
        if learner is not None and not self._history:
            self._hooks.on_message("Stopped before the first step: it is taken, so that there is a model.")
            self._take_step(learner, deaf_to_stop=True)
        return self._build_result(command, learner)

    def _build_result(self, command: Command, learner: Learner | None) -> TrainingResult:
        self._lap()
        model, best_step = None, len(self._history)
        if learner is not None:
            best_step = learner.choose_step(self._list_losses())
            model = ClassicalModel(self._reader, learner.build_model(best_step))
        return TrainingResult(command, model, best_step, self._cpu_s, self._history)

    def _lap(self) -> None:
        now_s = time.process_time()
        self._cpu_s += now_s - self._cpu_clock_s
        self._cpu_clock_s = now_s

    def _save(self, learner: Learner) -> None:
        self._lap()
        best_step = learner.choose_step(self._list_losses()) if self._history else 0
        values = {"history": self._history, "best_epoch": best_step, "cpu_s": self._cpu_s}
        state = TrainingState(self._plan.fingerprint, learner.to_arrays(), values)
        save_state(self._plan.folder, state)
