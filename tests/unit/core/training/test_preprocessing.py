"""From signal to standardised windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.signal.resampling import limit_band
from core.training.preprocessing import Preprocessing, standardise
from core.training.signals import WindowBank, choose_preprocessing
from tests.unit.core.training.signals import make_part, make_signal
from utils.exceptions import ErrorCode, InvalidInputError, SignalError

PLAIN = Preprocessing(analysis_rate_hz=1000.0, window_s=0.1, hop_s=0.05)


def open_bank(signals: list, folder: Path, preprocessing: Preprocessing = PLAIN) -> WindowBank:
    return WindowBank(signals, preprocessing, folder, lambda: None)


@pytest.mark.parametrize("gain", [0.25, 4.0, 1e-6])
def test_gain_and_offset_fall_away(gain: float) -> None:
    windows = np.random.default_rng(0).standard_normal((3, 500))
    np.testing.assert_allclose(standardise(gain * (windows + 2.0)), standardise(windows), atol=2e-5)


def test_windows_get_mean_zero_and_deviation_one() -> None:
    found = standardise(np.random.default_rng(0).standard_normal((3, 500)) * [[1], [20], [0.01]])
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(found.std(axis=1), 1, rtol=1e-5)
    assert found.dtype == np.float32


def test_constant_windows_become_zero() -> None:
    assert (standardise(np.array([[0.0] * 20, [7.5] * 20])) == 0).all()


def test_the_lowest_training_rate_is_the_analysis_rate_and_half_a_window_the_hop() -> None:
    signals = [make_signal(0, rate_hz=4000.0), make_signal(1, rate_hz=1000.0)]
    options = {"analysis_rate_hz": None, "window_s": 0.2, "hop_s": None}
    assert choose_preprocessing(signals, options) == Preprocessing(1000.0, 0.2, 0.1)
    chosen = choose_preprocessing(signals, {**options, "analysis_rate_hz": 500, "hop_s": 0.2})
    assert chosen == Preprocessing(500.0, 0.2, 0.2)


def test_a_tone_keeps_its_frequency_through_resampling() -> None:
    time_s = np.arange(8000) / 4000.0
    found = PLAIN.resample(np.sin(2 * np.pi * 50 * time_s), 4000.0)
    assert found.dtype == np.float32 and len(found) == 2000
    spectrum = np.abs(np.fft.rfft(found))
    assert spectrum.argmax() * 1000.0 / len(found) == 50.0


def test_the_former_sample_rate_cannot_be_read_off_a_signal() -> None:
    noise = np.random.default_rng(1).standard_normal(64_000)
    for rate_hz in (1000.0, 4000.0):
        found = PLAIN.resample(noise, rate_hz).astype(float)
        power = np.abs(np.fft.rfft(found * np.hanning(len(found)))) ** 2
        edge = int(0.81 * len(power))
        assert power[edge:].max() < 1e-6 * power[: len(power) // 2].mean()


def test_a_lower_rate_is_refused() -> None:
    with pytest.raises(SignalError, match="800 Hz") as caught:
        PLAIN.resample(np.zeros(1000), 800.0)
    assert caught.value.code is ErrorCode.SAMPLE_RATE_TOO_LOW


def test_a_signal_with_gaps_is_refused() -> None:
    values = np.ones(1000)
    values[3] = np.nan
    with pytest.raises(SignalError) as caught:
        PLAIN.resample(values, 1000.0)
    assert caught.value.code is ErrorCode.NON_FINITE_SIGNAL


def test_windows_without_content_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="window_s"):
        Preprocessing(analysis_rate_hz=1000.0, window_s=0.01, hop_s=0.005)


def test_the_bank_holds_the_windows_of_every_signal_in_order(tmp_path: Path) -> None:
    signals = make_part(range(1))
    bank = open_bank(signals, tmp_path)
    assert len(bank) == 3 * 13  # (700 - 100) // 50 + 1
    assert bank.targets.tolist() == [0] * 13 + [1] * 13 + [2] * 13
    np.testing.assert_array_equal(bank.read_windows(np.array([14]))[0], limit_band(signals[1].load())[50:150])


def test_shifts_move_a_window_but_never_over_the_end_of_its_signal(tmp_path: Path) -> None:
    signals = make_part(range(1))
    bank = open_bank(signals, tmp_path)
    moved = bank.read_windows(np.array([0, 12]), np.array([7, 49]))
    np.testing.assert_array_equal(moved[0], limit_band(signals[0].load())[7:107])
    np.testing.assert_array_equal(moved[1], limit_band(signals[0].load())[600:700])


def test_the_bank_leaves_no_file_behind(tmp_path: Path) -> None:
    bank = open_bank(make_part(range(1)), tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert len(bank) > 0


def test_a_short_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(SignalError, match="In recording low tone 4, channel DE: ") as caught:
        open_bank([make_signal(0), make_signal(1, 4, n_samples=99)], tmp_path)
    assert caught.value.code is ErrorCode.RECORDING_TOO_SHORT


def test_a_missing_shaft_speed_is_named(tmp_path: Path) -> None:
    signals = [make_signal(0, shaft_speed_rpm=1500.0), make_signal(1)]
    with pytest.raises(InvalidInputError, match="low tone 0"):
        open_bank(signals, tmp_path).check_conditions(("shaft_speed",))
    bank = open_bank(signals[:1], tmp_path)
    bank.check_conditions(("shaft_speed",))
    np.testing.assert_array_equal(bank.read_conditions(np.arange(13))[:, 0], np.full(13, 25.0))
