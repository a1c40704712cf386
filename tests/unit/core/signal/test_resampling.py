"""Resampling keeps what the new rate can hold, and nothing of what it can not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.signal import welch

from core.signal.peaks import find_peaks
from core.signal.resampling import limit_band, resample_signal
from core.signal.spectra import compute_spectrum
from utils.exceptions import ErrorCode, SignalError

RATES = [
    (48_000.0, 12_000.0),
    (97_656.0, 12_000.0),
    (48_828.0, 12_000.0),
    (25_600.0, 20_480.0),
    (97_656.0, 11_999.0),
]


def sine(frequency_hz: float, rate_hz: float, duration_s: float = 1.5) -> np.ndarray:
    return np.sin(2 * np.pi * frequency_hz * np.arange(int(duration_s * rate_hz)) / rate_hz)


def middle(signal: np.ndarray) -> np.ndarray:
    return signal[signal.size // 6 : -signal.size // 6]


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
@pytest.mark.parametrize("share", [0.01, 0.2, 0.4, 0.6, 0.7, 0.8])
def test_the_pass_band_is_flat_within_a_tenth_of_a_decibel(
    from_hz: float, to_hz: float, share: float
) -> None:
    frequency_hz = share * to_hz / 2
    spectrum = compute_spectrum(middle(resample_signal(sine(frequency_hz, from_hz), from_hz, to_hz)), to_hz)
    (peak,) = find_peaks(spectrum, 1)
    assert abs(20 * math.log10(peak.amplitude)) < 0.1
    assert peak.frequency_hz == pytest.approx(frequency_hz, rel=3e-5, abs=0.02)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
@pytest.mark.parametrize("share", [1.001, 1.05, 1.2, 1.5])
def test_nothing_above_the_new_nyquist_frequency_comes_through(
    from_hz: float, to_hz: float, share: float
) -> None:
    frequency_hz = share * to_hz / 2
    if frequency_hz >= from_hz / 2:
        frequency_hz = 0.999 * from_hz / 2
    left = middle(resample_signal(sine(frequency_hz, from_hz), from_hz, to_hz))
    assert 20 * math.log10(np.abs(left).max()) < -60.0


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_time_stays_in_place(from_hz: float, to_hz: float) -> None:
    resampled = resample_signal(sine(440.0, from_hz), from_hz, to_hz)
    expected = sine(440.0, to_hz)[: resampled.size]
    np.testing.assert_allclose(middle(resampled[: expected.size]), middle(expected), atol=0.01)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_the_length_follows_the_ratio_and_the_samples_are_float32(from_hz: float, to_hz: float) -> None:
    resampled = resample_signal(np.ones(30_011), from_hz, to_hz)
    assert resampled.dtype == np.float32
    assert resampled.size == pytest.approx(30_011 * to_hz / from_hz, abs=1)


def test_an_offset_is_kept_up_to_the_ends() -> None:
    np.testing.assert_allclose(resample_signal(np.full(5000, 7.0), 48_000.0, 12_000.0), 7.0, rtol=1e-4)


def test_the_same_rate_changes_nothing() -> None:
    signal = np.random.default_rng(0).standard_normal(100).astype(np.float32)
    np.testing.assert_array_equal(resample_signal(signal, 12_000.0, 12_000.0), signal)


def test_a_higher_rate_is_refused() -> None:
    with pytest.raises(SignalError, match="were not measured") as caught:
        resample_signal(np.ones(100), 12_000.0, 48_000.0)
    assert caught.value.code is ErrorCode.SAMPLE_RATE_TOO_LOW


def test_an_absurd_ratio_is_refused() -> None:
    with pytest.raises(SignalError) as caught:
        resample_signal(np.ones(100), 1e6, 1.0)
    assert caught.value.code is ErrorCode.SAMPLE_RATE_INVALID


def test_a_signal_with_gaps_is_refused() -> None:
    with pytest.raises(SignalError) as caught:
        resample_signal(np.array([1.0, np.nan]), 48_000.0, 12_000.0)
    assert caught.value.code is ErrorCode.NON_FINITE_SIGNAL


def test_a_band_limited_signal_does_not_tell_its_former_sample_rate() -> None:
    noise = np.random.default_rng(3).normal(0, 1, 240_000)
    native = limit_band(noise[:60_000])
    resampled = limit_band(resample_signal(noise, 48_000, 12_000))
    frequencies, of_native = welch(native, 12_000, nperseg=1024)
    _, of_resampled = welch(resampled, 12_000, nperseg=1024)
    top = (frequencies > 4_800) & (frequencies < 5_990)
    low = (frequencies > 100) & (frequencies < 4_000)
    for density in (of_native, of_resampled):
        assert density[top].max() < 1e-6 * density[low].mean()


def test_the_band_limit_keeps_what_lies_below_it_in_place() -> None:
    times = np.arange(12_000) / 12_000
    tone = 2.0 + np.sin(2 * np.pi * 3_000 * times)
    inner = slice(500, -500)
    np.testing.assert_allclose(limit_band(tone)[inner], tone[inner], atol=0.012)


def test_the_band_limit_refuses_what_is_not_a_signal() -> None:
    with pytest.raises(SignalError):
        limit_band([1.0, np.nan])
