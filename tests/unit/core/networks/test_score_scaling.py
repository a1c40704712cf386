"""From scores to probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from core.networks.score_scaling import draw_folds, fit_score_scale, softmax


def test_softmax_of_large_scores_stays_finite() -> None:
    np.testing.assert_allclose(softmax(np.array([[1e4, 1e4 + np.log(3.0)]])), [[0.25, 0.75]])


@pytest.mark.parametrize("factor", [0.3, 1.0, 8.0])
def test_the_factor_that_made_the_labels_is_found_again(factor: float) -> None:
    rng = np.random.default_rng(3)
    scores = rng.standard_normal((20_000, 4)) / factor
    chances = softmax(factor * scores)
    targets = (rng.random((20_000, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    found, loss = fit_score_scale(scores, targets, np.ones(20_000))
    assert found == pytest.approx(factor, rel=0.05)
    expected = -np.log(softmax(found * scores)[np.arange(20_000), targets]).mean()
    assert loss == pytest.approx(expected, rel=0.01)


def test_scores_without_an_error_get_no_endless_factor() -> None:
    scores = 5.0 * np.eye(3)[np.arange(30) % 3]
    found, _ = fit_score_scale(scores, np.arange(30) % 3, np.ones(30))
    assert softmax(found * scores).max() == pytest.approx(1 - 2 / 33, abs=1e-3)


def test_a_weight_counts_like_a_repetition() -> None:
    scores, targets = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]]), np.array([0, 1, 1])
    weighted = fit_score_scale(np.tile(scores, (50, 1)), np.tile(targets, 50), np.tile([3.0, 1.0, 1.0], 50))
    repeated = fit_score_scale(
        np.tile(scores[[0, 0, 0, 1, 2]], (50, 1)), np.tile(targets[[0, 0, 0, 1, 2]], 50), np.ones(250)
    )
    assert weighted[0] == pytest.approx(repeated[0], rel=0.01)


def test_without_rows_the_scores_stay() -> None:
    assert fit_score_scale(np.empty((0, 3)), np.empty(0, int), np.empty(0)) == (1.0, np.inf)


def test_folds_keep_recordings_whole_and_classes_spread() -> None:
    targets = np.repeat([0, 0, 0, 1, 1, 1, 2], 5)
    recordings = np.repeat(np.arange(7), 5)
    folds = draw_folds(targets, recordings, 3, seed=4)
    by_recording = folds.reshape(7, 5)
    assert (by_recording == by_recording[:, :1]).all()
    assert sorted(by_recording[:3, 0]) == sorted(by_recording[3:6, 0]) == [0, 1, 2]
    assert by_recording[6, 0] == -1  # the only recording of its class is never left out
    np.testing.assert_array_equal(folds, draw_folds(targets, recordings, 3, seed=4))
