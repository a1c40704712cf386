"""Coherence against sums written out, its known values, and how often chance passes its significance."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from core.signal.coherence import compute_coherence
from core.signal.spectral_windows import build_window
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

RATE_HZ = 1_000.0


def noise(n_samples: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n_samples)


def compute_slowly(x: np.ndarray, y: np.ndarray, n_segment: int, hop: int, window: str) -> np.ndarray:
    n, weights = np.arange(n_segment), build_window(window, n_segment)
    x, y = x - x.mean(), y - y.mean()
    found = []
    for k in range(n_segment // 2 + 1):
        turning = weights * np.exp(-2j * np.pi * k * n / n_segment)
        pairs = [
            (np.sum(x[s : s + n_segment] * turning), np.sum(y[s : s + n_segment] * turning))
            for s in range(0, x.size - n_segment + 1, hop)
        ]
        cross = abs(sum(a.conjugate() * b for a, b in pairs)) ** 2
        found.append(cross / (sum(abs(a) ** 2 for a, _ in pairs) * sum(abs(b) ** 2 for _, b in pairs)))
    return np.array(found)


@pytest.mark.parametrize(("window", "overlap", "hop"), [("hann", 0.5, 32), ("rectangular", 0.0, 64)])
def test_it_is_the_cross_spectrum_squared_over_both_spectra(window: str, overlap: float, hop: int) -> None:
    x, y = noise(500, 1), noise(500, 2)
    y = y + 0.7 * x
    found = compute_coherence(x, y, RATE_HZ, n_segment=64, window=window, overlap=overlap)
    np.testing.assert_allclose(found.coherence, compute_slowly(x, y, 64, hop, window), atol=1e-10)
    assert found.n_segments == (500 - 64) // hop + 1
    np.testing.assert_allclose(found.frequencies_hz, np.arange(33) * RATE_HZ / 64)


def test_it_agrees_with_scipy() -> None:
    x, y = noise(50_000, 3), noise(50_000, 4) + noise(50_000, 3)
    _, expected = scipy.signal.coherence(x - x.mean(), y - y.mean(), RATE_HZ, nperseg=500, detrend=False)
    np.testing.assert_allclose(
        compute_coherence(x, y, RATE_HZ, n_segment=500).coherence, expected, atol=1e-10
    )


@pytest.mark.parametrize("noise_share", [0.25, 1.0, 4.0])
def test_noise_on_the_output_lowers_it_as_the_formula_says(noise_share: float) -> None:
    x = noise(400_000, 5)
    y = scipy.signal.lfilter([1.0, 0.3], [1.0], x) + np.sqrt(noise_share * 1.09) * noise(400_000, 6)
    found = compute_coherence(x, y, RATE_HZ, n_segment=256)
    gain = np.abs(1.0 + 0.3 * np.exp(-2j * np.pi * found.frequencies_hz / RATE_HZ)) ** 2
    expected = gain / (gain + noise_share * 1.09)
    np.testing.assert_allclose(found.coherence[2:-2], expected[2:-2], atol=0.05)


def test_a_filtered_copy_is_coherent_whatever_its_gain_and_sign() -> None:
    x = noise(20_000, 7)
    found = compute_coherence(x, -300.0 * x + 8.0, RATE_HZ)
    np.testing.assert_allclose(found.coherence[1:], 1.0, atol=1e-9)


@pytest.mark.parametrize(("overlap", "window"), [(0.0, "rectangular"), (0.5, "hann"), (0.75, "hann")])
def test_unrelated_noise_passes_the_95_percent_line_in_5_percent(overlap: float, window: str) -> None:
    passed = []
    for seed in range(40):
        found = compute_coherence(
            noise(8_000, seed),
            noise(8_000, 1_000 + seed),
            RATE_HZ,
            n_segment=250,
            window=window,
            overlap=overlap,
        )
        passed.append(np.mean(found.coherence[3:-3] > found.get_significance()))
    assert np.mean(passed) == pytest.approx(0.05, abs=0.015)


def test_the_significance_of_independent_segments_is_carters() -> None:
    found = compute_coherence(noise(1_600, 1), noise(1_600, 2), RATE_HZ, n_segment=100, overlap=0.0)
    assert found.n_independent == 16
    assert found.get_significance(0.95) == pytest.approx(1 - 0.05 ** (1 / 15))
    assert found.get_significance(0.99) > found.get_significance(0.95)


def test_overlapping_segments_count_for_less_than_they_are() -> None:
    found = compute_coherence(noise(10_000, 1), noise(10_000, 2), RATE_HZ, n_segment=100, overlap=0.75)
    plain = compute_coherence(noise(10_000, 1), noise(10_000, 2), RATE_HZ, n_segment=100, overlap=0.0)
    assert plain.n_independent == 100
    assert 100 < found.n_independent < 0.55 * found.n_segments


def test_a_silent_signal_is_related_to_nothing() -> None:
    assert not compute_coherence(noise(5_000, 1), np.full(5_000, 2.0), RATE_HZ).coherence[1:].any()


def test_what_can_not_be_compared_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="one length"):
        compute_coherence(noise(100, 1), noise(101, 2), RATE_HZ)
    for wrong in ({"n_segment": 8}, {"overlap": 0.95}, {"window": "square"}):
        with pytest.raises(InvalidInputError):
            compute_coherence(noise(1_000, 1), noise(1_000, 2), RATE_HZ, **wrong)
    with pytest.raises(SignalError) as caught:
        compute_coherence(noise(100, 1), noise(100, 2), RATE_HZ, n_segment=90)
    assert caught.value.code is ErrorCode.RECORDING_TOO_SHORT
