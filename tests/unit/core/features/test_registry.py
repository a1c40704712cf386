"""The contract of every registered feature: finite, true to its scale law, the same alone and in a batch."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from core.features.registry import FEATURE_SETS, FEATURES, compute_features, list_features
from core.features.specs import Domain
from dashboard_config import REPOSITORY_ROOT
from tests.unit.core.features.reference import reference_features
from tests.unit.core.features.windows import FAULT_ORDERS, RATE_HZ, SHAFT_HZ, make_windows
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

KNOWN: dict[str, Any] = {"shaft_frequency_hz": SHAFT_HZ, "fault_orders": FAULT_ORDERS}
# What float32 may lose against float64 on windows with noise in them.
SINGLE_TOLERANCE = 5e-5


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    return make_windows()


def column(windows: np.ndarray, name: str, **kwargs: Any) -> np.ndarray:
    matrix = compute_features(windows, RATE_HZ, **kwargs)
    return matrix.values[:, matrix.names.index(name)]


@pytest.mark.parametrize("precision", ["single", "double"])
def test_every_set_gives_its_names_in_order_as_finite_float32(windows: np.ndarray, precision: Any) -> None:
    for feature_set, names in FEATURE_SETS.items():
        matrix = compute_features(windows, RATE_HZ, feature_set=feature_set, precision=precision, **KNOWN)
        assert matrix.names == names
        assert matrix.values.shape == (4, len(names))
        assert matrix.values.dtype == np.float32
        assert np.isfinite(matrix.values).all()


def test_there_are_at_least_thirty_six_features_in_eight_domains_without_any_knowledge_of_the_machine() -> (
    None
):
    assert len(list_features("all", has_speed=False)) >= 36
    assert {spec.domain for spec in FEATURES.values()} == set(Domain)
    assert all(FEATURE_SETS[domain] for domain in Domain)
    assert all(spec.meaning for spec in FEATURES.values())


@pytest.mark.parametrize(
    ("n_samples", "sample_rate_hz"), [(4096, 12_000.0), (3001, 20_480.0), (20_480, 20_480.0)]
)
def test_every_feature_equals_its_scipy_reference(n_samples: int, sample_rate_hz: float) -> None:
    windows = make_windows(n_samples, sample_rate_hz)
    expected = [reference_features(window, sample_rate_hz, SHAFT_HZ, FAULT_ORDERS) for window in windows]
    double = compute_features(windows, sample_rate_hz, **KNOWN)
    single = compute_features(windows, sample_rate_hz, precision="single", **KNOWN)
    wanted = np.array([[row[name] for name in double.names] for row in expected])
    np.testing.assert_allclose(double.values, wanted, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(single.values, wanted, rtol=SINGLE_TOLERANCE, atol=1e-7)


def test_what_forests_read_is_what_it_was_when_the_first_of_them_were_trained() -> None:
    stored = json.loads((REPOSITORY_ROOT / "tests" / "data" / "forest_features.json").read_text())
    for n_samples, case in stored["cases"].items():
        windows = make_windows(int(n_samples), case["sample_rate_hz"])
        matrix = compute_features(
            windows,
            case["sample_rate_hz"],
            shaft_frequency_hz=SHAFT_HZ,
            feature_set="gain_invariant_with_shaft",
        )
        assert list(matrix.names) == stored["names"]
        np.testing.assert_allclose(matrix.values, case["values"], rtol=1e-6)
    assert FEATURE_SETS["gain_invariant"] == tuple(stored["names"][:-6])


@pytest.mark.parametrize("precision", ["single", "double"])
@pytest.mark.parametrize("level", [0.0, 5.0, -3.3e4, 1e-9, 1e30])
def test_constant_windows_give_zero_everywhere(level: float, precision: Any) -> None:
    matrix = compute_features(np.full((2, 900), level), RATE_HZ, precision=precision, **KNOWN)
    np.testing.assert_array_equal(matrix.values, 0.0)


@pytest.mark.parametrize("precision", ["single", "double"])
@pytest.mark.parametrize("n_samples", [16, 17, 40, 255, 1000])
def test_short_windows_and_single_strokes_give_finite_values(n_samples: int, precision: Any) -> None:
    stroke = np.zeros((2, n_samples))
    stroke[0, n_samples // 2], stroke[1, 0] = 1.0, -2.0
    tone = np.sin(np.arange(n_samples) * 0.7)[None]
    for given in (stroke, tone, 1e-30 * tone, 1e30 * tone):
        matrix = compute_features(given, RATE_HZ, precision=precision, **KNOWN)
        assert np.isfinite(matrix.values).all()


@pytest.mark.parametrize("precision", ["single", "double"])
@pytest.mark.parametrize("gain", [2.5, -1.0 / 3.0, 8e-5])
def test_every_feature_follows_its_scale_law(windows: np.ndarray, gain: float, precision: Any) -> None:
    plain = compute_features(windows, RATE_HZ, precision=precision, **KNOWN)
    other = compute_features(gain * windows, RATE_HZ, precision=precision, **KNOWN)
    for index, name in enumerate(plain.names):
        if gain < 0 and name == "skewness":
            continue  # turns its sign with the signal
        expected = plain.values[:, index] * abs(gain) ** FEATURES[name].gain_power
        tolerance = {"rtol": SINGLE_TOLERANCE, "atol": 1e-6 * abs(gain) ** FEATURES[name].gain_power}
        np.testing.assert_allclose(other.values[:, index], expected, err_msg=name, **tolerance)


@pytest.mark.parametrize("precision", ["single", "double"])
def test_an_offset_changes_no_feature(windows: np.ndarray, precision: Any) -> None:
    plain = compute_features(windows, RATE_HZ, precision=precision, **KNOWN)
    moved = compute_features(windows + 700.0, RATE_HZ, precision=precision, **KNOWN)
    np.testing.assert_allclose(moved.values, plain.values, rtol=SINGLE_TOLERANCE, atol=1e-6)


@pytest.mark.parametrize("precision", ["single", "double"])
def test_batch_and_single_windows_agree(windows: np.ndarray, precision: Any) -> None:
    many = np.tile(windows, (5, 1))
    batch = compute_features(many, RATE_HZ, precision=precision, **KNOWN).values
    alone = [compute_features(row[None], RATE_HZ, precision=precision, **KNOWN).values[0] for row in windows]
    np.testing.assert_allclose(
        batch, np.tile(alone, (5, 1)), rtol=1e-6 if precision == "double" else SINGLE_TOLERANCE, atol=1e-7
    )


def test_speed_and_orders_are_taken_window_by_window(windows: np.ndarray) -> None:
    speeds = np.array([20.0, 29.5, 31.0, 45.0])
    orders = {name: np.linspace(value, 1.2 * value, 4) for name, value in FAULT_ORDERS.items()}
    batch = compute_features(
        windows, RATE_HZ, feature_set="order", shaft_frequency_hz=speeds, fault_orders=orders
    )
    for index, row in enumerate(windows):
        single = compute_features(
            row[None],
            RATE_HZ,
            feature_set="order",
            shaft_frequency_hz=speeds[index],
            fault_orders={name: values[index] for name, values in orders.items()},
        )
        np.testing.assert_allclose(batch.values[index], single.values[0], rtol=1e-6)


def test_what_is_not_known_is_left_out(windows: np.ndarray) -> None:
    bare = compute_features(windows, RATE_HZ).names
    with_speed = compute_features(windows, RATE_HZ, shaft_frequency_hz=SHAFT_HZ).names
    everything = compute_features(windows, RATE_HZ, **KNOWN).names
    assert not {"line_1x_db", "envelope_line_bpfo_db"} & set(bare)
    assert "line_1x_db" in with_speed
    assert "envelope_line_bpfo_db" not in with_speed
    assert everything == FEATURE_SETS["all"]


def test_bands_hold_the_true_energy_of_the_lines_in_them() -> None:
    time_s = np.arange(40_960) / 40_960
    lines = [(200.0, 1.0), (1000.0, 2.0), (3000.0, 0.5), (8000.0, 4.0), (15_000.0, 8.0)]
    signal = sum(size * np.sin(2 * np.pi * hz * time_s) for hz, size in lines)[None]
    matrix = compute_features(signal, 40_960.0, feature_set="frequency")
    for name, size in zip(
        ("0_500", "500_2000", "2000_5000", "5000_10000"), (1.0, 2.0, 0.5, 4.0), strict=True
    ):
        energy = matrix.values[0, matrix.names.index(f"band_energy_{name}_hz")]
        assert energy == pytest.approx(size**2 / 2, rel=1e-5)


def test_the_noise_floor_is_the_density_of_white_noise_and_a_line_stands_above_it() -> None:
    rng = np.random.default_rng(2)
    noise = 0.5 * rng.standard_normal(60_000)
    line = noise + 0.2 * np.sin(2 * np.pi * 700 * np.arange(60_000) / RATE_HZ)
    floor = column(noise[None], "noise_floor")[0]
    # The median of exponentially spread bins is ln 2 of their mean.
    assert floor == pytest.approx(np.log(2) * 0.25 / (RATE_HZ / 2), rel=0.05)
    # A sine spreads over 1.5 bins of a Hann spectrum.
    above = 10 * np.log10(0.2**2 / 2 / 1.5 / (floor * RATE_HZ / 60_000))
    assert column(line[None], "peak_over_floor_db")[0] == pytest.approx(above, abs=1.0)


def test_phase_coupling_is_one_where_phases_follow_and_low_where_they_do_not() -> None:
    rng = np.random.default_rng(5)
    time_s = np.arange(20_480) / 20_480
    coupled, free = np.zeros(20_480), np.zeros(20_480)
    for start in range(0, 20_480, 1280):  # new phases in every stretch
        part = slice(start, start + 1280)
        first, second, third = rng.uniform(0, 2 * np.pi, 3)
        for signal, phase in ((coupled, first + second), (free, third)):
            for hz, shift in ((96.0, first), (160.0, second), (256.0, phase)):
                signal[part] += np.cos(2 * np.pi * hz * time_s[part] + shift)
    noisy = np.array([coupled, free]) + 0.05 * rng.standard_normal((2, 20_480))
    matrix = compute_features(noisy, 20_480.0, feature_set="bispectrum")
    coupling = matrix.values[:, matrix.names.index("phase_coupling")]
    assert coupling[0] > 0.9
    assert coupling[1] < 0.6


def test_bursts_in_the_band_of_cavitation_stand_out_and_bursts_elsewhere_do_not() -> None:
    rng = np.random.default_rng(6)
    time_s = np.arange(20_480) / 20_480
    noise = 0.1 * rng.standard_normal((2, 20_480))
    for index, hz in enumerate((2000.0, 6000.0)):
        for start_s in (0.2, 0.55, 0.8):
            since_s = time_s - start_s
            ringing = np.where((since_s >= 0) & (since_s < 0.008), np.sin(2 * np.pi * hz * since_s), 0.0)
            noise[index] += ringing * np.hanning(20_480).max()
    matrix = compute_features(noise, 20_480.0, feature_set="burst")
    found = dict(zip(matrix.names, matrix.values.T, strict=True))
    assert found["burst_peak_ratio"][0] > 50 > 10 > found["burst_peak_ratio"][1]
    assert found["spectral_kurtosis_max_hz"][0] == pytest.approx(2000, abs=100)
    assert found["spectral_kurtosis_max_hz"][1] == pytest.approx(6000, abs=100)


def test_the_cepstrum_finds_how_far_the_lines_of_a_family_stand_apart() -> None:
    rng = np.random.default_rng(7)
    comb = (np.arange(24_000) % 240 == 0) * 5.0  # every 20 ms
    matrix = compute_features(
        (comb + 0.05 * rng.standard_normal(24_000))[None], RATE_HZ, feature_set="cepstrum"
    )
    n_periods = matrix.values[0, matrix.names.index("cepstrum_peak_s")] / 0.02
    assert n_periods == pytest.approx(round(n_periods), abs=0.005)  # it or one of its rahmonics
    assert matrix.values[0, matrix.names.index("cepstrum_peak_ratio")] > 5


def test_fault_lines_stand_above_their_floor_only_for_the_right_bearing() -> None:
    rng = np.random.default_rng(8)
    time_s = np.arange(24_000) / RATE_HZ
    since_s = np.mod(time_s, 1 / (FAULT_ORDERS["bpfo"] * SHAFT_HZ))
    struck = np.exp(-800 * since_s) * np.sin(2 * np.pi * 3000 * since_s) + 0.1 * rng.standard_normal(24_000)
    matrix = compute_features(struck[None], RATE_HZ, feature_set="order", **KNOWN)
    heights = {name: matrix.values[0, matrix.names.index(name)] for name in FEATURE_SETS["order"][-4:]}
    own = heights.pop("envelope_line_bpfo_db")
    assert own > 20
    # The third BPFO line lies within the slip of the second BPFI line, so that one is no clean zero.
    assert max(heights.values()) < own - 8


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
        {"feature_set": "order"},
        {"shaft_frequency_hz": 0.0},
        {"shaft_frequency_hz": [30.0, np.nan, 30.0, 30.0]},
        {"shaft_frequency_hz": 30.0, "fault_orders": {"bpfo": 3.6}},
    ],
)
def test_wrong_requests_are_refused(windows: np.ndarray, kwargs: dict) -> None:
    with pytest.raises(InvalidInputError):
        compute_features(windows, RATE_HZ, **kwargs)


def test_long_batches_are_cut_into_chunks_without_a_trace(
    windows: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = np.tile(windows, (7, 1))
    whole = compute_features(many, RATE_HZ, **KNOWN).values
    monkeypatch.setattr("core.features.registry._CHUNK_SAMPLES", 8 * 4096)
    np.testing.assert_allclose(compute_features(many, RATE_HZ, **KNOWN).values, whole, rtol=1e-6)


def test_features_load_neither_torch_nor_sklearn() -> None:
    program = (
        "import sys, core.features.registry; print([m for m in ('torch', 'sklearn') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
