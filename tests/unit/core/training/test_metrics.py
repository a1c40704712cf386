"""Metrics against scikit-learn, SciPy and hand-worked numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from core.training.metrics import (
    SignalPrediction,
    compute_calibration_error,
    compute_mean_loss,
    judge,
    judge_level,
    pool_probabilities,
    wilson_interval,
)

NAMES = ("healthy", "inner_race", "ball")


@pytest.fixture
def level() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    targets = rng.integers(0, 3, 200)
    logits = rng.standard_normal((200, 3)) + 1.5 * np.eye(3)[targets]
    return targets, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def test_a_level_equals_scikit_learn(level: tuple[np.ndarray, np.ndarray]) -> None:
    targets, probabilities = level
    found = judge_level(targets, probabilities, NAMES)
    predicted = probabilities.argmax(axis=1)
    precision, recall, f1, support = precision_recall_fscore_support(targets, predicted)
    rows = found["per_class"]
    np.testing.assert_allclose([row["precision"] for row in rows], precision)
    np.testing.assert_allclose([row["recall"] for row in rows], recall)
    np.testing.assert_allclose([row["f1"] for row in rows], f1)
    assert [row["support"] for row in rows] == support.tolist()
    assert [row["class_name"] for row in rows] == list(NAMES)
    assert found["confusion"] == confusion_matrix(targets, predicted).tolist()
    assert found["accuracy"] == pytest.approx((targets == predicted).mean())
    assert found["macro_f1"] == pytest.approx(f1.mean())


@pytest.mark.parametrize(("n_right", "n"), [(0, 5), (10, 10), (7, 10), (523, 528)])
def test_wilson_interval_equals_scipy(n_right: int, n: int) -> None:
    expected = scipy.stats.binomtest(n_right, n).proportion_ci(0.95, method="wilson")
    assert wilson_interval(n_right, n) == pytest.approx([expected.low, expected.high], abs=1e-12)


def test_there_is_no_interval_of_nothing() -> None:
    assert wilson_interval(0, 0) is None


def test_calibration_error_is_the_mean_gap_between_confidence_and_accuracy() -> None:
    # Two bins: 0.9 sure and right half of the time; 0.6 sure and always right.
    probabilities = np.array([[0.9, 0.1]] * 4 + [[0.4, 0.6]] * 6)
    targets = np.array([0, 0, 1, 1] + [1] * 6)
    assert compute_calibration_error(targets, probabilities) == pytest.approx(0.4 * 0.4 + 0.6 * 0.4)


def test_an_honest_forecast_has_a_small_calibration_error() -> None:
    rng = np.random.default_rng(0)
    share = rng.random(50_000)
    targets = (rng.random(50_000) < share).astype(int)
    assert compute_calibration_error(targets, np.column_stack([1 - share, share])) < 0.02


def test_pooling_is_the_normalised_geometric_mean() -> None:
    windows = np.array([[0.8, 0.2], [0.5, 0.5], [0.6, 0.4]])
    product = windows.prod(axis=0) ** (1 / 3)
    np.testing.assert_allclose(pool_probabilities(windows), product / product.sum())


def test_one_window_alone_cannot_veto_a_class() -> None:
    windows = np.array([[0.0, 1.0]] + [[0.9, 0.1]] * 9)
    assert pool_probabilities(windows).argmax() == 0


def test_mean_loss_gives_every_class_the_same_weight() -> None:
    probabilities = np.array([[0.5, 0.5], [0.5, 0.5], [0.75, 0.25]])
    expected = (-np.log(0.5) - np.log(0.25)) / 2
    assert compute_mean_loss(probabilities, np.array([0, 0, 1])) == pytest.approx(expected)


def test_channels_of_a_recording_count_once_and_pool_their_windows() -> None:
    unsure, sure = np.array([[0.45, 0.55]] * 2), np.array([[0.95, 0.05]] * 2)
    found = judge(
        [SignalPrediction("a", 0, unsure), SignalPrediction("a", 0, sure), SignalPrediction("b", 1, unsure)],
        ("x", "y"),
    )
    assert found["recording_level"]["n"] == 2
    assert found["recording_level"]["accuracy"] == 1.0
    assert found["window_level"]["n"] == 6
    assert found["window_level"]["confusion"] == [[2, 2], [0, 2]]


def test_windows_of_one_recording_are_not_independent_and_get_no_interval() -> None:
    windows = np.array([[0.9, 0.1]] * 50)
    found = judge([SignalPrediction(name, 0, windows) for name in "abc"], ("x", "y"))
    assert found["recording_level"]["accuracy_interval"] == wilson_interval(3, 3)
    assert found["recording_level"]["per_class"][0]["recall_interval"] == wilson_interval(3, 3)
    assert found["window_level"]["accuracy"] == 1.0
    assert found["window_level"]["accuracy_interval"] is None
    assert found["window_level"]["per_class"][0]["recall_interval"] is None


def test_what_does_not_exist_is_none_and_everything_is_json() -> None:
    one = judge([SignalPrediction(1, 0, np.array([[0.7, 0.2, 0.1]]))], NAMES)
    rows = one["recording_level"]["per_class"]
    assert rows[1] == {
        "class_name": "inner_race",
        "precision": None,
        "recall": None,
        "recall_interval": None,
        "f1": None,
        "support": 0,
    }
    assert one["recording_level"]["macro_f1"] == 1.0
    nothing = judge([], NAMES)
    assert nothing["window_level"]["accuracy"] is None and nothing["recording_level"]["ece"] is None
    json.dumps([one, nothing], allow_nan=False)
