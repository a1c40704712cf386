"""LIME over stretches of time."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from core.explain.explainer import explain
from core.explain.lime import draw_neighbours, weigh_neighbours
from tests.unit.core.explain.networks import N_SAMPLES, EnergyNetwork, build


def test_the_slopes_are_those_of_a_weighted_ridge_regression() -> None:
    explainable = build(EnergyNetwork(), 1)
    options = {"n_segments": 8, "n_coalitions": 100, "seed": 3}
    found = explain(explainable, "lime", target_class=1, options=options)
    present = draw_neighbours(8, 100, seed=3)
    windows = np.where(np.repeat(present, N_SAMPLES // 8, axis=1), explainable.windows[0], 0.0)
    weights = weigh_neighbours(present, 0.25)
    reference = Ridge(alpha=1.0).fit(present, explainable.score(windows)[:, 1], sample_weight=weights).coef_
    np.testing.assert_allclose(found.values[0] * (N_SAMPLES // 8), np.repeat(reference, 32), atol=1e-6)


def test_the_window_itself_weighs_most_and_silence_least() -> None:
    present = np.array([[True] * 4, [True, True, True, False], [False] * 4])
    weights = weigh_neighbours(present, 0.25)
    assert weights[0] == 1.0
    assert weights[1] == pytest.approx(np.exp(-(((1 - np.sqrt(0.75)) / 0.25) ** 2)))
    assert weights[2] == pytest.approx(np.exp(-16.0))


def test_all_choices_are_taken_where_there_are_few() -> None:
    present = draw_neighbours(4, 16, seed=0)
    assert present.shape == (16, 4)
    assert len(np.unique(present, axis=0)) == 16
    assert present[0].all()
