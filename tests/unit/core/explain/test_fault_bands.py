"""Bands against the kinematics of a known bearing and the lines of a journal bearing."""

from __future__ import annotations

import pytest

from core.explain.fault_bands import (
    BandAxis,
    choose_class_bands,
    list_journal_bands,
    list_rolling_bands,
    merge_ranges,
)
from core.signal.bearings import FaultOrders
from utils.constants import FAULT_CLASSES, HEALTHY_CLASS, ROLLING_FAULT_CLASSES
from utils.exceptions import InvalidInputError

# SKF 6205.
ORDERS = FaultOrders(bpfo=3.5848, bpfi=5.4152, bsf=2.35675, ftf=0.39828)


def list_6205(resolution_hz: float = 0.1) -> dict[str, list[float]]:
    bands = list_rolling_bands(
        30.0, ORDERS, resolution_hz=resolution_hz, demodulation_band_hz=(2000.0, 5000.0)
    )
    return {band.name: [(low + high) / 2 for low, high in band.ranges_hz] for band in bands}


def test_outer_race_lines_are_multiples_of_bpfo() -> None:
    assert list_6205()["BPFO"] == pytest.approx([k * 3.5848 * 30.0 for k in (1, 2, 3, 4)])


def test_inner_race_lines_carry_sidebands_at_the_shaft_speed() -> None:
    first = 5.4152 * 30.0
    assert list_6205()["BPFI"][:3] == pytest.approx([first - 30.0, first, first + 30.0])


def test_ball_lines_are_twice_the_spin_with_sidebands_at_the_cage_speed() -> None:
    first = 2 * 2.35675 * 30.0
    cage = 0.39828 * 30.0
    assert list_6205()["2×BSF"][:3] == pytest.approx([first - cage, first, first + cage])


def test_bands_are_two_percent_wide_or_a_line_wide() -> None:
    (fine,) = (band for band in list_6205_bands(0.01) if band.name == "BPFO")
    low, high = fine.ranges_hz[0]
    assert (high - low) / (high + low) == pytest.approx(0.02)
    (coarse,) = (band for band in list_6205_bands(4.0) if band.name == "BPFO")
    assert coarse.ranges_hz[0][1] - coarse.ranges_hz[0][0] == pytest.approx(12.0)


def list_6205_bands(resolution_hz: float):
    return list_rolling_bands(
        30.0, ORDERS, resolution_hz=resolution_hz, demodulation_band_hz=(2000.0, 5000.0)
    )


def test_envelope_lines_above_half_of_the_band_are_left_out() -> None:
    bands = list_rolling_bands(30.0, ORDERS, resolution_hz=0.1, demodulation_band_hz=(2000.0, 2300.0))
    highest = max(high for band in bands if band.axis is BandAxis.ENVELOPE for _, high in band.ranges_hz)
    assert highest <= 150.0
    assert [band.name for band in bands if band.name == "BPFI"] == ["BPFI"]


@pytest.mark.parametrize("fault_class", [name for name in ROLLING_FAULT_CLASSES if name != HEALTHY_CLASS])
def test_every_rolling_fault_has_its_lines_on_the_envelope(fault_class: str) -> None:
    chosen = choose_class_bands(list_6205_bands(0.5), fault_class)
    assert [band.axis for band in chosen] == [BandAxis.ENVELOPE]


@pytest.mark.parametrize("fault_class", [name for name in FAULT_CLASSES if name != HEALTHY_CLASS])
def test_every_journal_fault_has_bands(fault_class: str) -> None:
    assert choose_class_bands(list_journal_bands(60.0, resolution_hz=1.0, max_hz=10_240.0), fault_class)


def test_a_healthy_machine_has_no_fault_bands() -> None:
    journal = list_journal_bands(60.0, resolution_hz=1.0, max_hz=10_240.0)
    assert choose_class_bands((*journal, *list_6205_bands(0.5)), HEALTHY_CLASS) == ()


def test_misalignment_shows_at_twice_and_three_times_the_speed_only() -> None:
    bands = list_journal_bands(50.0, resolution_hz=1.0, max_hz=10_240.0)
    chosen = choose_class_bands(bands, "misalignment")
    assert [sum(band.ranges_hz[0]) / 2 for band in chosen] == pytest.approx([100.0, 150.0])


def test_bands_beyond_the_spectrum_are_left_out() -> None:
    names = {band.name for band in list_journal_bands(60.0, resolution_hz=1.0, max_hz=200.0)}
    assert names == {"friction", "whirl", "1X", "2X", "3X"}


def test_overlapping_parts_become_one() -> None:
    assert merge_ranges([(4.0, 6.0), (1.0, 3.0), (2.0, 2.5), (5.0, 8.0)]) == ((1.0, 3.0), (4.0, 8.0))


def test_an_unknown_speed_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="above 0"):
        list_journal_bands(0.0, resolution_hz=1.0, max_hz=100.0)
