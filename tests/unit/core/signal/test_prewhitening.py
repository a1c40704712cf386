"""Whitening flattens what is coloured, leaves impacts, and does by blocks what a loop does by bins."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from core.signal.prewhitening import compute_running_median, prewhiten_cepstrally, whiten_by_median
from core.signal.spectra import compute_psd, compute_spectrum
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

RATE_HZ = 10_000.0


def coloured(n_samples: int = 100_000, seed: int = 0) -> np.ndarray:
    """Return noise through a resonance at 2 kHz, 40 dB high."""
    pole = 0.99 * np.exp(2j * np.pi * 2_000.0 / RATE_HZ)
    return scipy.signal.lfilter(
        [1.0], [1.0, -2 * pole.real, abs(pole) ** 2], np.random.default_rng(seed).standard_normal(n_samples)
    )


def kurtosis(samples: np.ndarray) -> float:
    return float(np.mean(samples**4) / np.mean(samples**2) ** 2)


def test_cepstrally_whitened_every_bin_is_alike_and_keeps_its_phase() -> None:
    signal = coloured(5_000)
    before, after = np.fft.rfft(signal - signal.mean()), np.fft.rfft(prewhiten_cepstrally(signal))
    magnitudes = np.abs(after[1:-1])
    assert magnitudes.max() == pytest.approx(magnitudes.min(), rel=1e-6)
    np.testing.assert_allclose(
        np.exp(1j * np.angle(after[1:-1])), np.exp(1j * np.angle(before[1:-1])), atol=1e-6
    )


def test_the_cepstrum_of_what_was_whitened_is_nought_but_for_quefrency_nought() -> None:
    whitened = np.fft.rfft(prewhiten_cepstrally(coloured(4_096) + 5.0))
    cepstrum = np.fft.irfft(np.log(np.maximum(np.abs(whitened), 1e-12)[1:-1]))
    assert np.abs(cepstrum[1:]).max() < 1e-6


def test_impacts_under_strong_lines_come_out() -> None:
    time_s = np.arange(50_000) / RATE_HZ
    rng = np.random.default_rng(0)
    impacts = np.zeros(50_000)
    # impacts that slip: exactly periodic ones would be lines themselves
    impacts[np.arange(400, 49_600, 400) + rng.integers(-20, 20, 123)] = 1.0
    lines = sum(3.0 * np.sin(2 * np.pi * hz * time_s) for hz in (50.0, 333.0, 1_250.0))
    signal = impacts + lines + 0.02 * rng.standard_normal(50_000)
    assert kurtosis(signal) < 4.0
    assert kurtosis(prewhiten_cepstrally(signal)) > 10.0


@pytest.mark.parametrize("width", [9, 10, 101, 400])
def test_the_running_median_is_that_of_a_loop_at_every_quarter_of_its_width(width: int) -> None:
    values = np.random.default_rng(1).exponential(size=1_500)
    medians = compute_running_median(values, width)
    mirrored = np.pad(values, (width // 2, width), mode="symmetric")
    for centre in range(0, 1_500, width // 4):
        assert medians[centre] == pytest.approx(np.median(mirrored[centre : centre + width])), centre
    first, second = width // 4 * 3, width // 4 * 4
    middle = np.interp(first + 1, [first, second], medians[[first, second]])
    assert medians[first + 1] == pytest.approx(middle)


def test_a_short_or_constant_line_of_values_has_a_median_too() -> None:
    np.testing.assert_array_equal(compute_running_median(np.full(5, 2.0), 100), np.full(5, 2.0))
    assert compute_running_median([1.0, 2.0, 30.0], 3)[1] == 2.0


def test_by_median_a_resonance_goes_and_a_line_stays() -> None:
    time_s = np.arange(100_000) / RATE_HZ
    signal = coloured() + 30.0 * np.sin(2 * np.pi * 3_210.0 * time_s)
    before = compute_psd(signal, RATE_HZ, n_segment=1_000).density[20:480]
    quiet = whiten_by_median(signal, RATE_HZ, width_hz=100.0)
    after = compute_psd(quiet, RATE_HZ, n_segment=1_000).density[20:480]
    assert before.max() / before.min() > 1_000.0
    assert after.max() / after.min() < 4.0
    kept = compute_spectrum(whiten_by_median(signal, RATE_HZ, width_hz=100.0, max_ratio=None), RATE_HZ)
    line = kept.amplitudes[32_100]
    assert line > 20.0 * np.median(kept.amplitudes)
    assert kept.amplitudes.argmax() == 32_100
    cut = compute_spectrum(quiet, RATE_HZ, window="rectangular")
    assert cut.amplitudes.max() == pytest.approx(3.0 * np.median(cut.amplitudes), rel=0.05)


@pytest.mark.parametrize("whiten", [prewhiten_cepstrally, lambda x: whiten_by_median(x, RATE_HZ)])
def test_gain_does_not_matter_and_nothing_stays_nothing(whiten) -> None:
    signal = coloured(3_000)
    plain = whiten(signal)
    assert np.mean(plain**2) == pytest.approx(1.0)
    np.testing.assert_allclose(whiten(1e-6 * signal + 2e-6), plain, atol=1e-6)
    assert not whiten(np.full(1_000, 7.3)).any()
    assert not whiten(np.zeros(1_000)).any()
    with pytest.raises(SignalError) as caught:
        whiten(np.ones(10))
    assert caught.value.code is ErrorCode.RECORDING_TOO_SHORT


@pytest.mark.parametrize("wrong", [{"width_hz": 0.0}, {"max_ratio": -1.0}])
def test_impossible_widths_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInputError):
        whiten_by_median(coloured(1_000), RATE_HZ, **wrong)
