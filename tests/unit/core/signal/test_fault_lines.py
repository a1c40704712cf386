"""The lines to look for, against hand-computed places."""

from __future__ import annotations

import pytest

from core.signal.bearings import FaultOrders, find_bearing
from core.signal.fault_lines import (
    FaultLine,
    GearPair,
    LineFamily,
    LineKind,
    MachineFacts,
    find_motor_slip,
    list_coincidences,
    list_fault_lines,
)
from utils.exceptions import InvalidInputError

ORDERS = FaultOrders(bpfo=3.6, bpfi=5.4, bsf=2.3, ftf=0.4)


def by_label(
    facts: MachineFacts, shaft_hz: float | None, max_hz: float = 1e4, **options: float
) -> dict[str, FaultLine]:
    return {line.label: line for line in list_fault_lines(facts, shaft_hz, max_hz, **options)}  # type: ignore[arg-type]  # keywords of two types


def test_lines_lie_at_order_times_shaft_frequency_in_rising_order() -> None:
    lines = list_fault_lines(MachineFacts(orders=ORDERS), 30.0, 1000.0, n_harmonics=2)
    assert [line.frequency_hz for line in lines] == sorted(line.frequency_hz for line in lines)
    found = {line.label: line for line in lines if line.family is not LineFamily.MAINS}
    assert {label: round(line.frequency_hz, 6) for label, line in found.items()} == {
        "FTF": 12.0,
        "2×FTF": 24.0,
        "1X": 30.0,
        "2X": 60.0,
        "3X": 90.0,
        "BPFO": 108.0,
        "2×BSF": 138.0,
        "BPFI": 162.0,
        "2×BPFO": 216.0,
        "4×BSF": 276.0,
        "2×BPFI": 324.0,
    }
    assert found["4×BSF"].harmonic == 2
    assert found["4×BSF"].kind is LineKind.BALL
    assert found["2×BPFO"].order == pytest.approx(7.2)
    assert found["2×BPFO"].name == "BPFO"


def test_a_rolling_line_has_its_slip_band_and_its_sidebands() -> None:
    lines = by_label(MachineFacts(orders=ORDERS), 30.0, slip=0.01)
    assert (lines["BPFO"].low_hz, lines["BPFO"].high_hz) == pytest.approx((106.92, 109.08))
    assert (lines["2×BPFI"].low_hz, lines["2×BPFI"].high_hz) == pytest.approx((320.76, 327.24))
    assert (lines["BPFI"].sideband_hz, lines["BPFI"].sideband_of) == (30.0, "1X")
    assert (lines["2×BSF"].sideband_hz, lines["2×BSF"].sideband_of) == (12.0, "FTF")
    assert lines["BPFO"].sideband_hz is None
    assert lines["1X"].low_hz == lines["1X"].high_hz == 30.0


def test_lines_above_the_limit_are_left_out() -> None:
    lines = list_fault_lines(MachineFacts(orders=ORDERS), 30.0, 162.0)
    assert max(line.frequency_hz for line in lines) == pytest.approx(162.0)


def test_the_outer_race_of_a_6203_falls_on_3x_and_that_is_said() -> None:
    entry = find_bearing("6203")
    assert entry is not None
    lines = list_fault_lines(MachineFacts(orders=entry.orders), 29.0, 1000.0)
    bpfo = next(line for line in lines if line.label == "BPFO")
    assert bpfo.falls_on == ("3X",)  # 3.053 orders, 2 % slip
    assert any("BPFO" in sentence and "3X" in sentence for sentence in list_coincidences(lines))
    narrow = list_fault_lines(MachineFacts(orders=entry.orders), 29.0, 1000.0, slip=0.01)
    assert next(line for line in narrow if line.label == "BPFO").falls_on == ()


def test_a_shaft_on_the_mains_frequency_is_noted() -> None:
    lines = by_label(MachineFacts(), 50.1)
    assert lines["1X"].falls_on == ("mains 50 Hz",)
    assert by_label(MachineFacts(), 47.0)["1X"].falls_on == ()


def test_mains_lines_are_always_there() -> None:
    assert set(by_label(MachineFacts(), None)) == {
        *("mains 50 Hz", "2×mains 50 Hz", "3×mains 50 Hz"),
        *("mains 60 Hz", "2×mains 60 Hz", "3×mains 60 Hz"),
    }
    declared = by_label(MachineFacts(line_frequency_hz=60.0), 29.0)
    assert "mains 60 Hz" in declared
    assert "mains 50 Hz" not in declared


def test_a_journal_bearing_brings_whirl_friction_and_bursts() -> None:
    lines = by_label(MachineFacts(has_journal_bearing=True), 60.0)
    bands = {
        line.name: (line.low_hz, line.high_hz) for line in lines.values() if line.family is LineFamily.JOURNAL
    }
    assert bands == {"whirl": (24.0, 30.0), "friction": (2.0, 5.0), "bursts": (1400.0, 2600.0)}
    assert {"1X", "2X", "3X"} <= set(lines)
    without_speed = by_label(MachineFacts(has_journal_bearing=True), None).values()
    assert "whirl" not in {line.name for line in without_speed}


def test_gears_and_blades_follow_the_shaft_with_its_sidebands() -> None:
    lines = by_label(MachineFacts(gears=(GearPair(23, 92),), n_blades=7), 25.0)
    assert lines["GMF 23T"].frequency_hz == 575.0
    assert lines["3×GMF 23T"].order == 69.0
    assert lines["GMF 23T"].sideband_hz == 25.0
    assert lines["1X of 92T"].frequency_hz == 6.25
    assert lines["2×BPF"].frequency_hz == 350.0


def test_a_motor_has_twice_line_pole_pass_and_rotor_bar_lines() -> None:
    facts = MachineFacts(line_frequency_hz=60.0, n_poles=4, n_rotor_bars=44)
    lines = by_label(facts, 29.5)  # synchronous 30 Hz: slip 0.5 Hz, pole pass 4 x 0.5 Hz
    assert lines["2×line"].frequency_hz == 120.0
    assert lines["2×line"].sideband_hz == pytest.approx(2.0)
    assert (lines["1X"].sideband_hz, lines["1X"].sideband_of) == (pytest.approx(2.0), "pole pass")
    assert lines["PPF"].frequency_hz == pytest.approx(2.0)
    assert lines["RBPF"].frequency_hz == 44 * 29.5
    assert lines["RBPF"].sideband_hz == 120.0


def test_a_speed_that_does_not_fit_the_motor_gives_no_pole_pass() -> None:
    assert find_motor_slip(29.5, 60.0, 4) == pytest.approx((0.5, 2.0))
    assert find_motor_slip(24.5, 50.0, 2) is None
    assert find_motor_slip(51.0, 50.0, 2) is None
    assert "PPF" not in by_label(MachineFacts(line_frequency_hz=50.0, n_poles=2), 24.5)


@pytest.mark.parametrize("shaft_frequency_hz", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_speed_is_refused(shaft_frequency_hz: float) -> None:
    with pytest.raises(InvalidInputError, match="speed"):
        list_fault_lines(MachineFacts(orders=ORDERS), shaft_frequency_hz, 1000.0)


@pytest.mark.parametrize("slip", [-0.01, 0.2, float("nan")])
def test_an_impossible_slip_is_refused(slip: float) -> None:
    with pytest.raises(InvalidInputError, match="slip"):
        list_fault_lines(MachineFacts(orders=ORDERS), 30.0, 1000.0, slip=slip)
