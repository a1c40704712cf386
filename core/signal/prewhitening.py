"""Flattening a spectrum before faults are looked for: all bins alike, or by a running median."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from core.signal.checks import check_sample_rate, check_usable
from core.signal.spectra import MIN_SPECTRUM_SAMPLES
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

# The running median is worked out so many times per its own width, and straight lines drawn between.
_MEDIANS_PER_WIDTH = 4
_MIN_WIDTH_BINS = 9
# Bins below this share of the highest hold rounding; they are left at nothing.
_ROUNDING_SHARE = 1e-12


def prewhiten_cepstrally(signal: ArrayLike) -> NDArray[np.float64]:
    """Give every bin of a signal's spectrum the same magnitude and leave its phase.

    Cepstral pre-whitening: the real cepstrum is set to zero but for quefrency 0, which comes to dividing the
    transform by its magnitude. Lines and resonances go, impacts stay. Sawalhi & Randall (2011), Signal
    pre-whitening using cepstrum editing, 8th Int. Conf. on Condition Monitoring; Borghesani et al. (2013),
    Mechanical Systems and Signal Processing 36(2).

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``, at least 16; their mean is taken off.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_samples,)``, with an rms of 1 and no unit; 0 throughout for a constant signal.

    Raises
    ------
    SignalError
        Empty, not finite, or too short.
    """
    transform, n_samples = _transform(signal)
    magnitudes = np.abs(transform)
    usable = magnitudes > _ROUNDING_SHARE * magnitudes.max()
    transform[~usable] = 0.0
    np.divide(transform, magnitudes, out=transform, where=usable)
    return _to_unit_rms(scipy.fft.irfft(transform, n_samples, overwrite_x=True))


def whiten_by_median(
    signal: ArrayLike,
    sample_rate_hz: float,
    *,
    width_hz: float = 200.0,
    max_ratio: float | None = 3.0,
) -> NDArray[np.float64]:
    """Divide a signal's spectrum by its own running median, so that resonances go and lines stay.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``, at least 16; their mean is taken off.
    sample_rate_hz
        Samples per second.
    width_hz
        Over so many Hz each median is taken (over at least 9 bins); wider than a line with its leakage and
        narrower than a resonance.
    max_ratio
        Lines higher than so many medians are cut down to it, so that none drowns the rest; None leaves
        them.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_samples,)``, with an rms of 1 and no unit; 0 throughout for a constant signal.

    Raises
    ------
    SignalError
        Empty, not finite, too short, or an impossible sample rate.
    InvalidInputError
        A width or ratio that is not above 0.
    """
    rate = check_sample_rate(sample_rate_hz)
    if not width_hz > 0.0 or (max_ratio is not None and not max_ratio > 0.0):
        raise InvalidInputError("The width of the running median and the highest ratio must be above 0.")
    transform, n_samples = _transform(signal)
    magnitudes = np.abs(transform)
    divisor = compute_running_median(magnitudes, round(width_hz * n_samples / rate))
    if max_ratio is not None:
        np.maximum(divisor, magnitudes / max_ratio, out=divisor)
    usable = divisor > _ROUNDING_SHARE * magnitudes.max()
    transform[~usable] = 0.0
    np.divide(transform, divisor, out=transform, where=usable)
    return _to_unit_rms(scipy.fft.irfft(transform, n_samples, overwrite_x=True))


def compute_running_median(values: ArrayLike, width: int) -> NDArray[np.float64]:
    """Compute a running median: exact at every quarter of its width, straight lines between.

    Parameters
    ----------
    values
        Shape ``(n,)``; mirrored at both ends.
    width
        Values per median; at least 9, at most all.

    Returns
    -------
    numpy.ndarray
        Shape ``(n,)``.
    """
    line = np.asarray(values, dtype=np.float64)
    width = min(max(width, _MIN_WIDTH_BINS), line.size)
    step = max(1, width // _MEDIANS_PER_WIDTH)
    before = width // 2
    mirrored = np.pad(line, (before, width), mode="symmetric")
    centres = np.arange(0, line.size + step, step)
    surroundings = np.lib.stride_tricks.sliding_window_view(mirrored, width)[centres[centres <= line.size]]
    medians = np.median(surroundings, axis=1)
    return np.interp(np.arange(line.size), centres[: medians.size], medians)


def _transform(signal: ArrayLike) -> tuple[NDArray[Any], int]:
    samples = check_usable(signal)
    if samples.size < MIN_SPECTRUM_SAMPLES:
        sentence = f"{samples.size} samples are too few; at least {MIN_SPECTRUM_SAMPLES} are needed."
        raise SignalError(sentence, code=ErrorCode.RECORDING_TOO_SHORT)
    mean = samples.mean(dtype=np.float64)
    centred = samples.astype(np.float64) - mean
    if np.abs(centred).max() <= _ROUNDING_SHARE * abs(mean):
        centred[:] = 0.0
    return scipy.fft.rfft(centred), samples.size


def _to_unit_rms(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    rms = float(np.sqrt(np.mean(samples**2)))
    return samples / rms if rms > 0.0 else samples
