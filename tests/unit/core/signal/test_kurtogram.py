"""The kurtogram against bands filtered one by one, and on faults whose resonance is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.signal

from core.signal.envelope import compute_envelope_spectrum
from core.signal.kurtogram import Kurtogram, compute_kurtogram
from core.signal.peaks import find_peaks
from tests.factories.signals import OuterRaceFault, simulate_outer_race
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

RATE_HZ = 10_000.0
N_SAMPLES = 20_000


def list_cells(kurtogram: Kurtogram) -> dict[tuple[float, float], float]:
    """Return the kurtosis by (low, high) in Hz."""
    return {
        (round(index * level.bandwidth_hz, 6), round((index + 1) * level.bandwidth_hz, 6)): float(value)
        for level in kurtogram.levels
        for index, value in enumerate(level.kurtosis)
    }


def design_raised_cosine(low_hz: float, high_hz: float, half_length: int) -> np.ndarray:
    """Return the taps of an ideal analytic band-pass with raised-cosine edges a tenth of its width wide.

    Closed form: a rectangle of the band's width, smoothed over an edge by half a period of a cosine; in
    time a sinc times the transform of that half period, moved up to the middle of the band.
    """
    width, edge = high_hz - low_hz, 0.1 * (high_hz - low_hz)
    time_s = np.arange(-half_length, half_length + 1) / RATE_HZ
    with np.errstate(divide="ignore", invalid="ignore"):
        smoothing = np.cos(np.pi * edge * time_s) / (1.0 - (2.0 * edge * time_s) ** 2)
    smoothing[np.isclose(np.abs(2.0 * edge * time_s), 1.0)] = math.pi / 4.0
    low_pass = width / RATE_HZ * np.sinc(width * time_s) * smoothing
    return 2.0 * low_pass * np.exp(2j * np.pi * 0.5 * (low_hz + high_hz) * time_s)


def measure_cell_directly(signal: np.ndarray, low_hz: float, high_hz: float) -> float:
    """Filter the band by direct convolution at the full rate; kurtosis of the magnitude."""
    taps = design_raised_cosine(low_hz, high_hz, 2_400)
    envelope = scipy.signal.convolve(signal - signal.mean(), taps, mode="same", method="auto")
    n_cut = min(math.ceil(2.0 / (0.1 * (high_hz - low_hz)) * RATE_HZ), N_SAMPLES // 8)
    power = np.abs(envelope[n_cut:-n_cut]) ** 2
    return float(np.mean(power**2) / np.mean(power) ** 2 - 2.0)


def make_impulsive(seed: int) -> np.ndarray:
    """Return coloured noise, a tone, and ringing impacts between 2.5 and 3.5 kHz."""
    rng = np.random.default_rng(seed)
    noise = scipy.signal.lfilter([1.0], [1.0, -0.7], rng.standard_normal(N_SAMPLES))
    tone = np.sin(2 * np.pi * 1_234.0 * np.arange(N_SAMPLES) / RATE_HZ)
    impacts = np.zeros(N_SAMPLES)
    impacts[::241] = 8.0
    ringing = np.exp(-np.arange(60) / 12.0) * np.sin(2 * np.pi * 3_000.0 * np.arange(60) / RATE_HZ)
    return 0.5 * noise + tone + np.convolve(impacts, ringing)[:N_SAMPLES]


@pytest.mark.parametrize("seed", [0, 1])
def test_each_cell_is_the_kurtosis_of_its_band_filtered_directly(seed: int) -> None:
    signal = make_impulsive(seed)
    cells = list_cells(compute_kurtogram(signal, RATE_HZ, max_level=4))
    # bands that reach 0 Hz or the Nyquist frequency have no edge there, which the closed form does not cover
    inner = {band: value for band, value in cells.items() if band[0] > 0.0 and band[1] < RATE_HZ / 2 - 1e-6}
    assert len(inner) == 37
    slow = {band: measure_cell_directly(signal, *band) for band in inner}
    for band, value in inner.items():
        assert value == pytest.approx(slow[band], abs=5e-3 * (3.0 + slow[band])), band
    assert max(inner, key=lambda band: inner[band]) == max(slow, key=lambda band: slow[band])


def test_the_grid_is_that_of_the_binary_and_ternary_tree() -> None:
    levels = compute_kurtogram(make_impulsive(0), RATE_HZ, max_level=4).levels
    assert [level.kurtosis.size for level in levels] == [1, 2, 3, 4, 6, 8, 12, 16]
    assert [round(level.level, 2) for level in levels] == [0, 1, 1.58, 2, 2.58, 3, 3.58, 4]
    assert all(level.kurtosis.size * level.bandwidth_hz == pytest.approx(5_000.0) for level in levels)


def test_the_whole_band_has_the_kurtosis_of_the_hilbert_envelope() -> None:
    signal = make_impulsive(2)
    power = np.abs(scipy.signal.hilbert(signal - signal.mean())) ** 2
    expected = np.mean(power**2) / np.mean(power) ** 2 - 2.0
    assert compute_kurtogram(signal, RATE_HZ).levels[0].kurtosis[0] == pytest.approx(expected, rel=0.02)


def test_a_tone_reads_minus_one_and_noise_nought() -> None:
    rng = np.random.default_rng(0)
    signal = np.sin(2 * np.pi * 1_100.0 * np.arange(N_SAMPLES) / RATE_HZ) + 1e-3 * rng.standard_normal(
        N_SAMPLES
    )
    cells = list_cells(compute_kurtogram(signal, RATE_HZ, max_level=3))
    assert cells[625.0, 1250.0] == pytest.approx(-1.0, abs=0.01)
    assert cells[3750.0, 4375.0] == pytest.approx(0.0, abs=0.2)


@pytest.mark.parametrize("n_samples", [4_000, 50_000])
def test_noise_alone_seldom_passes_the_limit_of_noise(n_samples: int) -> None:
    found = [
        compute_kurtogram(np.random.default_rng(seed).standard_normal(n_samples), RATE_HZ).best
        for seed in range(30)
    ]
    assert sum(best.kurtosis > best.noise_limit for best in found) <= 3


def test_gain_and_offset_change_nothing() -> None:
    signal = make_impulsive(3)
    plain = list_cells(compute_kurtogram(signal, RATE_HZ))
    other = list_cells(compute_kurtogram(1e-4 * signal + 7.0, RATE_HZ))
    np.testing.assert_allclose(list(other.values()), list(plain.values()), atol=1e-9)


def test_float32_reads_as_float64() -> None:
    signal = make_impulsive(4)
    wide = list_cells(compute_kurtogram(signal, RATE_HZ))
    narrow = list_cells(compute_kurtogram(signal.astype(np.float32), RATE_HZ))
    np.testing.assert_allclose(list(narrow.values()), list(wide.values()), atol=1e-3)


@pytest.mark.parametrize("samples", [np.zeros(4_000), np.full(4_000, 3.5)])
def test_a_constant_signal_is_not_impulsive_anywhere(samples: np.ndarray) -> None:
    assert set(list_cells(compute_kurtogram(samples, RATE_HZ)).values()) == {0.0}


def test_bands_get_no_narrower_than_the_signal_allows() -> None:
    levels = compute_kurtogram(make_impulsive(0)[:1_100], RATE_HZ, max_level=9).levels
    assert levels[-1].kurtosis.size == 8
    with pytest.raises(InvalidInputError, match="between 1 and 9"):
        compute_kurtogram(make_impulsive(0), RATE_HZ, max_level=10)
    with pytest.raises(SignalError) as caught:
        compute_kurtogram(np.ones(255), RATE_HZ)
    assert caught.value.code is ErrorCode.RECORDING_TOO_SHORT


@pytest.mark.parametrize("resonance_hz", [3_400.0, 5_200.0, 8_900.0])
@pytest.mark.parametrize("seed", range(5))
def test_an_outer_race_fault_5_db_under_the_noise_is_found(seed: int, resonance_hz: float) -> None:
    fault = OuterRaceFault(resonance_hz=resonance_hz, snr_db=-5.0)
    signal = simulate_outer_race(fault, seed)
    best = compute_kurtogram(signal, fault.sample_rate_hz).best
    assert best.band_hz[0] <= resonance_hz <= best.band_hz[1]
    assert best.kurtosis > best.noise_limit
    spectrum = compute_envelope_spectrum(signal, fault.sample_rate_hz, best.band_hz)
    peaks = [peak.frequency_hz for peak in find_peaks(spectrum, 10)]
    for harmonic in (1, 2, 3):
        line_hz = harmonic * fault.bpfo_hz
        assert min(abs(peak_hz - line_hz) for peak_hz in peaks) <= 0.01 * line_hz, (harmonic, peaks)


def make_random_fault(seed: int) -> OuterRaceFault:
    """Return a fault of any resonance, damping, rate and duration."""
    rng = np.random.default_rng(seed)
    return OuterRaceFault(
        resonance_hz=float(rng.uniform(1_500.0, 11_000.0)),
        bpfo_hz=float(rng.uniform(60.0, 180.0)),
        damping_ratio=float(rng.uniform(0.01, 0.05)),
        duration_s=float(rng.choice([2.0, 4.0, 8.0])),
        snr_db=-5.0,
    )


def judge_fault(seed: int) -> tuple[bool, bool, bool]:
    """Tell whether the band holds the resonance, three lines stand out, and it is more than chance."""
    fault = make_random_fault(seed)
    signal = simulate_outer_race(fault, seed)
    best = compute_kurtogram(signal, fault.sample_rate_hz).best
    spectrum = compute_envelope_spectrum(signal, fault.sample_rate_hz, best.band_hz)
    peaks = np.array([peak.frequency_hz for peak in find_peaks(spectrum, 10)])
    lines_hz = fault.bpfo_hz * np.arange(1, 4)
    shown = all(np.abs(peaks - line_hz).min() <= 0.01 * line_hz for line_hz in lines_hz)
    in_band = best.band_hz[0] <= fault.resonance_hz <= best.band_hz[1]
    return in_band, shown, best.kurtosis > best.noise_limit


def test_of_any_faults_most_are_found_and_the_others_are_called_chance() -> None:
    judged = [judge_fault(seed) for seed in range(100, 125)]
    assert sum(in_band for in_band, _, _ in judged) >= 22
    assert sum(shown for _, shown, _ in judged) >= 23
    assert not any(is_impulsive for _, shown, is_impulsive in judged if not shown)
