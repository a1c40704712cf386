"""Operating points, severities, transients and noise layers are drawn as stated."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import signal, stats

from core.synthesis.journal import make_journal_record
from core.synthesis.noise import JournalNoise, make_pink, make_random_walk, make_white
from core.synthesis.operating import (
    draw_operating_point,
    draw_severity,
    draw_transient,
    make_transient,
)
from core.synthesis.seeding import Stream, make_stream
from tests.unit.core.synthesis.tools import RATE_HZ, find_peak, make_config

N_DRAWS = 3000


def draw_points() -> dict[str, np.ndarray]:
    config = make_config()
    points = [draw_operating_point(config, make_stream(0, 1, i, Stream.OPERATING)) for i in range(N_DRAWS)]
    names = (
        "shaft_frequency_hz",
        "load",
        "temperature_c",
        "base_amplitude",
        "operating_factor",
        "sommerfeld",
    )
    return {name: np.array([getattr(point, name) for point in points]) for name in names}


def test_speed_load_and_temperature_are_uniform_and_independent() -> None:
    drawn = draw_points()
    spans = {"shaft_frequency_hz": (54.0, 66.0), "load": (0.3, 1.0), "temperature_c": (40.0, 80.0)}
    for name, (low, high) in spans.items():
        assert stats.kstest((drawn[name] - low) / (high - low), "uniform").pvalue > 0.01, name
    correlations = np.corrcoef([drawn[name] for name in spans])
    assert np.abs(correlations - np.eye(3)).max() < 0.06


def test_the_base_amplitude_follows_the_operating_factor() -> None:
    drawn = draw_points()
    share = drawn["base_amplitude"] / drawn["operating_factor"]
    assert stats.kstest((share - 0.2) / 0.1, "uniform").pvalue > 0.01
    assert drawn["sommerfeld"].min() >= 0.05
    assert drawn["sommerfeld"].max() <= 0.5


@pytest.mark.parametrize(
    ("name", "band"),
    [("incipient", (0.2, 0.45)), ("mild", (0.45, 0.7)), ("moderate", (0.7, 0.9)), ("severe", (0.9, 1.0))],
)
def test_severities_fill_their_band_and_three_in_ten_grow(name: str, band: tuple[float, float]) -> None:
    config = make_config()
    rng = np.random.default_rng(7)
    courses = [draw_severity(config, name, rng) for _ in range(N_DRAWS)]  # type: ignore[arg-type]
    starts = np.array([course.start for course in courses])
    assert stats.kstest((starts - band[0]) / (band[1] - band[0]), "uniform").pvalue > 0.01
    growing = [course for course in courses if course.end > course.start]
    assert len(growing) / N_DRAWS == pytest.approx(0.30, abs=0.03)
    assert all(course.end == pytest.approx(min(1.0, course.start + 0.3)) for course in growing)


def test_a_quarter_goes_through_one_of_three_transients() -> None:
    rng = np.random.default_rng(3)
    drawn = [draw_transient(make_config(), rng) for _ in range(N_DRAWS)]
    assert 1 - drawn.count(None) / N_DRAWS == pytest.approx(0.25, abs=0.03)
    for name in ("ramp", "load_step", "thermal"):
        assert drawn.count(name) / N_DRAWS == pytest.approx(0.25 / 3, abs=0.02)


def test_transients_have_their_shapes() -> None:
    n = 1000
    ramp, step, thermal = (make_transient(name, n) for name in ("ramp", "load_step", "thermal"))
    assert ramp[[100, 400, 700]] == pytest.approx([0.85, 1.0, 1.15], abs=0.002)
    assert step[[0, 399, 400, 999]] == pytest.approx([0.7, 0.7, 1.0, 1.0])
    assert thermal[[0, 300, 999]] == pytest.approx([0.9, 0.9 + 0.2 * (1 - np.exp(-1)), 1.0929], abs=0.001)
    assert make_transient(None, n) == 1.0


def test_severities_take_turns_over_the_records() -> None:
    config = make_config("wear", severities=["mild", "severe"], duration_s=0.1)
    names = [make_journal_record(config, "wear", index).severity for index in range(4)]
    assert names == ["mild", "severe", "mild", "severe"]


def fit_slope(values: np.ndarray, low_hz: float, high_hz: float) -> float:
    """The exponent of the power density over a band, by a straight line through octaves."""
    frequencies, density = signal.welch(values, RATE_HZ, nperseg=len(values) // 4)
    edges = np.geomspace(low_hz, high_hz, 12)
    levels, centres = [], []
    for low, high in pairwise(edges):
        inside = (frequencies >= low) & (frequencies < high)
        if inside.sum() > 2:
            levels.append(np.log(density[inside].mean()))
            centres.append(np.log(frequencies[inside].mean()))
    return float(np.polyfit(centres, levels, 1)[0])


@pytest.mark.parametrize(("colour", "slope"), [("white", 0.0), ("pink", -1.0), ("walk", -2.0)])
def test_each_noise_has_the_slope_of_its_name(colour: str, slope: float) -> None:
    rng, n = np.random.default_rng(5), 1 << 18
    noise = {
        "white": lambda: make_white(rng, n, 0.02),
        "pink": lambda: make_pink(rng, n, 0.02, RATE_HZ, 0.2),
        "walk": lambda: make_random_walk(rng, n, 0.02),
    }[colour]()
    assert fit_slope(noise, 2.0, 2000.0) == pytest.approx(slope, abs=0.1)
    assert noise.std() == pytest.approx(0.02, rel=0.02)


def layer(name: str, index: int = 0, n: int = 102_400) -> np.ndarray:
    values = np.zeros(n, np.float32)
    JournalNoise([name], 1.0, (0, 0, index, 0)).add_to(values, RATE_HZ, 0.2)
    return values


def test_each_layer_has_its_own_level() -> None:
    assert layer("floor").std() == pytest.approx(0.05 * 0.2, rel=0.02)
    assert layer("measurement").std() == pytest.approx(0.03, rel=0.02)
    assert layer("low_frequency").std() == pytest.approx(0.02, rel=0.01)
    assert layer("sensor_ramp")[-1] == pytest.approx(0.001, rel=1e-3)
    assert find_peak(layer("drift", n=1 << 18), 0.1, 10.0)[0] == pytest.approx(1 / 1.5, abs=0.1)


def test_mains_hum_lies_between_50_and_60_hz() -> None:
    peaks = [find_peak(layer("mains", index), 5.0, 1000.0) for index in range(30)]
    assert all(49.8 <= line_hz <= 60.2 and 0.0084 <= height <= 0.0152 for line_hz, height in peaks)
    assert np.ptp([line_hz for line_hz, _ in peaks]) > 5.0


def test_one_record_in_ten_has_a_folded_tone_near_half_the_rate() -> None:
    config = make_config("healthy", duration_s=0.1, noise_layers=["measurement", "alias_tone"])
    toned = [
        "alias_tone" in make_journal_record(config, "healthy", index).conditions["noise_layers"]
        for index in range(600)
    ]
    assert np.mean(toned) == pytest.approx(0.10, abs=0.04)
    line_hz, height = find_peak(layer("alias_tone", toned.index(True)), 5000.0, 10_240.0)
    assert 9_930.0 <= line_hz <= 10_150.0
    assert height == pytest.approx(0.005, rel=0.2)


def test_quantised_samples_are_multiples_of_the_step() -> None:
    config = make_config("misalignment", noise_layers=["measurement", "quantisation"])
    values = make_journal_record(config, "misalignment", 0).channels["vibration"].astype(float)
    assert np.abs(values / 0.001 - np.rint(values / 0.001)).max() < 1e-3


def test_ten_short_impulses_lie_in_a_record() -> None:
    struck = np.flatnonzero(layer("impulses"))
    assert np.count_nonzero(np.diff(struck) > 10) + 1 in range(8, 11)
    assert len(struck) <= 50
