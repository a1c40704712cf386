"""Temperatures: against a general optimiser, and where they say nothing."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss

from core.training.calibration import Calibration, fit_calibration, fit_level, fit_pooled
from core.training.metrics import SignalPrediction, apply_temperature, pool_probabilities

Rows = tuple[NDArray[np.float64], NDArray[np.int64]]


def simulate(n: int, true_temperature: float, seed: int) -> Rows:
    """Draw labels from probabilities, and show them too sharp (above 1) or too blunt (below 1)."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 1.2, (n, 4))
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    targets = np.array([random.choice(4, p=row) for row in honest])
    shown = np.exp(logits * true_temperature)
    return shown / shown.sum(axis=1, keepdims=True), targets


@pytest.mark.parametrize("true_temperature", [0.6, 1.0, 1.8])
def test_the_temperature_is_the_one_that_a_general_optimiser_finds(true_temperature: float) -> None:
    probabilities, targets = simulate(400, true_temperature, seed=3)
    found = fit_level(probabilities, targets, np.arange(400), "recordings")

    def loss(log_temperature: float) -> float:
        scaled = apply_temperature(probabilities, float(np.exp(log_temperature)))
        return float(log_loss(targets, scaled, labels=range(4)))

    best = float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))
    assert found.temperature == pytest.approx(best, rel=2e-3)
    assert found.interval is not None
    assert found.interval[0] < true_temperature < found.interval[1]
    assert f"{found.n_errors} errors" in found.sentence
    holds_one = found.interval[0] <= 1.0 <= found.interval[1]
    assert ("The interval holds 1" in found.sentence) is holds_one is (true_temperature == 1.0)


def test_a_temperature_is_shift_free_and_changes_no_answer() -> None:
    probabilities, _ = simulate(50, 1.0, seed=1)
    powered = probabilities ** (1 / 2.5)
    expected = powered / powered.sum(axis=1, keepdims=True)
    kept = probabilities.min(axis=1) > 1e-4
    np.testing.assert_allclose(apply_temperature(probabilities, 2.5)[kept], expected[kept], rtol=1e-12)
    assert (apply_temperature(probabilities, 7.0).argmax(axis=1) == probabilities.argmax(axis=1)).all()
    assert apply_temperature(probabilities, None) is not None
    np.testing.assert_array_equal(apply_temperature(probabilities, None), probabilities)


def test_pooling_and_scaling_may_change_places() -> None:
    windows, _ = simulate(9, 1.0, seed=2)
    np.testing.assert_allclose(
        apply_temperature(pool_probabilities(windows), 1.7),
        pool_probabilities(apply_temperature(windows, 1.7)),
        rtol=1e-9,
    )


def test_without_errors_the_temperature_says_nothing() -> None:
    probabilities = np.array([[0.7, 0.3], [0.2, 0.8], [0.9, 0.1]])
    found = fit_level(probabilities, np.array([0, 1, 0]), np.arange(3), "recordings")
    assert found.temperature is None
    assert "Validation has no errors: temperature says nothing" in found.sentence
    np.testing.assert_array_equal(found.apply(probabilities), probabilities)


def test_without_a_right_answer_or_without_rows_it_says_nothing_either() -> None:
    wrong = fit_level(np.array([[0.7, 0.3], [0.4, 0.6]]), np.array([1, 0]), np.arange(2), "windows")
    assert wrong.temperature is None
    assert "All 2 validation windows are named wrong" in wrong.sentence
    nothing = fit_level(np.empty((0, 2)), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), "windows")
    assert nothing.temperature is None
    assert "There are no validation windows" in nothing.sentence


def test_the_interval_grows_when_windows_come_from_fewer_recordings() -> None:
    probabilities, targets = simulate(400, 1.5, seed=5)
    free = fit_level(probabilities, targets, np.arange(400), "windows").interval
    # The same rows, each told twenty times as if it were new.
    told = np.tile(np.arange(20), 20)
    bound = fit_level(probabilities[told], targets[told], told, "windows").interval
    naive = fit_level(probabilities[told], targets[told], np.arange(400), "windows").interval
    assert free is not None
    assert bound is not None
    assert naive is not None
    assert bound[1] - bound[0] > 2 * (naive[1] - naive[0])


def test_channels_of_a_recording_are_fitted_as_one_recording() -> None:
    random = np.random.default_rng(0)
    predictions = []
    for recording in range(40):
        target = recording % 3
        for _channel in range(2):
            windows = random.dirichlet(np.where(np.arange(3) == target, 2.0, 1.0), size=5)
            predictions.append(SignalPrediction(recording, target, windows))
    found = fit_calibration(predictions, 3)
    assert found.recording.n == 40
    assert found.window.n == 400
    assert Calibration.from_dict(found.to_dict()) == found


def test_the_pooled_temperature_minimises_the_softened_loss_also_without_errors() -> None:
    probabilities, targets = simulate(60, 0.5, seed=8)
    for rows, labels in (
        (probabilities, targets),
        (probabilities, probabilities.argmax(axis=1)),
    ):
        found = fit_pooled(rows, labels, fewest=60)
        softened = np.full(rows.shape, 1 / 62 / 3)
        softened[np.arange(60), labels] = 61 / 62

        def loss(log_temperature: float, rows=rows, softened=softened) -> float:
            scaled = apply_temperature(rows, float(np.exp(log_temperature)))
            return float(-(softened * np.log(scaled)).sum())

        best = float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))
        assert found.temperature == pytest.approx(best, rel=5e-3), found.sentence
        assert found.n_errors == int((rows.argmax(axis=1) != labels).sum())


def test_recordings_that_are_all_right_make_nobody_surer_than_their_number_allows() -> None:
    rows = np.tile([0.9999, 0.0001], (20, 1))
    found = fit_pooled(rows, np.zeros(20, dtype=np.int64), fewest=20)
    assert apply_temperature(rows, found.temperature)[0, 0] == pytest.approx(21 / 22, abs=1e-3)
    mixed, labels = simulate(40, 1.0, seed=4)
    unneeded = fit_pooled(mixed, labels, fewest=40)
    assert unneeded.interval is not None and unneeded.interval[0] < 1.0 < unneeded.interval[1]
    assert unneeded.temperature is None and "left as it is" in unneeded.sentence
    few = fit_pooled(np.tile(rows, (5, 1))[:99], np.zeros(99, dtype=np.int64))
    assert few.temperature is None
    assert "99 validation recordings" in few.sentence
    assert fit_pooled(np.empty((0,)), np.empty(0, dtype=np.int64)).temperature is None


def test_the_pooled_temperature_travels_and_its_lack_is_understood() -> None:
    level = fit_pooled(*simulate(30, 1.0, seed=1))
    kept = Calibration(level, level, level)
    assert Calibration.from_dict(kept.to_dict()) == kept
    older = {name: value for name, value in kept.to_dict().items() if name != "pooled"}
    assert Calibration.from_dict(older).pooled is None
