"""Training of a classical model in steps: it reports, stops, pauses and resumes like a network."""

from __future__ import annotations

import threading
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
from core.training.watch import Watch
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
        self._left = threading.Event()
        self._reading_watch = Watch(self._ask, lambda: None)
        self._step_watch = Watch(self._ask, self._left.set)
        self._history: list[dict[str, Any]] = []
        self._has_read, self._has_said_so = False, False
        self._cpu_s = 0.0

    def run(self) -> TrainingResult:
        """Learn until done, paused or stopped; see `core.training.loop.NetworkTraining.run`."""
        self._cpu_clock_s = time.process_time()
        state = self._plan.resume_state(self._hooks.on_message)
        if state is not None:
            self._history, self._cpu_s = state.values["history"], state.values["cpu_s"]
        # What the learner knew after its last step: a step that is left behind still works on the learner.
        self._arrays: dict[str, NDArray[Any]] = {} if state is None else dict(state.arrays)
        try:
            table = self._build_table()
            self._has_read = True
            learner = self._build_learner(table)
            if state is not None:
                self._hooks.on_message(f"Resumed after step {len(self._history)}.")
            while not learner.is_finished(self._list_losses()):
                obey(self._ask)
                self._take_step(learner)
                self._save(learner)
                share = len(self._history) / learner.n_steps
                self._hooks.on_batch(_FEATURE_SHARE + (1 - _FEATURE_SHARE) * share)
        except InterruptedTrainingError as interruption:
            self._lap()
            if interruption.command is Command.PAUSE:
                return TrainingResult(Command.PAUSE, None, len(self._history), self._cpu_s, self._history)
            return self._build_result(interruption.command, self._build_learner(table))
        self._hooks.on_batch(1.0)
        return self._build_result(Command.CONTINUE, learner)

    def _ask(self) -> Command:
        """Read the command; a stop waits while there is nothing to stop with."""
        word = Command(self._hooks.command())
        if word is Command.STOP and not (self._history and self._has_read):
            if not self._history and not self._has_said_so:
                self._hooks.on_message(
                    "Stopped before the first step: it is taken, so that there is a model."
                )
                self._has_said_so = True
            return Command.CONTINUE
        return word

    def _build_learner(self, table: LearningTable) -> Learner:
        """Return a learner that knows what was known after the last step."""
        learner = load_learner(self._plan.network)(table, self._plan.options, self._plan.seed)
        if self._arrays:
            learner.restore(self._arrays)
        return learner

    def _build_table(self) -> LearningTable:
        """Read all features."""
        plan, train = self._plan, self._banks["train"]
        self._reader = fit_reader(
            plan.network, plan.options, train, plan.preprocessing.window_samples, plan.seed
        )
        _, recordings = np.unique(
            np.asarray([str(signal.recording_id) for signal in train.signals]), return_inverse=True
        )
        rows = np.concatenate(list(self._read_training()))
        repeats = 1 + self._n_copies
        return LearningTable(
            train=rows,
            validation=self._read_validation(),
            targets=np.tile(train.targets, repeats),
            recordings=np.tile(recordings[train.owners].astype(np.int64), repeats),
            n_plain=len(train),
            n_classes=len(plan.class_names),
        )

    def _read_training(self) -> Iterator[NDArray[np.float32]]:
        """Features of the training windows, then of their changed copies, batch by batch."""
        bank = self._banks["train"]
        for indices in self._cut(bank):
            yield self._read(bank.read_windows(indices), bank.read_conditions(indices))
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
                yield self._read(batch.windows, batch.conditions)

    def _read_validation(self) -> NDArray[np.float32] | None:
        bank = self._banks.get("validation")
        if bank is None:
            return None
        n_before = (1 + self._n_copies) * len(self._banks["train"])
        return np.concatenate(
            [
                self._read(bank.read_windows(indices), bank.read_conditions(indices))
                for indices in self._cut(bank, n_before)
            ]
        )

    def _read(self, windows: NDArray[np.float32], conditions: NDArray[np.float32]) -> NDArray[np.float32]:
        rate_hz = self._plan.preprocessing.analysis_rate_hz
        return self._reading_watch.run(lambda: self._reader.read(windows, rate_hz, conditions))

    def _cut(self, bank: WindowBank, n_before: int = 0) -> Iterator[NDArray[np.int64]]:
        """Numbers of a bank's windows, batch by batch; obeys and reports in between."""
        n_all = (1 + self._n_copies) * len(self._banks["train"])
        n_all += len(self._banks["validation"]) if "validation" in self._banks else 0
        for start in range(0, len(bank), _FEATURE_BATCH):
            obey(self._ask)
            yield np.arange(start, min(start + _FEATURE_BATCH, len(bank)))
            done = n_before + min(start + _FEATURE_BATCH, len(bank))
            self._hooks.on_batch(_FEATURE_SHARE * done / n_all)

    def _take_step(self, learner: Learner) -> None:
        began_s = monotonic_s()
        step = len(self._history)
        self._step_watch.run(lambda: learner.take_step(step, self._check_in))
        record = self._judge(learner, step + 1, began_s)
        self._history.append(record.to_dict())
        self._hooks.on_epoch(record)

    def _check_in(self) -> None:
        """Ends a step that was left behind."""
        if self._left.is_set():
            raise _StepLeftError

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

    def _build_result(self, command: Command, learner: Learner) -> TrainingResult:
        self._lap()
        best_step = learner.choose_step(self._list_losses())
        model = ClassicalModel(self._reader, learner.build_model(best_step))
        return TrainingResult(command, model, best_step, self._cpu_s, self._history)

    def _lap(self) -> None:
        now_s = time.process_time()
        self._cpu_s += now_s - self._cpu_clock_s
        self._cpu_clock_s = now_s

    def _save(self, learner: Learner) -> None:
        self._lap()
        self._arrays = learner.to_arrays()
        best_step = learner.choose_step(self._list_losses())
        values = {"history": self._history, "best_epoch": best_step, "cpu_s": self._cpu_s}
        save_state(self._plan.folder, TrainingState(self._plan.fingerprint, self._arrays, values))


class _StepLeftError(Exception):
    """Ends the thread of a step whose result nobody waits for."""
