"""Lines are read between the bins."""

from __future__ import annotations

import numpy as np
import pytest

from core.signal.peaks import find_peaks
from core.signal.spectra import compute_spectrum
from core.signal.spectral_windows import WINDOW_NAMES
from utils.exceptions import InvalidInputError

RATE_HZ = 8000.0
TIME_S = np.arange(8000) / RATE_HZ


def lines(*pairs: tuple[float, float]) -> np.ndarray:
    return sum((a * np.sin(2 * np.pi * f * TIME_S + 0.7 * f) for f, a in pairs), np.zeros_like(TIME_S))


@pytest.mark.parametrize("frequency_hz", [500.0, 500.1, 500.25, 500.49, 500.5, 500.51, 500.8])
@pytest.mark.parametrize("window", WINDOW_NAMES)
@pytest.mark.parametrize(("scaling", "share"), [("peak", 1.0), ("rms", np.sqrt(0.5))])
def test_a_sine_reads_its_amplitude_wherever_it_lies(
    frequency_hz: float, window: str, scaling: str, share: float
) -> None:
    spectrum = compute_spectrum(lines((frequency_hz, 3.0)), RATE_HZ, window=window, scaling=scaling)
    (peak,) = find_peaks(spectrum, 1)
    assert peak.amplitude == pytest.approx(3.0 * share, rel=0.01)
    assert peak.frequency_hz == pytest.approx(frequency_hz, abs=0.05)


def test_lines_come_highest_first_and_only_so_many() -> None:
    spectrum = compute_spectrum(lines((400.3, 1.0), (1200.0, 3.0), (2500.5, 2.0)), RATE_HZ)
    peaks = find_peaks(spectrum, 2)
    assert [round(p.frequency_hz, 1) for p in peaks] == [1200.0, 2500.5]


def test_only_the_asked_stretch_is_searched() -> None:
    spectrum = compute_spectrum(lines((400.0, 1.0), (1200.0, 3.0)), RATE_HZ)
    (peak,) = find_peaks(spectrum, 1, min_hz=300.0, max_hz=500.0)
    assert peak.frequency_hz == pytest.approx(400.0, abs=0.01)


def test_the_order_is_by_true_amplitude_not_by_bin() -> None:
    # Half-way between bins 1.1 reads 0.93 in a Hann window, less than the 1.0 on its bin.
    spectrum = compute_spectrum(lines((400.0, 1.0), (1200.5, 1.1)), RATE_HZ)
    assert [round(p.frequency_hz, 1) for p in find_peaks(spectrum, 2)] == [1200.5, 400.0]


def test_noise_beside_a_line_is_not_a_second_line() -> None:
    noisy = lines((400.3, 1.0)) + 0.01 * np.random.default_rng(1).standard_normal(TIME_S.size)
    first, second = find_peaks(compute_spectrum(noisy, RATE_HZ), 2)
    assert first.amplitude == pytest.approx(1.0, rel=0.01)
    assert second.amplitude < 0.01
    assert abs(second.frequency_hz - 400.3) > 1.5


def test_a_silent_spectrum_has_no_lines() -> None:
    assert find_peaks(compute_spectrum(np.zeros(100), RATE_HZ)) == []


def test_no_peaks_can_not_be_asked_for() -> None:
    with pytest.raises(InvalidInputError):
        find_peaks(compute_spectrum(TIME_S, RATE_HZ), 0)
