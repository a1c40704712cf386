"""Envelope spectra by order, against noise whose law is known and modulations of known depth."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import gamma

from core.evidence.rolling_lines import score_patterns
from core.evidence.rolling_spectra import (
    BandPowers,
    choose_bands,
    compute_band_powers,
    lay_on_orders,
    run_median,
    whiten,
)
from core.signal.bearings import FaultOrders

RATE_HZ, SHAFT_HZ = 16_000.0, 20.0
ORDERS = FaultOrders(bpfo=3.585, bpfi=5.415, bsf=2.357, ftf=0.3983)


def modulate(order: float, depth: float, duration_s: float, seed: int = 0) -> NDArray[np.float64]:
    """White noise whose power swells by ``depth`` so many times per turn."""
    t = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    swelling = np.sqrt(1.0 + depth * np.cos(2.0 * np.pi * order * SHAFT_HZ * t))
    return np.random.default_rng(seed).standard_normal(t.size) * swelling


def read(values: NDArray[np.float64]) -> BandPowers:
    return compute_band_powers(values, RATE_HZ, SHAFT_HZ)


@pytest.mark.parametrize("rate_hz", [5_000.0, 12_000.0, 51_200.0, 97_656.0])
def test_bands_cover_the_spectrum_without_a_gap_and_stay_below_the_anti_alias_filter(rate_hz: float) -> None:
    bands = sorted(choose_bands(rate_hz, 30.0))
    reached = bands[0][1]
    for low, high in bands:
        assert low <= reached
        reached = max(reached, high)
    assert bands[0][0] == pytest.approx(300.0)
    assert reached == pytest.approx(min(0.42 * rate_hz, 20_000.0))


def test_noise_over_its_floor_is_one_and_passes_the_limits_of_a_gamma_law_as_often_as_that_says() -> None:
    spectra = lay_on_orders(read(modulate(1.5, 0.0, 8.0)), SHAFT_HZ)
    cells = slice(int(spectra.find_cell(2.0)), int(spectra.find_cell(20.0)))
    n_independent = float(np.median(spectra.n_independent[cells]))
    used = spectra.ratios[: len(spectra.bands_hz), cells]
    used = used[used.max(axis=1) > 0.0]
    assert used.mean() == pytest.approx(1.0, abs=0.1)
    shapes = np.broadcast_to(spectra.n_independent[cells], used.shape)
    passed = np.mean(used > gamma.isf(0.05, shapes) / shapes)
    assert 0.03 < passed < 0.09, n_independent


@pytest.mark.parametrize("depth", [0.2, 0.5])
@pytest.mark.parametrize("duration_s", [4.0, 12.0])
def test_the_depth_of_a_modulation_is_read_true_however_long_the_recording(
    depth: float, duration_s: float
) -> None:
    patterns = score_patterns(lay_on_orders(read(modulate(ORDERS.bpfo, depth, duration_s)), SHAFT_HZ), ORDERS)
    assert patterns.outer.depth == pytest.approx(depth, rel=0.25)
    assert patterns.outer.slip == pytest.approx(0.0, abs=0.004)


def test_a_line_is_found_at_its_slip() -> None:
    values = modulate(ORDERS.bpfo * 0.988, 0.6, 6.0)
    found = score_patterns(lay_on_orders(read(values), SHAFT_HZ), ORDERS).outer
    assert found.slip == pytest.approx(-0.012, abs=0.003)


def test_places_of_no_bearing_stand_out_of_noise_no_more_than_a_bearings() -> None:
    heights = []
    for seed in range(12):
        patterns = score_patterns(lay_on_orders(read(modulate(1.5, 0.0, 3.0, seed)), SHAFT_HZ), ORDERS)
        heights += [patterns.outer.height, patterns.inner.height, patterns.spin.height]
    assert abs(np.median(heights)) < 1.0
    assert np.quantile(heights, 0.9) < 3.5


def test_whitening_levels_a_resonance_and_holds_a_line() -> None:
    rng = np.random.default_rng(0)
    frequency = np.linspace(0.0, 8_000.0, 8_001)
    shape = 1.0 + 50.0 / (1.0 + ((frequency - 3_000.0) / 200.0) ** 2)
    spectrum = shape * (rng.standard_normal(8_001) + 1j * rng.standard_normal(8_001))
    spectrum[5_000] = 1e4
    levelled = np.abs(whiten(spectrum, 1.0, SHAFT_HZ))
    at_resonance, beside = levelled[2_900:3_100].mean(), levelled[6_000:7_000].mean()
    assert at_resonance == pytest.approx(beside, rel=0.15)
    assert levelled[5_000] == pytest.approx(6.0, rel=0.01)


def test_the_running_median_is_exact_where_it_is_worked_out() -> None:
    values = np.random.default_rng(0).standard_normal((2, 400))
    found = run_median(values, 101)
    assert found.shape == values.shape
    assert found[:, 50] == pytest.approx(np.median(values[:, :101], axis=1), abs=0.02)
    assert np.allclose(run_median(np.ones((1, 50)), 9), 1.0)
