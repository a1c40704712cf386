"""Speed without a tacho: right within 0.5 %, or not given at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.io
import scipy.signal
from numpy.typing import NDArray

from core.signal.shaft_speed import estimate_shaft_speed
from core.signal.speed_tracking import find_shaft_angle
from core.synthesis.configuration import parse_config
from core.synthesis.records import make_record
from utils.constants import FAULT_CLASSES
from utils.exceptions import InvalidInputError

RATE_HZ = 10_000.0


def make_machine(
    shaft_hz: float,
    seconds: float = 8.0,
    amplitudes: tuple[float, ...] = (1.0, 0.5, 0.3),
    snr_db: float = 0.0,
) -> NDArray[np.float64]:
    """Return harmonics of a shaft in white noise."""
    time_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    lines = sum(
        amplitude * np.sin(2 * np.pi * (k + 1) * shaft_hz * time_s + k)
        for k, amplitude in enumerate(amplitudes)
    )
    noise = np.random.default_rng(int(shaft_hz * 1000)).standard_normal(time_s.size)
    return np.asarray(lines + noise * np.sqrt(np.mean(lines**2) / 10 ** (snr_db / 10)))


@pytest.mark.parametrize("off", [-0.09, -0.031, 0.0, 0.017, 0.08])
@pytest.mark.parametrize("snr_db", [20.0, 0.0, -10.0])
def test_the_speed_is_found_within_half_a_percent(off: float, snr_db: float) -> None:
    true_hz = 29.17 * (1.0 + off)
    found = estimate_shaft_speed(make_machine(true_hz, snr_db=snr_db), RATE_HZ, 29.17)
    assert found.shaft_frequency_hz == pytest.approx(true_hz, rel=0.001)
    assert 0.3 <= found.confidence <= 1.0
    assert found.candidates[0].score == 1.0
    assert found.reason is None


def test_a_speed_that_shows_in_the_envelope_only_is_found() -> None:
    """Noise at 3 kHz modulated once a turn: no line in the spectrum itself."""
    time_s = np.arange(100_000) / RATE_HZ
    noise = np.random.default_rng(3).standard_normal(time_s.size)
    band = scipy.signal.sosfiltfilt(
        scipy.signal.butter(4, (2_600, 3_400), "bandpass", fs=RATE_HZ, output="sos"), noise
    )
    pulses = np.exp(3.0 * (np.cos(2 * np.pi * 24.6 * time_s) - 1.0))
    found = estimate_shaft_speed(band * pulses + 0.01 * noise, RATE_HZ, 25.0)
    assert found.shaft_frequency_hz == pytest.approx(24.6, rel=0.002)


def test_gain_and_offset_change_nothing() -> None:
    signal = make_machine(29.9)
    plain = estimate_shaft_speed(signal, RATE_HZ, 29.17)
    scaled = estimate_shaft_speed(0.25 * signal + 7.0, RATE_HZ, 29.17)
    assert plain.shaft_frequency_hz == pytest.approx(scaled.shaft_frequency_hz, rel=1e-9)
    assert plain.confidence == pytest.approx(scaled.confidence, abs=1e-6)


@pytest.mark.parametrize("colour", ["white", "brown", "resonant"])
def test_noise_has_no_speed(colour: str) -> None:
    accepted = 0
    for seed in range(12):
        noise = np.random.default_rng(seed).standard_normal(40_000)
        if colour == "brown":
            noise = np.cumsum(noise)
        if colour == "resonant":
            noise = scipy.signal.lfilter([1.0], [1.0, -1.9, 0.95], noise)
        found = estimate_shaft_speed(noise, RATE_HZ, 30.0)
        accepted += found.shaft_frequency_hz is not None
        assert found.shaft_frequency_hz is not None or (found.confidence == 0.0 and found.reason)
    assert accepted == 0


def test_mains_alone_is_no_shaft() -> None:
    time_s = np.arange(80_000) / RATE_HZ
    hum = sum(np.sin(2 * np.pi * 50.0 * k * time_s) / k for k in (1, 2, 3))
    hum = hum + 0.1 * np.random.default_rng(0).standard_normal(time_s.size)
    assert estimate_shaft_speed(hum, RATE_HZ, 49.0).shaft_frequency_hz is None
    assert estimate_shaft_speed(hum, RATE_HZ, 25.0).shaft_frequency_hz is None


@pytest.mark.parametrize("tone_hz", [61.3, 88.4, 203.7])
def test_a_stray_tone_is_no_shaft(tone_hz: float) -> None:
    """At 2, 3 or 7 times some speed of the range; with a line at 1X it would be one."""
    time_s = np.arange(80_000) / RATE_HZ
    noise = 0.3 * np.random.default_rng(1).standard_normal(time_s.size)
    tone = np.sin(2 * np.pi * tone_hz * time_s)
    assert estimate_shaft_speed(tone + noise, RATE_HZ, 29.17).shaft_frequency_hz is None
    imbalance = np.sin(2 * np.pi * 29.6 * time_s)
    found = estimate_shaft_speed(imbalance + noise, RATE_HZ, 29.17)
    assert found.shaft_frequency_hz == pytest.approx(29.6, rel=0.002)


def test_no_journal_bearing_record_gets_a_wrong_speed() -> None:
    """Their mains line wanders between 50 and 60 Hz, where the shaft turns too; most have few other lines."""
    config = parse_config({"profile": "benchmark"})
    found = dict.fromkeys(FAULT_CLASSES, 0)
    for fault_class in FAULT_CLASSES:
        for index in range(3):
            record = make_record(config, fault_class, index)
            (samples,) = record.channels.values()
            estimate = find_shaft_angle(samples, record.sample_rate_hz, 60.0)
            if estimate.angle is not None:
                true_hz = record.shaft_speed_rpm / 60.0
                assert estimate.angle.mean_frequency_hz == pytest.approx(true_hz, rel=0.005), record.name
                found[fault_class] += 1
    assert found["misalignment_imbalance"] == 3
    assert found["healthy"] == 0


def test_two_shafts_in_the_range_are_not_told_apart_by_guessing() -> None:
    both = make_machine(27.9, snr_db=20.0) + make_machine(30.7, snr_db=20.0)
    found = estimate_shaft_speed(both, RATE_HZ, 29.17)
    assert found.shaft_frequency_hz is None
    first, second = sorted(each.shaft_frequency_hz for each in found.candidates[:2])
    assert (first, second) == (pytest.approx(27.9, rel=0.005), pytest.approx(30.7, rel=0.005))


def test_without_a_nominal_speed_there_are_candidates_and_no_speed() -> None:
    found = estimate_shaft_speed(make_machine(29.9), RATE_HZ)
    assert found.shaft_frequency_hz is None
    assert found.candidates[0].shaft_frequency_hz == pytest.approx(29.9, rel=0.005)
    assert "nominal" in (found.reason or "")


def test_too_few_turns_or_too_low_a_rate_is_said() -> None:
    assert "turns" in (estimate_shaft_speed(make_machine(30.0, 0.3), RATE_HZ, 30.0).reason or "")
    assert "rate" in (estimate_shaft_speed(make_machine(30.0), 100.0, 45.0).reason or "")


@pytest.mark.parametrize(("nominal_hz", "share"), [(0.0, 0.1), (float("nan"), 0.1), (30.0, 0.0), (30.0, 0.6)])
def test_an_impossible_search_is_refused(nominal_hz: float, share: float) -> None:
    with pytest.raises(InvalidInputError):
        estimate_shaft_speed(make_machine(30.0), RATE_HZ, nominal_hz, search_share=share)


@pytest.mark.real_data
def test_every_cwru_record_shows_its_measured_speed(real_data: Path) -> None:
    """Searched from 4 % beside the speed that the files hold (measured by the rig's makers)."""
    errors = []
    for path in sorted((real_data / "cwru_12k_de").glob("*.mat")):
        if path.name.startswith("Normal"):
            continue
        file = scipy.io.loadmat(path)
        samples = next(value for name, value in file.items() if name.endswith("DE_time")).ravel()
        true_hz = float(next(value for name, value in file.items() if name.endswith("RPM"))[0, 0]) / 60.0
        found = estimate_shaft_speed(samples, 12_000.0, 0.96 * true_hz)
        assert found.shaft_frequency_hz is not None, path.name
        errors.append(found.shaft_frequency_hz / true_hz - 1.0)
    assert len(errors) == 27
    assert np.max(np.abs(errors)) < 0.005


@pytest.mark.real_data
def test_the_mfpt_rig_turned_a_little_slower_than_its_files_say(real_data: Path) -> None:
    for path in sorted((real_data / "mfpt").glob("*.mat")):
        bearing = scipy.io.loadmat(path)["bearing"][0, 0]
        found = estimate_shaft_speed(bearing["gs"].ravel(), float(bearing["sr"].item()), 25.0)
        assert found.shaft_frequency_hz is not None, path.name
        assert 0.985 * 25.0 < found.shaft_frequency_hz < 25.0
