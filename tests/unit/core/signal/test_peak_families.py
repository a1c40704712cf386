"""Which peaks belong together."""

from __future__ import annotations

import numpy as np
import pytest

from core.signal.peak_families import find_harmonic_families, find_sidebands, is_mains
from core.signal.peaks import SpectrumPeak, find_peaks
from core.signal.spectra import compute_spectrum

RATE_HZ = 5_000.0
TIME_S = np.arange(50_000) / RATE_HZ


def list_peaks(signal: np.ndarray, n: int = 30) -> list[SpectrumPeak]:
    return find_peaks(compute_spectrum(signal, RATE_HZ), n)


def make_comb(fundamental_hz: float, amplitudes: dict[int, float]) -> np.ndarray:
    return np.asarray(sum(a * np.sin(2 * np.pi * k * fundamental_hz * TIME_S) for k, a in amplitudes.items()))


NOISE = 0.3 * np.random.default_rng(0).standard_normal(TIME_S.size)


def test_two_interleaved_families_are_told_apart() -> None:
    shaft = make_comb(29.17, {1: 1.0, 2: 0.6, 3: 0.4, 4: 0.3, 5: 0.2})
    mesh = make_comb(107.35, {1: 0.8, 2: 0.5, 3: 0.3})
    peaks = list_peaks(shaft + mesh + NOISE)
    first, second = find_harmonic_families(peaks, 0.1)
    assert first.fundamental_hz == pytest.approx(29.17, abs=0.005)
    assert first.harmonics[:5] == (1, 2, 3, 4, 5)
    assert [round(peaks[i].frequency_hz, 1) for i in first.members[:3]] == [29.2, 58.3, 87.5]
    assert second.fundamental_hz == pytest.approx(107.35, abs=0.01)
    assert not set(first.members) & set(second.members)


def test_a_family_whose_first_line_is_missing_is_found_from_the_second() -> None:
    peaks = list_peaks(make_comb(40.03, {2: 1.0, 3: 0.7, 4: 0.5, 5: 0.5}) + NOISE)
    (family,) = find_harmonic_families(peaks, 0.1)
    assert family.fundamental_hz == pytest.approx(40.03, abs=0.01)
    assert family.harmonics[0] == 2


def test_a_modulated_mesh_has_sidebands_at_the_shaft() -> None:
    carrier = 1 + 0.5 * np.cos(2 * np.pi * 29.17 * TIME_S) + 0.3 * np.cos(2 * np.pi * 58.34 * TIME_S)
    peaks = list_peaks(carrier * np.sin(2 * np.pi * 671.3 * TIME_S) + NOISE)
    (side,) = find_sidebands(peaks, 0.1)
    assert peaks[side.carrier].frequency_hz == pytest.approx(671.3, abs=0.02)
    assert side.spacing_hz == pytest.approx(29.17, abs=0.01)
    assert [round(peaks[i].frequency_hz - 671.3, 1) for i in side.members] == [-58.3, -29.2, 29.2, 58.3]


def test_harmonics_are_no_sidebands_and_noise_is_no_family() -> None:
    assert find_sidebands(list_peaks(make_comb(50.5, {1: 1.0, 2: 0.8, 3: 0.5, 4: 0.4}) + NOISE), 0.1) == []
    comb = list_peaks(make_comb(29.17, dict.fromkeys(range(1, 16), 1.0)) + NOISE)
    families = find_harmonic_families(comb, 0.1)
    assert len(families[0].members) == 15
    assert find_sidebands(comb, 0.1, (29.17,), families=families) == []
    for seed in range(10):
        noise = np.random.default_rng(seed).standard_normal(TIME_S.size)
        assert find_harmonic_families(list_peaks(noise), 0.1) == []
    assert find_harmonic_families([], 0.1) == []


def test_peaks_that_stand_as_close_as_bins_form_no_family_by_chance() -> None:
    for seed in range(10):
        random = np.random.default_rng(seed)
        places = np.sort(random.uniform(5.0, 300.0, 60))
        crowd = [SpectrumPeak(float(at), float(random.uniform(0.5, 1.0))) for at in places]
        assert find_harmonic_families(crowd, 1.0) == []


def test_no_peaks_have_no_sidebands() -> None:
    assert find_sidebands([], 0.1) == []


def test_mains_is_told_by_its_harmonics() -> None:
    assert is_mains(50.1, 0.1) == 50.0
    assert is_mains(179.9, 0.1) == 60.0
    assert is_mains(300.0, 0.1) == 50.0
    assert is_mains(49.5, 0.1) is None
    assert is_mains(100.0, 0.1, (60.0,)) is None
    assert is_mains(10.0, 0.1) is None
