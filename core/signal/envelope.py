"""Envelope after a band-pass, and its spectrum: where the impacts of a bearing fault show."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.signal.band_pass import Band, compute_analytic_band
from core.signal.checks import check_sample_rate
from core.signal.spectra import Scaling, Spectrum, compute_spectrum
from utils.exceptions import InvalidInputError

Demodulation = Literal["magnitude", "squared", "log"]

# Where the envelope is nothing, its logarithm stops at this share of the highest value.
_LOG_FLOOR = 1e-9


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
    return np.abs(compute_analytic_band(signal, sample_rate_hz, band_hz))


def compute_envelope_spectrum(
    signal: ArrayLike,
    sample_rate_hz: float,
    band_hz: Band,
    *,
    demodulation: Demodulation = "magnitude",
    window: str = "hann",
    scaling: Scaling = "peak",
) -> Spectrum:
    """Compute the amplitude spectrum of the envelope, its mean taken off.

    A carrier of amplitude A inside the band, modulated with depth m, gives a line of height m·A at the
    modulation frequency. Lines above the width of the band carry no meaning.

    The squared envelope (Randall, Antoni & Chobsaard 2001, Mechanical Systems and Signal Processing 15(5))
    of that carrier has lines of 2·m·A² and m²·A²/2 at once and twice the frequency, and none further up;
    it lets strong impacts count more. The logarithm of the envelope (Borghesani & Antoni 2018, Mechanical
    Systems and Signal Processing 103) lets few large shocks count less and does not depend on gain.

    Parameters
    ----------
    signal, sample_rate_hz, band_hz
        As for `compute_envelope`.
    demodulation
        ``"magnitude"`` (in the unit of the signal), ``"squared"`` (its square) or ``"log"`` (natural
        logarithm, no unit).
    window, scaling
        As for `core.signal.spectra.compute_spectrum`.

    Returns
    -------
    Spectrum
        From 0 to the Nyquist frequency of the signal.

    Raises
    ------
    SignalError, InvalidInputError
        As for `compute_envelope` and `compute_spectrum`; an unknown demodulation.
    """
    envelope = shape_envelope(compute_envelope(signal, sample_rate_hz, band_hz), demodulation)
    return compute_spectrum(envelope, sample_rate_hz, window=window, scaling=scaling)


def shape_envelope(envelope: NDArray[np.float64], demodulation: Demodulation) -> NDArray[np.float64]:
    """Return an envelope as it is, squared, or as its natural logarithm (finite where it is 0).

    Raises
    ------
    InvalidInputError
        The demodulation is none of these.
    """
    if demodulation == "magnitude":
        return envelope
    if demodulation == "squared":
        return envelope * envelope
    if demodulation == "log":
        floor = max(_LOG_FLOOR * float(envelope.max()), np.finfo(np.float64).tiny)
        return np.log(np.maximum(envelope, floor))
    raise InvalidInputError(f"Unknown demodulation '{demodulation}'. Choose magnitude, squared or log.")
