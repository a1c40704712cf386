"""Trust checks against classifiers of known attribution, and against attributions known to be wrong."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.explain.trust import (
    CheckName,
    check_infidelity,
    check_randomised_weights,
    check_removal,
    check_sensitivity,
    make_time_groups,
    sum_groups,
)

N_SAMPLES, N_GROUPS = 320, 32
GROUPS = make_time_groups(N_SAMPLES, N_GROUPS)
RNG = np.random.default_rng(99)
WINDOWS = RNG.standard_normal((2, N_SAMPLES)).astype(np.float32)
SILENCE = np.zeros_like(WINDOWS)
# The log-probability is a weighted sum: its attribution is weight × sample, exactly.
WEIGHTS = RNG.standard_normal(N_SAMPLES) * np.repeat(RNG.random(N_GROUPS), 10)
TRUE = (WEIGHTS * WINDOWS).astype(np.float32)


def score(windows: NDArray[np.float32]) -> NDArray[np.float64]:
    return windows.astype(np.float64) @ WEIGHTS


def score_probability(windows: NDArray[np.float32]) -> NDArray[np.float64]:
    """A log-probability that is below 0, as those of classifiers are."""
    return -np.logaddexp(0.0, -score(windows) / 4.0)


def shuffle_groups(values: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    order = np.random.default_rng(seed).permutation(N_GROUPS)
    return values.reshape(len(values), N_GROUPS, -1)[:, order].reshape(values.shape)


def test_groups_are_stretches_of_equal_length() -> None:
    assert np.bincount(GROUPS).tolist() == [10] * 32
    assert make_time_groups(5, 32).tolist() == [0, 1, 2, 3, 4]


def test_sums_over_groups_are_those_of_numpy() -> None:
    assert np.allclose(sum_groups(TRUE, GROUPS), TRUE.reshape(2, 32, 10).sum(axis=2), atol=1e-5)


def test_the_true_attribution_of_a_sum_has_no_infidelity() -> None:
    found = check_infidelity(score, WINDOWS, SILENCE, TRUE, GROUPS)
    assert found.value == pytest.approx(0.0, abs=1e-6)
    assert found.passes
    assert found.control is not None
    assert found.control > 0.8


def test_infidelity_does_not_depend_on_the_unit() -> None:
    one = check_infidelity(score, WINDOWS, SILENCE, TRUE, GROUPS)
    other = check_infidelity(score, WINDOWS, SILENCE, 17.0 * TRUE, GROUPS)
    assert one.value == pytest.approx(other.value, abs=1e-6)


def test_shuffled_attributions_fail_the_infidelity() -> None:
    failed = [
        not check_infidelity(score, WINDOWS, SILENCE, shuffle_groups(TRUE, seed), GROUPS).passes
        for seed in range(1, 9)
    ]
    assert all(failed)


def test_an_attribution_of_the_wrong_sign_predicts_nothing() -> None:
    found = check_infidelity(score, WINDOWS, SILENCE, -TRUE, GROUPS)
    assert found.value == 1.0
    assert not found.passes


def test_an_attribution_of_nothing_fails() -> None:
    nothing = np.zeros_like(TRUE)
    assert not check_infidelity(score, WINDOWS, SILENCE, nothing, GROUPS).passes
    assert not check_sensitivity(lambda windows: nothing, WINDOWS, nothing, GROUPS).passes
    assert not check_removal(score_probability, WINDOWS, SILENCE, nothing, GROUPS)[0].passes


def test_a_smooth_attribution_is_hardly_sensitive() -> None:
    found = check_sensitivity(lambda windows: WEIGHTS * windows, WINDOWS, TRUE, GROUPS)
    # Noise of a twentieth of the window moves weight × window by about a twentieth.
    assert found.value == pytest.approx(0.05, rel=0.5)
    assert found.passes


def test_an_attribution_that_noise_decides_is_too_sensitive() -> None:
    rng = np.random.default_rng(5)
    found = check_sensitivity(
        lambda windows: rng.standard_normal(windows.shape),
        WINDOWS,
        rng.standard_normal(WINDOWS.shape),
        GROUPS,
    )
    assert found.value is not None
    assert found.value > 1.0
    assert not found.passes


def test_the_true_attribution_beats_random_orders() -> None:
    deletion, insertion = check_removal(score_probability, WINDOWS, SILENCE, TRUE, GROUPS)
    assert deletion.passes
    assert insertion.passes
    assert deletion.value is not None and deletion.control is not None
    assert deletion.value < deletion.control


def test_the_reversed_attribution_loses_to_random_orders() -> None:
    deletion, insertion = check_removal(score_probability, WINDOWS, SILENCE, -TRUE, GROUPS)
    assert not deletion.passes
    assert not insertion.passes


def test_one_part_that_decides_all_is_found() -> None:
    # Random orders meet it anywhere; the best order meets it first.
    only = np.where(GROUPS == 5, 1.0, 0.0).astype(np.float32)[None]

    def score_one(windows: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.log(0.05 + 0.09 * windows[:, GROUPS == 5].sum(axis=1))

    deletion, insertion = check_removal(score_one, only, 0.0 * only, only, GROUPS, n_steps=32)
    assert deletion.passes
    assert insertion.passes


def test_random_attributions_pass_as_rarely_as_said() -> None:
    passed = [
        check.passes
        for seed in range(40)
        for check in check_removal(
            score_probability,
            WINDOWS,
            SILENCE,
            shuffle_groups(TRUE, 100 + seed),
            GROUPS,
            n_steps=8,
            seed=seed,
        )
    ]
    assert np.mean(passed) <= 0.15


def test_curves_begin_and_end_at_window_and_baseline() -> None:
    deletion, insertion = check_removal(score_probability, WINDOWS, SILENCE, TRUE, GROUPS, n_steps=8)
    whole, nothing = np.exp(score_probability(WINDOWS)).mean(), 0.5
    assert len(deletion.curve) == len(deletion.control_curve) == 9
    for curve in (deletion.curve, deletion.control_curve):
        assert (curve[0], curve[-1]) == pytest.approx((whole, nothing))
    assert (insertion.curve[0], insertion.curve[-1]) == pytest.approx((nothing, whole))


def test_areas_are_those_of_deleting_by_hand() -> None:
    # One window of four samples, each a group: the order is 3, 1, 0, 2.
    window, values = np.ones((1, 4), np.float32), np.array([[0.2, 0.4, 0.1, 0.9]])
    weights = np.log(np.array([0.9, 0.7, 0.95, 0.5]))
    (deletion, insertion) = check_removal(
        lambda windows: weights.sum() - windows @ weights, window, np.zeros_like(window), values, np.arange(4)
    )
    # All weight is lost from exp(0) = 1 on: removing a sample multiplies the probability by its number.
    expected = np.cumprod([1.0, 0.5, 0.7, 0.9, 0.95])
    assert deletion.curve == pytest.approx(expected)
    assert deletion.value == pytest.approx((expected[1:-1].sum() + (expected[0] + expected[-1]) / 2) / 4)
    put_back = np.cumprod([np.prod([0.9, 0.7, 0.95, 0.5]), 1 / 0.5, 1 / 0.7, 1 / 0.9, 1 / 0.95])
    assert insertion.curve == pytest.approx(put_back)


def test_attributions_that_random_weights_give_too_are_red() -> None:
    rng = np.random.default_rng(1)
    loud = np.abs(WINDOWS)
    found = check_randomised_weights(
        loud, [loud * rng.uniform(0.8, 1.2, loud.shape) for _ in range(2)], GROUPS
    )
    assert found.value is not None
    assert found.value > 0.8
    assert not found.passes


@pytest.mark.parametrize("signs", [(1.0, -1.0), (-1.0, -1.0)])
def test_turning_an_attribution_round_does_not_hide_that_random_weights_give_it(
    signs: tuple[float, ...],
) -> None:
    loud = np.abs(WINDOWS)
    found = check_randomised_weights(loud, [sign * loud for sign in signs], GROUPS)
    assert (found.value, found.passes) == (pytest.approx(1.0), False)
    # Turned round in one of its windows only, by the same network, is no way out either.
    mixed = check_randomised_weights(loud, [np.array([[1.0], [-1.0]]) * loud], GROUPS)
    assert (mixed.value, mixed.passes) == (pytest.approx(1.0), False)


def test_the_control_is_what_unrelated_attributions_get() -> None:
    rng = np.random.default_rng(3)
    found = check_randomised_weights(
        rng.standard_normal((40, N_SAMPLES)),
        [rng.standard_normal((40, N_SAMPLES)) for _ in range(10)],
        GROUPS,
    )
    assert found.value == pytest.approx(found.control, rel=0.1)


def test_attributions_that_depend_on_the_weights_pass() -> None:
    rng = np.random.default_rng(2)
    others = [rng.standard_normal(N_SAMPLES) * WINDOWS for _ in range(3)]
    found = check_randomised_weights(TRUE, others, GROUPS)
    assert found.passes
    assert abs(found.value or 0.0) < 0.3


def test_a_model_without_weights_is_not_judged_by_them() -> None:
    found = check_randomised_weights(TRUE, [], GROUPS)
    assert (found.name, found.value, found.passes) == (CheckName.RANDOMISED_WEIGHTS, None, None)


def test_every_outcome_says_why() -> None:
    checks = [
        check_infidelity(score, WINDOWS, SILENCE, TRUE, GROUPS),
        check_infidelity(score, WINDOWS, SILENCE, shuffle_groups(TRUE, 1), GROUPS),
        *check_removal(score_probability, WINDOWS, SILENCE, TRUE, GROUPS),
        check_randomised_weights(TRUE, [TRUE], GROUPS),
    ]
    assert all(check.reason.endswith(".") for check in checks)
    assert len({check.reason for check in checks}) == len(checks)
