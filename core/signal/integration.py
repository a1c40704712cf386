"""Acceleration, velocity and displacement: from one to another, with units, in the frequency domain."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from core.signal.checks import check_sample_rate, check_usable
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

STANDARD_GRAVITY_M_S2: Final = 9.80665
USUAL_HIGH_PASS_HZ: Final = 10.0
SLOW_HIGH_PASS_HZ: Final = 2.0
# Below this speed the slower machines' limit holds (ISO 20816-3: 600 rpm).
SLOW_BELOW_HZ: Final = 10.0
_MIN_PERIODS = 5.0
# In periods of the high-pass: so long an end is faded in and out, and so much of it is not given back.
_FADE_PERIODS = 1.0
_LEFT_OUT_PERIODS = 1.5


class Quantity(StrEnum):
    """What a vibration signal measures."""

    ACCELERATION = "acceleration"
    VELOCITY = "velocity"
    DISPLACEMENT = "displacement"


# What results are given in.
RESULT_UNITS: Final = MappingProxyType(
    {Quantity.ACCELERATION: "m/s²", Quantity.VELOCITY: "mm/s", Quantity.DISPLACEMENT: "µm"}
)
# Unit as written (lower case, without blanks) -> quantity, and how many SI units it is.
_UNITS: Final = MappingProxyType(
    {
        "g": (Quantity.ACCELERATION, STANDARD_GRAVITY_M_S2),
        "mg": (Quantity.ACCELERATION, 1e-3 * STANDARD_GRAVITY_M_S2),
        "m/s²": (Quantity.ACCELERATION, 1.0),
        "m/s2": (Quantity.ACCELERATION, 1.0),
        "m/s^2": (Quantity.ACCELERATION, 1.0),
        "m/s**2": (Quantity.ACCELERATION, 1.0),
        "mm/s²": (Quantity.ACCELERATION, 1e-3),
        "mm/s2": (Quantity.ACCELERATION, 1e-3),
        "mm/s^2": (Quantity.ACCELERATION, 1e-3),
        "m/s": (Quantity.VELOCITY, 1.0),
        "mm/s": (Quantity.VELOCITY, 1e-3),
        "µm/s": (Quantity.VELOCITY, 1e-6),
        "in/s": (Quantity.VELOCITY, 0.0254),
        "ips": (Quantity.VELOCITY, 0.0254),
        "m": (Quantity.DISPLACEMENT, 1.0),
        "mm": (Quantity.DISPLACEMENT, 1e-3),
        "µm": (Quantity.DISPLACEMENT, 1e-6),
        "um": (Quantity.DISPLACEMENT, 1e-6),
        "mil": (Quantity.DISPLACEMENT, 2.54e-5),
        "mils": (Quantity.DISPLACEMENT, 2.54e-5),
    }
)
_TIMES_DIFFERENTIATED: Final = MappingProxyType(
    {Quantity.DISPLACEMENT: 0, Quantity.VELOCITY: 1, Quantity.ACCELERATION: 2}
)
_SI_PER_RESULT: Final = MappingProxyType(
    {Quantity.ACCELERATION: 1.0, Quantity.VELOCITY: 1e-3, Quantity.DISPLACEMENT: 1e-6}
)


@dataclass(frozen=True, slots=True)
class ConvertedSignal:
    """A signal as another quantity.

    Attributes
    ----------
    samples
        Shape ``(n_samples - 2 * n_left_out,)``.
    unit
        m/s², mm/s or µm.
    high_pass_hz
        What lies below is taken off, where the signal was integrated; else None.
    n_left_out
        Samples missing at each end: a period and a half of the high-pass where the signal was integrated.
    """

    samples: NDArray[np.float64]
    unit: str
    high_pass_hz: float | None
    n_left_out: int = 0


def find_quantity(unit: str | None) -> tuple[Quantity, float] | None:
    """Return what a unit measures and how many SI units it is; None for an unknown unit.

    >>> find_quantity(" mm/s ")
    (<Quantity.VELOCITY: 'velocity'>, 0.001)
    """
    # Both signs that are read as micro: U+00B5 and the Greek letter.
    written = (unit or "").replace(" ", "").replace("\u03bc", "\u00b5").lower()
    return _UNITS.get(written)


def require_quantity(unit: str | None) -> tuple[Quantity, float]:
    """Return what `find_quantity` does.

    Raises
    ------
    InvalidInputError
        The unit is not known; the sentence says which are.
    """
    found = find_quantity(unit)
    if found is None:
        what = (
            f"The unit '{unit}' is not one of vibration" if unit else "The unit of this signal is not known"
        )
        raise InvalidInputError(
            f"{what}, so it can't be turned into another quantity. Give it one of g, m/s², mm/s², m/s, mm/s, "
            "in/s, mm, µm or mil."
        )
    return found


def choose_high_pass(shaft_frequency_hz: float | None) -> float:
    """Return the usual lower limit of a velocity band: 10 Hz, or 2 Hz for shafts below 600 rpm.

    >>> choose_high_pass(25.0), choose_high_pass(5.0), choose_high_pass(None)
    (10.0, 2.0, 10.0)
    """
    slow = shaft_frequency_hz is not None and shaft_frequency_hz < SLOW_BELOW_HZ
    return SLOW_HIGH_PASS_HZ if slow else USUAL_HIGH_PASS_HZ


def convert_signal(
    signal: ArrayLike,
    sample_rate_hz: float,
    unit: str | None,
    to: Quantity,
    *,
    high_pass_hz: float = USUAL_HIGH_PASS_HZ,
) -> ConvertedSignal:
    """Turn a signal into acceleration, velocity or displacement.

    Each integration divides the transform by jω, each differentiation multiplies by it. Before an integration
    everything below the high-pass is taken off (raised-cosine edge from half of it up to it), because noise
    and drift there grow with 1/ω. What happened before the first sample is not known, so an integral is wrong
    near both ends: they are faded, and a period and a half of the high-pass is left out there.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``; their mean is taken off.
    sample_rate_hz
        Samples per second.
    unit
        Of the samples.
    to
        The quantity wanted. Where it is the measured one, only the unit changes.
    high_pass_hz
        Used where the signal is integrated.

    Returns
    -------
    ConvertedSignal
        In m/s², mm/s or µm.

    Raises
    ------
    InvalidInputError
        Unknown unit, or a high-pass that is not between 0 and half the sample rate.
    SignalError
        Empty, not finite, an impossible rate, or shorter than five periods of the high-pass
        (``recording_too_short``).
    """
    measured, factor = require_quantity(unit)
    rate = check_sample_rate(sample_rate_hz)
    samples = check_usable(signal).astype(np.float64, copy=False)
    power = _TIMES_DIFFERENTIATED[to] - _TIMES_DIFFERENTIATED[measured]
    scale = factor / _SI_PER_RESULT[to]
    centred = samples - samples.mean()
    if power == 0:
        return ConvertedSignal(centred * scale, RESULT_UNITS[to], None)
    if power > 0:
        changed = _shape_transform(centred, rate, power, 0.0)
        return ConvertedSignal(changed * scale, RESULT_UNITS[to], None)
    _check_high_pass(high_pass_hz, samples.size, rate)
    changed = _shape_transform(_fade(centred, rate / high_pass_hz), rate, power, high_pass_hz)
    n_left_out = math.ceil(_LEFT_OUT_PERIODS * rate / high_pass_hz)
    kept = changed[n_left_out : samples.size - n_left_out]
    return ConvertedSignal(kept * scale, RESULT_UNITS[to], high_pass_hz, n_left_out)


def _check_high_pass(high_pass_hz: float, n_samples: int, rate: float) -> None:
    if not (math.isfinite(high_pass_hz) and 0.0 < high_pass_hz < 0.5 * rate):
        raise InvalidInputError(
            f"The high-pass must lie between 0 and {0.5 * rate:g} Hz, half the sample rate."
        )
    if n_samples < _MIN_PERIODS * rate / high_pass_hz:
        raise SignalError(
            f"The stretch of {n_samples / rate:.3g} s is too short to integrate with a high-pass of "
            f"{high_pass_hz:g} Hz; take at least {_MIN_PERIODS / high_pass_hz:.3g} s.",
            code=ErrorCode.RECORDING_TOO_SHORT,
        )


def _fade(centred: NDArray[np.float64], period_samples: float) -> NDArray[np.float64]:
    """Let both ends rise from and fall to nothing, smoothly."""
    n_fade = math.ceil(_FADE_PERIODS * period_samples)
    rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(n_fade) / n_fade)
    faded = centred.copy()
    faded[:n_fade] *= rise
    faded[-n_fade:] *= rise[::-1]
    return faded


def _shape_transform(
    centred: NDArray[np.float64], rate: float, power: int, high_pass_hz: float
) -> NDArray[np.float64]:
    """Multiply the transform by (jω)^power, and by the high-pass where it is above 0.

    Integrals ring on after the last sample; zeros there keep that from coming round to the first. What is
    differentiated is mirrored instead, so that it does not jump at its ends.
    """
    n_margin = math.ceil(2.0 * rate / high_pass_hz) if high_pass_hz > 0.0 else min(centred.size - 1, 256)
    padded = np.pad(centred, n_margin, mode="constant" if high_pass_hz > 0.0 else "reflect")
    n_transform = scipy.fft.next_fast_len(padded.size, real=True)
    transform = scipy.fft.rfft(padded, n_transform)
    frequencies_hz = scipy.fft.rfftfreq(n_transform, 1.0 / rate)
    gain = np.zeros(frequencies_hz.size, dtype=np.complex128)
    gain[1:] = (2j * np.pi * frequencies_hz[1:]) ** power
    if high_pass_hz > 0.0:
        rise = np.clip(2.0 * frequencies_hz / high_pass_hz - 1.0, 0.0, 1.0)
        gain *= np.sin(0.5 * np.pi * rise) ** 2
    shaped = scipy.fft.irfft(transform * gain, n_transform)
    return np.asarray(shaped[n_margin : n_margin + centred.size])
