"""The shaft's path between two probes at right angles: orbit and full spectrum.

The pair is read as the complex number x + jy. A turn with the positive sense (x towards y) has positive
frequencies, which is "forward" where the shaft turns that way round.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from core.signal.checks import FloatSignal, check_sample_rate, check_usable
from core.signal.spectral_windows import build_window
from utils.exceptions import InvalidInputError, SignalError

# Of an order: what a filtered orbit keeps on either side of it.
_FILTER_SHARE = 0.1
_MIN_SAMPLES = 64
# Below this share of the larger component a path counts as a straight line.
_LINE_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Ellipse:
    """The path that one order draws.

    Attributes
    ----------
    semi_major, semi_minor
        In the unit of the signals.
    inclination_deg
        Of the long axis against the x probe, from -90 up to 90.
    precession
        ``forward`` (x towards y), ``reverse``, or ``line`` where both components are as large.
    forward, reverse
        Radii of both components.
    """

    semi_major: float
    semi_minor: float
    inclination_deg: float
    precession: Literal["forward", "reverse", "line"]
    forward: float
    reverse: float


@dataclass(frozen=True, slots=True)
class FullSpectrum:
    """A spectrum with forward and reverse components.

    Attributes
    ----------
    frequencies_hz
        Rising from negative (reverse) to positive (forward), shape ``(n_bins,)``.
    amplitudes
        Radius of each component, in the unit of the signals.
    resolution_hz
        Distance between two bins.
    """

    frequencies_hz: NDArray[np.float64]
    amplitudes: NDArray[np.float64]
    resolution_hz: float


def combine_probes(x: ArrayLike, y: ArrayLike) -> NDArray[np.complex128]:
    """Return x + jy without their means.

    Raises
    ------
    SignalError
        Not usable, or of different lengths.
    """
    first, second = _check(x), _check(y)
    if first.size != second.size:
        raise SignalError("Both probes of a pair must have the same number of samples.")
    if first.size < _MIN_SAMPLES:
        raise SignalError(f"An orbit needs at least {_MIN_SAMPLES} samples.")
    return np.asarray((first - first.mean()) + 1j * (second - second.mean()), dtype=np.complex128)


def _check(signal: ArrayLike) -> FloatSignal:
    return check_usable(signal).astype(np.float64, copy=False)


def filter_orders(
    path: NDArray[np.complex128], sample_rate_hz: float, shaft_frequency_hz: float, orders: tuple[float, ...]
) -> NDArray[np.complex128]:
    """Keep of a path only what lies within 10 % of a shaft turn of given orders, forward and reverse.

    Parameters
    ----------
    path
        From `combine_probes`, shape ``(n_samples,)``.
    sample_rate_hz
        Samples per second.
    shaft_frequency_hz
        Of the shaft, steady over the stretch.
    orders
        ``(1.0,)`` for a 1X orbit, ``(1.0, 2.0)`` for both.

    Returns
    -------
    numpy.ndarray
        Same shape.

    Raises
    ------
    InvalidInputError
        An order that is not above 0, or a shaft frequency that is not.
    """
    rate = check_sample_rate(sample_rate_hz)
    if not (math.isfinite(shaft_frequency_hz) and shaft_frequency_hz > 0.0):
        raise InvalidInputError("A filtered orbit needs the shaft's speed: a number above 0.")
    if not orders or not all(0.0 < order < math.inf for order in orders):
        raise InvalidInputError("A filtered orbit needs orders above 0, such as 1 or 2.")
    n_margin = min(path.size - 1, math.ceil(2.0 * rate / (_FILTER_SHARE * shaft_frequency_hz)))
    padded = np.pad(path, n_margin, mode="reflect")
    frequencies = np.abs(scipy.fft.fftfreq(padded.size, 1.0 / rate)) / shaft_frequency_hz
    distance = np.min([np.abs(frequencies - order) for order in orders], axis=0)
    gain = np.clip(2.0 - distance / (0.5 * _FILTER_SHARE), 0.0, 1.0)
    filtered = scipy.fft.ifft(scipy.fft.fft(padded) * np.sin(0.5 * np.pi * gain) ** 2)
    return np.asarray(filtered[n_margin : n_margin + path.size])


def measure_ellipse(path: NDArray[np.complex128], sample_rate_hz: float, frequency_hz: float) -> Ellipse:
    """Measure the ellipse that one frequency draws, by its forward and reverse components.

    Parameters
    ----------
    path
        From `combine_probes`.
    sample_rate_hz
        Samples per second.
    frequency_hz
        Of the component, e.g. the shaft frequency.

    Returns
    -------
    Ellipse
        Long axis: sum of both radii; short axis: their difference.

    Raises
    ------
    InvalidInputError
        The frequency does not lie between 0 and half the sample rate.
    """
    rate = check_sample_rate(sample_rate_hz)
    if not 0.0 < frequency_hz < 0.5 * rate:
        raise InvalidInputError("The frequency must lie between 0 and half the sample rate.")
    times_s = np.arange(path.size) / rate
    weights = build_window("hann", path.size)
    turning = np.exp(-2j * np.pi * frequency_hz * times_s) * weights / weights.sum()
    forward, reverse = complex(np.sum(path * turning)), complex(np.sum(path * np.conj(turning)))
    ahead, back = abs(forward), abs(reverse)
    larger = max(ahead, back)
    inclination = math.degrees(0.5 * (np.angle(forward) + np.angle(reverse))) if min(ahead, back) > 0 else 0.0
    precession: Literal["forward", "reverse", "line"] = "forward" if ahead > back else "reverse"
    if larger == 0.0 or abs(ahead - back) < _LINE_SHARE * larger:
        precession = "line"
    return Ellipse(
        ahead + back, abs(ahead - back), (inclination + 90.0) % 180.0 - 90.0, precession, ahead, back
    )


def compute_full_spectrum(
    path: NDArray[np.complex128], sample_rate_hz: float, *, window: str = "hann"
) -> FullSpectrum:
    """Compute the full spectrum: a circle of radius r gives one line of height r, on its side.

    Goldman & Muszynska (1999), Orbit 20(1). An ellipse gives two lines whose sum and difference are its half
    axes.

    Parameters
    ----------
    path
        From `combine_probes`, shape ``(n_samples,)``.
    sample_rate_hz
        Samples per second.
    window
        One of `core.signal.spectral_windows.WINDOW_NAMES`.

    Returns
    -------
    FullSpectrum
        From minus to plus half the sample rate.
    """
    rate = check_sample_rate(sample_rate_hz)
    weights = build_window(window, path.size)
    amplitudes = np.abs(scipy.fft.fft(path * weights)) / weights.sum()
    return FullSpectrum(
        scipy.fft.fftshift(scipy.fft.fftfreq(path.size, 1.0 / rate)),
        scipy.fft.fftshift(amplitudes),
        rate / path.size,
    )
