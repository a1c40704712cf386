"""MiniRocket's features and its regression."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from core.networks.minirocket import STRENGTHS, MinirocketLearner, RidgeModel
from core.networks.rocket_features import RocketFeatures, choose_dilations, fit_rocket_features
from tests.unit.core.networks.tables import make_table, take_all_steps
from utils.exceptions import DataDamagedError


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((20, 150)).astype(np.float32)


@pytest.fixture(scope="module")
def features(windows: np.ndarray) -> RocketFeatures:
    return fit_rocket_features(lambda indices: windows[indices], len(windows), 150, 84 * 7, seed=5)


def convolve(window: np.ndarray, weights: np.ndarray, dilation: int) -> np.ndarray:
    """A convolution by the book: a zero-stuffed kernel slid over the window."""
    kernel = np.zeros(8 * dilation + 1)
    kernel[::dilation] = weights
    return np.correlate(np.pad(window.astype(np.float64), 4 * dilation), kernel, mode="valid")


def test_a_feature_is_the_share_of_a_convolution_above_its_bias(
    windows: np.ndarray, features: RocketFeatures
) -> None:
    found, column = features.compute(windows), 0
    for number, (dilation, n_biases) in enumerate(
        zip(features.dilations, features.biases_per_kernel, strict=True)
    ):
        for index, twos in enumerate(combinations(range(9), 3)):
            weights = np.full(9, -1.0)
            weights[list(twos)] = 2.0
            outputs = convolve(windows[3], weights, int(dilation))
            if (number + index) % 2:
                outputs = outputs[4 * dilation : -4 * dilation]
            for bias in features.biases[column : column + n_biases]:
                assert found[3, column] == pytest.approx((outputs > bias).mean(), abs=1.5 / len(outputs))
                column += 1
    assert column == found.shape[1] == 84 * 7


def test_kernels_see_no_offset(windows: np.ndarray, features: RocketFeatures) -> None:
    """The weights add up to zero; away from the ends an offset changes nothing."""
    padded = features.dilations.max() * 4
    assert padded < 75
    kept = [
        column
        for number, n_biases in enumerate(features.biases_per_kernel)
        for index in range(84)
        if (number + index) % 2
        for column in range(
            84 * features.biases_per_kernel[:number].sum() + index * n_biases,
            84 * features.biases_per_kernel[:number].sum() + (index + 1) * n_biases,
        )
    ]
    moved = features.compute(windows + np.float32(0.5))
    np.testing.assert_allclose(moved[:, kept], features.compute(windows)[:, kept], atol=0.03)


def test_biases_are_quantiles_of_training_outputs(windows: np.ndarray, features: RocketFeatures) -> None:
    shares = features.compute(windows).mean(axis=0)
    assert 0.4 < shares.mean() < 0.6
    assert shares.min() < 0.1 and shares.max() > 0.9


def test_the_same_seed_chooses_the_same_biases(windows: np.ndarray, features: RocketFeatures) -> None:
    again, other = (
        fit_rocket_features(lambda indices: windows[indices], 20, 150, 84 * 7, seed=seed) for seed in (5, 6)
    )
    np.testing.assert_array_equal(again.biases, features.biases)
    assert not np.array_equal(other.biases, features.biases)


def test_batches_do_not_change_a_feature(
    windows: np.ndarray, features: RocketFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = features.compute(windows)
    monkeypatch.setattr("core.networks.rocket_features._BATCH_VALUES", 500)
    np.testing.assert_array_equal(features.compute(windows), whole)


@pytest.mark.parametrize(("n_samples", "biases"), [(16, 1), (16, 24), (3000, 24), (20_480, 119)])
def test_dilations_reach_over_the_window_and_not_beyond(n_samples: int, biases: int) -> None:
    dilations, counts = choose_dilations(n_samples, biases)
    assert counts.sum() == biases and (counts > 0).all()
    assert dilations[0] == 1 and (np.diff(dilations) > 0).all()
    assert 8 * dilations[-1] < n_samples
    assert biases == 1 or 16 * dilations[-1] + 16 > n_samples


def test_the_shortest_window_has_features() -> None:
    short = np.random.default_rng(0).standard_normal((4, 16)).astype(np.float32)
    found = fit_rocket_features(lambda indices: short[indices], 4, 16, 200, seed=0).compute(short)
    assert found.shape == (4, 168) and np.isfinite(found).all()


@pytest.mark.parametrize("broken", ["dilations", "biases", "biases_per_kernel"])
def test_kernels_that_do_not_fit_are_refused(features: RocketFeatures, broken: str) -> None:
    arrays = {name: getattr(features, name) for name in ("dilations", "biases", "biases_per_kernel")}
    arrays[broken] = arrays[broken][:-1]
    with pytest.raises(DataDamagedError):
        RocketFeatures(**arrays).check(150)
    with pytest.raises(DataDamagedError):
        features.check(100)


def test_the_regression_equals_scikit_learn_with_the_penalty_that_left_out_recordings_chose() -> None:
    table = make_table(n_features=40)
    learner = MinirocketLearner(table, {}, seed=0)
    take_all_steps(learner)
    strength = STRENGTHS[learner.choose_step([]) - 1]
    weights = table.weigh_classes()
    mean = np.average(table.train, axis=0, weights=weights)
    scale = np.sqrt(np.average((table.train - mean) ** 2, axis=0, weights=weights))
    labels = np.where(table.targets[:, None] == np.arange(3), 1.0, -1.0)
    reference = Ridge(alpha=strength * weights.sum())
    reference.fit((table.train - mean) / scale, labels, sample_weight=weights)
    found = learner.build_model(learner.choose_step([])).compute_scores(table.validation)
    np.testing.assert_allclose(found, reference.predict((table.validation - mean) / scale), atol=1e-4)


def test_a_penalty_is_chosen_that_fits_the_noise() -> None:
    """With more features than there is signal for, a large penalty must win."""
    rng = np.random.default_rng(2)
    table = make_table(n_features=200)
    noise = type(table)(
        rng.standard_normal(table.train.shape).astype(np.float32),
        None,
        table.targets,
        table.recordings,
        240,
        3,
    )
    learner = MinirocketLearner(noise, {}, seed=0)
    take_all_steps(learner)
    assert STRENGTHS[learner.choose_step([]) - 1] >= 1.0


def test_validation_chooses_the_penalty_where_there_is_one() -> None:
    learner = MinirocketLearner(make_table(), {}, seed=0)
    take_all_steps(learner)
    assert learner.choose_step([0.5, 0.4, 0.6, 0.3, 0.9, 0.8]) == 4
    first, fourth = learner.build_model(1), learner.build_model(4)
    assert np.abs(fourth.weights).sum() > np.abs(first.weights).sum()  # a smaller penalty
    assert learner.choose_step([None] * 6) == int(np.argmin(learner._losses)) + 1


def test_arrays_that_do_not_fit_are_refused() -> None:
    learner = MinirocketLearner(make_table(), {}, seed=0)
    learner.take_step(0, lambda: None)
    arrays = learner.build_model(1).to_arrays()
    with pytest.raises(DataDamagedError):
        RidgeModel.from_arrays({**arrays, "weights": arrays["weights"][:2]})
