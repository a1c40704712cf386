"""A band of a signal without delay: as a real signal, or as an analytic one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from core.signal.checks import check_sample_rate, check_usable
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

Band = tuple[float, float]

# Each edge of the band falls from 1 to 0 over this share of the band's width, half of it on either side of
# the edge.
EDGE_SHARE = 0.1
MIN_BAND_SAMPLES = 16
# The filter has rung off after so many periods of an edge's width.
_RING_OFF_PERIODS = 2.0


def check_band(band_hz: Band, sample_rate_hz: float) -> Band:
    """Check that a band rises and lies between 0 and the Nyquist frequency, and return it as floats.

    Raises
    ------
    InvalidInputError
        It does not.
    """
    low_hz, high_hz = float(band_hz[0]), float(band_hz[1])
    if not 0.0 <= low_hz < high_hz <= sample_rate_hz / 2.0:
        raise InvalidInputError(
            f"A band from {low_hz:g} to {high_hz:g} Hz is not possible: it must rise and lie between 0 and "
            f"{sample_rate_hz / 2.0:g} Hz, half the sample rate."
        )
    return low_hz, high_hz


def compute_band_gain(
    frequencies_hz: NDArray[np.float64], band_hz: Band, sample_rate_hz: float
) -> NDArray[np.float64]:
    """Compute the gain of the band-pass: raised-cosine edges, ½ at both edges of the band.

    An edge at 0 or at the Nyquist frequency cuts nothing.

    Parameters
    ----------
    frequencies_hz
        Rising, shape ``(n_bins,)``.
    band_hz
        ``(low, high)`` as `check_band` returns it.
    sample_rate_hz
        Samples per second.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_bins,)``, from 0 to 1.
    """
    low_hz, high_hz = band_hz
    half_edge_hz = 0.5 * EDGE_SHARE * (high_hz - low_hz)
    edges_hz = (low_hz - half_edge_hz, low_hz + half_edge_hz, high_hz - half_edge_hz, high_hz + half_edge_hz)
    rise, flat, fall, end = np.searchsorted(frequencies_hz, edges_hz)
    gain = np.zeros_like(frequencies_hz)
    gain[rise:fall] = 1.0
    if low_hz > 0.0:
        share = (frequencies_hz[rise:flat] - edges_hz[0]) / (2.0 * half_edge_hz)
        gain[rise:flat] = np.sin(0.5 * np.pi * share) ** 2
    if high_hz < sample_rate_hz / 2.0:
        share = (edges_hz[3] - frequencies_hz[fall:end]) / (2.0 * half_edge_hz)
        gain[fall:end] = np.sin(0.5 * np.pi * share) ** 2
    else:
        gain[fall:] = 1.0
    return gain


def count_margin(n_samples: int, sample_rate_hz: float, width_hz: float) -> int:
    """Count the mirrored samples that a band of this width needs at either end until it has rung off."""
    return min(n_samples - 1, math.ceil(_RING_OFF_PERIODS * sample_rate_hz / (EDGE_SHARE * width_hz)))


def mirror_ends(samples: NDArray[np.floating[Any]], n_margin: int) -> NDArray[np.float64]:
    """Take the mean off and mirror the ends, so that a transform sees no jump where they meet."""
    centred = samples - samples.mean(dtype=np.float64)
    return np.pad(centred.astype(np.float64, copy=False), n_margin, mode="reflect")


def filter_band(signal: ArrayLike, sample_rate_hz: float, band_hz: Band) -> NDArray[np.float64]:
    """Keep a band of a signal, without shifting it in time.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``, at least 16; their mean is taken off.
    sample_rate_hz
        Samples per second.
    band_hz
        ``(low, high)`` with ``0 <= low < high <= sample_rate_hz / 2``.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_samples,)``, in the unit of the signal; unreliable within a few periods of the band's
        width of the ends, which are mirrored.

    Raises
    ------
    SignalError
        Empty, not finite, too short, or an impossible sample rate.
    InvalidInputError
        The band does not lie between 0 and the Nyquist frequency.
    """
    return np.ascontiguousarray(_transform_band(signal, sample_rate_hz, band_hz, analytic=False).real)


def compute_analytic_band(signal: ArrayLike, sample_rate_hz: float, band_hz: Band) -> NDArray[np.complex128]:
    """Compute the analytic signal of a band: its real part is the band, its magnitude the envelope.

    One transform: the positive frequencies inside the band, doubled and weighted by the band-pass, are
    transformed back (Hilbert).

    Parameters
    ----------
    signal, sample_rate_hz, band_hz
        As for `filter_band`.

    Returns
    -------
    numpy.ndarray
        Complex, shape ``(n_samples,)``.

    Raises
    ------
    SignalError, InvalidInputError
        As for `filter_band`.
    """
    return np.asarray(_transform_band(signal, sample_rate_hz, band_hz, analytic=True), dtype=np.complex128)


def _transform_band(signal: ArrayLike, sample_rate_hz: float, band_hz: Band, *, analytic: bool) -> Any:
    rate = check_sample_rate(sample_rate_hz)
    band = check_band(band_hz, rate)
    samples = check_usable(signal)
    if samples.size < MIN_BAND_SAMPLES:
        sentence = f"{samples.size} samples are too few for a band; at least {MIN_BAND_SAMPLES} are needed."
        raise SignalError(sentence, code=ErrorCode.RECORDING_TOO_SHORT)
    n_margin = count_margin(samples.size, rate, band[1] - band[0])
    mirrored = mirror_ends(samples, n_margin)
    n_transform = scipy.fft.next_fast_len(mirrored.size, real=not analytic)
    positive = scipy.fft.rfft(mirrored, n_transform)
    positive *= compute_band_gain(scipy.fft.rfftfreq(n_transform, 1.0 / rate), band, rate)
    inside = slice(n_margin, n_margin + samples.size)
    if not analytic:
        return scipy.fft.irfft(positive, n_transform, overwrite_x=True)[inside]
    positive[1 : (n_transform + 1) // 2] *= 2.0  # all but DC and Nyquist have a negative twin
    return scipy.fft.ifft(positive, n_transform, overwrite_x=True)[inside]
