"""Laying two recordings over each other: one sample rate, one beginning, one length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from core.signal.checks import check_sample_rate, check_usable
from core.signal.resampling import resample_signal
from utils.exceptions import ErrorCode, SignalError

MIN_ALIGNED_SAMPLES = 16

_NO_SHIFT = 0.005


@dataclass(frozen=True, slots=True)
class Shift:
    """How much later the second of two signals shows what the first shows.

    Attributes
    ----------
    n_samples
        Shift in samples, read between them; negative when the second is earlier.
    correlation
        The normalised cross-correlation there, from −1 to 1: near 0 the shift means nothing.
    """

    n_samples: float
    correlation: float


def bring_to_one_rate(
    first: ArrayLike, first_hz: float, second: ArrayLike, second_hz: float
) -> tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]], float]:
    """Resample whichever of two signals was sampled faster, and cut both to the shorter duration.

    Parameters
    ----------
    first, second
        Samples, one row each.
    first_hz, second_hz
        Their sample rates.

    Returns
    -------
    first, second, sample_rate_hz
        Both shape ``(n_samples,)`` at the lower rate.

    Raises
    ------
    SignalError
        Empty, not finite, impossible rates, or under 16 common samples (``recording_too_short``).
    """
    first_rate, second_rate = check_sample_rate(first_hz), check_sample_rate(second_hz)
    rate = min(first_rate, second_rate)
    x = resample_signal(first, first_rate, rate) if first_rate > rate else check_usable(first)
    y = resample_signal(second, second_rate, rate) if second_rate > rate else check_usable(second)
    n_samples = min(x.size, y.size)
    if n_samples < MIN_ALIGNED_SAMPLES:
        raise SignalError(
            "The two signals have too little in common; choose longer stretches.",
            code=ErrorCode.RECORDING_TOO_SHORT,
        )
    return x[:n_samples], y[:n_samples], rate


def estimate_shift(first: ArrayLike, second: ArrayLike, *, max_samples: int | None = None) -> Shift:
    """Find the shift between two signals at which they correlate most strongly, whatever the sign.

    The highest magnitude of the cross-correlation (means taken off, through transforms with zeros appended,
    divided by both norms), read between the samples by a parabola.

    Parameters
    ----------
    first, second
        Samples of the same rate, both shape ``(n_samples,)``.
    max_samples
        The largest shift looked at, either way; by default half of the signals.

    Returns
    -------
    Shift
        0 with correlation 0 where either signal is constant.

    Raises
    ------
    SignalError
        Empty or not finite.
    """
    x, y = (_centre(check_usable(each)) for each in (first, second))
    norm = float(np.linalg.norm(x) * np.linalg.norm(y))
    if norm == 0.0:
        return Shift(0.0, 0.0)
    most = min(x.size, y.size) // 2 if max_samples is None else min(max_samples, min(x.size, y.size) - 1)
    n_transform = scipy.fft.next_fast_len(max(x.size, y.size) + most + 1, real=True)
    cross = scipy.fft.rfft(y, n_transform) * scipy.fft.rfft(x, n_transform).conj()
    whole = scipy.fft.irfft(cross, n_transform, overwrite_x=True)
    correlation = np.concatenate([whole[-most:], whole[: most + 1]]) / norm if most else whole[:1] / norm
    top = int(np.abs(correlation).argmax())
    return Shift(top - most + _find_offset(np.abs(correlation), top), float(correlation[top]))


def align_signals(
    first: ArrayLike, second: ArrayLike, n_samples: float
) -> tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]]:
    """Cut two signals to what they share once the second is moved to the front by a shift.

    Whole samples are cut off, the rest is taken out by turning phases (exact below the Nyquist frequency;
    the ends are mirrored, and unreliable for a few samples).

    Parameters
    ----------
    first, second
        Samples of the same rate, both shape ``(n,)``.
    n_samples
        How much later the second is, as `estimate_shift` finds it.

    Returns
    -------
    first, second
        Both of the same, shorter length.

    Raises
    ------
    SignalError
        Empty, not finite, or nothing left to compare (``recording_too_short``).
    """
    x, y = check_usable(first), check_usable(second)
    whole = round(n_samples)
    y = _advance(y, n_samples - whole)
    x, y = (x, y[whole:]) if whole >= 0 else (x[-whole:], y)
    length = min(x.size, y.size)
    if length < MIN_ALIGNED_SAMPLES:
        raise SignalError(
            "Aligned, the two signals have too little in common.", code=ErrorCode.RECORDING_TOO_SHORT
        )
    return x[:length], y[:length]


def _centre(samples: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    return np.asarray((samples - samples.mean(dtype=np.float64)).astype(samples.dtype, copy=False))


def _find_offset(heights: NDArray[np.floating[Any]], top: int) -> float:
    if not 0 < top < heights.size - 1:
        return 0.0
    left, middle, right = (float(height) for height in heights[top - 1 : top + 2])
    curvature = left - 2.0 * middle + right
    return 0.5 * (left - right) / curvature if curvature < 0.0 else 0.0


def _advance(samples: NDArray[np.floating[Any]], n_samples: float) -> NDArray[np.floating[Any]]:
    """Move a signal to the front by less than a sample; hundredths do not count."""
    if abs(n_samples) < _NO_SHIFT:
        return samples
    n_margin = min(samples.size - 1, 64)
    n_transform = scipy.fft.next_fast_len(samples.size + 2 * n_margin, real=True)
    mirrored = np.pad(samples, (n_margin, n_transform - samples.size - n_margin), mode="reflect")
    turned = scipy.fft.rfft(mirrored)
    turned *= np.exp(2j * np.pi * n_samples * scipy.fft.rfftfreq(n_transform)).astype(turned.dtype)
    return np.asarray(scipy.fft.irfft(turned, n_transform)[n_margin : n_margin + samples.size])
