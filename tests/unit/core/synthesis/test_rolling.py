"""The rolling-bearing simulator puts its lines where kinematics puts them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import signal

from core.signal.bearings import compute_fault_orders
from core.synthesis.configuration import RollingConfig, parse_config
from core.synthesis.record import SyntheticRecord
from core.synthesis.rolling import ImpactTrain, make_rolling_record, ring, slip_orders
from tests.unit.core.synthesis.tools import find_peak, read_floor

RATE_HZ = 12_000.0


def make_config(**entries: Any) -> RollingConfig:
    config = parse_config({"kind": "rolling", **entries})
    assert isinstance(config, RollingConfig)
    return config


def make(fault_class: str, index: int = 0, **entries: Any) -> SyntheticRecord:
    return make_rolling_record(make_config(**entries), fault_class, index)


def squared_envelope(record: SyntheticRecord, low_hz: float = 2800.0, high_hz: float = 3600.0) -> np.ndarray:
    """Worked out with SciPy alone, around the first resonance."""
    sos = signal.butter(4, [low_hz, high_hz], "bandpass", fs=record.sample_rate_hz, output="sos")
    envelope = (
        np.abs(signal.hilbert(signal.sosfiltfilt(sos, record.channels["vibration"].astype(float)))) ** 2
    )
    return envelope / envelope.mean() - 1.0


def find_order(record: SyntheticRecord, order: float, half_width: float = 0.05) -> tuple[float, float]:
    """The highest line of the squared envelope near an order: (order, height over the local floor)."""
    shaft_hz, envelope = record.conditions["shaft_frequency_hz"], squared_envelope(record)
    low, high = ((order + sign * half_width) * shaft_hz for sign in (-1, 1))
    line_hz, height = find_peak(envelope, low, high, RATE_HZ)
    return line_hz / shaft_hz, height / read_floor(envelope, line_hz - 40.0, line_hz + 40.0, RATE_HZ)


CLEAN: dict[str, Any] = {"snr_db": [6, 6], "noise_layers": ["white"], "interval_jitter_percent": 0.3}
RATES = {"outer_race": ("bpfo", 1), "inner_race": ("bpfi", 1), "ball": ("bsf", 2), "cage": ("ftf", 1)}


@pytest.mark.parametrize("fault_class", RATES)
def test_the_envelope_shows_the_fault_at_its_place(fault_class: str) -> None:
    part, factor = RATES[fault_class]
    for index in range(3):
        record = make(fault_class, index, **CLEAN)
        expected = factor * record.conditions["fault_orders"][part]
        found, height = find_order(record, expected)
        assert found == pytest.approx(expected, abs=0.02)
        assert height > 8.0, f"{fault_class} {index}: {height}"


def test_without_slip_the_lines_lie_at_the_catalogue_s_orders() -> None:
    record = make("outer_race", cage_slip_percent=[0, 0], **CLEAN)
    assert record.conditions["fault_orders"]["bpfo"] == pytest.approx(3.5848, abs=1e-3)
    assert find_order(record, 3.5848)[0] == pytest.approx(3.5848, abs=0.02)


def test_what_the_cage_loses_outside_it_gains_inside() -> None:
    geometry = make_config().find_geometry()
    nominal, slipped = compute_fault_orders(geometry), slip_orders(geometry, -0.012)
    assert slipped.bpfo == pytest.approx(nominal.bpfo * 0.988)
    assert slipped.bpfo + slipped.bpfi == pytest.approx(9.0)
    assert slip_orders(geometry, 0.0).bpfi == pytest.approx(nominal.bpfi)


def test_an_inner_race_carries_sidebands_of_the_shaft_and_an_outer_race_does_not() -> None:
    sided = {}
    for fault_class, part in (("inner_race", "bpfi"), ("outer_race", "bpfo")):
        record = make(fault_class, ball_scatter=0.0, **CLEAN)
        order = record.conditions["fault_orders"][part]
        sided[fault_class] = min(find_order(record, order + side, 0.03)[1] for side in (-1, 1))
    assert sided["inner_race"] > 4.0 * sided["outer_race"]


def test_a_ball_carries_sidebands_of_the_cage_because_it_passes_the_load_zone() -> None:
    heights = []
    for load_zone in (True, False):
        record = make("ball", load_zone=load_zone, **CLEAN)
        orders = record.conditions["fault_orders"]
        sides = [2 * orders["bsf"] + side * orders["ftf"] for side in (-1, 1)]
        heights.append(min(find_order(record, side, 0.03)[1] for side in sides))
    assert heights[0] > 3.0 * heights[1]


def test_the_load_zone_leaves_the_inner_race_silent_on_its_far_side() -> None:
    record = make("inner_race", snr_db=[30, 30], shaft_speed_rpm=[1800, 1800], noise_layers=["white"])
    phase = np.arange(60_000) / RATE_HZ * 30.0 % 1.0
    power = record.channels["vibration"].astype(float) ** 2
    sectors = np.array([power[(phase * 12).astype(int) == sector].mean() for sector in range(12)])
    assert sectors.max() > 10.0 * sectors.min()


def test_elements_of_their_own_strength_mark_the_outer_race_with_the_cage() -> None:
    heights = []
    for ball_scatter in (0.5, 0.0):
        record = make("outer_race", ball_scatter=ball_scatter, **CLEAN)
        heights.append(find_order(record, record.conditions["fault_orders"]["ftf"], 0.02)[1])
    assert heights[0] > 3.0 * heights[1]


def test_jitter_adds_up_and_washes_the_high_harmonics_out() -> None:
    heights = []
    for jitter in (0.0, 3.0):
        record = make("outer_race", **{**CLEAN, "interval_jitter_percent": jitter, "snr_db": [20, 20]})
        order = record.conditions["fault_orders"]["bpfo"]
        heights.append(find_order(record, 6 * order, 0.1)[1])
    assert heights[0] > 5.0 * heights[1]


def test_a_healthy_bearing_shows_no_fault_line() -> None:
    record = make("healthy")
    for part, order in record.conditions["fault_orders"].items():
        assert find_order(record, order)[1] < 6.0, part
    assert record.severity is None


def test_the_signal_to_noise_ratio_is_the_one_asked_for() -> None:
    loud, quiet = (
        make("outer_race", snr_db=[level, level], noise_layers=["white"]).channels["vibration"].astype(float)
        for level in (0.0, -60.0)
    )
    assert np.var(loud - quiet) == pytest.approx(np.var(quiet), rel=0.05)


def test_the_severity_raises_the_ratio() -> None:
    ratios = [
        make("ball", index, severities=[name]).conditions["snr_db"]
        for index, name in enumerate(("incipient", "mild", "moderate", "severe"))
    ]
    assert ratios == sorted(ratios)


def test_an_impact_between_two_samples_rings_as_the_formula_says() -> None:
    config = make_config()
    moment = 0.0100437
    rung = ring(ImpactTrain(np.array([moment]), np.array([2.0])), 600, RATE_HZ, config.resonances[:1])
    times = np.arange(600) / RATE_HZ - moment
    omega = 2 * np.pi * 3200.0
    expected = 2.0 * np.exp(-0.04 * omega * times) * np.sin(omega * np.sqrt(1 - 0.04**2) * times)
    assert rung == pytest.approx(np.where(times >= 0, expected, 0.0), abs=1e-5)


def test_a_geometry_of_one_s_own_is_used() -> None:
    record = make("outer_race", bearing=None, geometry="n=8,d=5.969,D=31.623,phi=0", cage_slip_percent=[0, 0])
    assert record.conditions["fault_orders"]["bpfo"] == pytest.approx(3.245, abs=1e-3)
