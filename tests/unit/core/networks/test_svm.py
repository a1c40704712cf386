"""Kernel machines as arrays, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.svm import SVC

from core.networks.svm import SvmLearner, SvmModel, standardise_features
from tests.unit.core.networks.tables import make_table, take_all_steps
from utils.exceptions import DataDamagedError

OPTIONS = {"penalty": 3.0, "kernel_width": None, "most_windows": 4000}


def learn(**own: object) -> SvmLearner:
    learner = SvmLearner(make_table(), {**OPTIONS, **own}, seed=1)
    take_all_steps(learner)
    return learner


@pytest.mark.parametrize("kernel_width", [None, 0.5])
def test_scores_equal_scikit_learn(kernel_width: float | None) -> None:
    learner = learn(kernel_width=kernel_width)
    model, table = learner.build_model(4), learner.table
    known = standardise_features(table.train, model.mean, model.scale)
    fresh = standardise_features(table.validation, model.mean, model.scale)
    for index in range(3):
        machine = SVC(C=3.0, gamma=kernel_width or 0.1 / 6, class_weight="balanced")
        machine.fit(known, table.targets == index)
        np.testing.assert_allclose(
            model.compute_scores(table.validation)[:, index], machine.decision_function(fresh), atol=1e-9
        )


def test_probabilities_are_the_softmax_of_scaled_scores_and_chunks_do_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learner = learn()
    model, rows = learner.build_model(4), learner.table.validation
    exponents = np.exp(model.score_scale[0] * model.compute_scores(rows))
    expected = exponents / exponents.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict_probabilities(rows), expected, atol=1e-12)
    monkeypatch.setattr("core.networks.svm._CHUNK_VALUES", 100)
    np.testing.assert_allclose(model.predict_probabilities(rows), expected, atol=1e-12)


def test_the_scale_of_the_scores_comes_from_recordings_left_out() -> None:
    """Learned by heart, the training rows would ask for a far larger scale."""
    table = make_table()
    rng = np.random.default_rng(0)
    noise = table.train.copy()
    noise[:] = rng.standard_normal(noise.shape)  # nothing to learn
    hopeless = SvmLearner(
        type(table)(noise, None, table.targets, table.recordings, 240, 3),
        {**OPTIONS, "penalty": 1000.0, "kernel_width": 5.0},
        seed=1,
    )
    take_all_steps(hopeless)
    assert hopeless.judge("train").argmax(axis=1).tolist() == table.targets.tolist()
    assert hopeless.judge("train").max() < 0.6
    assert learn().build_model(4).score_scale[0] > 3 * hopeless.build_model(4).score_scale[0]


def test_no_more_windows_are_learned_than_allowed_and_no_class_is_lost() -> None:
    table = make_table()
    targets = np.zeros_like(table.targets)
    targets[:2] = (1, 2)
    rare = type(table)(table.train, None, targets, table.recordings, 240, 3)
    learner = SvmLearner(rare, {**OPTIONS, "most_windows": 30}, seed=0)
    take_all_steps(learner)
    assert len(learner.build_model(1).support) <= 32
    assert set(targets[learner._rows]) == {0, 1, 2}


def test_a_far_outlier_is_still_judged() -> None:
    learner = learn()
    rows = learner.table.validation[:2].copy()
    rows[:, 5] = 1e6
    scores = learner.build_model(4).compute_scores(rows)
    assert np.isfinite(scores).all()


def test_arrays_that_do_not_fit_are_refused() -> None:
    arrays = learn().build_model(4).to_arrays()
    for name, broken in (("mean", arrays["mean"][:2]), ("coefficients", arrays["coefficients"][:2])):
        with pytest.raises(DataDamagedError):
            SvmModel.from_arrays({**arrays, name: broken})
    arrays.pop("width")
    with pytest.raises(DataDamagedError, match="width"):
        SvmModel.from_arrays(arrays)
