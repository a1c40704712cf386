"""Integrated gradients against integrals worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients

from core.explain.explainer import explain
from core.explain.network_scores import build_forward
from tests.unit.core.explain.networks import EnergyNetwork, build, build_linear, log_sigmoid


def test_a_score_of_a_weighted_sum_is_shared_by_weight_and_value() -> None:
    explainable, weights = build_linear()
    found = explain(explainable, "integrated_gradients", target_class=1)
    # On a straight line the gradient keeps the direction of the weights, so the shares do not change.
    parts = explainable.windows * weights
    change = log_sigmoid(parts.sum(1)) - log_sigmoid(np.zeros(3))
    np.testing.assert_allclose(
        found.values, parts / parts.sum(1, keepdims=True) * change[:, None], rtol=2e-3, atol=1e-6
    )
    np.testing.assert_allclose(found.values, found.slopes * explainable.windows, rtol=1e-5, atol=1e-9)


def test_the_same_as_captum_with_very_many_steps() -> None:
    explainable = build(EnergyNetwork())
    found = explain(explainable, "integrated_gradients", target_class=1)
    reference = IntegratedGradients(build_forward(EnergyNetwork(), None)).attribute(
        torch.from_numpy(explainable.windows), target=1, n_steps=400
    )
    np.testing.assert_allclose(found.values, reference.numpy(), atol=2e-4 * float(reference.abs().max()))


class _StepNetwork(torch.nn.Module):
    """The score rises within a hundredth of the way: where a fixed number of steps sees nothing."""

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        apart = 4.0 * torch.tanh(1e5 * windows.square().mean(1))
        return torch.stack([torch.zeros_like(apart), apart], dim=1)


def test_the_line_is_cut_where_the_score_changes_until_the_values_add_up() -> None:
    explainable = build(_StepNetwork())
    found = explain(explainable, "integrated_gradients", target_class=1)
    assert found.is_complete
    assert found.settings["n_steps"] > 32
    plain = IntegratedGradients(build_forward(_StepNetwork(), None))
    _, gap = plain.attribute(
        torch.from_numpy(explainable.windows), target=1, n_steps=50, return_convergence_delta=True
    )
    change = found.score_input - found.score_baseline
    assert (gap.abs().numpy() / change > 0.05).all()


def test_too_few_steps_are_admitted() -> None:
    explainable = build(_StepNetwork())
    found = explain(explainable, "integrated_gradients", target_class=1, options={"most_steps": 32})
    assert found.is_complete is False
    assert (found.completeness_gap > 0.05).all()


def test_progress_is_told_and_can_end_the_work() -> None:
    explainable, _ = build_linear(2)
    told: list[tuple[int, int]] = []
    explain(explainable, "integrated_gradients", on_progress=lambda done, every: told.append((done, every)))
    assert told[0] == (0, 2)
    assert told[-1] == (2, 2)

    def leave(done: int, every: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explain(explainable, "integrated_gradients", on_progress=leave)
