"""Boosted trees as arrays, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from core.networks.gradient_boosting import (
    CHUNK_ROUNDS,
    BoostedTrees,
    BoostingLearner,
    encode,
    find_edges,
    flatten_boosting,
)
from tests.unit.core.networks.tables import make_table, take_all_steps
from utils.exceptions import DataDamagedError

OPTIONS = {
    "n_rounds": 12,
    "learning_rate": 0.2,
    "max_leaves": 7,
    "min_leaf_windows": 5,
    "leaf_penalty": 1.0,
    "feature_share": 0.8,
    "patience_rounds": 100,
}


@pytest.mark.parametrize("n_classes", [2, 3])
def test_probabilities_equal_scikit_learn(n_classes: int) -> None:
    table = make_table()
    targets = np.minimum(table.targets, n_classes - 1)
    model = HistGradientBoostingClassifier(max_iter=15, early_stopping=False, random_state=0)
    model.fit(table.train, targets)
    flat = flatten_boosting(model, n_classes)
    fresh = np.random.default_rng(9).standard_normal((300, 6)).astype(np.float32)
    threshold = model._predictors[0][0].nodes[0]
    fresh[0, threshold["feature_idx"]] = threshold["num_threshold"]  # on a threshold, as near as it goes
    np.testing.assert_allclose(flat.predict_probabilities(fresh), model.predict_proba(fresh), atol=1e-12)


def test_growing_in_steps_equals_growing_at_once() -> None:
    table = make_table()
    learner = BoostingLearner(table, OPTIONS, seed=3)
    take_all_steps(learner)
    whole = HistGradientBoostingClassifier(
        max_iter=12, learning_rate=0.2, max_leaf_nodes=7, min_samples_leaf=5, l2_regularization=1.0,
        max_features=0.8, early_stopping=False, random_state=learner.draw_seed(0),
    )  # fmt: skip
    whole.fit(table.train, table.targets, sample_weight=table.weigh_classes())
    np.testing.assert_allclose(learner.judge("validation"), whole.predict_proba(table.validation), atol=1e-12)


def test_many_values_are_cut_at_quantiles_and_the_trees_compare_the_features_themselves() -> None:
    rng = np.random.default_rng(1)
    table = make_table(n_rows=2000)
    learner = BoostingLearner(table, OPTIONS, seed=3)
    take_all_steps(learner)
    codes = encode(table.train, [find_edges(column) for column in table.train.T])
    assert codes.min() == 0 and codes.max() == 254
    assert (np.abs(np.bincount(codes[:, 0].astype(int)) - 2000 / 255) < 2).all()
    fresh = rng.standard_normal((50, 6)).astype(np.float32)
    squeezed = encode(fresh, [find_edges(column) for column in table.train.T])
    grown = flatten_boosting(learner._grower, 3)
    np.testing.assert_array_equal(
        learner.build_model(3).predict_probabilities(fresh), grown.predict_probabilities(squeezed)
    )


def test_the_first_rounds_are_a_model_of_their_own() -> None:
    table = make_table()
    short, long = (BoostingLearner(table, {**OPTIONS, "n_rounds": n}, seed=3) for n in (CHUNK_ROUNDS, 12))
    take_all_steps(short)
    take_all_steps(long)
    cut = long.build_model(1)
    assert cut.trees.n_trees == CHUNK_ROUNDS * 3
    np.testing.assert_array_equal(
        cut.predict_probabilities(table.validation),
        short.build_model(1).predict_probabilities(table.validation),
    )


def test_the_lowest_validation_loss_ends_the_model_and_patience_the_training() -> None:
    learner = BoostingLearner(make_table(), {**OPTIONS, "n_rounds": 100, "patience_rounds": 10}, seed=0)
    losses = [0.9, 0.5, 0.6, 0.55]
    assert learner.choose_step(losses) == 2
    assert learner.is_finished(losses) and not learner.is_finished(losses[:3])
    assert learner.choose_step([None, None]) == 2 and not learner.is_finished([None, None])


def test_trees_of_a_class_that_there_is_not_are_refused() -> None:
    learner = BoostingLearner(make_table(), OPTIONS, seed=3)
    take_all_steps(learner)
    arrays = learner.to_arrays()
    arrays["tree_class"] = arrays["tree_class"] + 1
    with pytest.raises(DataDamagedError):
        BoostedTrees.from_arrays(arrays)
