"""Short-time spectra against SciPy and against a plain loop; spectrograms read true amplitudes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from core.signal import time_frequency
from core.signal.spectral_windows import WINDOW_NAMES, build_window
from core.signal.time_frequency import compute_spectrogram, compute_stft
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

RATE_HZ = 10_000.0


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def transform_slowly(samples: np.ndarray, n_segment: int, hop: int, window: str) -> np.ndarray:
    """Sum each bin of each segment of one window by the definition of the Fourier transform."""
    kernel = np.exp(-2j * np.pi * np.outer(np.arange(n_segment // 2 + 1), np.arange(n_segment)) / n_segment)
    starts = range(0, samples.size - n_segment + 1, hop)
    weights = build_window(window, n_segment)
    return np.array([kernel @ (samples[start : start + n_segment] * weights) for start in starts])


@settings(max_examples=25, deadline=None)
@given(
    n_samples=st.integers(40, 400),
    n_segment=st.integers(4, 40),
    hop=st.integers(1, 60),
    window=st.sampled_from(WINDOW_NAMES),
)
def test_it_is_the_fourier_sum_of_each_segment(n_samples: int, n_segment: int, hop: int, window: str) -> None:
    windows = noise(2, n_samples)
    transform = compute_stft(windows, n_segment, hop, window=window)
    for row in range(2):
        np.testing.assert_allclose(
            transform[row], transform_slowly(windows[row], n_segment, hop, window), atol=1e-10
        )


def test_it_agrees_with_scipy_on_a_batch_that_takes_many_blocks() -> None:
    windows = noise(9, 20_480).astype(np.float32)
    transform = compute_stft(windows, 256, 64)
    weights = build_window("hann", 256)
    stft = scipy.signal.ShortTimeFFT(weights, 64, 1.0)
    expected = stft.stft(windows, p0=2, p1=2 + transform.shape[1])
    assert transform.dtype == np.complex64
    # ShortTimeFFT counts phases from the middle of a segment's first slice; magnitudes do not depend on it
    np.testing.assert_allclose(np.abs(transform), np.abs(np.moveaxis(expected, -1, -2)), atol=2e-4)


@pytest.mark.parametrize("shape", [(5_000,), (3, 5_000), (2, 3, 5_000), (70, 300)])
def test_a_batch_is_transformed_as_each_of_its_windows(shape: tuple[int, ...]) -> None:
    windows = noise(*shape)
    transform = compute_stft(windows, 256, 100)
    assert transform.shape == (*shape[:-1], (shape[-1] - 256) // 100 + 1, 129)
    alone = [compute_stft(window, 256, 100) for window in windows.reshape(-1, shape[-1])]
    np.testing.assert_array_equal(transform.reshape(-1, *transform.shape[-2:]), np.array(alone))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_without_scipys_inner_function_the_result_is_the_same(
    dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows = noise(5, 3_000).astype(dtype)
    quick = compute_stft(windows, 200, 50)
    assert time_frequency._transform_in_place is not None
    monkeypatch.setattr(time_frequency, "_transform_in_place", None)
    np.testing.assert_array_equal(compute_stft(windows, 200, 50), quick)


def test_the_result_is_put_where_it_is_wanted() -> None:
    windows = noise(4, 1_000).astype(np.float32)
    out = np.empty((4, 14, 65), np.complex64)
    assert compute_stft(windows, 128, out=out) is out
    np.testing.assert_array_equal(out, compute_stft(windows, 128))
    for wrong in (np.empty((4, 14, 65), np.complex128), np.empty((4, 65, 14), np.complex64)):
        with pytest.raises(InvalidInputError, match=r"complex64 with shape \(4, 14, 65\)"):
            compute_stft(windows, 128, out=wrong)


@pytest.mark.parametrize(("n_segment", "hop"), [(3, 1), (200, 0), (1_001, 10)])
def test_impossible_segments_are_refused(n_segment: int, hop: int) -> None:
    with pytest.raises(InvalidInputError):
        compute_stft(noise(1_000), n_segment, hop)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("window", WINDOW_NAMES)
@pytest.mark.parametrize(("scaling", "share"), [("peak", 1.0), ("rms", math.sqrt(0.5))])
def test_a_sine_reads_its_amplitude_in_every_segment(
    window: str, scaling: str, share: float, dtype: type
) -> None:
    signal = (4.0 + 2.5 * np.sin(2 * np.pi * 1_000.0 * np.arange(20_000) / RATE_HZ + 0.3)).astype(dtype)
    seen = compute_spectrogram(signal, RATE_HZ, n_segment=500, window=window, scaling=scaling)
    assert seen.frequencies_hz[50] == 1_000.0
    np.testing.assert_allclose(seen.amplitudes[50], 2.5 * share, rtol=1e-3)
    assert (seen.amplitudes.argmax(axis=0) == 50).all()


@pytest.mark.parametrize("window", WINDOW_NAMES)
def test_a_spectrogram_of_white_noise_holds_its_power(window: str) -> None:
    signal = noise(200_000)
    seen = compute_spectrogram(signal, RATE_HZ, n_segment=512, overlap=0.5, window=window, scaling="rms")
    weights = build_window(window, 512)
    noise_bandwidth_bins = 512 * np.sum(weights**2) / np.sum(weights) ** 2
    power = np.mean(np.sum(seen.amplitudes[1:] ** 2, axis=0)) / noise_bandwidth_bins
    assert power == pytest.approx(signal.var() * (1 - 1 / 512), rel=0.01)


def test_a_burst_stands_at_its_time_and_frequency() -> None:
    time_s = np.arange(40_000) / RATE_HZ
    signal = 0.01 * noise(40_000) + np.sin(2 * np.pi * 3_000 * time_s) * ((time_s > 2.0) & (time_s < 2.05))
    seen = compute_spectrogram(signal, RATE_HZ, segment_s=0.02, overlap=0.75)
    row, column = np.unravel_index(seen.amplitudes.argmax(), seen.amplitudes.shape)
    assert seen.frequencies_hz[row] == pytest.approx(3_000.0, abs=seen.resolution_hz)
    assert 2.0 <= seen.times_s[column] <= 2.05
    assert seen.amplitudes.max() == pytest.approx(1.0, abs=0.05)


def test_it_says_what_it_resolves() -> None:
    seen = compute_spectrogram(noise(40_000), RATE_HZ, n_segment=400, overlap=0.75)
    assert (seen.resolution_hz, seen.hop_s) == (25.0, 0.01)
    assert (seen.times_s[0], seen.times_s[1]) == (0.02, 0.03)
    assert seen.amplitudes.shape == (seen.frequencies_hz.size, seen.times_s.size) == (201, 397)
    assert compute_spectrogram(noise(2**17), RATE_HZ).frequencies_hz.size == 257


def test_what_can_not_be_is_refused() -> None:
    with pytest.raises(SignalError) as caught:
        compute_spectrogram(np.ones(15), RATE_HZ)
    assert caught.value.code is ErrorCode.RECORDING_TOO_SHORT
    for wrong in (
        {"segment_s": 0.1, "n_segment": 100},
        {"segment_s": -1.0},
        {"n_segment": 8},
        {"overlap": 1.0},
        {"window": "square"},
        {"scaling": "db"},
    ):
        with pytest.raises(InvalidInputError):
            compute_spectrogram(noise(1_000), RATE_HZ, **wrong)
