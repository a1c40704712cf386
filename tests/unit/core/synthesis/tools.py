"""What the tests of the generators share: spectra worked out with NumPy alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.synthesis.configuration import JournalConfig, parse_config

RATE_HZ = 20_480.0


def make_config(fault_class: str | None = None, *, quiet: bool = False, **entries: Any) -> JournalConfig:
    """A configuration of one class, or all; ``quiet`` without any noise."""
    if fault_class is not None:
        entries["classes"] = [fault_class]
    if quiet:
        entries["noise_layers"] = []
    config = parse_config(entries)
    assert isinstance(config, JournalConfig)
    return config


def read_spectrum(values: np.ndarray, rate_hz: float = RATE_HZ) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and peak amplitudes under a Hann window."""
    window = np.hanning(len(values))
    amplitudes = 2.0 * np.abs(np.fft.rfft(values * window)) / window.sum()
    return np.fft.rfftfreq(len(values), 1.0 / rate_hz), amplitudes


def read_line(
    values: np.ndarray, frequency_hz: float, rate_hz: float = RATE_HZ, half_width_hz: float = 0.3
) -> float:
    """The height of the highest bin near a frequency."""
    frequencies, amplitudes = read_spectrum(values, rate_hz)
    return float(amplitudes[np.abs(frequencies - frequency_hz) <= half_width_hz].max())


def read_exact_line(values: np.ndarray, frequency_hz: float, rate_hz: float = RATE_HZ) -> float:
    """The amplitude of a sine at exactly this frequency: no scalloping."""
    window = np.hanning(len(values))
    turns = np.exp(-2j * np.pi * frequency_hz * np.arange(len(values)) / rate_hz)
    return float(2.0 * abs(np.sum(values * window * turns)) / window.sum())


def find_peak(
    values: np.ndarray, low_hz: float, high_hz: float, rate_hz: float = RATE_HZ
) -> tuple[float, float]:
    """The highest line of a band: (frequency, amplitude)."""
    frequencies, amplitudes = read_spectrum(values, rate_hz)
    inside = np.flatnonzero((frequencies >= low_hz) & (frequencies <= high_hz))
    best = inside[int(np.argmax(amplitudes[inside]))]
    return float(frequencies[best]), float(amplitudes[best])


def read_floor(values: np.ndarray, low_hz: float, high_hz: float, rate_hz: float = RATE_HZ) -> float:
    """The median height of a band."""
    frequencies, amplitudes = read_spectrum(values, rate_hz)
    return float(np.median(amplitudes[(frequencies >= low_hz) & (frequencies <= high_hz)]))


def compute_kurtosis(values: np.ndarray) -> float:
    """Pearson's: 3 for a Gaussian, 1.5 for a sine."""
    centred = values - values.mean()
    return float(np.mean(centred**4) / np.mean(centred**2) ** 2)
