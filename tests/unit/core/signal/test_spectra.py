"""Spectra read true amplitudes, densities hold the signal's power."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from core.signal.spectra import compute_psd, compute_spectrum
from core.signal.spectral_windows import WINDOW_NAMES, compute_scalloping_loss_db
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

RATE_HZ = 10_000.0


def sine(frequency_hz: float, amplitude: float, n_samples: int, phase: float = 0.3) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(n_samples) / RATE_HZ + phase)


def noise(n_samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n_samples)


@pytest.mark.parametrize("n_samples", [1000, 1001, 262_144])
@pytest.mark.parametrize("window", WINDOW_NAMES)
@pytest.mark.parametrize(("scaling", "share"), [("peak", 1.0), ("rms", math.sqrt(0.5))])
def test_a_sine_on_a_bin_reads_its_amplitude(window: str, scaling: str, share: float, n_samples: int) -> None:
    frequency_hz = 100 * RATE_HZ / n_samples
    signal = sine(frequency_hz, 2.5, n_samples)
    spectrum = compute_spectrum(signal, RATE_HZ, window=window, scaling=scaling)
    assert spectrum.amplitudes[100] == pytest.approx(2.5 * share, rel=1e-3)
    assert spectrum.frequencies_hz[100] == pytest.approx(frequency_hz)
    assert int(np.argmax(spectrum.amplitudes)) == 100


@pytest.mark.parametrize("offset_bins", [0.0, 0.13, 0.37, 0.5])
def test_flat_top_reads_the_amplitude_between_bins_too(offset_bins: float) -> None:
    spectrum = compute_spectrum(sine(100.0 + offset_bins, 4.0, 10_000), RATE_HZ, window="flattop")
    assert spectrum.amplitudes.max() == pytest.approx(4.0, rel=0.01)


@pytest.mark.parametrize("window", WINDOW_NAMES)
def test_half_way_between_bins_a_bin_loses_the_documented_scalloping(window: str) -> None:
    spectrum = compute_spectrum(sine(1000.5, 1.0, 10_000), RATE_HZ, window=window)
    loss_db = -20 * math.log10(spectrum.amplitudes.max())
    assert loss_db == pytest.approx(compute_scalloping_loss_db(window), abs=0.02)


def test_dc_and_nyquist_are_not_doubled() -> None:
    signal = 3.0 + 2.0 * (-1.0) ** np.arange(64)
    spectrum = compute_spectrum(signal, 64.0, window="rectangular", remove_dc=False)
    assert spectrum.amplitudes[0] == pytest.approx(3.0)
    assert spectrum.amplitudes[-1] == pytest.approx(2.0)
    assert spectrum.frequencies_hz[-1] == 32.0


def test_dc_is_taken_off_unless_asked_otherwise() -> None:
    signal = sine(100.0, 1.0, 1000) + 50.0
    assert compute_spectrum(signal, RATE_HZ).amplitudes[:5].max() < 1e-9
    assert compute_spectrum(signal, RATE_HZ, remove_dc=False).amplitudes[0] == pytest.approx(50.0)


def test_five_seconds_resolve_a_fifth_of_a_hertz() -> None:
    assert compute_spectrum(noise(50_000), RATE_HZ).resolution_hz == pytest.approx(0.2)


def test_float32_reads_as_float64() -> None:
    signal = (sine(100.0, 1.0, 5000) + 1000.0).astype(np.float32)
    as_wide = compute_spectrum(signal.astype(np.float64), RATE_HZ)
    np.testing.assert_array_equal(compute_spectrum(signal, RATE_HZ).amplitudes, as_wide.amplitudes)


def test_a_long_record_of_awkward_length_loses_under_a_hundredth() -> None:
    n_samples = 1_048_573  # a prime number
    spectrum = compute_spectrum(noise(n_samples), RATE_HZ)
    assert RATE_HZ / n_samples <= spectrum.resolution_hz < 1.01 * RATE_HZ / n_samples


@pytest.mark.parametrize("kind", ["noise", "sine", "burst", "offset noise", "short"])
@pytest.mark.parametrize("window", WINDOW_NAMES)
@pytest.mark.parametrize("n_segment", [None, 500, 1000])
def test_the_integral_of_the_density_is_the_variance(kind: str, window: str, n_segment: int | None) -> None:
    burst = np.zeros(20_000)
    burst[50:80] = noise(30)
    signals = {
        "noise": noise(20_011),
        "sine": sine(123.4, 3.0, 20_000),
        "burst": burst,
        "offset noise": noise(20_000) + 7.0,
        "short": noise(700),
    }
    signal = signals[kind]
    psd = compute_psd(signal, RATE_HZ, window=window, n_segment=n_segment)
    assert psd.density.sum() * psd.resolution_hz == pytest.approx(signal.var(), rel=0.01)


def test_the_integral_holds_the_mean_square_where_dc_stays() -> None:
    signal = noise(20_000) + 7.0
    psd = compute_psd(signal, RATE_HZ, remove_dc=False)
    assert psd.density.sum() * psd.resolution_hz == pytest.approx(np.mean(signal**2), rel=0.01)


def test_white_noise_has_the_density_of_its_variance_over_the_nyquist_frequency() -> None:
    psd = compute_psd(2.0 * noise(400_000), RATE_HZ, n_segment=1000)
    expected = 4.0 / (RATE_HZ / 2)
    assert psd.density[5:-5].mean() == pytest.approx(expected, rel=0.01)
    assert psd.density[100:150].mean() == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("window", ["hann", "blackman", "flattop"])
def test_a_steady_signal_has_the_density_scipy_finds(window: str) -> None:
    signal = scipy.signal.lfilter([1.0], [1.0, -1.6, 0.9], noise(100_000))
    psd = compute_psd(signal, RATE_HZ, n_segment=1000, window=window)
    frequencies_hz, density = scipy.signal.welch(
        signal, RATE_HZ, window=window, nperseg=1000, noverlap=750, detrend=False
    )
    np.testing.assert_allclose(psd.frequencies_hz, frequencies_hz)
    np.testing.assert_allclose(psd.density[5:], density[5:], rtol=0.05)


def test_a_burst_in_the_very_last_samples_is_seen() -> None:
    signal = np.zeros(10_007)
    signal[-5:] = 1.0
    assert compute_psd(signal, RATE_HZ, n_segment=1000).density.max() > 0.0


def test_seconds_and_samples_name_the_same_segment() -> None:
    by_time = compute_psd(noise(20_000), RATE_HZ, segment_s=0.1)
    by_samples = compute_psd(noise(20_000), RATE_HZ, n_segment=1000)
    np.testing.assert_array_equal(by_time.density, by_samples.density)
    assert by_time.resolution_hz == 10.0


def test_a_segment_longer_than_the_signal_is_the_whole_signal() -> None:
    psd = compute_psd(noise(1000), RATE_HZ, segment_s=60.0)
    assert psd.n_segments == 1
    assert psd.resolution_hz == 10.0


def test_the_default_resolution_is_a_hertz_where_the_signal_is_long_enough() -> None:
    assert compute_psd(noise(100_000), RATE_HZ).resolution_hz == 1.0
    assert compute_psd(noise(10_000), RATE_HZ).resolution_hz == 8.0


@settings(max_examples=25, deadline=None)
@given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 99))
def test_amplitude_scales_with_the_signal_and_density_with_its_square(scale: float, seed: int) -> None:
    signal = noise(1024, seed)
    amplitudes = compute_spectrum(signal, RATE_HZ).amplitudes
    density = compute_psd(signal, RATE_HZ).density
    np.testing.assert_allclose(
        compute_spectrum(scale * signal, RATE_HZ).amplitudes,
        scale * amplitudes,
        rtol=1e-6,
        atol=1e-12 * scale,
    )
    np.testing.assert_allclose(compute_psd(scale * signal, RATE_HZ).density, scale**2 * density, rtol=1e-6)


def test_a_constant_signal_has_no_lines_and_no_power() -> None:
    assert compute_spectrum(np.full(100, 3.3), RATE_HZ).amplitudes.max() < 1e-12
    assert compute_psd(np.zeros(100), RATE_HZ).density.max() == 0.0


def test_too_short_a_signal_is_refused() -> None:
    for compute in (compute_spectrum, compute_psd):
        with pytest.raises(SignalError, match="15 samples") as caught:
            compute(noise(15), RATE_HZ)
        assert caught.value.code is ErrorCode.RECORDING_TOO_SHORT


@pytest.mark.parametrize(
    "options",
    [
        {"segment_s": 0.1, "n_segment": 1000},
        {"segment_s": -1.0},
        {"segment_s": math.nan},
        {"n_segment": 3},
        {"overlap": 1.0},
        {"window": "none"},
    ],
)
def test_impossible_segments_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        compute_psd(noise(2000), RATE_HZ, **options)  # type: ignore[arg-type]  # wrong values are the point


def test_an_unknown_scaling_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="peak or rms"):
        compute_spectrum(noise(100), RATE_HZ, scaling="pk-pk")  # type: ignore[arg-type]  # wrong on purpose
