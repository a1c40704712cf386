"""Vibrations as machines give them, for tests that ask which recordings are copies of one another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 12_000.0


def simulate_journal(
    fault_class: str, seed: int, shaft_hz: float = 60.0, seconds: float = 2.0, rate_hz: float = 20_480.0
) -> NDArray[np.float32]:
    """Return a record like those of the public journal-bearing data: lines over its own noise floor."""
    random = np.random.default_rng(seed)
    times = np.arange(int(seconds * rate_hz)) / rate_hz
    turn = 2 * np.pi * shaft_hz * times
    lines = {
        "healthy": 0.0 * turn,
        "imbalance": 0.35 * np.sin(turn + 1),
        "misalignment": 0.35 * np.sin(2 * turn + 1) + 0.2 * np.sin(3 * turn + 2),
        "oil_whirl": 0.4 * np.sin(0.45 * turn + 1),
    }[fault_class]
    floor = 0.033 * random.standard_normal(len(times)) + 0.015 * np.sin(2 * np.pi * times / 1.5)
    return (lines + floor).astype(np.float32)


def simulate_rolling(
    order: float, seed: int, shaft_hz: float = 29.95, seconds: float = 3.0, noise: float = 0.1
) -> NDArray[np.float32]:
    """Return impulses that ring at 3 kHz, with slip, over shaft lines and noise; order 0 is healthy."""
    random = np.random.default_rng(seed)
    times = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    phase = random.uniform(0, 2 * np.pi)
    signal = 0.3 * np.sin(2 * np.pi * shaft_hz * times + phase) + noise * random.standard_normal(len(times))
    if order:
        ring_times = np.arange(240) / RATE_HZ
        ring = np.exp(-800 * ring_times) * np.sin(2 * np.pi * 3_000 * ring_times)
        period = RATE_HZ / (order * shaft_hz)
        starts = np.arange(random.uniform(0, period), len(times) - 300, period)
        for start in starts + random.normal(0, 0.01 * period, len(starts)):
            signal[int(start) : int(start) + 240] += ring
    return signal.astype(np.float32)


def add_noise(signal: NDArray[np.float32], snr_db: float, seed: int = 123_456) -> NDArray[np.float32]:
    """Add white noise at a signal-to-noise ratio."""
    level = signal.std() * 10 ** (-snr_db / 20)
    noise = np.random.default_rng(seed).standard_normal(len(signal))
    return (signal + level * noise).astype(np.float32)
