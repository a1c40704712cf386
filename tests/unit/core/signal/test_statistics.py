"""The nine basic features against SciPy and known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats

from core.signal.statistics import compute_basic_features
from utils.exceptions import SignalError

RATE_HZ = 12_000.0
NAMES = {
    "rms",
    "kurtosis",
    "skewness",
    "peak_value",
    "mean",
    "std",
    "crest_factor",
    "dominant_frequency",
    "spectral_centroid",
}


def test_noise_has_the_moments_scipy_finds() -> None:
    signal = np.random.default_rng(2).gamma(2.0, size=5000)
    features = compute_basic_features(signal, RATE_HZ)
    moving = signal - signal.mean()
    assert set(features) == NAMES
    assert features["kurtosis"] == pytest.approx(scipy.stats.kurtosis(signal, fisher=False), rel=1e-9)
    assert features["skewness"] == pytest.approx(scipy.stats.skew(signal), rel=1e-9)
    assert features["mean"] == pytest.approx(signal.mean())
    assert features["std"] == features["rms"] == pytest.approx(signal.std())
    assert features["peak_value"] == pytest.approx(np.abs(moving).max())
    assert features["crest_factor"] == pytest.approx(np.abs(moving).max() / signal.std())


def test_a_sine_has_the_features_of_a_sine() -> None:
    signal = 5.0 + 3.0 * np.sin(2 * np.pi * 440.3 * np.arange(12_000) / RATE_HZ)
    features = compute_basic_features(signal, RATE_HZ)
    assert features["crest_factor"] == pytest.approx(math.sqrt(2), rel=1e-3)
    assert features["kurtosis"] == pytest.approx(1.5, rel=1e-3)
    assert features["dominant_frequency"] == pytest.approx(440.3, abs=0.02)
    assert features["spectral_centroid"] == pytest.approx(440.3, rel=0.02)
    assert features["mean"] == pytest.approx(5.0, abs=0.01)


def test_white_noise_has_its_centroid_in_the_middle() -> None:
    signal = np.random.default_rng(2).standard_normal(100_000)
    assert compute_basic_features(signal, RATE_HZ)["spectral_centroid"] == pytest.approx(3000.0, rel=0.01)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("level", [0.0, 0.1, -1e6, 1e-30])
def test_a_constant_signal_has_finite_features(level: float, dtype: type) -> None:
    features = compute_basic_features(np.full(1000, level, dtype=dtype), RATE_HZ)
    assert features.pop("mean") == pytest.approx(level, rel=1e-6)
    assert set(features.values()) == {0.0}


def test_the_scale_law_of_each_feature_holds() -> None:
    signal = np.random.default_rng(2).standard_normal(4096)
    once, thrice = compute_basic_features(signal, RATE_HZ), compute_basic_features(3.0 * signal, RATE_HZ)
    for name in ("rms", "std", "peak_value", "mean"):
        assert thrice[name] == pytest.approx(3.0 * once[name])
    for name in ("kurtosis", "skewness", "crest_factor", "dominant_frequency", "spectral_centroid"):
        assert thrice[name] == pytest.approx(once[name])


def test_an_offset_moves_only_the_mean() -> None:
    signal = np.random.default_rng(2).standard_normal(4096)
    plain, shifted = compute_basic_features(signal, RATE_HZ), compute_basic_features(signal + 9.0, RATE_HZ)
    assert shifted.pop("mean") == pytest.approx(plain.pop("mean") + 9.0)
    assert shifted == pytest.approx(plain)


def test_a_drift_has_its_lowest_bin_as_dominant_frequency() -> None:
    features = compute_basic_features(np.linspace(0.0, 1.0, 1200), RATE_HZ)
    assert features["dominant_frequency"] <= 20.0


def test_plain_floats_come_back() -> None:
    features = compute_basic_features(np.arange(100, dtype=np.int16), RATE_HZ)
    assert all(type(value) is float for value in features.values())


def test_a_signal_with_gaps_is_refused() -> None:
    with pytest.raises(SignalError):
        compute_basic_features(np.append(np.ones(50), np.nan), RATE_HZ)
