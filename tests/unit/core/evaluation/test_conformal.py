"""Prediction sets: the threshold by counting, the coverage by many draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from core.evaluation.conformal import fit_conformal, judge_coverage
from utils.exceptions import InvalidInputError


def simulate(n: int, random: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    targets = random.integers(0, 4, n)
    logits = random.normal(0, 1, (n, 4)) + 1.5 * (np.arange(4) == targets[:, None])
    shares = np.exp(logits)
    return shares / shares.sum(axis=1, keepdims=True), targets


def test_the_threshold_is_the_counted_one() -> None:
    of_label = np.array([0.9, 0.2, 0.5, 0.8, 0.6, 0.7, 0.95, 0.4, 0.3])
    probabilities = np.column_stack([of_label, 1 - of_label])
    rule = fit_conformal(probabilities, np.zeros(9, dtype=np.int64), 0.8)
    # ceil(10 * 0.8) = 8th smallest of the scores 1 - p, that is the 8th largest of p.
    assert rule.threshold == sorted(of_label, reverse=True)[7] == 0.3
    assert rule.build_sets(np.array([[0.3, 0.7], [0.29, 0.71]])).tolist() == [[True, True], [False, True]]


@pytest.mark.parametrize(("coverage", "needed"), [(0.9, 9), (0.95, 19), (0.99, 99), (0.8, 4)])
def test_too_few_recordings_for_the_level_are_said(coverage: float, needed: int) -> None:
    random = np.random.default_rng(0)
    probabilities, targets = simulate(needed, random)
    assert fit_conformal(probabilities, targets, coverage).threshold is not None
    rule = fit_conformal(probabilities[1:], targets[1:], coverage)
    assert (rule.threshold, rule.n_needed) == (None, needed)
    found = judge_coverage(rule, probabilities, targets, "recordings")
    assert found["possible"] is False
    assert found["coverage"] == 1.0
    assert f"needs at least {needed} validation recordings; there are {needed - 1}" in found["sentence"]


def test_coverage_over_many_draws_is_the_one_asked_for_and_lies_in_its_band_as_often() -> None:
    random, inside, shares = np.random.default_rng(1), 0, []
    for _ in range(400):
        calibration, test = simulate(60, random), simulate(80, random)
        found = judge_coverage(fit_conformal(*calibration, 0.9), *test, "recordings")
        inside += found["inside"]
        shares.append(found["coverage"])
    # The expected coverage is ceil(61 * 0.9) / 61.
    assert np.mean(shares) == pytest.approx(math.ceil(61 * 0.9) / 61, abs=0.01)
    assert stats.binom(400, 0.95).cdf(inside) > 0.001  # a discrete band holds 95 % or more
    assert inside < 400


def test_the_band_is_the_beta_binomial_one_by_simulation() -> None:
    rule = fit_conformal(*simulate(39, np.random.default_rng(2)), 0.9)
    band = rule.compute_band(100)
    assert band is not None
    random = np.random.default_rng(3)
    counts = random.binomial(100, random.beta(36, 4, 200_000))  # ceil(40 * 0.9) = 36
    np.testing.assert_allclose(band, np.quantile(counts, (0.025, 0.975)), atol=1)


def test_recordings_unlike_validation_fall_below_the_band_and_that_is_said() -> None:
    random = np.random.default_rng(4)
    rule = fit_conformal(*simulate(200, random), 0.9)
    probabilities, targets = simulate(200, random)
    found = judge_coverage(rule, probabilities[:, [1, 2, 3, 0]], targets, "recordings")
    assert found["inside"] is False
    assert "That is too few" in found["sentence"]
    assert "flatters" not in found["sentence"]
    chosen = judge_coverage(rule, probabilities[:, [1, 2, 3, 0]], targets, "recordings", chosen="the epoch")
    assert (
        "not like those of validation, or validation flatters the classifier, as it chose the epoch."
        in chosen["sentence"]
    )
    assert sum(row["n"] for row in found["sizes"]) == 200
    assert found["mean_size"] == pytest.approx(sum(row["size"] * row["n"] for row in found["sizes"]) / 200)


def test_a_coverage_that_cannot_be_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="between 0 and 1"):
        fit_conformal(np.ones((3, 1)), np.zeros(3, dtype=np.int64), 1.0)
