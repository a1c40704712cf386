"""Envelope evidence by order, against signals whose faults, speed and modulation are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.features.array_ops import NumpyOps
from core.features.envelope_orders import ENVELOPE_ORDER_NAMES, compute_envelope_orders
from core.features.order_spectra import (
    CELLS_PER_ORDER,
    compute_hann_power,
    compute_order_spectra,
    lay_on_orders,
)

RATE_HZ = 12_000.0
SHAFT_HZ = 29.3
BPFO, BPFI, BSF, FTF = 3.5848, 5.4152, 2.3568, 0.3983
ORDERS = np.asarray([BPFO, BPFI, BSF, FTF])


def _ring(order: float, *, shaft_hz: float = SHAFT_HZ, seed: int = 0, duration_s: float = 2.0) -> NDArray:
    """Impacts at an order, 1 % early or late, ringing at 2.6 kHz, in noise, with lines at 1X to 3X."""
    rng = np.random.default_rng(seed)
    n_samples = int(duration_s * RATE_HZ)
    times_s = np.arange(n_samples) / RATE_HZ
    signal = rng.standard_normal(n_samples)
    for harmonic in (1, 2, 3):
        signal += 0.3 * np.sin(2 * np.pi * harmonic * shaft_hz * times_s + harmonic)
    even_s = np.arange(0.02, duration_s - 0.02, 1.0 / (order * shaft_hz))
    for strike_s in even_s + 0.01 / (order * shaft_hz) * rng.standard_normal(len(even_s)):
        after_s = times_s[int(strike_s * RATE_HZ) + 1 :][:120] - strike_s
        place = slice(int(strike_s * RATE_HZ) + 1, int(strike_s * RATE_HZ) + 1 + len(after_s))
        signal[place] += 6.0 * np.exp(-700.0 * after_s) * np.sin(2 * np.pi * 2600.0 * after_s)
    return signal


def _measure(
    *signals: NDArray, shaft_hz: float = SHAFT_HZ, orders: NDArray = ORDERS
) -> list[dict[str, float]]:
    windows = np.stack(signals)
    found = compute_envelope_orders(
        windows, RATE_HZ, np.full(len(windows), shaft_hz), np.tile(orders, (len(windows), 1))
    )
    return [dict(zip(ENVELOPE_ORDER_NAMES, row.tolist(), strict=True)) for row in found]


def _spectra(window: NDArray, shaft_hz: float = SHAFT_HZ):
    scaled = (window - window.mean()) / window.std()
    return compute_order_spectra(scaled.astype(np.float32)[None], RATE_HZ, np.asarray([shaft_hz]), NumpyOps())


@pytest.mark.parametrize(("fault", "order"), [("outer", BPFO), ("inner", BPFI), ("ball", 2 * BSF)])
def test_the_fault_that_strikes_leads_the_others(fault: str, order: float) -> None:
    (found,) = _measure(_ring(order))

    leads = {name: found[f"{name}_lead_best"] for name in ("outer", "inner", "ball")}
    assert max(leads, key=lambda name: leads[name]) == fault
    assert leads[fault] > 1.5
    assert all(lead < 0 for name, lead in leads.items() if name != fault)


def test_noise_without_a_fault_shows_none() -> None:
    rng = np.random.default_rng(4)
    found = _measure(*rng.standard_normal((8, 24_000)))

    for name in ("outer", "inner", "ball"):
        assert max(row[f"{name}_squared_mean"] for row in found) < 1.0
        assert np.mean([row[f"{name}_lead_best"] for row in found]) < 0.5


@pytest.mark.parametrize("slip", [-0.015, 0.015])
def test_a_line_that_slips_is_found(slip: float) -> None:
    still, slipped = _measure(_ring(BPFO), _ring(BPFO * (1 + slip)))

    assert slipped["outer_squared_best"] > 0.7 * still["outer_squared_best"]


@pytest.mark.parametrize("share", [0.94, 1.0, 1.07])
def test_the_shaft_is_found_beside_its_nominal_speed(share: float) -> None:
    spectra = _spectra(_ring(BPFI, shaft_hz=SHAFT_HZ * share))

    assert spectra.shaft_frequency_hz[0] == pytest.approx(SHAFT_HZ * share, rel=2e-3)


def test_without_lines_the_nominal_speed_stays() -> None:
    rng = np.random.default_rng(3)
    kept = [_spectra(rng.standard_normal(24_000)).shaft_frequency_hz[0] == SHAFT_HZ for _ in range(12)]

    assert sum(kept) >= 11


@pytest.mark.parametrize("duration_s", [1.0, 2.0, 5.0])
def test_the_depth_of_a_modulation_does_not_grow_with_the_window(duration_s: float) -> None:
    rng = np.random.default_rng(5)
    times_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    depth = 0.6
    window = rng.standard_normal(len(times_s)) * (1 + depth * np.cos(2 * np.pi * BPFO * SHAFT_HZ * times_s))

    spectra = _spectra(window)

    # The square of 1 + m cos has a mean of 1 + m²/2 and a line of amplitude 2 m.
    expected = 2 * depth / (1 + depth**2 / 2)
    cell = int(BPFO * CELLS_PER_ORDER)
    measured = np.sqrt(2 * spectra.depths[0, -1, cell - 3 : cell + 4].max())
    assert measured == pytest.approx(expected, rel=0.2)


def test_gain_and_offset_change_nothing() -> None:
    window = _ring(BPFI, seed=2)
    plain, changed = (list(row.values()) for row in _measure(window, -0.004 * window + 3.0))

    np.testing.assert_allclose(changed, plain, rtol=1e-3, atol=2e-3)


def test_a_window_alone_gives_what_it_gives_among_others() -> None:
    windows = [_ring(order, seed=seed, shaft_hz=SHAFT_HZ) for seed, order in enumerate([BPFO, BPFI, 4.0] * 7)]
    together = _measure(*windows)
    alone = _measure(windows[17])[0]

    np.testing.assert_allclose(list(together[17].values()), list(alone.values()), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("window", [np.zeros(24_000), np.full(24_000, 7.0), np.eye(1, 24_000, 500)[0]])
def test_every_number_is_finite_even_of_a_dead_channel(window: NDArray) -> None:
    assert np.isfinite(list(_measure(window)[0].values())).all()


@pytest.mark.parametrize("first_hz", [1, 60, 120])
def test_a_filter_that_leaves_nothing_at_the_shaft_is_no_trouble(first_hz: int) -> None:
    # Rounding made the power there less than nothing, and its logarithm a warning, which is an error here.
    spectrum = np.fft.rfft(np.random.default_rng(first_hz).standard_normal(12_000))
    spectrum[first_hz : first_hz + 2500] = 0.0
    window = np.fft.irfft(spectrum).astype(np.float32)
    read = compute_order_spectra(window[None], RATE_HZ, np.asarray([SHAFT_HZ]), NumpyOps())
    assert np.isfinite(read.levels).all()
    assert np.isfinite(read.ratios).all()
    assert np.isfinite(read.shaft_frequency_hz).all()


def test_a_multiple_of_the_shaft_is_no_fault() -> None:
    orders = np.asarray([3.0, 5.0, 2.0, 0.375])
    (found,) = _measure(_ring(1.0), orders=orders)

    assert found["shaft_1x_best"] > 3.0
    assert found["outer_squared_best"] < 1.5
    assert found["inner_squared_best"] < 1.5


def test_lines_beyond_what_the_envelope_holds_read_nothing() -> None:
    (found,) = _measure(_ring(BPFO), orders=np.asarray([33.0, 45.0, 20.0, 0.45]))

    assert found["outer_squared_best"] == found["inner_squared_best"] == found["ball_squared_best"] == 0.0


def test_the_order_axis_keeps_the_power() -> None:
    ops = NumpyOps()
    rng = np.random.default_rng(1)
    power = compute_hann_power(rng.standard_normal((1, 24_000)).astype(np.float32), ops)
    cells, _ = lay_on_orders(power[:, None], 2.0, np.asarray([SHAFT_HZ]), ops)

    bins_per_cell = SHAFT_HZ * 2.0 / CELLS_PER_ORDER
    up_to = int(30 * SHAFT_HZ * 2.0)
    assert cells[0, 0, : 30 * CELLS_PER_ORDER].sum() * bins_per_cell == pytest.approx(
        power[0, :up_to].sum(), rel=0.01
    )
    assert power.sum() == pytest.approx(1.0, rel=0.03)
