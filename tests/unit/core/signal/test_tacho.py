"""Pulses of a tacho, against turns that are known exactly."""

from __future__ import annotations

import numpy as np
import pytest

from core.signal.shaft_angle import ShaftAngle, build_constant_angle, scale_angle
from core.signal.tacho import build_angle_from_pulses, find_pulse_times
from utils.exceptions import InvalidInputError, SignalError

RATE_HZ = 5_000.0
TIME_S = np.arange(25_000) / RATE_HZ


def test_pulses_are_timed_between_the_samples() -> None:
    """A sine crosses its middle upwards once a turn, at times that are known exactly."""
    found = find_pulse_times(3.0 + np.sin(2 * np.pi * 31.7 * TIME_S - 0.5), RATE_HZ)
    expected = (0.5 / (2 * np.pi) + np.arange(found.size)) / 31.7
    np.testing.assert_allclose(found, expected, atol=2e-6)
    assert found.size == 159


def test_short_pulses_and_noise_count_once() -> None:
    turns = 30.0 * TIME_S
    noise = 0.3 * np.random.default_rng(0).standard_normal(TIME_S.size)
    pulses = 5.0 * (np.mod(turns, 1.0) < 0.02) + np.clip(noise, -1.0, 1.0)
    assert find_pulse_times(pulses, RATE_HZ).size == 149  # the one at second 0 has no rise


def test_a_falling_signal_is_no_pulse() -> None:
    inverted = -5.0 * (np.mod(30.0 * TIME_S, 1.0) < 0.02)
    rises = find_pulse_times(inverted, RATE_HZ)
    assert rises[0] == pytest.approx(0.02 / 30.0, abs=2.0 / RATE_HZ)


def test_the_angle_of_a_run_up_follows_from_its_pulses() -> None:
    turns = 25.0 * TIME_S + 0.5 * TIME_S**2
    angle = build_angle_from_pulses(find_pulse_times(np.sin(2 * np.pi * 4 * turns), RATE_HZ), 4)
    inside = TIME_S[1000:-1000]
    error = angle.turns_at(inside) - turns[1000:-1000]
    assert np.ptp(error) < 1e-3
    np.testing.assert_allclose(angle.frequency_at(inside), 25.0 + inside, rtol=2e-3)
    np.testing.assert_allclose(angle.times_at(angle.turns_at(inside)), inside, atol=1e-5)


def test_missing_and_doubled_pulses_are_counted_not_smoothed_over() -> None:
    times_s = np.arange(200) / 30.0
    with pytest.raises(InvalidInputError, match="1 of 198 intervals"):
        build_angle_from_pulses(np.delete(times_s, 77))
    with pytest.raises(InvalidInputError, match="do not fit"):
        build_angle_from_pulses(np.sort(np.append(times_s, times_s[50] + 0.01)))
    assert build_angle_from_pulses(times_s).mean_frequency_hz == pytest.approx(30.0)


@pytest.mark.parametrize("samples", [np.zeros(1000), np.arange(1000.0)])
def test_a_channel_without_pulses_is_refused(samples: np.ndarray) -> None:
    with pytest.raises(SignalError):
        find_pulse_times(samples, RATE_HZ)


def test_a_shaft_does_not_stand_still_or_turn_back() -> None:
    times_s = np.array([0.0, 1.0, 2.0])
    for turns in ([0.0, 1.0, 1.0], [0.0, 2.0, 1.0]):
        with pytest.raises(InvalidInputError, match="direction"):
            ShaftAngle(times_s, np.array(turns))
    with pytest.raises(InvalidInputError, match="three"):
        ShaftAngle(times_s[:2], np.array([0.0, 1.0]))


def test_another_shaft_turns_by_the_ratio() -> None:
    angle = scale_angle(build_constant_angle(25.0, 4.0), 23 / 57)
    assert angle.mean_frequency_hz == pytest.approx(25.0 * 23 / 57)
    with pytest.raises(InvalidInputError, match="ratio"):
        scale_angle(angle, 0.0)
    with pytest.raises(InvalidInputError, match="steady speed"):
        build_constant_angle(0.0, 1.0)
