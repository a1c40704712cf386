"""Sines, quick where the frequency stands still and exact where it moves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Float32Array: TypeAlias = npt.NDArray[np.float32]
Float64Array: TypeAlias = npt.NDArray[np.float64]


def make_sine(
    n_samples: int, sample_rate_hz: float, frequency_hz: float, phase_rad: float = 0.0
) -> Float32Array:
    """Return ``sin(2π f t + phase)``.

    The angle is split into blocks, sin(a + b) = sin a cos b + cos a sin b, so that only about
    ``2 sqrt(n_samples)`` sines are worked out, in double precision.
    """
    width = max(math.isqrt(n_samples), 1)
    step = 2.0 * math.pi * frequency_hz / sample_rate_hz
    starts = phase_rad + step * width * np.arange(-(-n_samples // width))
    inner = step * np.arange(width)
    sines = np.multiply.outer(np.sin(starts).astype("f4"), np.cos(inner).astype("f4"))
    sines += np.multiply.outer(np.cos(starts).astype("f4"), np.sin(inner).astype("f4"))
    return np.asarray(sines.ravel()[:n_samples], np.float32)


@dataclass(frozen=True)
class Rotor:
    """A turning shaft.

    Attributes
    ----------
    n_samples, sample_rate_hz
        Of the record.
    frequency_hz
        Shaft frequency at the start.
    run_up
        By which share of it the frequency rises (falls, where negative), linearly over the record.
    """

    n_samples: int
    sample_rate_hz: float
    frequency_hz: float
    run_up: float = 0.0

    @cached_property
    def relative_speed(self) -> Float32Array | float:
        """Shaft frequency over that at the start, per sample; 1 where it stands still."""
        if not self.run_up:
            return 1.0
        return (1.0 + self.run_up * np.arange(self.n_samples) / self.n_samples).astype("f4")

    @cached_property
    def turns(self) -> Float64Array:
        """Turns since the start: the integral of the frequency, which is what makes a run-up sound."""
        times_s = np.arange(self.n_samples) / self.sample_rate_hz
        duration_s = self.n_samples / self.sample_rate_hz
        return self.frequency_hz * (times_s + 0.5 * self.run_up * times_s**2 / duration_s)

    def make_order(self, order: float, phase_rad: float = 0.0) -> Float32Array:
        """Return a sine at a multiple of the shaft frequency."""
        if not self.run_up:
            return make_sine(self.n_samples, self.sample_rate_hz, order * self.frequency_hz, phase_rad)
        return np.sin(2.0 * math.pi * order * self.turns + phase_rad).astype("f4")

    def make_tone(self, frequency_hz: float, phase_rad: float = 0.0) -> Float32Array:
        """Return a sine at a frequency of its own."""
        return make_sine(self.n_samples, self.sample_rate_hz, frequency_hz, phase_rad)
