"""Forests as arrays, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from core.networks.random_forest import Forest, flatten_forest, grow_forest, join_forests
from utils.exceptions import DataDamagedError


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((240, 6)).astype(np.float32)


@pytest.fixture(scope="module")
def targets(features: np.ndarray) -> np.ndarray:
    return (features[:, 0] > 0).astype(int) + 2 * (features[:, 1] * features[:, 2] > 0.2).astype(int)


def grow(features: np.ndarray, targets: np.ndarray, **kwargs: object) -> Forest:
    arguments = {
        "n_classes": 4,
        "n_trees": 8,
        "seed": 1,
        "max_depth": None,
        "min_leaf_windows": 1,
        "feature_share": 0.5,
    }
    return grow_forest(features, targets, **{**arguments, **kwargs})


@pytest.mark.parametrize("settings", [{}, {"max_depth": 3}, {"min_samples_leaf": 5}])
def test_probabilities_equal_scikit_learn(features: np.ndarray, targets: np.ndarray, settings: dict) -> None:
    model = RandomForestClassifier(30, random_state=4, n_jobs=1, **settings).fit(features, targets)
    fresh = np.random.default_rng(9).standard_normal((300, 6)).astype(np.float32)
    fresh[0] = model.estimators_[0].tree_.threshold[0]  # exactly on a threshold
    found = flatten_forest(model, 4).predict_probabilities(fresh)
    np.testing.assert_allclose(found, model.predict_proba(fresh), atol=1e-12)


def test_values_between_float32_steps_are_compared_as_they_were_when_grown(
    features: np.ndarray, targets: np.ndarray
) -> None:
    model = RandomForestClassifier(20, random_state=0, n_jobs=1).fit(features, targets)
    wide = features.astype(np.float64) + 1e-10
    np.testing.assert_allclose(
        flatten_forest(model, 4).predict_probabilities(wide), model.predict_proba(wide), atol=1e-12
    )


def test_the_same_seed_grows_the_same_forest(features: np.ndarray, targets: np.ndarray) -> None:
    first, again, other = (grow(features, targets, seed=seed).to_arrays() for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["threshold"], other["threshold"])


def test_a_joined_forest_is_the_mean_of_its_parts(features: np.ndarray, targets: np.ndarray) -> None:
    small, large = grow(features, targets, n_trees=3), grow(features, targets, n_trees=9, seed=5)
    joined = join_forests([small, large])
    expected = (3 * small.predict_probabilities(features) + 9 * large.predict_probabilities(features)) / 12
    assert joined.n_trees == 12
    np.testing.assert_allclose(joined.predict_probabilities(features), expected, atol=1e-12)


def test_batches_do_not_change_a_prediction(
    features: np.ndarray, targets: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    forest = grow(features, targets)
    whole = forest.predict_probabilities(features)
    monkeypatch.setattr("core.networks.trees._CHUNK_NODES", 64)
    np.testing.assert_array_equal(forest.predict_probabilities(features), whole)


def test_arrays_come_back_as_the_same_forest(features: np.ndarray, targets: np.ndarray) -> None:
    forest = grow(features, targets)
    again = Forest.from_arrays(forest.to_arrays())
    np.testing.assert_array_equal(
        again.predict_probabilities(features), forest.predict_probabilities(features)
    )


def test_arrays_that_would_walk_in_a_circle_or_out_of_the_forest_are_refused(
    features: np.ndarray, targets: np.ndarray
) -> None:
    arrays = grow(features, targets).to_arrays()
    circle, outside, short = dict(arrays), dict(arrays), dict(arrays)
    circle["left"] = np.zeros_like(arrays["left"])
    outside["right"] = np.where(arrays["right"] < 0, -1, len(arrays["right"])).astype(np.int32)
    short.pop("threshold")
    for broken in (circle, outside, short):
        with pytest.raises(DataDamagedError):
            Forest.from_arrays(broken)


def test_a_class_that_the_chunk_never_saw_gets_probability_zero(features: np.ndarray) -> None:
    forest = grow(features, np.where(features[:, 0] > 0, 3, 1))
    probabilities = forest.predict_probabilities(features)
    assert probabilities.shape == (240, 4)
    assert (probabilities[:, [0, 2]] == 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)


def test_a_part_of_a_forest_is_cut_out_of_the_middle(features: np.ndarray, targets: np.ndarray) -> None:
    first, second = grow(features, targets, n_trees=3), grow(features, targets, n_trees=4, seed=5)
    trees, nodes = join_forests([first, second, first]).trees.cut(3, 7)
    for name in ("roots", "feature", "left", "right", "threshold"):
        np.testing.assert_array_equal(getattr(trees, name), getattr(second.trees, name))
    assert nodes == slice(len(first.leaf_probabilities), len(first.leaf_probabilities) + len(trees.feature))
