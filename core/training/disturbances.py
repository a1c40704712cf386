"""What can happen to a window on its way from the machine into a file, drawn at random; in numpy only.

Every function takes windows ``(n_windows, n_samples)`` without offset, changes them in place or returns new
ones, and draws from the generator that it is given.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from core.synthesis.oscillators import make_sine

Windows = NDArray[np.float32]

# Signals at the analysis rate hold nothing above this share of it (see `limit_band`); nor does what is added.
_HIGHEST_SHARE = 0.4
_LOWEST_PINK_HZ = 1.0
_N_TAPS = 9
_MAINS_HZ = (50.0, 60.0)
_MAINS_DEVIATION_HZ = 0.2
_N_MAINS_HARMONICS = 3
_MOST_TONES = 3
_LOWEST_TONE_PERIODS = 4.0


def vary_path(rng: np.random.Generator, windows: Windows, strength: float) -> Windows:
    """Send each window through its own random short filter, as if it had come another way to the sensor.

    The filter is a unit impulse plus normal taps of ``strength`` times a uniform factor per window: slow
    parts keep their shape, resonances change their height.
    """
    taps = strength * rng.random((len(windows), 1)) * rng.standard_normal((len(windows), _N_TAPS))
    taps[:, _N_TAPS // 2] += 1.0
    rows = zip(windows, taps.astype(np.float32), strict=True)
    return np.stack([np.convolve(row, row_taps, mode="same") for row, row_taps in rows])


def vary_rate(
    rng: np.random.Generator, windows: Windows, variation: float
) -> tuple[Windows, NDArray[np.float32]]:
    """Play each window faster or slower by up to ``variation``, by cubic interpolation about its middle.

    Beyond its ends a window goes on mirrored.

    Returns
    -------
    windows
        Same shape.
    factors
        Shape ``(n_windows,)``: what every frequency was multiplied with.
    """
    factors = rng.uniform(1.0 - variation, 1.0 + variation, len(windows))
    last = windows.shape[1] - 1
    steps = np.arange(last + 1) - 0.5 * last
    played = np.empty_like(windows)
    for index, factor in enumerate(factors):
        positions = np.abs(0.5 * last + steps * factor)
        positions = np.where(positions > last, 2 * last - positions, positions)
        played[index] = _interpolate(windows[index], positions)
    return played, factors.astype(np.float32)


def drift_gain(rng: np.random.Generator, windows: Windows, range_db: float) -> None:
    """Move each window's gain, in dB linearly, between two draws from ``-range_db`` to ``range_db``."""
    ends = rng.uniform(-range_db, range_db, (2, len(windows), 1)).astype(np.float32)
    ramp = np.linspace(0.0, 1.0, windows.shape[1], dtype=np.float32)
    windows *= np.exp((ends[0] + (ends[1] - ends[0]) * ramp) * np.float32(np.log(10.0) / 20.0))


def silence_segments(rng: np.random.Generator, windows: Windows, longest_share: float) -> None:
    """Silence one stretch of each window, at any place, of any length up to a share of it."""
    n_samples = windows.shape[1]
    lengths = (rng.random(len(windows)) * longest_share * n_samples).astype(np.int64)
    starts = (rng.random(len(windows)) * (n_samples - lengths + 1)).astype(np.int64)
    for row, start, length in zip(windows, starts, lengths, strict=True):
        row[start : start + length] = 0.0


def mix_healthy(rng: np.random.Generator, faulty: Windows, healthy: Windows, lowest_share: float) -> Windows:
    """Mix faulty windows with healthy ones: earlier stages of the same faults.

    A share ``a`` from ``lowest_share`` to 1 of the faulty window and ``1 - a`` of the healthy one. A healthy
    window that is stronger than the faulty one is brought to its level, so that it can't drown it.
    """
    shares = rng.uniform(lowest_share, 1.0, (len(faulty), 1)).astype(np.float32)
    levels, healthy_levels = _measure_rms(faulty), _measure_rms(healthy)
    too_strong = healthy_levels > levels
    scale = np.where(too_strong, levels / np.where(too_strong, healthy_levels, 1.0), 1.0).astype(np.float32)
    mixed: Windows = shares * faulty + (1.0 - shares) * scale * healthy
    return mixed


def add_at_ratio(
    windows: Windows, noise: Windows, power: NDArray[np.float64], snr_db: NDArray[np.float64]
) -> None:
    """Add noise so that each row's ``power`` over the noise's is ``snr_db``; a silent noise stays away."""
    level = _measure_rms(noise)[:, 0]
    wanted = np.sqrt(power / 10.0 ** (snr_db / 10.0))
    scale = np.where(level > 0.0, wanted / np.where(level > 0.0, level, 1.0), 0.0)
    windows += noise * scale.astype(np.float32)[:, None]


def make_white(rng: np.random.Generator, shape: tuple[int, int], sample_rate_hz: float) -> Windows:
    """Return noise of a flat spectrum up to 0.4 times the sample rate."""
    return _make_noise(rng, shape, sample_rate_hz, np.ones_like)


