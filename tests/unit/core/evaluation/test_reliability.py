"""Calibration errors and scores against hand counts and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from core.evaluation.reliability import compute_reliability


def test_a_worked_example() -> None:
    probabilities = np.array([[0.95, 0.05], [0.92, 0.08], [0.65, 0.35], [0.38, 0.62]])
    found = compute_reliability(probabilities, np.array([0, 1, 0, 1]), n_bins=10)
    # In (0.9, 1.0]: confidence 0.935, half right. In (0.6, 0.7]: confidence 0.635, all right.
    assert found["ece"] == pytest.approx((2 * 0.435 + 2 * 0.365) / 4)
    assert found["largest_gap"] == pytest.approx(0.435)
    assert [(row["low"], row["n"], row["accuracy"]) for row in found["bins"]] == [
        (0.6, 2, 1.0),
        (0.9, 2, 0.5),
    ]


def test_bins_and_scores_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.ones(3), 500)
    targets = np.array([random.choice(3, p=row) for row in probabilities])
    found = compute_reliability(probabilities, targets)
    right, confidence = probabilities.argmax(axis=1) == targets, probabilities.max(axis=1)
    accuracies, confidences = calibration_curve(right, confidence, n_bins=15)
    np.testing.assert_allclose([row["accuracy"] for row in found["bins"]], accuracies)
    np.testing.assert_allclose([row["confidence"] for row in found["bins"]], confidences)
    assert found["log_loss"] == pytest.approx(log_loss(targets, np.maximum(probabilities, 1e-4)), rel=1e-3)
    by_class = [brier_score_loss(targets == index, probabilities[:, index]) for index in range(3)]
    assert found["brier"] == pytest.approx(sum(by_class))


def simulate_calibrated(n: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.full(3, 0.5), n)
    return probabilities, np.array([random.choice(3, p=row) for row in probabilities])


def test_a_perfectly_calibrated_classifier_stays_below_the_expected_error_19_times_in_20() -> None:
    found = [compute_reliability(*simulate_calibrated(60, seed)) for seed in range(200)]
    below = sum(each["ece"] <= each["ece_expected_95"] for each in found)
    assert 180 <= below <= 198  # 190 expected; binomial, 99.8 %
    assert all(each["ece_expected_95"] > 0.05 for each in found)  # 60 rows never show an error near 0


def test_overconfidence_shows_an_error_above_the_expected_one_and_more_rows_lower_it() -> None:
    probabilities, targets = simulate_calibrated(400, 1)
    sharper = probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)
    found = compute_reliability(sharper, targets)
    assert found["ece"] > 1.5 * found["ece_expected_95"]
    few = compute_reliability(probabilities[:50], targets[:50])["ece_expected_95"]
    assert compute_reliability(probabilities, targets)["ece_expected_95"] < 0.5 * few
    assert found == compute_reliability(sharper, targets)


def test_the_expected_error_of_one_bin_is_that_of_the_binomial() -> None:
    probabilities = np.tile([0.7, 0.3], (100, 1))
    found = compute_reliability(probabilities, np.zeros(100, dtype=np.int64))
    shares = abs(np.arange(101) / 100 - 0.7)
    order = np.argsort(shares)
    exact = shares[order][np.searchsorted(np.cumsum(stats.binom.pmf(order, 100, 0.7)), 0.95)]
    assert found["ece_expected_95"] == pytest.approx(exact, abs=0.011)


def test_windows_get_no_interval_and_no_expected_error() -> None:
    found = compute_reliability(*simulate_calibrated(50, 2), independent=False)
    assert found["ece_expected_95"] is None
    assert all(row["interval"] is None for row in found["bins"])
