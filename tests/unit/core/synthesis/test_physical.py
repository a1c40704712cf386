"""What the physical profile adds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.synthesis.journal import make_journal_record, pass_through_structure
from core.synthesis.record import SyntheticRecord
from tests.unit.core.synthesis.tools import RATE_HZ, find_peak, make_config, read_exact_line

STEADY: dict[str, Any] = {"evolving_share": 0.0, "transient_share": 0.0, "profile": "physical"}


def make(fault_class: str, index: int = 0, quiet: bool = True, **entries: Any) -> SyntheticRecord:
    config = make_config(fault_class, quiet=quiet, **{**STEADY, **entries})
    return make_journal_record(config, fault_class, index)


def test_phases_are_random_from_record_to_record() -> None:
    phases = []
    for index in range(40):
        record = make("imbalance", index, shaft_speed_rpm=[3600, 3600], duration_s=1)
        values = record.channels["vibration"]
        phases.append(
            np.angle(np.sum(values * np.exp(-2j * np.pi * 60.0 * np.arange(len(values)) / RATE_HZ)))
        )
    assert abs(np.mean(np.exp(1j * np.array(phases)))) < 0.35
    fixed = make_config("imbalance", quiet=True, shaft_speed_rpm=[3600, 3600], transient_share=0)
    first, second = (make_journal_record(fixed, "imbalance", i).channels["vibration"][:200] for i in (0, 1))
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(1.0, abs=1e-3), "benchmark phases are fixed"


def test_the_second_probe_sees_the_orbit_a_quarter_turn_later() -> None:
    record = make("imbalance", physical={"second_probe": True}, shaft_speed_rpm=[3600, 3600])
    assert set(record.channels) == {"x", "y"}
    turns = np.exp(-2j * np.pi * 60.0 * np.arange(102_400) / RATE_HZ)
    x, y = (np.sum(record.channels[name] * turns) for name in ("x", "y"))
    assert np.degrees(np.angle(y / x)) == pytest.approx(-90.0, abs=0.5)
    assert 0.6 <= abs(y / x) <= 1.0


def test_each_probe_has_its_own_noise() -> None:
    record = make("imbalance", quiet=False, physical={"second_probe": True}, noise_layers=["measurement"])
    high = [np.diff(record.channels[name].astype(float), 4) for name in ("x", "y")]
    assert abs(np.corrcoef(high)[0, 1]) < 0.05


def test_a_run_up_moves_the_line_through_its_whole_range() -> None:
    record = make("misalignment", physical={"run_up_percent": 20}, shaft_speed_rpm=[3600, 3600])
    values = record.channels["vibration"]
    for begin_s, expected in ((0.0, 60 * (1 + 0.2 * 0.05)), (4.5, 60 * (1 + 0.2 * 0.95))):
        start = int(begin_s * RATE_HZ)
        piece = values[start : start + 10_240].astype(float)
        line_hz, _ = find_peak(np.pad(piece, (0, 10 * len(piece))), 100.0, 160.0)
        assert line_hz == pytest.approx(2 * expected, rel=0.01)
    assert record.shaft_speed_rpm == pytest.approx(3600 * 1.1)
    crossings = np.count_nonzero(
        np.diff(
            np.signbit(
                make("imbalance", physical={"run_up_percent": 20}, shaft_speed_rpm=[3600, 3600]).channels[
                    "vibration"
                ]
            )
        )
    )
    assert crossings / 2 == pytest.approx(60 * 5 * 1.1, abs=1.5), "turns are the integral of the speed"


def test_imbalance_grows_during_a_run_up_with_the_square_of_the_speed() -> None:
    values = make("imbalance", physical={"run_up_percent": 20}).channels["vibration"]
    pieces = values.reshape(50, -1).std(axis=1)
    assert pieces[-1] / pieces[0] == pytest.approx(1.2**2, rel=0.05)


def test_the_structure_keeps_the_shaft_lines_and_colours_what_is_broad() -> None:
    rng = np.random.default_rng(0)
    passed = pass_through_structure(rng.standard_normal(102_400).astype(np.float32), RATE_HZ)
    powers = np.abs(np.fft.rfft(passed)) ** 2
    frequencies = np.fft.rfftfreq(102_400, 1 / RATE_HZ)
    around = [powers[np.abs(frequencies - f) < 10].mean() for f in (2900.0, 6000.0)]
    assert around[0] > 2.5 * around[1]
    sine = np.sin(2 * np.pi * 60.0 * np.arange(102_400) / RATE_HZ).astype(np.float32)
    assert read_exact_line(pass_through_structure(sine, RATE_HZ), 60.0) == pytest.approx(1.0, abs=0.05)


def test_the_sensor_gain_scales_everything() -> None:
    plain, loud = (
        make("wear", quiet=False, sensor_gain_db=[gain, gain], noise_layers=["measurement"])
        for gain in (0, 12)
    )
    ratio = loud.channels["vibration"].std() / plain.channels["vibration"].std()
    assert ratio == pytest.approx(10 ** (12 / 20), rel=1e-4)


def test_missing_samples_are_held_in_gaps_and_counted() -> None:
    record = make("wear", quiet=False, physical={"missing_share": 0.05})
    values = record.channels["vibration"]
    held = np.count_nonzero(np.diff(values) == 0) / len(values)
    assert held == pytest.approx(0.05, abs=0.02)
    assert record.conditions["n_samples_lost"] / len(values) == pytest.approx(0.05, abs=0.005)
