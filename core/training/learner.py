"""A network with everything that a step of training changes: weights, optimiser, average, random state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.networks.registry import build_network, get_network_spec
from core.training.averaging import WeightAverage
from core.training.batches import Batch, Mixture
from core.training.fine_tuning import find_head, freeze_below_head, take_parent_weights
from core.training.loss import WeightedLoss, soften_targets
from core.training.network_model import arrays_to_tensors, compute_logits, tensors_to_arrays
from core.training.optimisers import build_optimiser
from core.training.plan import TrainingPlan

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class StepResult:
    """Loss and right answers of one batch, and the length of its gradient before it was clipped."""

    loss: float
    n_right: int
    gradient_norm: float


class Learner:
    """One network under training.

    Parameters
    ----------
    plan
        What is trained. The weights begin by torch's random state, or with those of the plan's parent.
    class_counts
        Training windows per class.
    on_message
        Takes what has to be said about the options.
    """

    def __init__(
        self, plan: TrainingPlan, class_counts: NDArray[np.integer], on_message: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._device = choose_device(str(plan.options["device"]))
        self._mixed = self._choose_precision(on_message)
        self._n_classes = len(class_counts)
        self._knows = bool(get_network_spec(plan.network).needs)
        self._network = build_network(
            plan.network,
            plan.options,
            n_samples=plan.preprocessing.window_samples,
            n_classes=self._n_classes,
            sample_rate_hz=plan.preprocessing.analysis_rate_hz,
        )
        if plan.parent is not None:
            take_parent_weights(self._network, plan.parent, plan.class_names, on_message)
        self._head_only = plan.parent is not None and plan.options["fine_tune"] == "head"
        if self._head_only:
            freeze_below_head(self._network)
        self._network.to(self._device)
        self._loss = WeightedLoss(
            class_counts,
            str(plan.options["class_weights"]),
            plan.get_number("label_smoothing"),
            self._device,
        )
        self._initial = tensors_to_arrays(self._network.state_dict())
        self._before: Arrays | None = None
        self._start_optimiser()

    def _start_optimiser(self) -> None:
        trained = [weights for weights in self._network.parameters() if weights.requires_grad]
        self._optimiser = build_optimiser(trained, self._plan)
        decay = self._plan.get_number("ema_decay")
        self._average = WeightAverage(self._network, decay) if decay else None

    def _choose_precision(self, on_message: Callable[[str], None]) -> bool:
        if not self._plan.options["mixed_precision"]:
            return False
        if self._device.type == "cpu":
            on_message("mixed_precision needs a GPU: this training runs in single precision.")
        return self._device.type != "cpu"

    @property
    def judged_network(self) -> torch.nn.Module:
        """The network to validate, in evaluation mode: the average where there is one."""
        return self._network.eval() if self._average is None else self._average.network

    def begin_training(self) -> None:
        """Leave evaluation mode."""
        self._network.train(not self._head_only)
        if self._head_only:
            find_head(self._network).train()

    def remember(self) -> None:
        """Keep what a forward pass changes, so that a step that is left behind can be forgotten."""
        self._before = self._read_fleeting()

    def compute(self, batch: Batch, mixture: Mixture | None) -> StepResult:
        """Work out the gradient of one batch of standardised windows; the weights stay as they are."""
        windows = torch.from_numpy(batch.windows).to(self._device)
        targets = torch.from_numpy(batch.targets).to(self._device)
        conditions = batch.conditions if self._knows else None
        self._optimiser.zero_grad(set_to_none=True)
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self._mixed):
            logits = compute_logits(self._network, windows, conditions)
        logits = logits.float()
        loss = self._loss(logits, targets, mixture)
        extra_loss = getattr(self._network, "extra_loss", None)
        if extra_loss is not None:
            known = torch.from_numpy(batch.conditions).to(self._device)
            loss = loss + extra_loss(
                logits, soften_targets(targets, mixture, self._n_classes), windows, known
            )
        torch.autograd.backward(loss)
        limit = self._plan.get_number("gradient_clip") or float("inf")
        norm = torch.nn.utils.clip_grad_norm_(self._network.parameters(), limit)
        n_right = int((logits.argmax(dim=1) == targets).sum())
        return StepResult(loss.item(), n_right, norm.item())

    def apply(self, learning_rate: float) -> None:
        """Take the step that was worked out."""
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate
        self._optimiser.step()
        self._before = None
        if self._average is not None:
            self._average.update(self._network)

    def leave_behind(self) -> None:
        """Make a forward pass that still goes on in another thread end at its next layer."""
        for module in self._network.modules():
            module.register_forward_pre_hook(_end_pass)

    def start_over(self, weights: Arrays, seed: int) -> None:
        """Go on with other weights (none: those of the beginning), a new optimiser and a new random state."""
        self._network.load_state_dict(arrays_to_tensors(weights or self._initial))
        self._start_optimiser()
        torch.manual_seed(seed)

    def read_judged_weights(self) -> Arrays:
        """Copy the weights that are validated."""
        return tensors_to_arrays(self.judged_network.state_dict())

    def to_arrays(self) -> Arrays:
        """Copy everything; in the middle of a step as it was before the step."""
        arrays = add_prefix("network", tensors_to_arrays(self._network.state_dict()))
        arrays |= self._before or self._read_fleeting()
        for index, tensors in self._optimiser.state_dict()["state"].items():
            arrays |= add_prefix(f"optimiser/{index}", tensors_to_arrays(tensors))
        if self._average is not None:
            arrays |= add_prefix("average", tensors_to_arrays(self._average.network.state_dict()))
            arrays["average_steps"] = np.asarray(self._average.n_steps)
        return arrays

    def load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Undo `to_arrays`."""
        self._network.load_state_dict(arrays_to_tensors(take_prefix("network", arrays)))
        self._load_optimiser(take_prefix("optimiser", arrays))
        if self._average is not None:
            self._average.network.load_state_dict(arrays_to_tensors(take_prefix("average", arrays)))
            self._average.n_steps = int(arrays["average_steps"])
        torch.set_rng_state(torch.from_numpy(arrays["random_state"].copy()))
        if self._device.type == "cuda":
            torch.cuda.set_rng_state(torch.from_numpy(arrays["device_random_state"].copy()))

    def _load_optimiser(self, arrays: Arrays) -> None:
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, tensor in arrays_to_tensors(arrays).items():
            index, _, key = name.partition("/")
            state.setdefault(int(index), {})[key] = tensor
        groups = self._optimiser.state_dict()["param_groups"]
        self._optimiser.load_state_dict({"state": state, "param_groups": groups})

    def _read_fleeting(self) -> Arrays:
        """Copy the random state and the buffers: a forward pass changes them, a step's end does not."""
        arrays = add_prefix("network", tensors_to_arrays(dict(self._network.named_buffers())))
        kept = self._network.state_dict().keys()
        arrays = {name: array for name, array in arrays.items() if name.partition("/")[2] in kept}
        arrays["random_state"] = torch.get_rng_state().numpy().copy()
        if self._device.type == "cuda":
            arrays["device_random_state"] = torch.cuda.get_rng_state().numpy().copy()
        return arrays


class PassEndedError(Exception):
    """Ends a forward pass whose result nobody waits for."""


def _end_pass(*_: object) -> None:
    raise PassEndedError


def choose_device(wanted: str) -> torch.device:
    """Return the GPU where one is wanted and there is one, otherwise the CPU."""
    return torch.device("cuda" if wanted == "auto" and torch.cuda.is_available() else "cpu")


def add_prefix(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """Put ``prefix/`` before the names."""
    return {f"{prefix}/{name}": array for name, array in arrays.items()}


def take_prefix(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """Return the arrays whose names begin with ``prefix/``, without it."""
    start = f"{prefix}/"
    return {name[len(start) :]: array for name, array in arrays.items() if name.startswith(start)}
