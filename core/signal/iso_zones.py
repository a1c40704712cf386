"""Zones of vibration severity by velocity on non-rotating parts.

The boundaries are those of ISO 10816-3:2009, taken over into the first editions of the 20816 series. That
edition is superseded, which every result says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike

from core.signal.checks import check_sample_rate
from core.signal.integration import (
    SLOW_BELOW_HZ,
    SLOW_HIGH_PASS_HZ,
    USUAL_HIGH_PASS_HZ,
    Quantity,
    convert_signal,
    find_quantity,
)
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

Zone = Literal["A", "B", "C", "D"]

EDITION: Final = "ISO 10816-3/20816-3:2009 (superseded)"
BAND_TOP_HZ: Final = 1000.0
MOUNTINGS: Final = ("rigid", "flexible")
GROUPS: Final = MappingProxyType(
    {
        1: "large machines, above 300 kW up to 50 MW",
        2: "medium-sized machines, 15 to 300 kW",
    }
)
# A/B, B/C, C/D in mm/s rms.
_BOUNDARIES: Final = MappingProxyType(
    {
        (1, "rigid"): (2.3, 4.5, 7.1),
        (1, "flexible"): (3.5, 7.1, 11.0),
        (2, "rigid"): (1.4, 2.8, 4.5),
        (2, "flexible"): (2.3, 4.5, 7.1),
    }
)
# The standard speaks of shafts between these speeds.
_MIN_SPEED_HZ, _MAX_SPEED_HZ = 2.0, 250.0
_MIN_PERIODS = 5.0


@dataclass(frozen=True, slots=True)
class SeverityZone:
    """Where a velocity stands.

    Attributes
    ----------
    zone
        ``A`` (new machines) to ``D`` (may do damage).
    velocity_rms_mm_s
        The value that was judged.
    boundaries_mm_s
        A/B, B/C and C/D.
    """

    zone: Zone
    velocity_rms_mm_s: float
    boundaries_mm_s: tuple[float, float, float]


def judge_velocity(velocity_rms_mm_s: float, group: int, mounting: str) -> SeverityZone:
    """Return the zone of a velocity; on a boundary it is the worse one's neighbour below.

    >>> judge_velocity(2.8, 2, "rigid").zone, judge_velocity(2.81, 2, "rigid").zone
    ('B', 'C')

    Raises
    ------
    InvalidInputError
        No such group or mounting, or an impossible velocity.
    """
    boundaries = _BOUNDARIES.get((group, mounting))
    if boundaries is None:
        raise InvalidInputError("The group must be 1 or 2 and the mounting rigid or flexible.")
    if not (math.isfinite(velocity_rms_mm_s) and velocity_rms_mm_s >= 0.0):
        raise InvalidInputError("A velocity must be a number of at least 0 mm/s.")
    zones: tuple[Zone, ...] = ("A", "B", "C", "D")
    passed = sum(velocity_rms_mm_s > boundary for boundary in boundaries)
    return SeverityZone(zones[passed], velocity_rms_mm_s, boundaries)


def explain_no_zone(
    unit: str | None,
    group: int | None,
    mounting: str | None,
    sample_rate_hz: float,
    shaft_frequency_hz: float | None,
) -> str | None:
    """Return why no zone can be given, or None where nothing stands against it."""
    quantity = find_quantity(unit)
    if quantity is None:
        return "The unit of this signal is not declared (g, m/s², mm/s …); a zone needs true velocities."
    if quantity[0] is Quantity.DISPLACEMENT:
        return (
            "The signal is a displacement. The zones are for velocity on bearing housings; relative shaft "
            "vibration has limits of its own."
        )
    if group not in GROUPS or mounting not in MOUNTINGS:
        return (
            "The machine's group (1: above 300 kW, 2: 15 to 300 kW) and mounting (rigid, flexible) are not "
            "declared; give them in the machine's details."
        )
    if sample_rate_hz < 2.0 * BAND_TOP_HZ:
        return f"The sample rate of {sample_rate_hz:g} Hz does not cover the band up to {BAND_TOP_HZ:g} Hz."
    if shaft_frequency_hz is not None and not _MIN_SPEED_HZ <= shaft_frequency_hz <= _MAX_SPEED_HZ:
        return "The standard holds for shafts between 120 and 15,000 rpm."
    return None


def choose_band(shaft_frequency_hz: float | None) -> tuple[float, float]:
    """Return the band of the velocity: 10 to 1000 Hz, from 2 Hz for shafts below 600 rpm."""
    slow = shaft_frequency_hz is not None and shaft_frequency_hz < SLOW_BELOW_HZ
    return (SLOW_HIGH_PASS_HZ if slow else USUAL_HIGH_PASS_HZ), BAND_TOP_HZ


def compute_velocity_rms(
    signal: ArrayLike, sample_rate_hz: float, unit: str | None, band_hz: tuple[float, float]
) -> float:
    """Compute the rms velocity of a signal within a band, in mm/s.

    Parameters
    ----------
    signal
        Acceleration or velocity, shape ``(n_samples,)``.
    sample_rate_hz
        Samples per second.
    unit
        Of the samples.
    band_hz
        ``(low, high)``; the upper edge is sharp, the lower one rises over the octave below.

    Raises
    ------
    InvalidInputError
        Unknown unit.
    SignalError
        Not usable, or shorter than five periods of the lower edge (``recording_too_short``).
    """
    rate = check_sample_rate(sample_rate_hz)
    low_hz, high_hz = band_hz
    n_samples = np.asarray(signal).size
    if n_samples < _MIN_PERIODS * rate / low_hz:
        raise SignalError(
            f"A zone needs at least {_MIN_PERIODS / low_hz:g} s of signal; it has {n_samples / rate:.3g} s.",
            code=ErrorCode.RECORDING_TOO_SHORT,
        )
    velocity = convert_signal(signal, rate, unit, Quantity.VELOCITY, high_pass_hz=low_hz).samples
    n_samples = velocity.size
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n_samples) / n_samples)
    power = np.abs(scipy.fft.rfft(velocity * hann)) ** 2
    frequencies_hz = scipy.fft.rfftfreq(n_samples, 1.0 / rate)
    inside = (frequencies_hz >= 0.9 * low_hz) & (frequencies_hz <= high_hz)
    return math.sqrt(2.0 * float(power[inside].sum()) / (n_samples * float(np.sum(hann**2))))
