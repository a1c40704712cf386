"""GradientSHAP against integrals and sums worked out by hand."""

from __future__ import annotations

import numpy as np

from core.explain.baselines import draw_baselines
from core.explain.explainer import explain
from tests.unit.core.explain.networks import EnergyNetwork, build, build_linear, log_sigmoid


def test_from_silence_it_comes_near_to_integrated_gradients() -> None:
    explainable = build(EnergyNetwork())
    options = {"baseline": "zero", "n_draws": 400}
    found = explain(explainable, "gradient_shap", target_class=1, options=options)
    reference = explain(explainable, "integrated_gradients", target_class=1)
    scatter = np.abs(found.values - reference.values).max()
    assert scatter < 0.01 * np.abs(reference.values).max()


def test_each_window_has_one_place_on_each_part_of_the_way() -> None:
    explainable, weights = build_linear(1)
    one = {"baseline": "zero", "n_draws": 200}
    found = explain(explainable, "gradient_shap", target_class=1, options=one)
    parts = explainable.windows[0] * weights
    change = log_sigmoid(parts.sum()) - log_sigmoid(np.array(0.0))
    np.testing.assert_allclose(found.values[0], parts / parts.sum() * change, rtol=5e-3, atol=1e-7)


def test_the_baselines_score_is_the_mean_over_the_draws() -> None:
    explainable = build(EnergyNetwork(), 1)
    found = explain(explainable, "gradient_shap", target_class=1, options={"n_draws": 8, "seed": 5})
    drawn = draw_baselines("phase_randomised", explainable, explainable.windows[0], 8, 5)
    np.testing.assert_allclose(found.score_baseline[0], explainable.score(drawn)[:, 1].mean())
    assert found.is_complete is None
    assert found.completeness_gap.shape == (1,)


def test_noise_scatters_the_values_and_the_seed_repeats_them() -> None:
    explainable = build(EnergyNetwork(), 1)
    quiet, noisy, again = (
        explain(explainable, "gradient_shap", target_class=1, options={"noise": noise}).values
        for noise in (0.0, 0.2, 0.2)
    )
    np.testing.assert_array_equal(noisy, again)
    assert np.abs(noisy - quiet).max() > 0.01 * np.abs(quiet).max()


def test_a_baseline_given_is_taken_for_every_draw() -> None:
    explainable = build(EnergyNetwork(), 2)
    found = explain(explainable, "gradient_shap", target_class=1, baselines=explainable.windows)
    np.testing.assert_allclose(found.values, 0.0, atol=1e-12)
