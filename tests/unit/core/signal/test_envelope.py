"""The envelope is that of the band, in place and in amplitude."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from core.signal.envelope import compute_envelope, compute_envelope_spectrum, suggest_band
from core.signal.peaks import find_peaks
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

RATE_HZ = 12_000.0
TIME_S = np.arange(24_000) / RATE_HZ
BAND_HZ = (2000.0, 4000.0)


def modulated(
    carrier_hz: float, rate_of_change_hz: float, amplitude: float = 2.0, depth: float = 0.4
) -> np.ndarray:
    envelope = amplitude * (1.0 + depth * np.sin(2 * np.pi * rate_of_change_hz * TIME_S))
    return envelope * np.sin(2 * np.pi * carrier_hz * TIME_S + 0.2)


def test_the_envelope_of_a_modulated_carrier_is_its_modulation() -> None:
    expected = 2.0 * (1.0 + 0.4 * np.sin(2 * np.pi * 37.0 * TIME_S))
    envelope = compute_envelope(modulated(3000.0, 37.0), RATE_HZ, BAND_HZ)
    assert envelope.shape == TIME_S.shape
    np.testing.assert_allclose(envelope[500:-500], expected[500:-500], atol=0.01)


def test_the_ends_ring_off_within_a_few_milliseconds() -> None:
    envelope = compute_envelope(modulated(3000.0, 37.0, depth=0.0), RATE_HZ, BAND_HZ)
    assert np.abs(envelope[60:-60] - 2.0).max() < 0.02
    assert envelope.max() < 3.0


def test_what_lies_outside_the_band_and_dc_leave_no_trace() -> None:
    clean = modulated(3000.0, 37.0)
    dirty = (
        clean + 5.0 * np.sin(2 * np.pi * 700.0 * TIME_S) + 5.0 * np.sin(2 * np.pi * 5200.0 * TIME_S) + 100.0
    )
    difference = compute_envelope(dirty, RATE_HZ, BAND_HZ) - compute_envelope(clean, RATE_HZ, BAND_HZ)
    assert np.abs(difference[500:-500]).max() < 0.01


def test_it_agrees_with_a_filter_and_hilbert_transform_of_scipy() -> None:
    signal = np.random.default_rng(3).standard_normal(TIME_S.size)
    taps = scipy.signal.firwin(2001, (1995.0, 4005.0), fs=RATE_HZ, pass_zero=False)
    expected = np.abs(scipy.signal.hilbert(scipy.signal.convolve(signal, taps, mode="same")))
    envelope = compute_envelope(signal, RATE_HZ, BAND_HZ)
    assert np.corrcoef(envelope[2000:-2000], expected[2000:-2000])[0, 1] > 0.97


def test_the_whole_range_gives_the_plain_hilbert_envelope() -> None:
    signal = modulated(3000.0, 40.0)
    expected = np.abs(scipy.signal.hilbert(signal))
    np.testing.assert_allclose(
        compute_envelope(signal, RATE_HZ, (0.0, 6000.0))[1000:-1000], expected[1000:-1000], atol=0.01
    )


@pytest.mark.parametrize("window", ["hann", "flattop"])
def test_the_envelope_spectrum_reads_depth_times_amplitude_without_dc(window: str) -> None:
    spectrum = compute_envelope_spectrum(modulated(3000.0, 37.0), RATE_HZ, BAND_HZ, window=window)
    (peak,) = find_peaks(spectrum, 1)
    assert peak.frequency_hz == pytest.approx(37.0, abs=0.05)
    assert peak.amplitude == pytest.approx(0.8, rel=0.01)
    assert spectrum.amplitudes[0] < 1e-3


def test_impacts_that_ring_show_at_their_rate_and_its_harmonics() -> None:
    impacts = np.zeros(TIME_S.size)
    impacts[(np.arange(0.01, 1.99, 1 / 107.0) * RATE_HZ).astype(int)] = 1.0
    ringing = np.exp(-TIME_S[:240] * 800.0) * np.sin(2 * np.pi * 3000.0 * TIME_S[:240])
    signal = np.convolve(impacts, ringing)[: TIME_S.size] + 0.05 * np.random.default_rng(0).standard_normal(
        TIME_S.size
    )
    peaks = find_peaks(compute_envelope_spectrum(signal, RATE_HZ, suggest_band(RATE_HZ)), 3)
    assert sorted(peak.frequency_hz for peak in peaks) == pytest.approx([107.0, 214.0, 321.0], abs=0.5)


@pytest.mark.parametrize(
    "band_hz", [(4000.0, 2000.0), (-1.0, 2000.0), (2000.0, 6001.0), (0.0, 0.0), (np.nan, 9.0)]
)
def test_an_impossible_band_is_refused_with_its_limits(band_hz: tuple[float, float]) -> None:
    with pytest.raises(InvalidInputError, match="6000 Hz"):
        compute_envelope(TIME_S, RATE_HZ, band_hz)


def test_too_short_a_signal_is_refused() -> None:
    with pytest.raises(SignalError) as caught:
        compute_envelope(np.ones(10), RATE_HZ, BAND_HZ)
    assert caught.value.code is ErrorCode.RECORDING_TOO_SHORT


@pytest.mark.parametrize("rate_hz", [100.0, 12_000.0, 25_600.0, 48_000.0, 97_656.0])
def test_the_suggested_band_is_possible(rate_hz: float) -> None:
    low_hz, high_hz = suggest_band(rate_hz)
    assert 0.0 < low_hz < high_hz <= min(10_000.0, rate_hz / 2)


def test_the_suggested_bands_of_the_usual_rates() -> None:
    assert suggest_band(12_000.0) == (2000.0, 4800.0)
    assert suggest_band(48_000.0) == (2000.0, 10_000.0)
