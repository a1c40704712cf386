"""Magnitude-squared coherence of two signals, and from which value on it is more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from core.signal.checks import check_sample_rate, check_usable
from core.signal.spectral_windows import build_window
from core.signal.time_frequency import compute_stft
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

_DEFAULT_SEGMENT_S = 1.0
_DEFAULT_SEGMENTS = 16
_MIN_SEGMENT = 16
_BATCH_SAMPLES = 2**20


@dataclass(frozen=True, slots=True)
class Coherence:
    """How much of two signals is linearly related, per frequency.

    Attributes
    ----------
    frequencies_hz, coherence
        Shape ``(n_bins,)``; from 0 (unrelated) to 1.
    resolution_hz
        Distance between two bins.
    n_segments
        How many overlapping segments were averaged.
    n_independent
        How many segments without overlap scatter as little.
    """

    frequencies_hz: NDArray[np.float64]
    coherence: NDArray[np.float64]
    resolution_hz: float
    n_segments: int
    n_independent: float

    def get_significance(self, level: float = 0.95) -> float:
        """Return the coherence that unrelated Gaussian signals stay below with probability `level`.

        ``1 − (1 − level)^(1 / (n − 1))`` for n independent segments: Carter (1987), Coherence and time delay
        estimation, Proceedings of the IEEE 75(2).
        """
        return float(1.0 - (1.0 - level) ** (1.0 / (self.n_independent - 1.0)))


def compute_coherence(
    first: ArrayLike,
    second: ArrayLike,
    sample_rate_hz: float,
    *,
    n_segment: int | None = None,
    window: str = "hann",
    overlap: float = 0.5,
) -> Coherence:
    """Estimate the magnitude-squared coherence ``|Sxy|² / (Sxx·Syy)`` by averaging over segments (Welch).

    Parameters
    ----------
    first, second
        Samples taken at the same times and rate, both shape ``(n_samples,)``; their means are taken off.
    sample_rate_hz
        Samples per second.
    n_segment
        Samples per segment. Default: 1 s or a sixteenth of the signals where that is shorter.
    window
        One of `core.signal.spectral_windows.WINDOW_NAMES`.
    overlap
        Share of a segment that the next one repeats, from 0 up to 0.9.

    Returns
    -------
    Coherence
        ``n_segment // 2 + 1`` bins from 0 to the Nyquist frequency; 0 where a signal has no power.

    Raises
    ------
    SignalError
        Empty, not finite, an impossible sample rate, or too short for two independent segments.
    InvalidInputError
        The signals differ in length, or segment, window or overlap are not possible.
    """
    rate = check_sample_rate(sample_rate_hz)
    x, y = check_usable(first), check_usable(second)
    if x.size != y.size:
        raise InvalidInputError(f"Coherence needs signals of one length; these have {x.size} and {y.size}.")
    if not 0.0 <= overlap <= 0.9:
        raise InvalidInputError("The overlap of segments must lie between 0 and 0.9.")
    n_segment = _choose_segment(x.size, rate) if n_segment is None else n_segment
    if n_segment < _MIN_SEGMENT:
        raise InvalidInputError(f"A segment needs at least {_MIN_SEGMENT} samples; make it longer.")
    hop = max(1, round(n_segment * (1.0 - overlap)))
    n_segments = (x.size - n_segment) // hop + 1
    weights = build_window(window, n_segment)
    n_independent = _count_independent(weights, hop, n_segments) if n_segments > 0 else 0.0
    if n_independent < 2.0:
        sentence = f"{x.size} samples are too few for two segments of {n_segment}; choose a longer stretch."
        raise SignalError(sentence, code=ErrorCode.RECORDING_TOO_SHORT)
    sums = _sum_spectra(_centre(x), _centre(y), n_segment, hop, window)
    frequencies_hz = scipy.fft.rfftfreq(n_segment, 1.0 / rate)
    return Coherence(frequencies_hz, _divide(*sums), rate / n_segment, n_segments, n_independent)


def _choose_segment(n_samples: int, rate: float) -> int:
    wanted = max(_MIN_SEGMENT, min(round(_DEFAULT_SEGMENT_S * rate), n_samples // _DEFAULT_SEGMENTS))
    return int(scipy.fft.prev_fast_len(wanted, real=True))


def _centre(samples: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    return np.asarray(samples.astype(np.float64, copy=False) - samples.mean(dtype=np.float64))


def _count_independent(weights: NDArray[np.float64], hop: int, n_segments: int) -> float:
    """Welch (1967): segments that overlap scatter together as much as their windows correlate, squared."""
    energy = float(np.dot(weights, weights))
    shared = 0.0
    for distance in range(1, min(n_segments, -(-weights.size // hop))):
        correlation = (
            float(np.dot(weights[distance * hop :], weights[: weights.size - distance * hop])) / energy
        )
        shared += 2.0 * (1.0 - distance / n_segments) * correlation**2
    return n_segments / (1.0 + shared)


def _sum_spectra(
    x: NDArray[np.float64], y: NDArray[np.float64], n_segment: int, hop: int, window: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.complex128]]:
    """Sum |X|², |Y|² and conj(X)·Y over the segments, a batch at a time."""
    n_bins = n_segment // 2 + 1
    xx, yy, xy = np.zeros(n_bins), np.zeros(n_bins), np.zeros(n_bins, np.complex128)
    n_segments = (x.size - n_segment) // hop + 1
    n_batch = max(1, _BATCH_SAMPLES // n_segment)
    for first in range(0, n_segments, n_batch):
        stop = (min(first + n_batch, n_segments) - 1) * hop + n_segment
        X, Y = (compute_stft(each[first * hop : stop], n_segment, hop, window=window) for each in (x, y))
        xx += np.sum(X.real**2 + X.imag**2, axis=0)
        yy += np.sum(Y.real**2 + Y.imag**2, axis=0)
        xy += np.sum(X.conj() * Y, axis=0)
    return xx, yy, xy


def _divide(
    xx: NDArray[np.float64], yy: NDArray[np.float64], xy: NDArray[np.complex128]
) -> NDArray[np.float64]:
    product = xx * yy
    coherence = np.zeros(product.size)
    np.divide(xy.real**2 + xy.imag**2, product, out=coherence, where=product > 0.0)
    return np.minimum(coherence, 1.0)
