"""The cepstrum against sums written out, and on echoes and families of lines whose spacing is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.signal.cepstrum import compute_cepstrum, find_cepstrum_peaks
from core.signal.prewhitening import whiten_by_median
from core.signal.spectral_windows import build_window
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

RATE_HZ = 5_000.0


def noise(n_samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n_samples)


def compute_slowly(signal: np.ndarray, n_segment: int, hop: int, window: str) -> np.ndarray:
    """Sum by definition: spectra of all bins of each segment, their mean, its logarithm, back by cosines."""
    n = np.arange(n_segment)
    kernel = np.exp(-2j * np.pi * np.outer(n, n) / n_segment)
    weights = build_window(window, n_segment)
    centred = signal - signal.mean()
    starts = range(0, signal.size - n_segment + 1, hop)
    power = np.mean([np.abs(kernel @ (centred[s : s + n_segment] * weights)) ** 2 for s in starts], axis=0)
    for k in (0, 1, 2):  # the mean was taken off: its bins say nothing
        power[k] = power[-k] = power[3]
    levels_db = 10 * np.log10(power)
    return np.array(
        [np.mean(levels_db * np.cos(2 * np.pi * n * q / n_segment)) for q in range(n_segment // 2 + 1)]
    )


@pytest.mark.parametrize("n_segment", [256, 255])
@pytest.mark.parametrize("window", ["hann", "rectangular"])
def test_it_is_the_inverse_transform_of_the_logarithmic_spectrum(window: str, n_segment: int) -> None:
    signal = noise(256 + 64 * 5 if n_segment == 256 else 255)
    hop = 64
    expected = compute_slowly(signal, n_segment, hop, window)
    power = compute_cepstrum(signal, RATE_HZ, n_segment=n_segment, window=window)
    # quefrency 0 holds the level of the whole spectrum, and with it the scale of a density
    np.testing.assert_allclose(power.values[1:], expected[1:], atol=1e-9)
    real = compute_cepstrum(signal, RATE_HZ, kind="real", n_segment=n_segment, window=window)
    np.testing.assert_allclose(real.values[1:], expected[1:] * math.log(10) / 20, atol=1e-9)
    np.testing.assert_allclose(power.quefrencies_s, np.arange(n_segment // 2 + 1) / RATE_HZ)


def test_an_echo_stands_at_its_delay_with_its_strength() -> None:
    original = noise(60_000)
    signal = original.copy()
    signal[75:] += 0.4 * original[:-75]
    cepstrum = compute_cepstrum(signal, RATE_HZ, kind="real", n_segment=2_000)
    (peak,) = find_cepstrum_peaks(cepstrum, 1)
    assert peak.quefrency_s == pytest.approx(0.015, rel=0.01)
    # ln|1 + a·exp(-jwT)| = a·cos(wT) - a²/2·cos(2wT) + …; one side of a cosine holds half of it
    assert peak.value == pytest.approx(0.4 / 2, rel=0.1)
    assert cepstrum.values[150] == pytest.approx(-(0.4**2) / 4, abs=0.02)


def make_family(spacing_hz: float, middle_hz: float) -> np.ndarray:
    """Return 20 s of lines around a middle, equally spaced, in noise."""
    time_s = np.arange(100_000) / RATE_HZ
    lines = [np.cos(2 * np.pi * (middle_hz + k * spacing_hz) * time_s + k) for k in range(-12, 13)]
    return np.asarray(sum(lines)) + 0.3 * noise(100_000)


@pytest.mark.parametrize("spacing_hz", [17.3, 29.9, 61.0])
def test_sidebands_of_a_harmonic_are_one_peak_at_their_spacing(spacing_hz: float) -> None:
    signal = make_family(spacing_hz, round(1_000.0 / spacing_hz) * spacing_hz)
    n_segment = round(8 * RATE_HZ / spacing_hz)
    best = find_cepstrum_peaks(compute_cepstrum(signal, RATE_HZ, n_segment=n_segment), 1)[0]
    assert best.frequency_hz == pytest.approx(spacing_hz, rel=0.005)
    assert best.value > 0.0
    whitened = whiten_by_median(signal, RATE_HZ, max_ratio=None)
    again = find_cepstrum_peaks(compute_cepstrum(whitened, RATE_HZ, n_segment=n_segment), 1)[0]
    assert again.frequency_hz == pytest.approx(spacing_hz, rel=0.005)


def test_sidebands_half_a_spacing_beside_the_harmonics_point_down() -> None:
    signal = make_family(40.0, 1_020.0)
    best = find_cepstrum_peaks(compute_cepstrum(signal, RATE_HZ, n_segment=1_000), 1)[0]
    assert best.frequency_hz == pytest.approx(40.0, rel=0.005)
    assert best.value < 0.0


def test_narrow_lines_keep_their_shortest_quefrency_among_the_peaks() -> None:
    cepstrum = compute_cepstrum(make_family(61.0, 976.0), RATE_HZ, n_segment=5_000)
    peaks = find_cepstrum_peaks(cepstrum, 10)
    assert min(abs(peak.frequency_hz - 61.0) for peak in peaks) < 0.3


def test_gain_moves_nothing_but_quefrency_nought() -> None:
    signal = noise(20_000)
    plain = compute_cepstrum(signal, RATE_HZ, n_segment=1_000)
    louder = compute_cepstrum(10.0 * signal + 3.0, RATE_HZ, n_segment=1_000)
    np.testing.assert_allclose(louder.values[1:], plain.values[1:], atol=1e-8)
    assert louder.values[0] - plain.values[0] == pytest.approx(20.0, abs=1e-6)


def test_it_is_finite_where_there_is_nothing() -> None:
    assert not compute_cepstrum(np.ones(1_000), RATE_HZ).values.any()
    impulse = np.zeros(1_000)
    impulse[10] = 1.0
    assert np.isfinite(compute_cepstrum(impulse, RATE_HZ, window="rectangular").values).all()


def test_peaks_are_apart_and_not_too_short() -> None:
    cepstrum = compute_cepstrum(noise(20_000), RATE_HZ, n_segment=1_000)
    peaks = find_cepstrum_peaks(cepstrum, 8, min_quefrency_s=0.02)
    places = sorted(peak.quefrency_s for peak in peaks)
    assert len(peaks) == 8
    assert places[0] >= 0.0198
    assert min(np.diff(places)) > 2 / RATE_HZ
    heights = [abs(peak.value) for peak in peaks]
    assert heights == sorted(heights, reverse=True)
    assert all(peak.frequency_hz == pytest.approx(1 / peak.quefrency_s) for peak in peaks)


def test_what_can_not_be_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="power or real"):
        compute_cepstrum(noise(1_000), RATE_HZ, kind="complex")  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(InvalidInputError):
        find_cepstrum_peaks(compute_cepstrum(noise(1_000), RATE_HZ), 0)
    with pytest.raises(SignalError) as caught:
        compute_cepstrum(np.ones(15), RATE_HZ)
    assert caught.value.code is ErrorCode.RECORDING_TOO_SHORT
