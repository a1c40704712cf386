"""Alarm limits keep their promised rate; changes are found where they were made and not elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from core.signal.trends import compute_alarm_limit, find_change_point, find_onset
from utils.exceptions import ErrorCode, InvalidInputError, SignalError


def make_series(n: int, seed: int, *, correlation: float = 0.0, spread: float = 0.2) -> np.ndarray:
    """A log-normal first-order autoregressive series around 1."""
    random = np.random.default_rng(seed)
    logs = np.empty(n)
    logs[0] = random.normal()
    scale = np.sqrt(1.0 - correlation**2)
    for index in range(1, n):
        logs[index] = correlation * logs[index - 1] + scale * random.normal()
    return np.exp(spread * logs)


@pytest.mark.parametrize(
    ("n_reference", "rate", "method"),
    [(60, 0.05, "order_statistic"), (30, 0.01, "log_normal_prediction")],
)
def test_the_limit_is_passed_at_the_stated_rate_by_a_machine_that_stays_healthy(
    n_reference: int, rate: float, method: str
) -> None:
    passed, promised = [], []
    for seed in range(300):
        series = make_series(n_reference + 50, seed)
        limit = compute_alarm_limit(series[:n_reference], rate)
        assert limit.method == method
        promised.append(limit.false_alarm_rate)
        passed.append(np.mean(series[n_reference:] > limit.value))
    assert np.mean(promised) <= rate
    # 300 references: the mean's own scatter is a few per cent of the rate.
    assert np.mean(passed) == pytest.approx(np.mean(promised), rel=0.2)


def test_a_heavy_tailed_indicator_keeps_the_rate_of_the_order_statistic() -> None:
    random = np.random.default_rng(3)
    passed = [
        np.mean(draw[99:] > compute_alarm_limit(draw[:99], 0.02).value)
        for draw in 1.0 + np.abs(random.standard_cauchy((400, 199)))
    ]
    assert np.mean(passed) == pytest.approx(0.02, rel=0.2)


def test_a_series_that_remembers_itself_gets_a_wider_limit_than_independent_values_would() -> None:
    correlated = [make_series(40, seed, correlation=0.9) for seed in range(40)]
    for series in correlated:
        limit = compute_alarm_limit(series, 0.01)
        logs = np.log(series)
        plain = np.exp(logs.mean() + stats.t.ppf(0.99, 39) * logs.std(ddof=1) * np.sqrt(1 + 1 / 40))
        assert limit.n_effective <= 40
        if limit.n_effective < 39:
            assert limit.value > plain
    assert np.median([compute_alarm_limit(series, 0.01).n_effective for series in correlated]) < 15


def test_a_gain_moves_the_limit_along_and_nothing_else() -> None:
    series = make_series(30, 5)
    small, large = compute_alarm_limit(series, 0.01), compute_alarm_limit(1000 * series, 0.01)
    assert large.value == pytest.approx(1000 * small.value, rel=1e-12)
    assert large.n_effective == pytest.approx(small.n_effective)


def test_a_reference_that_climbs_is_called_unsteady() -> None:
    steady = make_series(60, 1)
    assert compute_alarm_limit(steady, 0.05).reference_is_steady
    assert not compute_alarm_limit(steady * np.linspace(1, 3, 60), 0.05).reference_is_steady


def test_a_step_is_found_where_it_was_made() -> None:
    series = make_series(200, 2)
    series[130:] *= 1.5
    change = find_change_point(series)
    assert abs(change.index - 130) <= 3
    assert change.level_after / change.level_before == pytest.approx(1.5, rel=0.1)
    assert change.p_value == pytest.approx(0.001)
    assert find_change_point(series) == change


@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_a_series_without_a_change_is_seldom_called_changed(correlation: float) -> None:
    p_values = [
        find_change_point(make_series(80, seed, correlation=correlation)).p_value for seed in range(40)
    ]
    # 40 series at the 5 % level: more than 6 would happen once in 70 such tests of a true 5 %.
    assert np.sum(np.array(p_values) <= 0.05) <= 6


def test_the_onset_is_the_first_of_three_in_a_row() -> None:
    assert find_onset([1, 9, 1, 9, 9, 9], 5) == 3
    assert find_onset([1, 9, 1, 9, 9, 1], 5) is None
    assert find_onset([9, 9], 5) is None


def test_what_cannot_be_a_reference_is_refused_with_the_reason() -> None:
    with pytest.raises(SignalError, match="at least 10") as caught:
        compute_alarm_limit(np.ones(9), 0.01)
    assert caught.value.code is ErrorCode.RECORDING_TOO_SHORT
    for wrong in (0.0, -1.0, np.nan):
        with pytest.raises(SignalError, match="positive"):
            compute_alarm_limit(np.append(np.ones(20), wrong), 0.01)
    with pytest.raises(InvalidInputError, match="false-alarm rate"):
        compute_alarm_limit(np.ones(20), 0.0)


def test_a_constant_series_has_its_value_as_limit_and_no_change() -> None:
    assert compute_alarm_limit(np.full(20, 2.0), 0.01).value == pytest.approx(2.0)
    assert find_change_point(np.full(40, 2.0)).p_value == 1.0
