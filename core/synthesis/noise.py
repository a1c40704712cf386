"""Noise by honest names: white is flat, pink falls with 1/f, a random walk falls with 1/f²."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy import fft

from core.synthesis.constants import load_constants
from core.synthesis.oscillators import Float32Array, make_sine
from core.synthesis.seeding import Stream, draw_between, make_stream

LAYER_WORDS = {
    "floor": "white floor, 5 % of the base amplitude",
    "measurement": "white noise of the measuring chain",
    "mains": "a sine between 50 and 60 Hz; it can sit on 1X",
    "low_frequency": "random walk with a 1/f² slope (often called pink, which it is not)",
    "pink": "pink noise with a true 1/f slope",
    "drift": "a slow sine with a period of 1.5 s",
    "quantisation": "rounding to steps of 0.001",
    "sensor_ramp": "an offset that creeps from 0 to 0.001",
    "alias_tone": "in one record of ten a tone near half the sample rate, folded down",
    "impulses": "two short impulses a second",
    "white": "white noise",
}


def make_white(rng: np.random.Generator, n_samples: int, amplitude: float) -> Float32Array:
    """Return Gaussian white noise of this standard deviation."""
    noise = rng.standard_normal(n_samples, dtype=np.float32)
    noise *= np.float32(amplitude)
    return noise


def make_pink(
    rng: np.random.Generator, n_samples: int, amplitude: float, sample_rate_hz: float, lowest_hz: float
) -> Float32Array:
    """Return noise whose power density falls with 1/f above `lowest_hz`, scaled to a standard deviation.

    Below `lowest_hz` there is nothing: a 1/f density has no finite power down to 0 Hz.
    """
    size = fft.next_fast_len(n_samples, real=True)
    frequencies_hz = np.arange(size // 2 + 1) * (sample_rate_hz / size)
    weights = np.zeros(len(frequencies_hz), np.float32)
    kept = frequencies_hz >= max(lowest_hz, sample_rate_hz / size)
    weights[kept] = 1.0 / np.sqrt(frequencies_hz[kept])
    parts = rng.standard_normal((2, len(weights)), dtype=np.float32) * weights
    noise = fft.irfft(parts[0] + 1j * parts[1], size)[:n_samples]
    return (noise * (amplitude / max(float(noise.std()), 1e-30))).astype(np.float32)


def make_random_walk(rng: np.random.Generator, n_samples: int, amplitude: float) -> Float32Array:
    """Return a random walk (a power density with a 1/f² slope) without offset, scaled to a deviation."""
    steps = rng.random(n_samples, dtype=np.float32)
    steps -= np.float32(0.5)
    walk = np.cumsum(steps, dtype=np.float64)
    walk -= walk.mean()
    return (walk * (amplitude / max(float(walk.std()), 1e-30))).astype(np.float32)


def quantise(values: Float32Array, step: float) -> None:
    """Round samples to multiples of `step`, in place."""
    values *= np.float32(1.0 / step)
    np.rint(values, out=values)
    values *= np.float32(step)


class JournalNoise:
    """The noise layers of one channel of a journal-bearing record.

    Parameters
    ----------
    layers, level
        Which layers, and what their nominal amplitudes are multiplied with (the rounding step is not).
    key
        (seed, class id, index, probe) of the channel.
    """

    def __init__(self, layers: Iterable[str], level: float, key: tuple[int, int, int, int]) -> None:
        self._layers, self._level, self._key = frozenset(layers), level, key
        self._k: dict[str, Any] = load_constants("journal")["noise"]

    def add_to(self, values: Float32Array, sample_rate_hz: float, base_amplitude: float) -> list[str]:
        """Add every layer in place; return the names of those that this channel really got.

        Floor and measurement noise are both white and Gaussian: their sum is drawn as one noise.
        """
        n_samples, times = len(values), sample_rate_hz
        white = math.hypot(
            self._amplitude("floor") * base_amplitude if self._has("floor") else 0.0,
            self._amplitude("measurement") if self._has("measurement") else 0.0,
        )
        if white:
            values += make_white(self._stream(Stream.WHITE), n_samples, white)
        if self._has("mains"):
            self._add_mains(values, times)
        if self._has("low_frequency"):
            rng = self._stream(Stream.LOW_FREQUENCY)
            values += make_random_walk(rng, n_samples, self._amplitude("low_frequency"))
        if self._has("pink"):
            rng, lowest_hz = self._stream(Stream.PINK), self._k["pink_lowest_hz"]
            values += make_pink(rng, n_samples, self._amplitude("pink"), times, lowest_hz)
        if self._has("drift"):
            drift = make_sine(n_samples, times, 1.0 / self._k["drift_period_s"])
            values += np.float32(self._amplitude("drift")) * drift
        if self._has("quantisation"):
            quantise(values, self._k["quantisation"])
        if self._has("sensor_ramp"):
            values += np.linspace(0.0, self._amplitude("sensor_ramp"), n_samples, dtype=np.float32)
        toned = self._has("alias_tone") and self._add_alias_tone(values, times)
        if self._has("impulses"):
            self._add_impulses(values, times)
        return sorted(name for name in self._layers if name != "alias_tone" or toned)

    def _has(self, name: str) -> bool:
        return name in self._layers

    def _amplitude(self, name: str) -> float:
        return float(self._k[name]) * self._level

    def _stream(self, stream: Stream) -> np.random.Generator:
        seed, class_id, index, probe = self._key
        return make_stream(seed, class_id, index, stream, probe)

    def _add_mains(self, values: Float32Array, sample_rate_hz: float) -> None:
        rng = self._stream(Stream.MAINS)
        frequency_hz = draw_between(rng, self._k["mains_hz"])
        amplitude = self._amplitude("mains") * (1.0 + self._k["mains_spread"] * float(rng.random()))
        phase_rad = draw_between(rng, (0.0, 2.0 * math.pi))
        values += np.float32(amplitude) * make_sine(len(values), sample_rate_hz, frequency_hz, phase_rad)

    def _add_alias_tone(self, values: Float32Array, sample_rate_hz: float) -> bool:
        rng = self._stream(Stream.ALIAS_TONE)
        if rng.random() >= self._k["alias_probability"]:
            return False
        frequency_hz = 0.5 * sample_rate_hz + draw_between(rng, self._k["alias_above_nyquist_hz"])
        tone = make_sine(len(values), sample_rate_hz, frequency_hz)
        values += np.float32(self._amplitude("alias_tone")) * tone
        return True

    def _add_impulses(self, values: Float32Array, sample_rate_hz: float) -> None:
        rng = self._stream(Stream.IMPULSES)
        width = int(self._k["impulse_samples"])
        decay = np.exp(-self._k["impulse_decay"] * np.arange(width))
        for _ in range(int(self._k["impulses_per_s"] * len(values) / sample_rate_hz)):
            at = int(rng.integers(len(values) - width))
            amplitude = self._level * draw_between(rng, self._k["impulse_amplitude"])
            values[at : at + width] += (amplitude * decay * rng.standard_normal(width)).astype(np.float32)
