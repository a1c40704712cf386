"""The contract of every registered feature, against SciPy where SciPy has the same number."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import scipy.signal
import scipy.stats

from core.features.registry import FEATURE_SETS, FEATURES, compute_features
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

RATE_HZ = 12_000.0


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    rng = np.random.default_rng(3)
    time_s = np.arange(2048) / RATE_HZ
    tones = np.sin(2 * np.pi * 700 * time_s) + 0.3 * np.sin(2 * np.pi * 1400 * time_s)
    impacts = rng.standard_normal((5, 2048)) * (np.arange(2048) % 110 < 12)
    return tones + impacts + 0.2 * rng.standard_normal((5, 2048))


def column(windows: np.ndarray, name: str, **kwargs: object) -> np.ndarray:
    matrix = compute_features(windows, RATE_HZ, **kwargs)
    return matrix.values[:, matrix.names.index(name)]


def test_every_set_gives_its_names_in_order_as_finite_float32(windows: np.ndarray) -> None:
    for feature_set, names in FEATURE_SETS.items():
        matrix = compute_features(windows, RATE_HZ, shaft_frequency_hz=30.0, feature_set=feature_set)
        assert matrix.names == names
        assert matrix.values.shape == (5, len(names))
        assert matrix.values.dtype == np.float32
        assert np.isfinite(matrix.values).all()


def test_there_are_at_least_twenty_features_and_no_name_twice() -> None:
    assert len(FEATURE_SETS["all"]) >= 20
    assert len(set(FEATURE_SETS["all_with_shaft"])) == len(FEATURE_SETS["all_with_shaft"]) == len(FEATURES)


@pytest.mark.parametrize("level", [0.0, 5.0, -3.3e4, 1e-9])
def test_constant_windows_give_finite_values_and_no_power(level: float) -> None:
    matrix = compute_features(np.full((2, 300), level), RATE_HZ, shaft_frequency_hz=30.0)
    assert np.isfinite(matrix.values).all()
    assert (matrix.values[:, matrix.names.index("rms")] == 0).all()


@pytest.mark.parametrize("name", list(FEATURES))
def test_a_feature_follows_its_scale_law(name: str, windows: np.ndarray) -> None:
    plain = column(windows, name, shaft_frequency_hz=30.0)
    louder = column(2.5 * windows, name, shaft_frequency_hz=30.0)
    np.testing.assert_allclose(louder, plain * 2.5 ** FEATURES[name].gain_power, rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize("name", list(FEATURES))
def test_an_offset_changes_no_feature(name: str, windows: np.ndarray) -> None:
    plain = column(windows, name, shaft_frequency_hz=30.0)
    np.testing.assert_allclose(
        column(windows + 7.0, name, shaft_frequency_hz=30.0), plain, rtol=2e-5, atol=1e-6
    )


def test_batch_and_single_windows_agree(windows: np.ndarray) -> None:
    batch = compute_features(windows, RATE_HZ, shaft_frequency_hz=30.0).values
    single = [compute_features(row[None], RATE_HZ, shaft_frequency_hz=30.0).values[0] for row in windows]
    np.testing.assert_allclose(batch, single, rtol=1e-6)


def test_moments_equal_scipy(windows: np.ndarray) -> None:
    expected = scipy.stats.kurtosis(windows, axis=1, fisher=False)
    np.testing.assert_allclose(column(windows, "kurtosis"), expected, rtol=1e-6)
    np.testing.assert_allclose(column(windows, "skewness"), scipy.stats.skew(windows, axis=1), rtol=2e-6)
    np.testing.assert_allclose(column(windows, "rms"), windows.std(axis=1), rtol=1e-6)


def test_spectral_shape_equals_a_scipy_periodogram(windows: np.ndarray) -> None:
    frequencies, density = scipy.signal.periodogram(
        windows - windows.mean(axis=1, keepdims=True), RATE_HZ, window="hann", detrend=False
    )
    share = density / density.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(column(windows, "spectral_centroid_hz"), share @ frequencies, rtol=1e-6)
    entropy = scipy.stats.entropy(share, axis=1) / np.log(share.shape[1])
    np.testing.assert_allclose(column(windows, "spectral_entropy"), entropy, rtol=1e-6)
    total = density.sum(axis=1) * (frequencies[1] - frequencies[0])
    np.testing.assert_allclose(column(windows, "total_power"), total, rtol=1e-6)


def test_a_sine_reads_as_worked_out_by_hand() -> None:
    time_s = np.arange(12_000) / RATE_HZ
    sine = 3.0 * np.sin(2 * np.pi * 1250.0 * time_s)[None]
    assert column(sine, "rms")[0] == pytest.approx(3 / np.sqrt(2), rel=1e-6)
    assert column(sine, "crest_factor")[0] == pytest.approx(np.sqrt(2), rel=1e-3)
    assert column(sine, "kurtosis")[0] == pytest.approx(1.5, rel=1e-6)
    assert column(sine, "total_power")[0] == pytest.approx(4.5, rel=1e-5)
    assert column(sine, "dominant_frequency_hz")[0] == 1250.0
    assert column(sine, "band_share_03")[0] == pytest.approx(1.0, rel=1e-5)  # 1000 to 1500 Hz
    assert column(sine, "zero_crossing_share")[0] == pytest.approx(2 * 1250 / RATE_HZ, rel=1e-3)


def test_white_noise_is_flat_and_its_band_shares_are_equal() -> None:
    noise = np.random.default_rng(0).standard_normal((1, 120_000))
    shares = [column(noise, name)[0] for name in FEATURES if name.startswith("band_share_")]
    assert sum(shares) == pytest.approx(1.0, rel=1e-5)
    np.testing.assert_allclose(shares, 1 / len(shares), rtol=0.05)
    assert column(noise, "spectral_flatness")[0] == pytest.approx(np.exp(-np.euler_gamma), rel=0.02)


def test_the_envelope_finds_how_often_a_resonance_is_struck() -> None:
    rng = np.random.default_rng(1)
    time_s = np.arange(12_000) / RATE_HZ
    since_impact_s = np.mod(time_s, 1 / 107.0)
    ringing = np.exp(-600 * since_impact_s) * np.sin(2 * np.pi * 3000 * since_impact_s)
    struck = (ringing + 0.02 * rng.standard_normal(12_000))[None]
    assert column(struck, "envelope_modulation_hz")[0] == pytest.approx(107, abs=1)
    assert column(struck, "envelope_share_90_130_hz")[0] > 0.4


def test_shaft_ratios_follow_the_lines() -> None:
    time_s = np.arange(12_000) / RATE_HZ
    lines = [(30.0, 1.0), (60.0, 0.5), (90.0, 0.25)]
    signal = sum(size * np.sin(2 * np.pi * hz * time_s) for hz, size in lines)[None]
    assert column(signal, "ratio_2x_to_1x", shaft_frequency_hz=30.0)[0] == pytest.approx(0.5, rel=1e-3)
    assert column(signal, "ratio_3x_to_1x", shaft_frequency_hz=[30.0])[0] == pytest.approx(0.25, rel=1e-3)
    assert column(signal, "share_1x", shaft_frequency_hz=30.0)[0] == pytest.approx(1 / 1.3125, rel=1e-3)


def test_windows_that_cannot_be_used_are_refused(windows: np.ndarray) -> None:
    gap = windows.copy()
    gap[2, 100] = np.nan
    with pytest.raises(SignalError) as caught:
        compute_features(gap, RATE_HZ)
    assert caught.value.code is ErrorCode.NON_FINITE_SIGNAL
    with pytest.raises(SignalError) as caught:
        compute_features(windows[:, :15], RATE_HZ)
    assert caught.value.code is ErrorCode.RECORDING_TOO_SHORT


@pytest.mark.parametrize(
    "kwargs",
    [
        {"feature_set": "wavelets of tomorrow"},
        {"feature_set": "gain_invariant_with_shaft"},
        {"shaft_frequency_hz": 0.0},
        {"shaft_frequency_hz": [30.0, np.nan, 30.0, 30.0, 30.0]},
    ],
)
def test_wrong_requests_are_refused(windows: np.ndarray, kwargs: dict) -> None:
    with pytest.raises(InvalidInputError):
        compute_features(windows, RATE_HZ, **kwargs)


def test_long_batches_are_cut_into_chunks_without_a_trace(
    windows: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = compute_features(windows, RATE_HZ).values
    monkeypatch.setattr("core.features.registry._CHUNK_SAMPLES", 2 * 2048)
    np.testing.assert_array_equal(compute_features(windows, RATE_HZ).values, whole)


def test_features_load_neither_torch_nor_sklearn() -> None:
    program = (
        "import sys, core.features.registry; print([m for m in ('torch', 'sklearn') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
