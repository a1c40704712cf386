"""Autocorrelation of a signal, of a band of it, or of its envelope: what repeats, and after how long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from core.signal.band_pass import Band, filter_band
from core.signal.checks import check_sample_rate, check_usable
from core.signal.envelope import compute_envelope
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

MIN_CORRELATION_SAMPLES = 16
# Beyond half of the signal too few products are left to average.
_MAX_SHARE = 0.5
_ROUNDING_SHARE = 1e-12


@dataclass(frozen=True, slots=True)
class Autocorrelation:
    """Correlation of a signal with itself, shifted.

    Attributes
    ----------
    lags_s, values
        Shape ``(n_lags,)``; 1 at lag 0, no unit.
    """

    lags_s: NDArray[np.float64]
    values: NDArray[np.float64]


def compute_autocorrelation(
    signal: ArrayLike,
    sample_rate_hz: float,
    *,
    max_lag_s: float | None = None,
    band_hz: Band | None = None,
    envelope: bool = False,
) -> Autocorrelation:
    """Compute the autocorrelation without its bias towards short lags.

    r(k) is the mean of ``x[i]·x[i + k]`` over the products there are, divided by r(0); the mean of x is
    taken off first. By the Wiener-Khinchin theorem through two transforms with zeros appended, so that the
    ends do not meet. Bendat & Piersol (2010), Random Data, section 11.6.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``, at least 16.
    sample_rate_hz
        Samples per second.
    max_lag_s
        The longest lag; by default and at most half of the signal.
    band_hz
        Only this band of the signal is looked at; with `envelope` the band that is demodulated (default:
        all).
    envelope
        Correlate the envelope, which shows impacts whose ringing does not repeat in phase.

    Returns
    -------
    Autocorrelation
        From lag 0. All values are 0 for a constant signal, but for the first.

    Raises
    ------
    SignalError
        Empty, not finite, fewer than 16 samples (``recording_too_short``), or an impossible sample rate.
    InvalidInputError
        An impossible lag or band.
    """
    rate = check_sample_rate(sample_rate_hz)
    samples = check_usable(signal)
    if samples.size < MIN_CORRELATION_SAMPLES:
        sentence = f"{samples.size} samples are too few; at least {MIN_CORRELATION_SAMPLES} are needed."
        raise SignalError(sentence, code=ErrorCode.RECORDING_TOO_SHORT)
    n_lags = _count_lags(samples.size, rate, max_lag_s)
    if envelope:
        samples = compute_envelope(samples, rate, (0.0, rate / 2.0) if band_hz is None else band_hz)
    elif band_hz is not None:
        samples = filter_band(samples, rate, band_hz)
    mean = float(samples.mean(dtype=np.float64))
    centred = samples.astype(np.float64) - mean
    if np.abs(centred).max() <= _ROUNDING_SHARE * abs(mean):
        centred[:] = 0.0
    products = _sum_products(centred, n_lags) / np.arange(samples.size, samples.size - n_lags, -1)
    values = products / products[0] if products[0] > 0.0 else np.eye(1, n_lags)[0]
    return Autocorrelation(np.arange(n_lags) / rate, values)


def _count_lags(n_samples: int, rate: float, max_lag_s: float | None) -> int:
    most = int(n_samples * _MAX_SHARE)
    if max_lag_s is None:
        return most
    if not max_lag_s > 0.0:
        raise InvalidInputError("The longest lag must be above 0 s.")
    return max(2, min(most, round(min(max_lag_s * rate, most)) + 1))


def _sum_products(centred: NDArray[np.float64], n_lags: int) -> NDArray[np.float64]:
    n_transform = scipy.fft.next_fast_len(centred.size + n_lags, real=True)
    transform = scipy.fft.rfft(centred, n_transform)
    power = transform.real**2 + transform.imag**2
    return np.asarray(scipy.fft.irfft(power, n_transform, overwrite_x=True)[:n_lags])
