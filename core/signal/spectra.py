"""Amplitude-true spectra and power spectral densities."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from core.signal.checks import check_sample_rate, check_usable
from core.signal.spectral_windows import build_window, check_window
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

Scaling = Literal["peak", "rms"]

MIN_SPECTRUM_SAMPLES = 16
# From here on a length with large prime factors costs ten times a round one, and a round one is never far.
_ROUND_LENGTH_FROM = 2**17
_DEFAULT_SEGMENT_S = 1.0
_MIN_SEGMENTS = 8
_BATCH_SAMPLES = 2**20


@dataclass(frozen=True, slots=True)
class Spectrum:
    """A one-sided amplitude spectrum.

    Attributes
    ----------
    frequencies_hz, amplitudes
        Shape ``(n_bins,)``; amplitudes in the unit of the signal, peak or rms as `scaling` says.
    resolution_hz
        Distance between two bins.
    window
        Name of the spectral window.
    scaling
        ``"peak"`` or ``"rms"``.
    """

    frequencies_hz: NDArray[np.float64]
    amplitudes: NDArray[np.float64]
    resolution_hz: float
    window: str
    scaling: Scaling


@dataclass(frozen=True, slots=True)
class Psd:
    """A one-sided power spectral density.

    Attributes
    ----------
    frequencies_hz, density
        Shape ``(n_bins,)``; density in (unit of the signal)² per Hz.
    resolution_hz
        Distance between two bins; times the sum of `density` it is the mean square of the signal.
    window
        Name of the spectral window.
    n_segments
        How many overlapping segments were averaged.
    """

    frequencies_hz: NDArray[np.float64]
    density: NDArray[np.float64]
    resolution_hz: float
    window: str
    n_segments: int


def compute_spectrum(
    signal: ArrayLike,
    sample_rate_hz: float,
    *,
    window: str = "hann",
    scaling: Scaling = "peak",
    remove_dc: bool = True,
) -> Spectrum:
    """Compute an amplitude spectrum: a sine of amplitude A on a bin reads A (or A/√2 as rms) in every window.

    Between bins a bin alone reads less, by at most the window's scalloping loss (flat-top 0.01 dB, Blackman
    1.10, Hann 1.42, Hamming 1.75, rectangular 3.92); `core.signal.peaks.find_peaks` reads the true
    amplitude there too.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``. Of records longer than 131,072 samples up to one in a hundred at
        the end may be left out, so that the transform's length is a round one.
    sample_rate_hz
        Samples per second.
    window
        One of `core.signal.spectral_windows.WINDOW_NAMES`.
    scaling
        ``"peak"`` or ``"rms"``.
    remove_dc
        Take the mean off first, so that it does not leak into the lowest bins.

    Returns
    -------
    Spectrum
        ``n_samples // 2 + 1`` bins from 0 to the Nyquist frequency.

    Raises
    ------
    SignalError
        Empty, not finite, fewer than 16 samples (``recording_too_short``), or an impossible sample rate.
    InvalidInputError
        Unknown window or scaling.

    Examples
    --------
    >>> time_s = np.arange(1000) / 1000.0
    >>> spectrum = compute_spectrum(3.0 * np.sin(2 * np.pi * 50 * time_s), 1000.0)
    >>> round(float(spectrum.amplitudes[50]), 6)
    3.0
    """
    if scaling not in ("peak", "rms"):
        raise InvalidInputError(f"Unknown scaling '{scaling}'. Choose peak or rms.")
    rate = check_sample_rate(sample_rate_hz)
    samples = _prepare(signal)
    if samples.size > _ROUND_LENGTH_FROM:
        samples = samples[: scipy.fft.prev_fast_len(samples.size, real=False)]
    n_samples = samples.size
    weights = build_window(window, n_samples)
    centred = samples - samples.mean(dtype=np.float64) if remove_dc else samples.astype(np.float64)
    amplitudes = np.abs(scipy.fft.rfft(centred * weights)) / weights.sum()
    paired = slice(1, (n_samples + 1) // 2)  # bins that share their power with a negative frequency
    amplitudes[paired] *= 2.0 if scaling == "peak" else math.sqrt(2.0)
    frequencies_hz = scipy.fft.rfftfreq(n_samples, 1.0 / rate)
    return Spectrum(frequencies_hz, amplitudes, rate / n_samples, window, scaling)


def compute_psd(
    signal: ArrayLike,
    sample_rate_hz: float,
    *,
    segment_s: float | None = None,
    n_segment: int | None = None,
    window: str = "hann",
    overlap: float = 0.75,
    remove_dc: bool = True,
) -> Psd:
    """Estimate the power spectral density by averaging overlapping windowed segments.

    Welch (1967), IEEE Trans. Audio Electroacoust. 15(2). The segments are spread evenly from the first sample
    to the last, so that no tail is left out, and only the mean of the whole signal is taken off. Overlapping
    windows still weigh the samples near the ends less; the density is scaled to make up for it, so that its
    integral is the mean square of the signal (Parseval) for bursts and short records too. For a steady signal
    that changes next to nothing.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``.
    sample_rate_hz
        Samples per second.
    segment_s, n_segment
        Length of a segment in seconds or in samples (one of them). Longer than the signal means one
        segment, the whole signal. Default: 1 s (1 Hz resolution) or an eighth of the signal where that is
        shorter.
    window
        One of `core.signal.spectral_windows.WINDOW_NAMES`.
    overlap
        Least share of a segment that the next one repeats, from 0 up to 0.95.
    remove_dc
        Take the mean of the whole signal off first.

    Returns
    -------
    Psd
        ``n_segment // 2 + 1`` bins from 0 to the Nyquist frequency.

    Raises
    ------
    SignalError
        Empty, not finite, fewer than 16 samples (``recording_too_short``), or an impossible sample rate.
    InvalidInputError
        Unknown window, an impossible segment length or overlap.
    """
    check_window(window)
    rate = check_sample_rate(sample_rate_hz)
    samples = _prepare(signal)
    n_segment = _choose_segment_length(samples.size, rate, segment_s, n_segment)
    starts = _spread_segments(samples.size, n_segment, overlap)
    weights = build_window(window, n_segment)
    mean = float(samples.mean(dtype=np.float64)) if remove_dc else 0.0
    power = _sum_segment_power(samples, starts, weights, mean)
    power[1 : (n_segment + 1) // 2] *= 2.0
    resolution_hz = rate / n_segment
    density = _scale_to_mean_square(power, samples, mean) / resolution_hz
    frequencies_hz = scipy.fft.rfftfreq(n_segment, 1.0 / rate)
    return Psd(frequencies_hz, density, resolution_hz, window, starts.size)


def _prepare(signal: ArrayLike) -> NDArray[np.floating[Any]]:
    samples = check_usable(signal)
    if samples.size < MIN_SPECTRUM_SAMPLES:
        sentence = (
            f"{samples.size} samples are too few for a spectrum; at least {MIN_SPECTRUM_SAMPLES} are needed."
        )
        raise SignalError(sentence, code=ErrorCode.RECORDING_TOO_SHORT)
    return samples


def _choose_segment_length(
    n_samples: int, rate: float, segment_s: float | None, n_segment: int | None
) -> int:
    if segment_s is not None and n_segment is not None:
        raise InvalidInputError("Give the segment's length either in seconds or in samples, not both.")
    if segment_s is not None:
        if not (math.isfinite(segment_s) and segment_s > 0):
            raise InvalidInputError("A segment's length must be a positive number of seconds.")
        n_segment = round(min(segment_s * rate, n_samples))
    elif n_segment is None:
        n_segment = max(
            min(round(_DEFAULT_SEGMENT_S * rate), n_samples // _MIN_SEGMENTS), MIN_SPECTRUM_SAMPLES
        )
    if n_segment < MIN_SPECTRUM_SAMPLES:
        raise InvalidInputError(f"A segment needs at least {MIN_SPECTRUM_SAMPLES} samples; make it longer.")
    return min(n_segment, n_samples)


def _spread_segments(n_samples: int, n_segment: int, overlap: float) -> NDArray[np.int64]:
    if not 0.0 <= overlap <= 0.95:
        raise InvalidInputError("The overlap of segments must lie between 0 and 0.95.")
    hop = max(1, int(n_segment * (1.0 - overlap)))
    n_segments = math.ceil((n_samples - n_segment) / hop) + 1
    return np.linspace(0, n_samples - n_segment, n_segments).round().astype(np.int64)


def _sum_segment_power(
    samples: NDArray[np.floating[Any]], starts: NDArray[np.int64], weights: NDArray[np.float64], mean: float
) -> NDArray[np.float64]:
    """Sum |FFT|² over the segments, a batch at a time: memory stays bounded however long the signal is."""
    segments = np.lib.stride_tricks.sliding_window_view(samples, weights.size)
    n_batch = max(1, _BATCH_SAMPLES // weights.size)
    power = np.zeros(weights.size // 2 + 1)
    for first in range(0, starts.size, n_batch):
        batch = (segments[starts[first : first + n_batch]] - mean) * weights
        transform = scipy.fft.rfft(batch, axis=1)
        power += np.sum(transform.real**2 + transform.imag**2, axis=0)
    return power


def _scale_to_mean_square(
    power: NDArray[np.float64], samples: NDArray[np.floating[Any]], mean: float
) -> NDArray[np.float64]:
    """Scale the power of all bins so that their sum is the mean square of the samples about `mean`."""
    total = float(power.sum())
    variance = float(samples.var(dtype=np.float64))
    mean_square = variance + (float(samples.mean(dtype=np.float64)) - mean) ** 2
    return power * (mean_square / total) if total > 0.0 else power