def make_pink(rng: np.random.Generator, shape: tuple[int, int], sample_rate_hz: float) -> Windows:
    """Return noise whose power density falls with 1/f, from 1 Hz to 0.4 times the sample rate."""
    return _make_noise(rng, shape, sample_rate_hz, _weigh_pink)


def _weigh_pink(frequencies_hz: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.where(frequencies_hz < _LOWEST_PINK_HZ, 0.0, frequencies_hz**-0.5)


def make_mains(rng: np.random.Generator, shape: tuple[int, int], sample_rate_hz: float) -> Windows:
    """Return hum: 50 or 60 Hz, give or take 0.2 Hz, with weaker second and third harmonics."""
    n_rows = shape[0]
    base_hz = rng.choice(_MAINS_HZ, n_rows) + rng.uniform(-1, 1, n_rows) * _MAINS_DEVIATION_HZ
    frequencies_hz = base_hz[:, None] * np.arange(1, _N_MAINS_HARMONICS + 1)
    amplitudes = np.concatenate(
        [np.ones((n_rows, 1)), 0.5 * rng.random((n_rows, _N_MAINS_HARMONICS - 1))], axis=1
    )
    amplitudes[frequencies_hz > _HIGHEST_SHARE * sample_rate_hz] = 0.0
    return _sum_tones(rng, frequencies_hz, amplitudes, shape[1], sample_rate_hz)


def make_tones(rng: np.random.Generator, shape: tuple[int, int], sample_rate_hz: float) -> Windows:
    """Return one to three stray tones at any frequency, on a logarithmic scale, that fits into the window."""
    n_rows, n_samples = shape
    low_hz = _LOWEST_TONE_PERIODS * sample_rate_hz / n_samples
    high_hz = max(_HIGHEST_SHARE * sample_rate_hz, low_hz)
    drawn = rng.uniform(np.log(low_hz), np.log(high_hz), (n_rows, _MOST_TONES))
    amplitudes = rng.uniform(0.3, 1.0, (n_rows, _MOST_TONES))
    amplitudes[np.arange(_MOST_TONES) >= rng.integers(1, _MOST_TONES + 1, (n_rows, 1))] = 0.0
    return _sum_tones(rng, np.exp(drawn), amplitudes, n_samples, sample_rate_hz)


def _make_noise(
    rng: np.random.Generator,
    shape: tuple[int, int],
    sample_rate_hz: float,
    weigh: Callable[[NDArray[np.floating]], NDArray[np.floating]],
) -> Windows:
    n_rows, n_samples = shape
    size = fft.next_fast_len(n_samples, real=True)
    frequencies_hz = np.arange(size // 2 + 1) * (sample_rate_hz / size)
    kept = (frequencies_hz > 0.0) & (frequencies_hz <= _HIGHEST_SHARE * sample_rate_hz)
    spectrum = np.zeros((n_rows, len(kept)), np.complex64)
    parts = rng.standard_normal((2, n_rows, int(kept.sum())), dtype=np.float32)
    spectrum[:, kept] = (parts[0] + 1j * parts[1]) * weigh(frequencies_hz[kept]).astype(np.float32)
    noise: Windows = fft.irfft(spectrum, size, axis=1)[:, :n_samples]
    return noise


def _sum_tones(
    rng: np.random.Generator,
    frequencies_hz: NDArray[np.float64],
    amplitudes: NDArray[np.float64],
    n_samples: int,
    sample_rate_hz: float,
) -> Windows:
    """Sum sines of random phase, ``(n_rows, n_tones)`` each, to ``(n_rows, n_samples)``."""
    phases = rng.uniform(0.0, 2.0 * np.pi, frequencies_hz.shape)
    summed = np.zeros((len(frequencies_hz), n_samples), np.float32)
    for row, column in np.argwhere(amplitudes > 0.0):
        sine = make_sine(n_samples, sample_rate_hz, frequencies_hz[row, column], phases[row, column])
        summed[row] += np.float32(amplitudes[row, column]) * sine
    return summed


def _interpolate(values: NDArray[np.float32], positions: NDArray[np.float64]) -> NDArray[np.float32]:
    """Catmull-Rom interpolation; the ends repeat."""
    left = np.minimum(positions.astype(np.int64), max(len(values) - 2, 0))
    x = (positions - left).astype(np.float32)
    padded = np.pad(values, (1, 2), mode="edge")
    before, here, after, beyond = (padded[left + offset] for offset in range(4))
    bend = 2.0 * before - 5.0 * here + 4.0 * after - beyond
    twist = 3.0 * (here - after) + beyond - before
    found: NDArray[np.float32] = here + 0.5 * x * (after - before + x * (bend + x * twist))
    return found


def _measure_rms(windows: Windows) -> NDArray[np.float64]:
    level: NDArray[np.float64] = np.sqrt(np.mean(np.square(windows, dtype=np.float64), axis=1, keepdims=True))
    return level
