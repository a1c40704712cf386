"""Calibration errors and scores against hand counts and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
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
    low, high = found["ece_interval"]
    assert low < high < 0.2


def test_the_interval_is_over_recordings() -> None:
    random = np.random.default_rng(1)
    probabilities = random.dirichlet(np.ones(3), 40)
    targets = random.integers(0, 3, 40)
    many = np.repeat(np.arange(40), 20)
    naive = compute_reliability(probabilities[many], targets[many])["ece_interval"]
    honest = compute_reliability(probabilities[many], targets[many], groups=many)["ece_interval"]
    assert naive[1] - naive[0] < 0.5 * (honest[1] - honest[0])
