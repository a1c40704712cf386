"""The evidence of a rolling bearing, against impacts whose place and strength are known."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from core.evidence.findings import Decision, Evidence
from core.evidence.rolling import gather_rolling_evidence
from core.signal.bearings import FaultOrders, compute_fault_orders, parse_geometry

RATE_HZ, SHAFT_HZ, DURATION_S = 20_000.0, 25.0, 4.0
GEOMETRY = parse_geometry("n=9,d=7.94,D=39.04")
ORDERS = compute_fault_orders(GEOMETRY)


def make_noise(seed: int = 0) -> NDArray[np.float64]:
    """White noise and two lines of the shaft."""
    t = np.arange(int(RATE_HZ * DURATION_S)) / RATE_HZ
    noise = np.random.default_rng(seed).standard_normal(t.size)
    return noise + 0.3 * np.sin(2 * np.pi * SHAFT_HZ * t) + 0.2 * np.sin(4 * np.pi * SHAFT_HZ * t + 1.0)


def add_impacts(
    values: NDArray[np.float64], order: float, height: float, *, once_per_turn: float = 0.0, seed: int = 1
) -> NDArray[np.float64]:
    """Add decaying bursts at 4 kHz, ``order`` of them per turn, late or early by half a percent."""
    rng = np.random.default_rng(seed)
    intervals = (1.0 + 0.005 * rng.standard_normal(int(order * SHAFT_HZ * DURATION_S))) / (order * SHAFT_HZ)
    times = np.cumsum(intervals)
    strikes = np.zeros(values.size)
    inside = times < DURATION_S - 0.01
    strength = 1.0 + once_per_turn * np.cos(2 * np.pi * SHAFT_HZ * times)
    np.add.at(strikes, (times[inside] * RATE_HZ).astype(int), height * strength[inside])
    burst_t = np.arange(int(0.004 * RATE_HZ)) / RATE_HZ
    burst = np.exp(-1500.0 * burst_t) * np.sin(2 * np.pi * 4000.0 * burst_t)
    return values + np.convolve(strikes, burst)[: values.size]


@cache
def gather(kind: str) -> Evidence:
    values = {
        "outer": lambda: add_impacts(make_noise(), ORDERS.bpfo, 6.0),
        "inner": lambda: add_impacts(make_noise(), ORDERS.bpfi, 6.0, once_per_turn=0.8),
        "healthy": make_noise,
    }[kind]()
    return gather_rolling_evidence(values, RATE_HZ, ORDERS, SHAFT_HZ)


@pytest.mark.parametrize(("kind", "fault_class"), [("outer", "outer_race"), ("inner", "inner_race")])
def test_impacts_at_a_races_rate_are_named_after_that_race(kind: str, fault_class: str) -> None:
    evidence = gather(kind)
    assert (evidence.decision, evidence.fault_class) == (Decision.FAULT, fault_class)
    assert evidence.faults[0].fault_class == fault_class
    assert "consistent with" in evidence.faults[0].sentence


def test_the_lines_that_were_found_stand_where_they_were_put() -> None:
    lines = {line.label: line for line in gather("outer").faults[0].lines}
    for harmonic in (1, 2, 3):
        line = lines[f"BPFO {harmonic}"]
        assert line.is_found
        assert line.expected_hz == pytest.approx(harmonic * ORDERS.bpfo * SHAFT_HZ, rel=0.002)
        assert line.found_hz == pytest.approx(harmonic * ORDERS.bpfo * SHAFT_HZ, rel=0.005)


def test_noise_and_the_shaft_are_no_fault() -> None:
    assert gather("healthy").decision in (Decision.HEALTHY, Decision.UNDECIDED)


@pytest.mark.parametrize("order", [1.0, ORDERS.bpfo, ORDERS.bpfi, 2.0 * ORDERS.bsf, 160.0])
def test_a_sine_is_never_a_fault_wherever_it_stands(order: float) -> None:
    t = np.arange(int(RATE_HZ * DURATION_S)) / RATE_HZ
    sine = np.sin(2.0 * np.pi * order * SHAFT_HZ * t)
    assert gather_rolling_evidence(sine, RATE_HZ, ORDERS, SHAFT_HZ).decision is not Decision.FAULT


def test_lines_of_something_else_are_not_the_bearings() -> None:
    values = add_impacts(make_noise(), 6.2, 6.0)
    evidence = gather_rolling_evidence(values, RATE_HZ, ORDERS, SHAFT_HZ)
    assert evidence.decision is Decision.UNDECIDED
    assert "no part of this bearing explains" in evidence.reason


def test_probabilities_of_all_faults_and_of_healthy_add_up_to_one() -> None:
    for kind in ("outer", "inner", "healthy"):
        evidence = gather(kind)
        total = evidence.healthy_probability + sum(fault.probability for fault in evidence.faults)
        assert total == pytest.approx(1.0)


def test_another_bearing_is_not_blamed_for_impacts_it_cannot_make() -> None:
    other = compute_fault_orders(parse_geometry("n=14,d=5,D=50"))
    values = add_impacts(make_noise(), ORDERS.bpfo, 6.0)
    assert gather_rolling_evidence(values, RATE_HZ, other, SHAFT_HZ).decision is not Decision.FAULT


@pytest.mark.parametrize("factor", [0.5, 2.0])
@pytest.mark.parametrize(("order", "swing"), [(ORDERS.bpfo, 0.0), (ORDERS.bpfi, 0.8)])
def test_no_fault_is_named_at_twice_or_half_the_sample_rate(
    factor: float, order: float, swing: float
) -> None:
    values = add_impacts(make_noise(), order, 6.0, once_per_turn=swing)
    evidence = gather_rolling_evidence(values, factor * RATE_HZ, ORDERS, SHAFT_HZ)
    assert evidence.decision is not Decision.FAULT


@pytest.mark.parametrize("gain", [1e-3, 1e4])
def test_gain_and_offset_change_nothing(gain: float) -> None:
    values = gain * add_impacts(make_noise(), ORDERS.bpfo, 6.0) + 5.0 * gain
    again = gather_rolling_evidence(values, RATE_HZ, ORDERS, SHAFT_HZ)
    assert again.decision is gather("outer").decision
    assert again.probability == pytest.approx(gather("outer").probability, abs=1e-3)


@pytest.mark.parametrize(
    ("values", "shaft_hz", "words"),
    [
        (np.zeros(50_000), 25.0, "constant"),
        (np.full(50_000, 3.0), 25.0, "constant"),
        (np.full(50_000, np.nan), 25.0, "not numbers"),
        (np.arange(100.0), 25.0, "samples"),
        (np.random.default_rng(0).standard_normal(2_000), 25.0, "turns"),
        (np.random.default_rng(0).standard_normal(50_000), float("nan"), "speed"),
        (np.random.default_rng(0).standard_normal(50_000), 1_000.0, "multiples"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(
    values: NDArray[np.float64], shaft_hz: float, words: str
) -> None:
    evidence = gather_rolling_evidence(values, RATE_HZ, ORDERS, shaft_hz)
    assert evidence.decision is Decision.REFUSED
    assert words in evidence.reason


def test_orders_by_hand_do_as_well_as_a_geometry() -> None:
    by_hand = FaultOrders(3.585, 5.415, 2.357, 0.3983)
    values = add_impacts(make_noise(), ORDERS.bpfo, 6.0)
    assert gather_rolling_evidence(values, RATE_HZ, by_hand, SHAFT_HZ).fault_class == "outer_race"
