"""Zones against the table, and every reason why there is none."""

from __future__ import annotations

import numpy as np
import pytest

from core.signal.iso_zones import EDITION, choose_band, compute_velocity_rms, explain_no_zone, judge_velocity
from utils.exceptions import InvalidInputError, SignalError

RATE_HZ = 5_000.0
TIME_S = np.arange(20_000) / RATE_HZ
TABLE = {
    (1, "rigid"): (2.3, 4.5, 7.1),
    (1, "flexible"): (3.5, 7.1, 11.0),
    (2, "rigid"): (1.4, 2.8, 4.5),
    (2, "flexible"): (2.3, 4.5, 7.1),
}


@pytest.mark.parametrize(("group", "mounting"), TABLE)
def test_the_boundaries_are_those_of_the_table(group: int, mounting: str) -> None:
    boundaries = TABLE[group, mounting]
    assert judge_velocity(0.0, group, mounting).zone == "A"
    assert judge_velocity(100.0, group, mounting).zone == "D"
    assert judge_velocity(100.0, group, mounting).boundaries_mm_s == boundaries
    for boundary, below, above in zip(boundaries, "ABC", "BCD", strict=True):
        assert judge_velocity(boundary, group, mounting).zone == below
        assert judge_velocity(boundary * 1.001, group, mounting).zone == above


def test_only_the_declared_groups_mountings_and_real_velocities_are_judged() -> None:
    for group, mounting, velocity in ((3, "rigid", 1.0), (1, "soft", 1.0), (1, "rigid", float("nan"))):
        with pytest.raises(InvalidInputError):
            judge_velocity(velocity, group, mounting)


@pytest.mark.parametrize(
    ("frequency_hz", "counts"), [(5.0, False), (15.0, True), (50.0, True), (950.0, True), (1_200.0, False)]
)
def test_the_rms_velocity_counts_what_lies_in_the_band(frequency_hz: float, counts: bool) -> None:
    omega = 2 * np.pi * frequency_hz
    acceleration = np.sin(omega * TIME_S + 0.3) * omega / 9806.65 * np.sqrt(2.0)  # 1 mm/s rms
    found = compute_velocity_rms(acceleration, RATE_HZ, "g", (10.0, 1000.0))
    assert found == (pytest.approx(1.0, rel=0.01) if counts else pytest.approx(0.0, abs=0.05))


def test_a_velocity_signal_needs_no_integration() -> None:
    velocity = 3.0 * np.sqrt(2.0) * np.sin(2 * np.pi * 25.0 * TIME_S)
    assert compute_velocity_rms(velocity, RATE_HZ, "mm/s", (10.0, 1000.0)) == pytest.approx(3.0, rel=0.01)


def test_slow_machines_count_from_two_hertz() -> None:
    assert choose_band(5.0) == (2.0, 1000.0)
    assert choose_band(25.0) == choose_band(None) == (10.0, 1000.0)
    omega = 2 * np.pi * 4.0
    acceleration = np.sin(omega * TIME_S) * omega / 1000.0 * np.sqrt(2.0)
    assert compute_velocity_rms(acceleration, RATE_HZ, "m/s²", (2.0, 1000.0)) == pytest.approx(1.0, rel=0.03)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"unit": None}, "unit"),
        ({"unit": "µm"}, "displacement"),
        ({"group": None}, "group"),
        ({"mounting": None}, "mounting"),
        ({"sample_rate_hz": 1_500.0}, "1000 Hz"),
        ({"shaft_frequency_hz": 1.0}, "120"),
    ],
)
def test_each_reason_against_a_zone_is_said(change: dict[str, object], said: str) -> None:
    declared = {
        "unit": "g",
        "group": 1,
        "mounting": "rigid",
        "sample_rate_hz": 12_000.0,
        "shaft_frequency_hz": 25.0,
    }
    assert explain_no_zone(**declared) is None  # type: ignore[arg-type]  # keywords of several types
    assert said in (explain_no_zone(**{**declared, **change}) or "")  # type: ignore[arg-type]  # the same


def test_a_short_signal_has_no_zone_and_the_edition_is_named() -> None:
    with pytest.raises(SignalError, match="at least"):
        compute_velocity_rms(np.ones(100), RATE_HZ, "g", (10.0, 1000.0))
    assert "superseded" in EDITION
