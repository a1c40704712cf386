"""Acceleration, velocity and displacement of sines, whose integrals are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.signal.integration import Quantity, choose_high_pass, convert_signal, find_quantity
from utils.exceptions import InvalidInputError, SignalError

RATE_HZ = 10_000.0
TIME_S = np.arange(20_000) / RATE_HZ


def make_sine(frequency_hz: float, phase: float = 0.0) -> NDArray[np.float64]:
    return np.sin(2 * np.pi * frequency_hz * TIME_S + phase)


@pytest.mark.parametrize("frequency_hz", [20.0, 33.3, 160.0, 900.0])
@pytest.mark.parametrize("phase", [0.0, 1.0, np.pi / 2])
def test_one_g_has_its_known_velocity_and_displacement(frequency_hz: float, phase: float) -> None:
    """a = A sin ωt: v = -(A/ω) cos ωt, x = -(A/ω²) sin ωt, in phase and amplitude, sample by sample."""
    omega = 2 * np.pi * frequency_hz
    acceleration = 5.0 + make_sine(frequency_hz, phase)
    velocity = convert_signal(acceleration, RATE_HZ, "g", Quantity.VELOCITY)
    kept = slice(velocity.n_left_out, TIME_S.size - velocity.n_left_out)
    expected = -9806.65 / omega * np.cos(omega * TIME_S + phase)[kept]
    np.testing.assert_allclose(velocity.samples, expected, atol=0.01 * 9806.65 / omega)
    displacement = convert_signal(acceleration, RATE_HZ, "g", Quantity.DISPLACEMENT)
    expected = -9.80665e6 / omega**2 * np.sin(omega * TIME_S + phase)[kept]
    np.testing.assert_allclose(displacement.samples, expected, atol=0.02 * 9.80665e6 / omega**2)
    assert (velocity.unit, displacement.unit, velocity.high_pass_hz) == ("mm/s", "µm", 10.0)


@pytest.mark.parametrize(
    ("unit", "quantity", "factor"),
    [
        ("g", Quantity.ACCELERATION, 9.80665),
        ("m/s²", Quantity.ACCELERATION, 1.0),
        ("m/s^2", Quantity.ACCELERATION, 1.0),
        ("mm/s2", Quantity.ACCELERATION, 1e-3),
        ("in/s", Quantity.VELOCITY, 25.4),
        ("m/s", Quantity.VELOCITY, 1000.0),
        ("MM/S", Quantity.VELOCITY, 1.0),
        ("mil", Quantity.DISPLACEMENT, 25.4),
        ("\u03bcm", Quantity.DISPLACEMENT, 1.0),
        ("mm", Quantity.DISPLACEMENT, 1000.0),
    ],
)
def test_the_same_quantity_only_changes_its_unit(unit: str, quantity: Quantity, factor: float) -> None:
    same = convert_signal(make_sine(50.0), RATE_HZ, unit, quantity)
    np.testing.assert_allclose(same.samples, factor * make_sine(50.0), atol=1e-9 * factor)
    assert same.n_left_out == 0


def test_differentiation_undoes_integration() -> None:
    velocity = make_sine(80.0, 0.4)
    acceleration = convert_signal(velocity, RATE_HZ, "mm/s", Quantity.ACCELERATION)
    back = convert_signal(acceleration.samples, RATE_HZ, acceleration.unit, Quantity.VELOCITY)
    kept = slice(back.n_left_out, TIME_S.size - back.n_left_out)
    np.testing.assert_allclose(back.samples, velocity[kept], atol=0.01)


def test_what_lies_below_the_high_pass_is_gone() -> None:
    slow = convert_signal(make_sine(4.0), RATE_HZ, "g", Quantity.VELOCITY)
    assert np.abs(slow.samples).max() < 0.15 * 9806.65 / (2 * np.pi * 4.0)
    kept = convert_signal(make_sine(4.0), RATE_HZ, "g", Quantity.VELOCITY, high_pass_hz=2.5)
    middle = kept.samples[3_000:-3_000]
    assert np.abs(middle).max() == pytest.approx(9806.65 / (2 * np.pi * 4.0), rel=0.05)


@pytest.mark.parametrize("unit", [None, "", "V", "furlong", "unit"])
def test_an_unknown_unit_is_refused_with_the_ones_that_are_known(unit: str | None) -> None:
    assert find_quantity(unit) is None
    with pytest.raises(InvalidInputError, match="mm/s"):
        convert_signal(make_sine(50.0), RATE_HZ, unit, Quantity.VELOCITY)


@pytest.mark.parametrize("high_pass_hz", [0.0, -1.0, 6_000.0, float("nan")])
def test_an_impossible_high_pass_is_refused(high_pass_hz: float) -> None:
    with pytest.raises(InvalidInputError, match="high-pass"):
        convert_signal(make_sine(50.0), RATE_HZ, "g", Quantity.VELOCITY, high_pass_hz=high_pass_hz)


def test_a_stretch_too_short_for_the_high_pass_is_refused() -> None:
    with pytest.raises(SignalError, match="too short"):
        convert_signal(make_sine(50.0)[:4_000], RATE_HZ, "g", Quantity.VELOCITY)
    assert choose_high_pass(9.9) == 2.0
