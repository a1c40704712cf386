"""A signal and its envelope at a rate that just holds the shaft's harmonics: what speed is read from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from core.signal.checks import check_sample_rate, check_usable
from core.signal.envelope import compute_envelope, suggest_band

# Of the highest shaft frequency: the rate that is kept.
_RATE_MULTIPLE = 24.0


@dataclass(frozen=True, slots=True)
class SlowSources:
    """Both at the same rate and over the same time.

    Attributes
    ----------
    raw, envelope
        Shape ``(n_samples,)``; the envelope is of the usual band, see `core.signal.envelope.suggest_band`.
    rate_hz
        Samples per second of both.
    mean_square
        Of the whole signal about its mean, before its rate was brought down.
    """

    raw: NDArray[np.float64]
    envelope: NDArray[np.float64]
    rate_hz: float
    mean_square: float

    @property
    def duration_s(self) -> float:
        """Their length."""
        return self.raw.size / self.rate_hz


def reduce_sources(signal: ArrayLike, sample_rate_hz: float, highest_shaft_hz: float) -> SlowSources:
    """Demodulate a signal and bring it and its envelope down to 24 times a shaft frequency.

    Raises
    ------
    SignalError
        Empty, not finite, too short, or an impossible sample rate.
    """
    rate = check_sample_rate(sample_rate_hz)
    samples = check_usable(signal).astype(np.float64, copy=False)
    envelope = compute_envelope(samples, rate, suggest_band(rate))
    wanted_hz = _RATE_MULTIPLE * highest_shaft_hz
    centred = samples - samples.mean()
    raw, slow_rate = reduce_rate(centred, rate, wanted_hz)
    slow_envelope, _ = reduce_rate(envelope - envelope.mean(), rate, wanted_hz)
    return SlowSources(raw, slow_envelope, slow_rate, float(np.mean(centred**2)))


def reduce_rate(
    samples: NDArray[np.float64], rate: float, wanted_hz: float
) -> tuple[NDArray[np.float64], float]:
    """Bring the rate down to about `wanted_hz` by cutting the transform; nothing moves in time.

    Returns
    -------
    samples, rate
        As they are where the rate is low enough.
    """
    n_out = scipy.fft.next_fast_len(max(2, math.ceil(samples.size * min(wanted_hz / rate, 1.0))), real=True)
    if n_out >= samples.size:
        return samples, rate
    transform = scipy.fft.rfft(samples)[: n_out // 2 + 1]
    return scipy.fft.irfft(transform, n_out) * (n_out / samples.size), rate * n_out / samples.size
