"""KernelSHAP over stretches of time."""

from __future__ import annotations

import numpy as np
import torch
from captum.attr import ShapleyValues

from core.explain.explainer import explain
from core.explain.network_scores import build_forward
from tests.unit.core.explain.networks import N_SAMPLES, EnergyNetwork, build


def test_the_same_as_captums_exact_shapley_values() -> None:
    network = EnergyNetwork()
    explainable = build(network, 2)
    options = {"n_segments": 4, "n_coalitions": 16}
    found = explain(explainable, "kernel_shap", target_class=1, options=options)
    assert found.settings["is_exact"]
    mask = torch.arange(N_SAMPLES)[None] // (N_SAMPLES // 4)
    reference = ShapleyValues(build_forward(network, None)).attribute(
        torch.from_numpy(explainable.windows), target=1, feature_mask=mask
    )
    # Captum gives a stretch's value to each of its samples; here they share it.
    np.testing.assert_allclose(found.values * (N_SAMPLES // 4), reference.detach().numpy(), atol=1e-5)
    assert found.is_complete


def test_a_stretch_that_does_not_matter_gets_nothing() -> None:
    explainable = build(EnergyNetwork(), 2)
    found = explain(explainable, "kernel_shap", target_class=1, options={"n_segments": 16})
    # The network gives the last quarter the weight 0.
    assert np.abs(found.values[:, 192:]).max() < 0.02 * np.abs(found.values).max()


def test_groups_given_are_the_players() -> None:
    explainable = build(EnergyNetwork(), 1)
    groups = np.where(np.arange(N_SAMPLES) < 64, 7, 2)
    found = explain(explainable, "kernel_shap", target_class=1, groups=groups)
    assert found.settings["n_players"] == 2
    assert len(np.unique(found.values)) == 2
