"""Cyclic (spectral) coherence: which frequency bands come and go, how often, and how surely."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from core.signal.band_pass import Band, check_band
from core.signal.checks import check_sample_rate, check_usable
from core.signal.spectral_windows import build_window
from core.signal.time_frequency import compute_stft
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

DEFAULT_SEGMENT = 256
MIN_SEGMENT = 32

_MIN_SEGMENTS = 8
# Segments start at least so many times per segment, and so many times per shortest period looked for.
_STARTS_PER_SEGMENT = 8
_STARTS_PER_PERIOD = 2.5
# The squared Hann window has its first zero three bins from its middle; beyond this little is left of it.
_REACH_BINS = 2.5


@dataclass(frozen=True, slots=True)
class CyclicCoherence:
    """How strongly the power at each frequency comes and goes at each cyclic frequency.

    Attributes
    ----------
    cyclic_frequencies_hz
        Shape ``(n_cyclic,)``, above 0, ``1 / duration`` apart: how often something repeats.
    frequencies_hz
        Shape ``(n_bins,)``: where in the spectrum.
    coherence
        Squared magnitude, shape ``(n_bins, n_cyclic)``, from 0 to about 1.
    resolution_hz
        Distance between two bins of `frequencies_hz`.
    """

    cyclic_frequencies_hz: NDArray[np.float64]
    frequencies_hz: NDArray[np.float64]
    coherence: NDArray[np.float32]
    resolution_hz: float

    def average(self, band_hz: Band | None = None) -> NDArray[np.float64]:
        """Average over a band of frequencies (default: all): the enhanced envelope spectrum.

        Raises
        ------
        InvalidInputError
            The band rises not, or holds no bin.
        """
        low_hz, high_hz = (0.0, math.inf) if band_hz is None else band_hz
        inside = (self.frequencies_hz >= low_hz) & (self.frequencies_hz <= high_hz)
        if not inside.any():
            raise InvalidInputError(f"Between {low_hz:g} and {high_hz:g} Hz there is no bin to average.")
        return np.asarray(self.coherence[inside].mean(axis=0, dtype=np.float64))


def compute_cyclic_coherence(
    signal: ArrayLike, sample_rate_hz: float, max_cyclic_hz: float, *, n_segment: int = DEFAULT_SEGMENT
) -> CyclicCoherence:
    """Estimate the cyclic coherence by the fast spectral correlation.

    Products of the bins f and f − p of a short-time Fourier transform with much overlap, transformed over
    time, hold the spectral correlation at cyclic frequencies near p bins, weighted with the transform of the
    squared window; the products of all p are put together by least squares. Antoni, Xin & Hamzaoui (2017),
    Fast computation of the spectral correlation, Mechanical Systems and Signal Processing 92. White noise
    whose amplitude is ``1 + m·cos(2πat)`` has a squared coherence of ``(m / (1 + m²/2))²`` at the cyclic
    frequency a.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``; the mean is taken off.
    sample_rate_hz
        Samples per second.
    max_cyclic_hz
        The highest cyclic frequency; above 0 and at most a quarter of the sample rate.
    n_segment
        Samples per segment, at least 32: few give a coarse frequency axis and less scatter.

    Returns
    -------
    CyclicCoherence
        All frequencies up to the Nyquist frequency; 0 where there is no power.

    Raises
    ------
    SignalError
        Empty, not finite, an impossible sample rate, or shorter than eight segments
        (``recording_too_short``).
    InvalidInputError
        An impossible cyclic frequency or segment.
    """
    rate = check_sample_rate(sample_rate_hz)
    samples = check_usable(signal)
    if n_segment < MIN_SEGMENT:
        raise InvalidInputError(f"A segment needs at least {MIN_SEGMENT} samples; make it longer.")
    check_band((0.0, 2.0 * max_cyclic_hz), rate)
    if samples.size < _MIN_SEGMENTS * n_segment:
        sentence = f"{samples.size} samples are too few; at least {_MIN_SEGMENTS * n_segment} are needed."
        raise SignalError(sentence, code=ErrorCode.RECORDING_TOO_SHORT)
    hop = max(1, min(n_segment // _STARTS_PER_SEGMENT, int(rate / (_STARTS_PER_PERIOD * max_cyclic_hz))))
    centred = (samples - samples.mean(dtype=np.float64)).astype(np.float32)
    transform = compute_stft(centred, n_segment, hop)
    n_times = int(scipy.fft.prev_fast_len(len(transform)))
    by_bin = np.ascontiguousarray(transform[:n_times].T)
    n_cyclic = int(max_cyclic_hz * n_times * hop / rate)
    if n_cyclic < 1:
        raise InvalidInputError("The signal is shorter than one period of the highest cyclic frequency.")
    cyclic_hz = np.arange(1, n_cyclic + 1) * rate / (n_times * hop)
    frequencies_hz = scipy.fft.rfftfreq(n_segment, 1.0 / rate)
    window_power = build_window("hann", n_segment) ** 2
    correlation = _correlate(by_bin, cyclic_hz * n_segment / rate, window_power)
    power = np.mean(by_bin.real**2 + by_bin.imag**2, axis=1, dtype=np.float64) / window_power.sum()
    coherence = _normalise(correlation, power, frequencies_hz, cyclic_hz)
    return CyclicCoherence(cyclic_hz, frequencies_hz, coherence, rate / n_segment)


def _correlate(
    by_bin: NDArray[np.complex64], cyclic_bins: NDArray[np.float64], window_power: NDArray[np.float64]
) -> NDArray[np.complex64]:
    """Estimate the spectral correlation, shape ``(n_bins, n_cyclic)``; `cyclic_bins` in bins of frequency."""
    n_bins, n_times = by_bin.shape
    total = np.zeros((n_bins, cyclic_bins.size), np.complex64)
    weight = np.zeros(cyclic_bins.size)
    for distance in range(math.ceil(cyclic_bins[-1] + _REACH_BINS) + 1):
        near = np.flatnonzero(np.abs(cyclic_bins - distance) <= _REACH_BINS)
        if near.size == 0 or distance >= n_bins:
            continue
        gain = _transform_window(window_power, cyclic_bins[near] - distance)
        spectrum = scipy.fft.fft(by_bin * _shift_bins(by_bin, distance).conj(), axis=1, overwrite_x=True)
        # cyclic frequency number i stands in bin i + 1 of the transform over time
        total[:, near] += (spectrum[:, near + 1] / n_times) * gain.conj().astype(np.complex64)
        weight[near] += np.abs(gain) ** 2
    total /= weight.astype(np.float32)
    return total


def _shift_bins(by_bin: NDArray[np.complex64], distance: int) -> NDArray[np.complex64]:
    """Return the bins `distance` below each; a real signal's negative ones are its positive, conjugate."""
    below = by_bin[1 : distance + 1][::-1].conj()
    return np.concatenate([below, by_bin[: by_bin.shape[0] - distance]])


def _transform_window(
    window_power: NDArray[np.float64], offset_bins: NDArray[np.float64]
) -> NDArray[np.complex128]:
    n = np.arange(window_power.size) / window_power.size
    return np.asarray(np.exp(2j * np.pi * np.outer(offset_bins, n)) @ window_power)


def _normalise(
    correlation: NDArray[np.complex64],
    power: NDArray[np.float64],
    frequencies_hz: NDArray[np.float64],
    cyclic_hz: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Divide by the power at f and at f − a, read between the bins."""
    coherence = np.empty(correlation.shape, np.float32)
    for row, (frequency_hz, own) in enumerate(zip(frequencies_hz, power, strict=True)):
        other = np.interp(np.abs(frequency_hz - cyclic_hz), frequencies_hz, power)
        product: NDArray[Any] = own * other
        squared = np.abs(correlation[row]).astype(np.float64) ** 2
        coherence[row] = np.divide(squared, product, out=np.zeros_like(product), where=product > 0.0)
    return coherence
