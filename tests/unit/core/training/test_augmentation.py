"""Augmentation: what is drawn is drawn again, what is promised is measured."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from core.training import disturbances
from core.training.augmentation import Augmentation, draw_mixup
from core.training.batches import WindowReader, mix_up
from core.training.preprocessing import Preprocessing
from core.training.run import train_classifier
from core.training.signals import WindowBank
from tests.unit.core.training.hooks import RecordingHooks
from tests.unit.core.training.signals import OPTIONS, make_part

RATE_HZ = 2000.0
KEY = (3, 1, 0)
EVERYTHING = Augmentation(
    time_shift=1.0, path_variation=1.0, rate_variation=0.1, gain_drift_db=6.0, white_noise_share=0.5,
    pink_noise_share=0.5, mains_noise_share=0.5, tone_share=0.5, segment_dropout=0.2, healthy_mixing=0.5,
)  # fmt: skip


def make_windows(n_windows: int = 16, n_samples: int = 2000) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((n_windows, n_samples)).astype(np.float32)


def make_conditions(n_windows: int = 16) -> np.ndarray:
    return np.full((n_windows, 5), 25.0, dtype=np.float32)


def apply(augmentation: Augmentation, windows: np.ndarray, key: tuple[int, int, int] = KEY) -> np.ndarray:
    return augmentation.apply(windows, make_conditions(len(windows)), RATE_HZ, key)[0]


def tone(frequency_hz: float, n_samples: int = 2000) -> np.ndarray:
    return np.sin(2 * np.pi * frequency_hz * np.arange(n_samples) / RATE_HZ).astype(np.float32)[None]


def find_peak_hz(window: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(window * np.hanning(len(window)), 16 * len(window)))
    return float(spectrum.argmax() * RATE_HZ / (16 * len(window)))


def snr_db(clean: np.ndarray, changed: np.ndarray) -> np.ndarray:
    return 10 * np.log10(clean.var(axis=1) / (changed - clean).var(axis=1))


def test_the_same_key_draws_the_same_and_another_key_something_else() -> None:
    windows = make_windows()
    before = windows.copy()
    first = apply(EVERYTHING, windows)
    assert np.array_equal(first, apply(EVERYTHING, windows))
    assert np.array_equal(windows, before)
    for key in ((4, 1, 0), (3, 2, 0), (3, 1, 1)):
        assert not np.array_equal(first, apply(EVERYTHING, windows, key))


def test_without_changes_windows_only_lose_their_mean() -> None:
    windows = make_windows() + 7.0
    assert np.allclose(
        apply(Augmentation(), windows), windows - windows.mean(axis=1, keepdims=True), atol=1e-5
    )


@pytest.mark.parametrize("name", [field.name for field in fields(Augmentation) if "share" in field.name])
def test_a_disturbance_comes_at_the_ratio_asked_for(name: str) -> None:
    windows = make_windows()
    windows -= windows.mean(axis=1, keepdims=True)
    changed = apply(Augmentation(**{name: 1.0, "snr_low_db": 12.0, "snr_high_db": 12.0}), windows)
    assert np.allclose(snr_db(windows, changed), 12.0, atol=0.1)


def test_ratios_fill_the_range_whichever_end_is_named_first() -> None:
    windows = make_windows(400, 256)
    windows -= windows.mean(axis=1, keepdims=True)
    changed = apply(Augmentation(white_noise_share=1.0, snr_low_db=20.0, snr_high_db=-5.0), windows)
    found = snr_db(windows, changed)
    assert found.min() == pytest.approx(-5.0, abs=0.6) and found.max() == pytest.approx(20.0, abs=0.6)
    assert np.mean(found) == pytest.approx(7.5, abs=1.5)


def test_a_share_of_the_windows_is_disturbed_and_the_rest_left_alone() -> None:
    windows = make_windows(1000, 64)
    windows -= windows.mean(axis=1, keepdims=True)
    changed = apply(Augmentation(tone_share=0.3), windows)
    touched = np.abs(changed - windows).max(axis=1) > 1e-4
    assert 0.25 < touched.mean() < 0.35


@pytest.mark.parametrize(("make", "slope"), [(disturbances.make_white, 0.0), (disturbances.make_pink, -1.0)])
def test_noise_has_its_colour_and_ends_where_the_signals_end(make: object, slope: float) -> None:
    noise = make(np.random.default_rng(1), (200, 2000), RATE_HZ)  # type: ignore[operator]
    power = np.mean(np.abs(np.fft.rfft(noise)) ** 2, axis=0)
    frequencies_hz = np.fft.rfftfreq(2000, 1 / RATE_HZ)
    band = (frequencies_hz > 5) & (frequencies_hz < 700)
    fitted = np.polyfit(np.log(frequencies_hz[band]), np.log(power[band]), 1)[0]
    assert fitted == pytest.approx(slope, abs=0.05)
    assert power[frequencies_hz > 810].sum() < 1e-6 * power.sum()


def test_mains_hum_lies_at_50_or_60_hz() -> None:
    hum = disturbances.make_mains(np.random.default_rng(1), (40, 4000), RATE_HZ)
    peaks = np.asarray([find_peak_hz(row) for row in hum])
    near = {50: np.abs(peaks - 50) < 0.4, 60: np.abs(peaks - 60) < 0.4}
    assert (near[50] | near[60]).all() and near[50].any() and near[60].any()


def test_hum_above_the_band_stays_away() -> None:
    windows = np.random.default_rng(0).standard_normal((3, 100)).astype(np.float32)
    windows -= windows.mean(axis=1, keepdims=True)
    changed, _ = Augmentation(mains_noise_share=1.0).apply(windows, make_conditions(3), 100.0, KEY)
    assert np.allclose(changed, windows, atol=1e-5)


def test_a_window_played_faster_turns_faster() -> None:
    windows = np.repeat(tone(100.0), 16, axis=0)
    conditions = make_conditions()
    changed, told = Augmentation(rate_variation=0.2).apply(windows, conditions, RATE_HZ, KEY)
    factors = told[:, 0] / conditions[:, 0]
    assert 0.8 <= factors.min() < 0.9 and 1.1 < factors.max() <= 1.2
    assert np.allclose(told[:, 1:], conditions[:, 1:])
    inner = changed[:, 300:-300]
    assert np.allclose([find_peak_hz(row) for row in inner], 100.0 * factors, atol=0.7)
    assert np.allclose(inner.std(axis=1), np.sqrt(0.5), atol=0.02)


def test_the_gain_moves_within_its_range() -> None:
    windows = np.ones((50, 500), np.float32)
    disturbances.drift_gain(np.random.default_rng(0), windows, 6.0)
    db = 20 * np.log10(windows)
    assert -6.0 <= db.min() < -5.0 and 5.0 < db.max() <= 6.01
    assert np.allclose(np.diff(db, 2, axis=1), 0.0, atol=1e-3)


def test_a_silenced_stretch_is_one_and_not_longer_than_asked() -> None:
    changed = apply(Augmentation(segment_dropout=0.3), make_windows(200, 1000))
    silent = changed == 0.0
    lengths = silent.sum(axis=1)
    assert lengths.max() <= 300 and 100 < lengths.mean() < 200
    assert (np.abs(np.diff(silent.astype(int), axis=1)).sum(axis=1) <= 2).all()


def test_a_short_filter_moves_nothing_in_time() -> None:
    click = np.zeros((100, 101), np.float32)
    click[:, 50] = 1.0
    changed = disturbances.vary_path(np.random.default_rng(0), click, 1.0)
    assert np.abs(changed[:, :46]).max() == 0.0 and np.abs(changed[:, 55:]).max() == 0.0
    assert np.abs(changed).mean(axis=0).argmax() == 50


def test_mixing_keeps_a_share_of_the_fault_and_healthy_windows_never_drown_it() -> None:
    faulty, healthy = np.repeat(tone(100.0), 100, axis=0), 1000.0 * np.repeat(tone(300.0), 100, axis=0)
    mixed = disturbances.mix_healthy(np.random.default_rng(0), faulty, healthy, 0.3)
    shares = np.abs(np.fft.rfft(mixed))[:, [100, 300]] / 1000
    assert np.allclose(shares.sum(axis=1), 1.0, atol=1e-3)
    assert 0.3 <= shares[:, 0].min() < 0.4 and shares[:, 0].max() > 0.9


def make_reader(tmp_path: Path, augmentation: Augmentation, names: tuple[str, ...]) -> WindowReader:
    preprocessing = Preprocessing(1000.0, 0.128, 0.064)
    bank = WindowBank(make_part(range(3)), preprocessing, tmp_path, lambda: None)
    return WindowReader(bank, preprocessing, augmentation, names, seed=0)


def test_only_faulty_windows_are_mixed(tmp_path: Path) -> None:
    names = ("healthy", "low tone", "high tone")
    plain = make_reader(tmp_path, Augmentation(), names)
    mixed = make_reader(tmp_path, Augmentation(healthy_mixing=1.0), names)
    indices = np.arange(len(plain.bank))
    left, right = plain.read(indices, 1, 0), mixed.read(indices, 1, 0)
    changed = np.abs(left.windows - right.windows).max(axis=1) > 1e-6
    assert np.array_equal(changed, left.targets != 0)
    assert np.array_equal(left.targets, right.targets)


def test_without_healthy_recordings_nothing_is_mixed_and_the_log_says_so(tmp_path: Path) -> None:
    names = ("calm", "low tone", "high tone")
    plain = make_reader(tmp_path, Augmentation(), names)
    mixed = make_reader(tmp_path, Augmentation(healthy_mixing=1.0), names)
    indices = np.arange(len(plain.bank))
    assert np.array_equal(plain.read(indices, 1, 0).windows, mixed.read(indices, 1, 0).windows)
    hooks = RecordingHooks()
    options = {**OPTIONS, "epochs": 1, "healthy_mixing": 0.5}
    train_classifier(
        "cnn_lstm", options, make_part(range(2)), [], names, seed=0, run_folder=tmp_path / "run", hooks=hooks
    )
    assert hooks.warnings == ["No class is called 'healthy': no training window is mixed with a healthy one."]


def test_windows_start_up_to_a_hop_later_and_inside_their_signal(tmp_path: Path) -> None:
    reader = make_reader(tmp_path, Augmentation(time_shift=1.0), ("a", "b", "c"))
    indices = np.arange(len(reader.bank))
    shifts = Augmentation(time_shift=1.0).draw_shifts(len(indices), 64, (0, 1, 0))
    assert shifts.min() >= 0 and 55 < shifts.max() < 64
    expected = reader.bank.read_windows(indices, shifts)
    found = reader.read(indices, 1, 0).windows
    assert np.allclose(found, expected - expected.mean(axis=1, keepdims=True), atol=1e-5)


def test_mixup_blends_windows_with_partners_and_keeps_at_least_half() -> None:
    windows = make_windows(64, 32)
    blended, mixture = mix_up(windows, 0.4, KEY)
    assert mixture is not None
    assert 0.5 <= mixture.shares.min() < 0.7 and mixture.shares.max() > 0.95
    row = 5
    expected = mixture.shares[row] * windows[row] + (1 - mixture.shares[row]) * windows[mixture.partners[row]]
    assert np.allclose(blended[row], expected, atol=1e-6)
    assert mix_up(windows, 0.0, KEY) == (windows, None)
    assert not np.array_equal(draw_mixup(0.4, 64, (3, 1, 1))[0], mixture.partners)


def test_options_that_a_network_lacks_change_nothing() -> None:
    assert Augmentation.from_options({"n_trees": 5}) == Augmentation()
    assert Augmentation.from_options({"path_variation": 0.5}) == Augmentation(path_variation=0.5)


def test_augmentation_loads_no_torch() -> None:
    code = "import sys, core.training.batches; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[4])
