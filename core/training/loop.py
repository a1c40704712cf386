"""Training of a torch network: deterministic, and resumable from any point with the same result."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.networks.registry import build_network, get_network_spec
from core.training.augmentation import Augmentation
from core.training.batches import WindowReader
from core.training.checkpoints import TrainingState, save_state
from core.training.hooks import Command, EpochRecord, InterruptedTrainingError, TrainingHooks, obey
from core.training.network_model import (
    BATCH_WINDOWS,
    NetworkModel,
    arrays_to_tensors,
    compute_logits,
    compute_probabilities,
    tensors_to_arrays,
)
from core.training.plan import TrainingPlan, TrainingResult
from core.training.preprocessing import standardise
from core.training.schedule import EpochOrder, Schedule, draw_epoch_order
from core.training.signals import WindowBank, judge_bank
from utils.clock import monotonic_s
from utils.exceptions import ErrorCode, InvalidInputError

_HIGHEST_GRADIENT_NORM = 1.0


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
    cpu_s: float = 0.0
    best_epoch: int = 0
    best_loss: float = math.inf
    n_stale: int = 0
    finished: bool = False
    history: list[dict[str, Any]] = field(default_factory=list)

    def begin_next_epoch(self) -> None:
        """Forget what was summed up inside the epoch."""
        self.epoch += 1
        self.position = 0
        self.loss_sum, self.n_right, self.n_seen, self.norm_sum, self.epoch_s = 0.0, 0, 0, 0.0, 0.0


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
        self._progress = Progress()
        self._best: dict[str, NDArray[Any]] = {}
        self._needs = get_network_spec(plan.network).needs

    def run(self) -> TrainingResult:
        """Train until done, paused or stopped; the model is that of the best epoch.

        Raises
        ------
        InvalidInputError
            ``TRAINING_DIVERGED``.
        JobCancelledError
            The outside cancelled.
        """
        with _deterministic(self._plan.seed):
            self._build()
            self._restore()
            try:
                while not self._progress.finished:
                    self._run_epoch()
            except InterruptedTrainingError as interruption:
                return self._leave(interruption.command)
            self._hooks.on_batch(1.0)
            return self._build_result(Command.CONTINUE, self._build_best_model())

    def _build(self) -> None:
        for bank in (self._train, self._validation):
            if bank is not None:
                bank.check_conditions(self._needs)
        counts = np.bincount(self._train.targets, minlength=len(self._plan.class_names))
        weights = torch.from_numpy(counts.sum() / (len(counts) * counts)).float()
        self._loss = torch.nn.CrossEntropyLoss(weight=weights)
        self._network = build_network(
            self._plan.network,
            self._plan.options,
            n_samples=self._plan.preprocessing.window_samples,
            n_classes=len(self._plan.class_names),
            sample_rate_hz=self._plan.preprocessing.analysis_rate_hz,
        )
        self._optimiser = torch.optim.AdamW(
            self._network.parameters(),
            lr=self._plan.get_number("learning_rate"),
            weight_decay=self._plan.get_number("weight_decay"),
        )
        self._reader = WindowReader(
            self._train,
            self._plan.preprocessing,
            Augmentation.from_options({"time_shift": 1.0, **self._plan.options}),
            self._plan.class_names,
            self._plan.seed,
        )
        self._clock_s, self._cpu_clock_s = monotonic_s(), time.process_time()

    def _run_epoch(self) -> None:
        progress = self._progress
        order = draw_epoch_order(
            len(self._train),
            self._plan.get_whole("batch_size"),
            self._plan.seed,
            progress.epoch,
        )
        self._network.train()
        while progress.position < order.n_batches:
            self._report(order.n_batches)
            obey(self._hooks.command)
            self._step(order)
        record = self._build_record(order.n_batches, self._validate())
        self._judge_epoch(record)
        self._hooks.on_epoch(record)
        progress.begin_next_epoch()
        self._save()

    def _step(self, order: EpochOrder) -> None:
        progress = self._progress
        rate = self._compute_learning_rate(order.n_batches, progress.position)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        indices = order.get_batch(progress.position)
        batch = self._reader.read(indices, progress.epoch, progress.position)
        windows = torch.from_numpy(standardise(batch.windows))
        targets = torch.from_numpy(batch.targets)
        self._optimiser.zero_grad(set_to_none=True)
        logits = compute_logits(self._network, windows, batch.conditions if self._needs else None)
        loss = self._loss(logits, targets)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self._network.parameters(), _HIGHEST_GRADIENT_NORM)
        self._check_finite(loss.item(), norm.item())
        self._optimiser.step()
        progress.loss_sum += loss.item() * len(indices)
        progress.norm_sum += norm.item()
        progress.n_right += int((logits.argmax(dim=1) == targets).sum())
        progress.n_seen += len(indices)
        progress.position += 1

    def _read_conditions(self, bank: WindowBank, indices: NDArray[np.integer]) -> NDArray[np.float32] | None:
        return bank.read_conditions(indices) if self._needs else None

    def _check_finite(self, loss: float, norm: float) -> None:
        if math.isfinite(loss) and math.isfinite(norm):
            return
        raise InvalidInputError(
            f"The training diverged in epoch {self._progress.epoch}: the loss is no longer a finite number. "
            "Lower learning_rate (a tenth is a good try) and start again.",
            code=ErrorCode.TRAINING_DIVERGED,
        )

    def _compute_learning_rate(self, n_batches: int, position: int) -> float:
        n_epochs = self._plan.get_whole("epochs")
        step = (self._progress.epoch - 1) * n_batches + position
        schedule = Schedule(highest=self._plan.get_number("learning_rate"))
        return schedule.compute_rate(step, n_epochs * n_batches)

    def _report(self, n_batches: int) -> None:
        done = self._progress.epoch - 1 + self._progress.position / (n_batches + 1)
        self._hooks.on_batch(done / self._plan.get_whole("epochs"))

    def _validate(self) -> dict[str, float] | None:
        """Judge the network as it is on the validation windows; None without any."""
        bank = self._validation
        if bank is None:
            return None
        self._network.eval()
        parts = []
        for start in range(0, len(bank), BATCH_WINDOWS):
            obey(self._hooks.command)
            indices = np.arange(start, min(start + BATCH_WINDOWS, len(bank)))
            windows, known = bank.read_standardised(indices), self._read_conditions(bank, indices)
            parts.append(compute_probabilities(self._network, windows, known))
        probabilities = np.concatenate(parts)
        return judge_bank(bank, probabilities, self._plan.class_names)

    def _build_record(self, n_batches: int, validation: dict[str, float] | None) -> EpochRecord:
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
            learning_rate=self._compute_learning_rate(n_batches, n_batches - 1),
            gradient_norm=progress.norm_sum / n_batches,
            duration_s=progress.epoch_s,
        )

    def _judge_epoch(self, record: EpochRecord) -> None:
        """Keep the epoch if it is the best, and see whether another one is worth it."""
        progress = self._progress
        if record.validation_loss is not None:
            self._check_finite(record.validation_loss, 0.0)
        if record.validation_loss is None or record.validation_loss < progress.best_loss:
            self._keep_as_best(math.inf if record.validation_loss is None else record.validation_loss)
        else:
            progress.n_stale += 1
        progress.history.append(record.to_dict())
        out_of_patience = progress.n_stale >= self._plan.get_whole("patience")
        progress.finished = out_of_patience or progress.epoch >= self._plan.get_whole("epochs")

    def _keep_as_best(self, loss: float) -> None:
        self._progress.best_loss, self._progress.best_epoch = loss, self._progress.epoch
        self._progress.n_stale = 0
        self._best = tensors_to_arrays(self._network.state_dict())

    def _leave(self, command: Command) -> TrainingResult:
        self._lap()
        if command is Command.PAUSE:
            self._save()
            return self._build_result(command, None)
        if not self._best:
            self._hooks.on_message("Stopped within the first epoch: the weights reached so far are kept.")
            self._keep_as_best(math.inf)
        return self._build_result(command, self._build_best_model())

    def _build_result(self, command: Command, model: NetworkModel | None) -> TrainingResult:
        progress = self._progress
        return TrainingResult(command, model, progress.best_epoch, progress.cpu_s, progress.history)

    def _build_best_model(self) -> NetworkModel:
        self._network.load_state_dict(arrays_to_tensors(self._best))
        return NetworkModel(self._network, self._needs)

    def _lap(self) -> None:
        """Add the time since the last lap to the epoch's and the training's."""
        now_s, cpu_now_s = monotonic_s(), time.process_time()
        self._progress.epoch_s += now_s - self._clock_s
        self._progress.cpu_s += cpu_now_s - self._cpu_clock_s
        self._clock_s, self._cpu_clock_s = now_s, cpu_now_s

    def _save(self) -> None:
        arrays: dict[str, NDArray[Any]] = {"random_state": torch.get_rng_state().numpy().copy()}
        arrays |= _prefixed("network", tensors_to_arrays(self._network.state_dict()))
        arrays |= _prefixed("best", self._best)
        for index, tensors in self._optimiser.state_dict()["state"].items():
            arrays |= _prefixed(f"optimiser/{index}", tensors_to_arrays(tensors))
        save_state(self._plan.folder, TrainingState(self._plan.fingerprint, arrays, asdict(self._progress)))

    def _restore(self) -> None:
        state = self._plan.resume_state(self._hooks.on_message)
        if state is None:
            return
        self._progress = Progress(**state.values)
        self._best = _take("best", state.arrays)
        self._network.load_state_dict(arrays_to_tensors(_take("network", state.arrays)))
        self._restore_optimiser(_take("optimiser", state.arrays))
        torch.set_rng_state(torch.from_numpy(state.arrays["random_state"].copy()))
        self._hooks.on_message(
            f"Resumed in epoch {self._progress.epoch} after {self._progress.position} batches."
        )

    def _restore_optimiser(self, arrays: dict[str, NDArray[Any]]) -> None:
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, tensor in arrays_to_tensors(arrays).items():
            index, _, key = name.partition("/")
            state.setdefault(int(index), {})[key] = tensor
        groups = self._optimiser.state_dict()["param_groups"]
        self._optimiser.load_state_dict({"state": state, "param_groups": groups})


@contextmanager
def _deterministic(seed: int) -> Iterator[None]:
    """Seed torch and ask for deterministic algorithms; the caller's state comes back afterwards."""
    was_on, warned = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(True, warn_only=True)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(was_on, warn_only=warned)


def _prefixed(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {f"{prefix}/{name}": array for name, array in arrays.items()}


def _take(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    start = f"{prefix}/"
    return {name[len(start) :]: array for name, array in arrays.items() if name.startswith(start)}
