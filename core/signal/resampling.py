"""Bringing a signal down to a lower sample rate without aliasing."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np
import scipy.signal
from numpy.typing import ArrayLike, NDArray

from core.signal.checks import check_sample_rate, check_usable
from utils.exceptions import ErrorCode, SignalError

# Of the new Nyquist frequency: flat up to the first, nothing left from the second on.
_PASS_EDGE = 0.8
_STOP_EDGE = 1.0
_STOP_DB = 80.0
# Of the Nyquist frequency: where the common band limit begins to fall; it has fallen at `_PASS_EDGE`.
_LIMIT_EDGE = 0.7
_MAX_TERM = 20_000


def resample_signal(signal: ArrayLike, from_hz: float, to_hz: float) -> NDArray[np.float32]:
    """Resample a signal to a lower rate with an anti-alias filter of constant (zero) delay.

    Polyphase linear-phase FIR (Kaiser window): flat within 0.1 dB up to 80 % of the new Nyquist frequency,
    80 dB down from the new Nyquist frequency on. Any ratio: it is used as a fraction of whole numbers up to
    20,000, which is exact for whole rates up to 20 kHz or with a common divisor (97,656 to 12,000 is 500 /
    4069) and otherwise within 25 parts in a million.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``.
    from_hz, to_hz
        Sample rates; the same rate returns the samples as they are.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(ceil(n_samples * to_hz / from_hz),)``, in the unit of the signal; its first sample
        lies at the same time as the first of `signal`.

    Raises
    ------
    SignalError
        With code ``sample_rate_too_low`` when `to_hz` is above `from_hz` (what was not measured can't be
        added); ``sample_rate_invalid``; ``empty_signal`` or ``non_finite_signal``.
    """
    from_rate, to_rate = check_sample_rate(from_hz), check_sample_rate(to_hz)
    samples = check_usable(signal)
    if to_rate > from_rate:
        sentence = (
            f"The signal was sampled at {from_rate:g} Hz and can't be raised to {to_rate:g} Hz: "
            "the higher frequencies were not measured."
        )
        raise SignalError(sentence, code=ErrorCode.SAMPLE_RATE_TOO_LOW)
    ratio = (Fraction(to_rate) / Fraction(from_rate)).limit_denominator(_MAX_TERM)
    if ratio == 1:
        return samples.astype(np.float32, copy=False)
    if ratio == 0:
        raise SignalError(
            f"{to_rate:g} Hz is too far below {from_rate:g} Hz to resample.",
            code=ErrorCode.SAMPLE_RATE_INVALID,
        )
    up, down = ratio.numerator, ratio.denominator
    taps = _design_low_pass(down)
    wide = samples.astype(np.float64, copy=False)
    resampled = scipy.signal.resample_poly(wide, up, down, window=taps, padtype="mean")  # type: ignore[call-overload]  # the stubs lack the documented array of taps
    return np.asarray(resampled, dtype=np.float32)


def limit_band(signal: ArrayLike) -> NDArray[np.float32]:
    """Take away everything above 80 % of the Nyquist frequency, with zero delay.

    A recording that was resampled lacks the top of its band, one that was sampled at that rate does not.
    Whoever compares the two limits both, so that the former sample rate can't be read off the signal.
    Linear-phase FIR (Kaiser window): flat within 0.1 dB up to 70 %, 80 dB down from 80 % on, which is where
    the filter of `resample_signal` begins to fall.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``; their mean is kept.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n_samples,)``, in the unit of the signal.

    Raises
    ------
    SignalError
        ``empty_signal`` or ``non_finite_signal``.
    """
    samples = check_usable(signal).astype(np.float64, copy=False)
    mean = samples.mean()
    limited = scipy.signal.oaconvolve(samples - mean, _design_band_limit(), mode="same") + mean
    return np.asarray(limited, dtype=np.float32)


@lru_cache(maxsize=1)
def _design_band_limit() -> NDArray[np.float64]:
    n_taps, beta = scipy.signal.kaiserord(_STOP_DB, _PASS_EDGE - _LIMIT_EDGE)
    taps: NDArray[np.float64] = scipy.signal.firwin(
        n_taps | 1, 0.5 * (_LIMIT_EDGE + _PASS_EDGE), window=("kaiser", beta)
    )
    return taps


@lru_cache(maxsize=8)
def _design_low_pass(down: int) -> NDArray[np.float64]:
    """Design the filter at the interpolated rate, whose Nyquist frequency is `down` times the new one."""
    n_taps, beta = scipy.signal.kaiserord(_STOP_DB, (_STOP_EDGE - _PASS_EDGE) / down)
    cutoff = 0.5 * (_PASS_EDGE + _STOP_EDGE) / down
    taps: NDArray[np.float64] = scipy.signal.firwin(n_taps | 1, cutoff, window=("kaiser", beta))
    return taps
