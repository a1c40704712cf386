"""Grad-CAM on a network whose map can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.explain.explainer import explain
from core.explain.gradcam import find_time_layer, stretch_over_time
from tests.unit.core.explain.networks import LinearNetwork, build, draw_windows
from utils.exceptions import InvalidInputError


class TwoFilterNetwork(torch.nn.Module):
    """Mean over time of the rectified signal, and of its rectified negative; the classes weigh them."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = torch.nn.Conv1d(1, 2, 1, bias=False)
        self.convolution.weight.data = torch.tensor([[[1.0]], [[-1.0]]])
        self.active = torch.nn.ReLU()
        self.head = torch.nn.Linear(2, 2, bias=False)
        self.head.weight.data = torch.tensor([[0.0, 0.0], [3.0, -2.0]])

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Logits ``(n, 2)``."""
        found = self.convolution(windows.unsqueeze(1))
        return self.head(self.active(found).mean(2))


def test_the_map_is_the_channels_weighted_by_their_mean_gradient() -> None:
    explainable = build(TwoFilterNetwork(), 2)
    found = explain(explainable, "gradcam", target_class=1)
    windows = explainable.windows.astype(np.float64)
    # The logit is 3 mean(a) - 2 mean(b) over what is positive of a = x and b = -x.
    above = (windows > 0).mean(1, keepdims=True)
    factor = (3.0 * above + 2.0 * (1.0 - above)) / windows.shape[1]
    np.testing.assert_allclose(found.values, factor * np.maximum(windows, 0.0), rtol=1e-4, atol=1e-8)
    # What the map is made of: where it is above zero, the slope of the weighted sum.
    np.testing.assert_allclose(found.slopes, np.where(windows > 0, factor, 0.0), rtol=1e-4, atol=1e-8)
    assert found.completeness_gap is None
    assert found.baseline == ""
    assert found.settings["explains"] == "logit"


def test_a_coarse_map_keeps_its_place_in_time() -> None:
    coarse = np.zeros((1, 8))
    coarse[0, 2] = 1.0
    fine = stretch_over_time(coarse, 64)[0]
    assert fine.shape == (64,)
    assert (np.arange(64) * fine).sum() / fine.sum() == pytest.approx(2.5 * 8 - 0.5)


def test_the_last_convolution_of_an_unregistered_network_is_taken() -> None:
    network = torch.nn.Sequential(torch.nn.Conv1d(1, 2, 3), torch.nn.Conv1d(2, 2, 3), torch.nn.ReLU())
    assert find_time_layer(network)[0] == "1"


def test_a_network_without_convolution_is_refused_in_words() -> None:
    explainable = build(LinearNetwork(np.ones(draw_windows().shape[1])))
    with pytest.raises(InvalidInputError, match="no convolution over time"):
        explain(explainable, "gradcam")
