"""Autocorrelation against a plain sum, and what repeats in it."""

from __future__ import annotations

import numpy as np
import pytest

from core.signal.autocorrelation import compute_autocorrelation
from core.signal.envelope import compute_envelope
from tests.factories.signals import OuterRaceFault, simulate_outer_race
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

RATE_HZ = 1_000.0


def noise(n_samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n_samples)


def correlate_slowly(signal: np.ndarray, n_lags: int) -> np.ndarray:
    centred = signal - signal.mean()
    means = [np.mean([centred[i] * centred[i + k] for i in range(signal.size - k)]) for k in range(n_lags)]
    return np.array(means) / means[0]


@pytest.mark.parametrize("n_samples", [64, 101])
def test_it_is_the_mean_of_the_products(n_samples: int) -> None:
    signal = noise(n_samples) + 3.0
    found = compute_autocorrelation(signal, RATE_HZ)
    np.testing.assert_allclose(found.values, correlate_slowly(signal, n_samples // 2), atol=1e-12)
    np.testing.assert_allclose(found.lags_s, np.arange(n_samples // 2) / RATE_HZ)


def test_a_sine_gives_a_cosine_that_does_not_fade() -> None:
    signal = np.sin(2 * np.pi * 20.0 * np.arange(5_000) / RATE_HZ)
    found = compute_autocorrelation(signal, RATE_HZ, max_lag_s=2.0)
    assert found.lags_s[-1] == 2.0
    np.testing.assert_allclose(found.values, np.cos(2 * np.pi * 20.0 * found.lags_s), atol=0.01)


def test_a_band_is_looked_at_alone() -> None:
    time_s = np.arange(10_000) / RATE_HZ
    signal = np.sin(2 * np.pi * 30.0 * time_s) + 5.0 * np.sin(2 * np.pi * 200.0 * time_s)
    found = compute_autocorrelation(signal, RATE_HZ, max_lag_s=0.5, band_hz=(10.0, 60.0))
    np.testing.assert_allclose(found.values, np.cos(2 * np.pi * 30.0 * found.lags_s), atol=0.02)


def test_the_envelope_repeats_after_the_time_between_impacts() -> None:
    fault = OuterRaceFault(snr_db=0.0)
    signal = simulate_outer_race(fault, 3)
    band_hz = (fault.resonance_hz - 600.0, fault.resonance_hz + 600.0)
    found = compute_autocorrelation(
        signal, fault.sample_rate_hz, band_hz=band_hz, envelope=True, max_lag_s=0.1
    )
    near = (found.lags_s > 0.005) & (found.lags_s < 0.014)
    period_s = found.lags_s[near][found.values[near].argmax()]
    assert period_s == pytest.approx(1 / fault.bpfo_hz, rel=0.01)
    envelope = compute_envelope(signal, fault.sample_rate_hz, band_hz)
    direct = compute_autocorrelation(envelope, fault.sample_rate_hz, max_lag_s=0.1)
    np.testing.assert_allclose(found.values, direct.values, atol=1e-12)


def test_a_constant_signal_correlates_with_nothing() -> None:
    found = compute_autocorrelation(np.full(100, 4.2), RATE_HZ)
    assert found.values[0] == 1.0
    assert not found.values[1:].any()


def test_what_can_not_be_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        compute_autocorrelation(noise(100), RATE_HZ, max_lag_s=0.0)
    with pytest.raises(InvalidInputError):
        compute_autocorrelation(noise(100), RATE_HZ, band_hz=(400.0, 600.0))
    with pytest.raises(SignalError) as caught:
        compute_autocorrelation(np.ones(15), RATE_HZ)
    assert caught.value.code is ErrorCode.RECORDING_TOO_SHORT
