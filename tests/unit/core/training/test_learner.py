"""What a step changes, against answers found another way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.networks.registry import validate_options
from core.training.averaging import WeightAverage
from core.training.batches import Batch, Mixture
from core.training.fine_tuning import take_parent_weights
from core.training.learner import Learner, PassEndedError
from core.training.loss import WeightedLoss, soften_targets
from core.training.network_model import tensors_to_arrays
from core.training.plan import ParentWeights, TrainingPlan
from core.training.preprocessing import Preprocessing
from tests.unit.core.training.signals import OPTIONS
from utils.exceptions import InvalidInputError

CPU = torch.device("cpu")
COUNTS = np.array([10, 30, 60])
LOGITS = torch.randn(8, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64).float()
TARGETS = torch.tensor([0, 1, 2, 2, 1, 0, 2, 1])


@pytest.fixture(autouse=True)
def _own_random_state() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        yield


def make_plan(folder: Path, **own: Any) -> TrainingPlan:
    options = validate_options("cnn_lstm", {**OPTIONS, **own})
    preprocessing = Preprocessing(1000.0, 0.128, 0.064)
    return TrainingPlan("cnn_lstm", options, preprocessing, ("a", "b", "c"), 0, folder, "")


def make_batch(seed: int = 0) -> Batch:
    rng = np.random.default_rng(seed)
    windows = rng.standard_normal((8, 128)).astype(np.float32)
    return Batch(windows, np.arange(8) % 3, np.zeros((8, 5), np.float32))


def make_learner(folder: Path, **own: Any) -> Learner:
    learner = Learner(make_plan(folder, **own), COUNTS, lambda _: None)
    learner.begin_training()
    return learner


@pytest.mark.parametrize(
    ("weighting", "weights"),
    [
        ("balanced", [1 / 10, 1 / 30, 1 / 60]),
        ("softened", [10**-0.5, 30**-0.5, 60**-0.5]),
        ("none", [1, 1, 1]),
    ],
)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_is_weighted_cross_entropy(weighting: str, weights: list[float], smoothing: float) -> None:
    shares = torch.log_softmax(LOGITS.double(), dim=1).numpy()
    weight = np.asarray(weights)
    own = -weight[TARGETS] * shares[np.arange(8), TARGETS]
    spread = -(shares * weight).sum(axis=1) / 3
    expected = ((1 - smoothing) * own + smoothing * spread).sum() / weight[TARGETS].sum()
    found = WeightedLoss(COUNTS, weighting, smoothing, CPU)(LOGITS, TARGETS, None)
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_mixed_labels_count_by_their_shares() -> None:
    mixture = Mixture(np.array([1, 0, 3, 2, 5, 4, 7, 6]), np.linspace(0.5, 1.0, 8).astype(np.float32))
    soft = soften_targets(TARGETS, mixture, 3)
    assert torch.allclose(soft.sum(dim=1), torch.ones(8))
    expected = torch.nn.functional.cross_entropy(LOGITS, soft)
    found = WeightedLoss(COUNTS, "none", 0.0, CPU)(LOGITS, TARGETS, mixture)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_average_follows_the_weights_as_worked_out_by_hand() -> None:
    layer = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        layer.weight.fill_(0.0)
    average, by_hand = WeightAverage(layer, 0.5), 0.0
    for step, value in enumerate((1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0)):
        with torch.no_grad():
            layer.weight.fill_(value)
        average.update(layer)
        kept = min(0.5, (1 + step) / (10 + step))
        by_hand = kept * by_hand + (1 - kept) * value
    assert average.network.weight.item() == pytest.approx(by_hand)  # type: ignore[union-attr]
    assert layer.weight.item() == 10.0


def test_the_gradient_is_clipped_to_the_length_asked_for_and_told_as_it_was(tmp_path: Path) -> None:
    lengths = {}
    for clip in (0.0, 0.05):
        torch.manual_seed(1)
        learner = make_learner(tmp_path, gradient_clip=clip)
        told = learner.compute(make_batch(), None).gradient_norm
        gradients = [weights.grad for weights in learner._network.parameters()]
        lengths[clip] = torch.cat([each.flatten() for each in gradients if each is not None]).norm().item()
        assert told > 0.05
    assert lengths[0.0] == pytest.approx(told, rel=1e-4) and lengths[0.05] == pytest.approx(0.05, rel=1e-3)


def test_a_network_adds_a_loss_of_its_own(tmp_path: Path) -> None:
    seen: dict[str, Any] = {}

    def extra_loss(
        logits: torch.Tensor, targets: torch.Tensor, windows: torch.Tensor, conditions: torch.Tensor | None
    ) -> torch.Tensor:
        seen.update(logits=logits, targets=targets, windows=windows, conditions=conditions)
        return logits.square().mean() * 0.0 + 5.0

    torch.manual_seed(1)
    plain = make_learner(tmp_path).compute(make_batch(), None)
    torch.manual_seed(1)
    learner = make_learner(tmp_path)
    learner._network.extra_loss = extra_loss  # type: ignore[assignment]
    assert learner.compute(make_batch(), None).loss == pytest.approx(plain.loss + 5.0, rel=1e-5)
    assert seen["targets"].shape == (8, 3) and seen["windows"].shape == (8, 128)
    assert seen["conditions"].shape == (8, 5), "always given: a loss may need what the network does not"


def test_a_step_in_the_middle_is_stored_as_it_was_before(tmp_path: Path) -> None:
    learner = make_learner(tmp_path, ema_decay=0.9)
    learner.compute(make_batch(1), None)
    learner.apply(0.01)
    before = learner.to_arrays()
    learner.remember()
    learner.compute(make_batch(2), None)  # moves the random state and the normalisation's buffers
    after = learner.to_arrays()
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_learner_goes_on_from_its_arrays_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    for optimiser in ("adamw", "sgd", "rmsprop"):
        learner = make_learner(tmp_path, optimiser=optimiser, ema_decay=0.9)
        learner.compute(make_batch(1), None)
        learner.apply(0.01)
        kept = learner.to_arrays()
        learner.compute(make_batch(2), None)
        learner.apply(0.01)
        other = make_learner(tmp_path, optimiser=optimiser, ema_decay=0.9)
        other.load_arrays(kept)
        other.compute(make_batch(2), None)
        other.apply(0.01)
        left, right = learner.to_arrays(), other.to_arrays()
        assert all(np.array_equal(left[name], right[name]) for name in left)


def test_a_pass_left_behind_ends_at_its_next_layer(tmp_path: Path) -> None:
    learner = make_learner(tmp_path)
    learner.leave_behind()
    with pytest.raises(PassEndedError):
        learner.compute(make_batch(), None)


class SmallNetwork(torch.nn.Module):
    """Two layers."""

    def __init__(self, n_classes: int = 3, size: int = 4) -> None:
        super().__init__()
        self.body = torch.nn.Linear(2, size)
        self.head = torch.nn.Linear(size, n_classes)


def make_parent(network: torch.nn.Module, *names: str) -> ParentWeights:
    return ParentWeights(tensors_to_arrays(network.state_dict()), names, "f" * 64)


def test_for_other_classes_the_last_layer_is_new_and_the_log_says_so() -> None:
    parent, network = SmallNetwork(), SmallNetwork()
    fresh_head = network.head.weight.clone()
    told: list[str] = []
    take_parent_weights(network, make_parent(parent, "x", "y", "z"), ("a", "b", "c"), told.append)
    assert torch.equal(network.body.weight, parent.body.weight)
    assert torch.equal(network.head.weight, fresh_head)
    assert "2 of 4" in told[0] and "head.weight" in told[0]
    take_parent_weights(network, make_parent(parent, "a", "b", "c"), ("a", "b", "c"), told.append)
    assert torch.equal(network.head.weight, parent.head.weight)


def test_a_parent_that_fits_nowhere_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="None of the weights"):
        take_parent_weights(
            SmallNetwork(), make_parent(SmallNetwork(5, 9), "x"), ("a", "b", "c"), lambda _: None
        )
