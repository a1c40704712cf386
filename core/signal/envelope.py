"""Envelope after a band-pass, and its spectrum: where the impacts of a bearing fault show."""

from __future__ import annotations

import math

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from core.signal.checks import check_sample_rate, check_usable
from core.signal.spectra import MIN_SPECTRUM_SAMPLES, Scaling, Spectrum, compute_spectrum
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

Band = tuple[float, float]

# Each edge of the band falls from 1 to 0 over this share of the band's width, half of it on either side of
# the edge.
_EDGE_SHARE = 0.1
# The filter has rung off after so many periods of an edge's width.
_RING_OFF_PERIODS = 2.0


def suggest_band(sample_rate_hz: float) -> Band:
    """Suggest a demodulation band where nothing is known about the machine's resonances.

    Bearing housings mostly ring between 2 and 10 kHz; the band starts at 2 kHz (or a sixth of the sample
    rate where that is lower) and ends at 10 kHz (or 0.4 times the sample rate, below the anti-alias
    filter's roll-off). A plain default, not a measurement: a band chosen from the spectrum is better.

    >>> suggest_band(12_000.0)
    (2000.0, 4800.0)
    """
    rate = check_sample_rate(sample_rate_hz)
    return min(2000.0, rate / 6.0), min(10_000.0, 0.4 * rate)


def compute_envelope(signal: ArrayLike, sample_rate_hz: float, band_hz: Band) -> NDArray[np.float64]:
    """Compute the envelope of a signal within a band, without shifting it in time.

    One transform: the positive frequencies inside the band, weighted by a band-pass with raised-cosine
    edges, give the analytic signal, whose magnitude is the envelope (Hilbert). The mean is taken off first;
    the ends are mirrored, and within a few periods of the band's width of them the envelope is unreliable.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``.
    sample_rate_hz
        Samples per second.
    band_hz
        ``(low, high)`` with ``0 <= low < high <= sample_rate_hz / 2``.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_samples,)``, not negative, in the unit of the signal.

    Raises
    ------
    SignalError
        Empty, not finite, fewer than 16 samples, or an impossible sample rate.
    InvalidInputError
        The band does not lie between 0 and the Nyquist frequency.
    """
    rate = check_sample_rate(sample_rate_hz)
    low_hz, high_hz = _check_band(band_hz, rate)
    samples = check_usable(signal)
    if samples.size < MIN_SPECTRUM_SAMPLES:
        sentence = (
            f"{samples.size} samples are too few for an envelope; at least {MIN_SPECTRUM_SAMPLES} are needed."
        )
        raise SignalError(sentence, code=ErrorCode.RECORDING_TOO_SHORT)
    edge_hz = _EDGE_SHARE * (high_hz - low_hz)
    n_margin = min(samples.size - 1, math.ceil(_RING_OFF_PERIODS * rate / edge_hz))
    centred = samples - samples.mean(dtype=np.float64)
    mirrored = np.pad(centred.astype(np.float64, copy=False), n_margin, mode="reflect")
    n_transform = scipy.fft.next_fast_len(mirrored.size)
    positive = scipy.fft.rfft(mirrored, n_transform)
    positive *= _build_band_pass(scipy.fft.rfftfreq(n_transform, 1.0 / rate), low_hz, high_hz, rate)
    positive[1 : (n_transform + 1) // 2] *= 2.0  # all but DC and Nyquist have a negative twin
    analytic = scipy.fft.ifft(positive, n_transform, overwrite_x=True)
    return np.asarray(np.abs(analytic[n_margin : n_margin + samples.size]))


def compute_envelope_spectrum(
    signal: ArrayLike,
    sample_rate_hz: float,
    band_hz: Band,
    *,
    window: str = "hann",
    scaling: Scaling = "peak",
) -> Spectrum:
    """Compute the amplitude spectrum of the envelope, its mean taken off.

    A carrier of amplitude A inside the band, modulated with depth m, gives a line of height m·A at the
    modulation frequency. Lines above the width of the band carry no meaning.

    Parameters
    ----------
    signal, sample_rate_hz, band_hz
        As for `compute_envelope`.
    window, scaling
        As for `core.signal.spectra.compute_spectrum`.

    Returns
    -------
    Spectrum
        From 0 to the Nyquist frequency of the signal.

    Raises
    ------
    SignalError, InvalidInputError
        As for `compute_envelope` and `compute_spectrum`.
    """
    envelope = compute_envelope(signal, sample_rate_hz, band_hz)
    return compute_spectrum(envelope, sample_rate_hz, window=window, scaling=scaling)


def _check_band(band_hz: Band, rate: float) -> Band:
    low_hz, high_hz = float(band_hz[0]), float(band_hz[1])
    if not 0.0 <= low_hz < high_hz <= rate / 2.0:
        raise InvalidInputError(
            f"A band from {low_hz:g} to {high_hz:g} Hz is not possible: it must rise and lie between 0 and "
            f"{rate / 2.0:g} Hz, half the sample rate."
        )
    return low_hz, high_hz


def _build_band_pass(
    frequencies_hz: NDArray[np.float64], low_hz: float, high_hz: float, rate: float
) -> NDArray[np.float64]:
    """Gain per bin, ½ at both edges; an edge at 0 or at the Nyquist frequency cuts nothing."""
    edge_hz = _EDGE_SHARE * (high_hz - low_hz)
    gain = np.zeros_like(frequencies_hz)
    first, last = np.searchsorted(frequencies_hz, (low_hz - edge_hz, high_hz + edge_hz))
    inside = frequencies_hz[first:last]
    rise = np.clip((inside - low_hz) / edge_hz + 0.5, 0.0, 1.0) if low_hz > 0.0 else np.ones_like(inside)
    fall = (
        np.clip((high_hz - inside) / edge_hz + 0.5, 0.0, 1.0)
        if high_hz < rate / 2.0
        else np.ones_like(inside)
    )
    gain[first:last] = np.sin(0.5 * np.pi * rise) ** 2 * np.sin(0.5 * np.pi * fall) ** 2
    return gain
