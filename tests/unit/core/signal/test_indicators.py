"""Condition indicators against signals whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from core.signal.bearings import FaultOrders
from core.signal.indicators import INDICATORS, compute_indicators

RATE_HZ = 20_000.0
SHAFT_HZ = 30.0
ORDERS = FaultOrders(bpfo=3.585, bpfi=5.415, bsf=2.357, ftf=0.398)


def make_impacts(order: float, *, seconds: float = 2.0, height: float = 1.0, seed: int = 0) -> np.ndarray:
    """Noise with a ringing at 4 kHz, struck at `order` times the shaft frequency."""
    n_samples = int(seconds * RATE_HZ)
    struck = np.zeros(n_samples)
    times = np.arange(0.0, seconds, 1.0 / (order * SHAFT_HZ))
    struck[(times * RATE_HZ).astype(int)] = height
    ring_s = np.arange(200) / RATE_HZ
    ringing = np.exp(-800 * ring_s) * np.sin(2 * np.pi * 4000 * ring_s)
    noise = np.random.default_rng(seed).standard_normal(n_samples)
    return np.convolve(struck, ringing)[:n_samples] + 0.1 * noise


def indicate(signal: np.ndarray) -> dict[str, float]:
    return compute_indicators(signal, RATE_HZ, shaft_frequency_hz=SHAFT_HZ, orders=ORDERS)


def test_a_sine_reads_its_own_numbers() -> None:
    time_s = np.arange(20_000) / RATE_HZ
    found = compute_indicators(2.0 * np.sin(2 * np.pi * 100 * time_s) + 5.0, RATE_HZ)
    assert found["rms"] == pytest.approx(np.sqrt(2.0), rel=1e-3)
    assert found["peak"] == pytest.approx(2.0, rel=1e-3)
    assert found["crest_factor"] == pytest.approx(np.sqrt(2.0), rel=1e-3)
    assert found["kurtosis"] == pytest.approx(1.5, rel=1e-3)
    assert set(found) == {"rms", "peak", "crest_factor", "kurtosis", "envelope_rms"}


@pytest.mark.parametrize(("name", "order"), [("outer_race", 3.585), ("inner_race", 5.415), ("ball", 4.714)])
def test_impacts_raise_the_line_of_the_part_that_makes_them_and_of_no_other(name: str, order: float) -> None:
    found = indicate(make_impacts(order))
    others = {"outer_race", "inner_race", "ball"} - {name}
    assert found[name] > 15
    assert all(found[other] < found[name] / 3 for other in others)


def test_noise_alone_shows_no_line_at_all() -> None:
    found = indicate(np.random.default_rng(1).standard_normal(40_000))
    assert all(1.0 < found[name] < 5.0 for name in ("outer_race", "inner_race", "ball", "shaft_1x"))


def test_a_line_that_slips_by_one_per_cent_is_still_found() -> None:
    assert indicate(make_impacts(3.585 * 0.99))["outer_race"] > 15


def test_a_gain_scales_levels_and_leaves_shapes_and_lines() -> None:
    small, large = (indicate(gain * make_impacts(3.585)) for gain in (1.0, 8.0))
    for name in ("rms", "peak", "envelope_rms"):
        assert large[name] == pytest.approx(8 * small[name], rel=1e-9)
    for name in ("crest_factor", "kurtosis", "outer_race", "shaft_1x"):
        assert large[name] == pytest.approx(small[name], rel=1e-9)


def test_a_record_too_short_or_too_slow_for_a_line_leaves_it_out() -> None:
    slow = compute_indicators(make_impacts(3.585), 250.0, shaft_frequency_hz=SHAFT_HZ, orders=ORDERS)
    assert "inner_race" not in slow
    assert "cage" in slow
    assert not {"shaft_1x", "outer_race"} & set(indicate(make_impacts(3.585, seconds=0.3)))


def test_every_indicator_that_is_computed_is_described() -> None:
    assert set(indicate(make_impacts(3.585))) == {spec.name for spec in INDICATORS}
