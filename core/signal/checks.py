"""The two guards every function of this package starts with."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.signal.stretches import iterate_stretches
from utils.exceptions import ErrorCode, SignalError

FloatSignal = NDArray[np.floating[Any]]


def check_usable(signal: ArrayLike) -> FloatSignal:
    """Check that a signal is one channel of finite samples.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``.

    Returns
    -------
    numpy.ndarray
        The same samples as a 1-D floating-point array, not copied where they already are one.

    Raises
    ------
    SignalError
        With code ``empty_signal``, ``non_finite_signal`` (NaN or infinity; the sentence counts them and
        names the first), or ``invalid_input`` when it is not one channel of real numbers.
    """
    samples = np.asarray(signal)
    if samples.ndim != 1 or samples.dtype.kind not in "fiu":
        raise SignalError("A signal is one row of real numbers; give one channel at a time.")
    if samples.size == 0:
        raise SignalError("The signal has no samples. Choose another variable.", code=ErrorCode.EMPTY_SIGNAL)
    if samples.dtype.kind != "f":
        return samples.astype(np.float64)
    n_bad, first = _count_non_finite(samples)
    if n_bad:
        sentence = (
            f"{n_bad} of {samples.size} samples are NaN or infinite (the first is sample {first}). "
            "Cut or repair the recording and import it again."
        )
        raise SignalError(sentence, code=ErrorCode.NON_FINITE_SIGNAL)
    return samples


def check_sample_rate(sample_rate_hz: float) -> float:
    """Check that a sample rate is a positive, finite number and return it as a float.

    Raises
    ------
    SignalError
        With code ``sample_rate_invalid``.
    """
    rate = float(sample_rate_hz)
    if not (math.isfinite(rate) and rate > 0):
        sentence = (
            f"A sample rate of {rate:g} Hz is not possible; give the true number of samples per second."
        )
        raise SignalError(sentence, code=ErrorCode.SAMPLE_RATE_INVALID)
    return rate


def _count_non_finite(samples: FloatSignal) -> tuple[int, int]:
    n_bad, first = 0, -1
    for start, stretch in iterate_stretches(samples):
        finite = np.isfinite(stretch)
        if not finite.all():
            first = start + int(np.argmin(finite)) if first < 0 else first
            n_bad += int(finite.size - np.count_nonzero(finite))
    return n_bad, first
