"""Orbits and full spectra of circles and ellipses."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.signal.orbits import combine_probes, compute_full_spectrum, filter_orders, measure_ellipse
from utils.exceptions import InvalidInputError, SignalError

RATE_HZ = 2_000.0
TIME_S = np.arange(8_000) / RATE_HZ


def draw(a: float, b: float, tilt_deg: float, frequency_hz: float = 25.0) -> NDArray[np.complex128]:
    """An ellipse with half axes a and b; negative b turns in reverse."""
    phase = 2 * np.pi * frequency_hz * TIME_S
    path = (a * np.cos(phase) + 1j * b * np.sin(phase)) * np.exp(1j * np.radians(tilt_deg))
    return combine_probes(path.real + 100.0, path.imag - 50.0)


@pytest.mark.parametrize(
    ("a", "b", "tilt_deg", "precession"),
    [
        (3.0, 3.0, 0.0, "forward"),
        (3.0, -3.0, 0.0, "reverse"),
        (3.0, 1.0, 30.0, "forward"),
        (3.0, -1.0, -70.0, "reverse"),
        (3.0, 0.0, 45.0, "line"),
    ],
)
def test_an_ellipse_is_measured_as_it_was_drawn(a: float, b: float, tilt_deg: float, precession: str) -> None:
    found = measure_ellipse(draw(a, b, tilt_deg), RATE_HZ, 25.0)
    assert (found.semi_major, found.semi_minor) == (pytest.approx(a), pytest.approx(abs(b), abs=1e-9))
    assert found.precession == precession
    if abs(b) < a:
        assert found.inclination_deg == pytest.approx(tilt_deg, abs=0.01)


def test_a_circle_has_one_line_on_the_side_it_turns_to() -> None:
    for b, side_hz in ((2.0, 25.0), (-2.0, -25.0)):
        spectrum = compute_full_spectrum(draw(2.0, b, 0.0), RATE_HZ)
        top = int(spectrum.amplitudes.argmax())
        assert spectrum.frequencies_hz[top] == side_hz
        assert spectrum.amplitudes[top] == pytest.approx(2.0)
        other = spectrum.amplitudes[np.abs(spectrum.frequencies_hz + side_hz) < 1.0]
        assert other.max() < 1e-9


def test_an_ellipse_has_half_the_sum_forward_and_half_the_difference_in_reverse() -> None:
    spectrum = compute_full_spectrum(draw(3.0, 1.0, 20.0), RATE_HZ)
    heights = dict(zip(spectrum.frequencies_hz.tolist(), spectrum.amplitudes.tolist(), strict=True))
    assert (heights[25.0], heights[-25.0]) == (pytest.approx(2.0), pytest.approx(1.0))
    assert list(spectrum.frequencies_hz) == sorted(spectrum.frequencies_hz)


def test_a_filtered_orbit_keeps_its_order_and_nothing_else() -> None:
    first, second = draw(3.0, 1.0, 20.0), draw(1.0, 1.0, 0.0, 50.0)
    whirl = draw(2.0, 2.0, 0.0, 11.5)
    noise = np.random.default_rng(0).standard_normal((2, TIME_S.size))
    path = first + second + whirl + 0.2 * (noise[0] + 1j * noise[1])
    kept = slice(1_000, -1_000)
    only = filter_orders(path, RATE_HZ, 25.0, (1.0,))
    assert np.abs(only - first)[kept].max() < 0.25
    both = filter_orders(path, RATE_HZ, 25.0, (1.0, 2.0))
    assert np.abs(both - first - second)[kept].max() < 0.35
    assert np.abs(both - first)[kept].max() > 0.8


def test_what_can_not_be_an_orbit_is_refused() -> None:
    with pytest.raises(SignalError, match="same number"):
        combine_probes(np.zeros(100), np.zeros(99))
    with pytest.raises(SignalError, match="at least"):
        combine_probes(np.zeros(10), np.zeros(10))
    path = draw(1.0, 1.0, 0.0)
    for shaft_hz, orders in ((0.0, (1.0,)), (25.0, ()), (25.0, (-1.0,))):
        with pytest.raises(InvalidInputError):
            filter_orders(path, RATE_HZ, shaft_hz, orders)
    with pytest.raises(InvalidInputError, match="frequency"):
        measure_ellipse(path, RATE_HZ, 1_500.0)
