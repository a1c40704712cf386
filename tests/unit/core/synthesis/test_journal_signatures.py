"""The signature of each class (SCIENCE.md 1) and the laws of its amplitude."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from core.synthesis.journal import make_journal_record
from core.synthesis.record import SyntheticRecord
from tests.unit.core.synthesis.tools import (
    RATE_HZ,
    compute_kurtosis,
    find_peak,
    make_config,
    read_exact_line,
    read_floor,
    read_line,
    read_spectrum,
)

STEADY: dict[str, Any] = {"evolving_share": 0.0, "transient_share": 0.0, "severities": ["severe"]}
CLASSES_WITH_LINES = {
    "misalignment": (2, 3),
    "imbalance": (1,),
    "clearance": (1, 2),
    "misalignment_imbalance": (1, 2, 3),
    "wear": (1, 2),
    "wear_lubrication": (1, 2),
    "cavitation_clearance": (1,),
}


def make(fault_class: str, index: int = 0, *, quiet: bool = False, **entries: Any) -> SyntheticRecord:
    return make_journal_record(
        make_config(fault_class, quiet=quiet, **{**STEADY, **entries}), fault_class, index
    )


def samples(record: SyntheticRecord) -> np.ndarray:
    return record.channels["vibration"].astype(float)


def shaft_hz(record: SyntheticRecord) -> float:
    return record.conditions["shaft_frequency_hz"]


def read_orders(record: SyntheticRecord, orders: tuple[float, ...] = (1, 2, 3, 4)) -> list[float]:
    return [read_exact_line(samples(record), order * shaft_hz(record)) for order in orders]


@pytest.mark.parametrize("fault_class", CLASSES_WITH_LINES)
def test_the_shaft_lines_of_a_class_are_its_own(fault_class: str) -> None:
    heights = read_orders(make(fault_class, quiet=fault_class not in ("wear", "wear_lubrication")))
    present = CLASSES_WITH_LINES[fault_class]
    weakest = min(heights[order - 1] for order in present)
    for order in {1, 2, 3, 4} - set(present):
        assert heights[order - 1] < 0.1 * weakest, f"{order}X should not be there: {heights}"


@pytest.mark.parametrize("fault_class", CLASSES_WITH_LINES)
def test_the_shaft_lines_stand_out_of_the_noise(fault_class: str) -> None:
    record = make(fault_class)
    floor = read_floor(samples(record), 250.0, 1000.0)
    for order in CLASSES_WITH_LINES[fault_class]:
        assert read_line(samples(record), order * shaft_hz(record)) > 8.0 * floor


def test_misalignment_is_higher_at_2x_than_at_3x_by_their_constants() -> None:
    first, second, third, _ = read_orders(make("misalignment", quiet=True))
    assert second / third == pytest.approx(0.35 / 0.20, rel=1e-3)
    assert first < 1e-3 * second


def test_a_healthy_record_is_noise_without_shaft_lines() -> None:
    config = make_config("healthy", noise_layers=["floor", "measurement"])
    record = make_journal_record(config, "healthy", 0)
    floor = read_floor(samples(record), 20.0, 1000.0)
    assert max(read_orders(record)) < 6.0 * floor
    assert compute_kurtosis(samples(record)) == pytest.approx(3.0, abs=0.1)
    assert record.severity is None


@pytest.mark.parametrize("fault_class", ["clearance", "cavitation_clearance"])
def test_clearance_has_a_sub_synchronous_line(fault_class: str) -> None:
    for index in range(5):
        record = make(fault_class, index)
        line_hz, height = find_peak(samples(record), 0.35 * shaft_hz(record), 0.6 * shaft_hz(record))
        assert 0.43 - 0.005 <= line_hz / shaft_hz(record) <= 0.48 + 0.005
        assert height > 10.0 * read_floor(samples(record), 250.0, 1000.0)


def test_lubrication_is_a_slow_line_with_the_kurtosis_of_a_sine() -> None:
    record = make("lubrication")
    line_hz, height = find_peak(samples(record), 1.0, 30.0)
    assert 1.9 <= line_hz <= 5.1
    assert height > 50.0 * read_floor(samples(record), 250.0, 1000.0)
    assert compute_kurtosis(samples(record)) == pytest.approx(1.5, abs=0.1)


def test_wear_lubrication_has_floor_and_slow_line() -> None:
    record = make("wear_lubrication")
    line_hz, _ = find_peak(samples(record), 1.0, 30.0)
    assert 1.9 <= line_hz <= 5.1
    healthy = make_journal_record(make_config("healthy"), "healthy", 0)
    assert read_floor(samples(record), 3e3, 9e3) > 2.0 * read_floor(samples(healthy), 3e3, 9e3)


def test_wear_raises_the_floor_and_lets_it_breathe_slowly() -> None:
    record = make("wear", quiet=True)
    healthy = make_journal_record(make_config("healthy"), "healthy", 0)
    assert read_floor(samples(record), 3e3, 9e3) > 3.0 * read_floor(samples(healthy), 3e3, 9e3)
    power = samples(record)[: 5 * 20_000].reshape(250, -1).var(axis=1)
    breath_hz, breath = find_peak(power / power.mean() - 1.0, 0.3, 10.0, rate_hz=RATE_HZ / 400)
    assert 0.4 <= breath_hz <= 2.2
    assert breath > 0.3, "the power swings by about 2 x 0.3"


def test_oil_whirl_has_one_line_with_side_lines_at_half_and_one_and_a_half() -> None:
    record = make("oil_whirl", quiet=True, shaft_speed_rpm=[3600, 3600])
    whirl_hz, height = find_peak(samples(record), 10.0, 200.0)
    assert 0.42 - 0.004 <= whirl_hz / 60.0 <= 0.48 + 0.004
    for order in (0.5, 1.5):
        assert read_line(samples(record), order * whirl_hz, half_width_hz=0.4) == pytest.approx(
            0.1 * height, rel=0.1
        )
    assert max(read_orders(record)) < 1e-3 * height


@pytest.mark.parametrize("fault_class", ["cavitation", "cavitation_clearance"])
def test_cavitation_comes_in_short_bursts_between_1400_and_2600_hz(fault_class: str) -> None:
    record = make(fault_class, quiet=True)
    values = samples(record)
    spectrum = np.fft.rfft(values)
    frequencies = np.fft.rfftfreq(len(values), 1.0 / RATE_HZ)
    spectrum[frequencies < 500.0] = 0.0
    bursts = np.fft.irfft(spectrum)
    powers = np.abs(np.fft.rfft(bursts)) ** 2
    inside = (frequencies > 1400.0) & (frequencies < 2600.0)
    assert powers[inside].sum() > 0.9 * powers.sum()
    blocks = np.abs(bursts[: 600 * 170]).reshape(600, 170).max(axis=1)
    expected = {"cavitation": 2 + 5 * 0.95, "cavitation_clearance": 3 + 4 * 0.95}[fault_class]
    occupied = int(np.sum(blocks > 0.02))
    assert 1 <= occupied <= 3 * expected


def test_a_third_of_the_cavitation_windows_holds_no_burst() -> None:
    config = make_config("cavitation", quiet=True)
    empty = []
    for index in range(120):
        values = samples(make_journal_record(config, "cavitation", index))
        empty += [not np.any(np.abs(window) > 1e-6) for window in values.reshape(5, -1)]
    assert np.mean(empty) == pytest.approx(0.35, abs=0.05)


def line_at_speed(fault_class: str, rpm: float, order: float, **entries: Any) -> float:
    record = make(fault_class, quiet=True, shaft_speed_rpm=[rpm, rpm], load_percent=[60, 60], **entries)
    return read_exact_line(samples(record), order * rpm / 60.0)


def test_imbalance_grows_with_the_square_of_the_speed() -> None:
    slow, fast = (line_at_speed("imbalance", rpm, 1) for rpm in (3240, 3960))
    assert fast / slow == pytest.approx((3960 / 3240) ** 2, rel=1e-3)


def test_imbalance_has_the_height_of_its_formula() -> None:
    record = make("imbalance", quiet=True)
    seen = record.conditions
    expected = 0.5 * seen["load_factor"] * (shaft_hz(record) / 60.0) ** 2 * seen["severity_start"]
    assert read_orders(record)[0] == pytest.approx(expected, rel=1e-3)


def slow_line(temperature_c: float, **entries: Any) -> tuple[float, float]:
    """(amplitude over the temperature factor, Sommerfeld number) of a lubrication fault."""
    fixed = {"load_percent": [60, 60], "shaft_speed_rpm": [3600, 3600], "duration_s": 20}
    spans = {"temperature_c": [temperature_c, temperature_c], **fixed, **entries}
    record = make("lubrication", quiet=True, **spans)
    _, height = find_peak(samples(record), 1.0, 10.0)
    return height / record.conditions["temperature_factor"], record.conditions["sommerfeld"]


def test_lubrication_grows_with_one_over_the_sommerfeld_number() -> None:
    (cold, cold_s), (warm, warm_s) = slow_line(45.0), slow_line(75.0)
    assert cold_s > warm_s
    assert warm / cold == pytest.approx(cold_s / warm_s, rel=0.01)


def test_the_sommerfeld_number_follows_its_formula_and_its_limits() -> None:
    for index in range(50):
        seen = make("imbalance", index, quiet=True, duration_s=0.2).conditions
        viscosity = math.exp(-0.03 * (seen["temperature_c"] - 60.0))
        free = 0.15 * viscosity * (seen["shaft_frequency_hz"] / 60.0) / (0.3 + 0.7 * seen["load"])
        assert seen["sommerfeld"] == pytest.approx(min(max(free, 0.05), 0.5), rel=1e-4)


def whirl_height(temperature_c: float, **entries: Any) -> tuple[float, float]:
    fixed = {"load_percent": [60, 60], "shaft_speed_rpm": [3600, 3600], "duration_s": 20}
    spans = {"temperature_c": [temperature_c, temperature_c], **fixed, **entries}
    record = make("oil_whirl", quiet=True, **spans)
    return find_peak(samples(record), 10.0, 50.0)[1], record.conditions["sommerfeld"]


@pytest.mark.parametrize(
    ("entries", "power"),
    [
        ({}, -0.5),
        ({"profile": "physical"}, 0.5),
        ({"profile": "physical", "physical": {"oil_whirl": "shrinks"}}, -0.5),
    ],
)
def test_whirl_follows_the_root_of_the_sommerfeld_number_either_way(entries: Any, power: float) -> None:
    (cold, cold_s), (warm, warm_s) = whirl_height(45.0, **entries), whirl_height(75.0, **entries)
    assert cold / warm == pytest.approx((cold_s / warm_s) ** power, rel=0.02)


@pytest.mark.parametrize(
    ("entries", "power"), [({}, 0.5), ({"profile": "physical"}, -0.5)], ids=["benchmark", "physical"]
)
def test_wear_follows_the_root_of_the_sommerfeld_number(entries: Any, power: float) -> None:
    found = []
    for temperature_c in (45.0, 75.0):
        spans = {"temperature_c": [temperature_c, temperature_c], "load_percent": [60, 60], **entries}
        record = make("wear", quiet=True, shaft_speed_rpm=[3600, 3600], **spans)
        floor = read_floor(samples(record), 1e3, 9e3) / record.conditions["operating_factor"]
        found.append((floor, record.conditions["sommerfeld"]))
    (cold, cold_s), (warm, warm_s) = found
    assert cold / warm == pytest.approx((cold_s / warm_s) ** power, rel=0.03)


@pytest.mark.parametrize("profile", ["benchmark", "physical"])
def test_the_mixed_classes_take_the_severity_twice_in_the_benchmark_only(profile: str) -> None:
    record = make("misalignment_imbalance", quiet=True, profile=profile, severities=["mild"])
    severity = record.conditions["severity_start"]
    power = 2 if profile == "benchmark" else 1
    assert read_orders(record)[1] == pytest.approx(0.25 * severity**power, rel=1e-3)


def test_a_growing_fault_grows_by_its_curve() -> None:
    record = make("misalignment", quiet=True, evolving_share=1.0, severities=["mild"])
    start, end = (record.conditions[f"severity_{name}"] for name in ("start", "end"))
    assert end == pytest.approx(min(1.0, start + 0.3))
    windows = samples(record).reshape(50, -1).std(axis=1)
    assert windows[-1] / windows[0] == pytest.approx(end / start, rel=0.03)


def test_the_spectrum_of_the_tools_reads_a_sine_right() -> None:
    times = np.arange(102_400) / RATE_HZ
    frequencies, amplitudes = read_spectrum(0.7 * np.sin(2 * np.pi * 100.0 * times))
    assert amplitudes.max() == pytest.approx(0.7, rel=1e-3)
    assert frequencies[amplitudes.argmax()] == pytest.approx(100.0)
