"""Whitened envelope spectra on an order axis.

Written once over a handful of array operations, so that the classical front end (numpy) and the network
(torch, with gradients) read the same numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft

from core.features.array_ops import ArrayOps
from core.signal.shaft_speed import MAINS_HZ

# Bands as parts of the sample rate: six that overlap by half, and one over all of them. They end below 0.4,
# from where on every signal that was brought to the analysis rate holds nothing.
BANDS = (*((0.01 + 0.05 * part, 0.11 + 0.05 * part) for part in range(6)), (0.01, 0.36))
N_CHANNELS = 2 * len(BANDS)
# Bands of one width, worked on together.
_ALIKE = (BANDS[:-1], BANDS[-1:])
CELLS_PER_ORDER = 64
# Four harmonics of the inner race of a bearing with 12 balls, slip and all.
MAX_ORDER = 32
SEARCH_SHARE = 0.10
N_SHAFT_HARMONICS = 8
ENVELOPE_WEIGHT = 0.7
# Natural logarithm of a power ratio at which a line counts in full (30 dB).
CLIP = math.log(1000.0)

_WHITENING_HZ = 200.0
_LINE_RATIO = 6.0
_QUIET_SHARE = 1e-3
_FLOOR_ORDERS = 2
_MEDIANS_PER_WIDTH = 4
_LOWEST_ORDER = 0.125
_MASK_ORDERS = 0.05
# Half the width over which a line's power is added up: four bins of 16 turns.
_LINE_CELLS = 6
_SHAFT_STEP = 0.001
# As in `core.signal.shaft_speed`.
_MIN_LEAD, _MIN_EXCESS, _SAME_SHARE = 0.30, 4.0, 0.02
_MAINS_REACH_HZ, _MAINS_CLIP = 0.15, math.log(10.0)
_LN2 = math.log(2.0)
_TINY = 1e-20
_MOST_POWER = 1e30


@dataclass(frozen=True, slots=True)
class OrderSpectra:
    """What the windows' envelopes hold, by order.

    Attributes
    ----------
    shaft_frequency_hz
        As refined, ``(n_windows,)``.
    ratios
        ln(power over the local floor) from 0 to ln 1000, ``(n_windows, N_CHANNELS, n_cells)``: the squared
        envelope of each band, then the log envelope of each. 0 where a band's envelope does not reach.
    depths
        Power above the local floor within 0.1 order, over the square of the squared envelope's mean,
        ``(n_windows, n_bands, n_cells)``. A line of relative amplitude a gives a²/2 however long the window
        is.
    reach
        1 where the envelopes reach so far, else 0, ``(n_windows, n_cells)``.
    levels
        Per band ln of the squared envelope's mean square over its squared mean (ln 2 for noise), and ln of
        its spectrum's floor from 1X to 4X in units of that of steady noise, ``(n_windows, 2, n_bands)``.
    """

    shaft_frequency_hz: Any
    ratios: Any
    depths: Any
    reach: Any
    levels: Any


def compute_order_spectra(
    windows: Any, sample_rate_hz: float, nominal_hz: Any, ops: ArrayOps
) -> OrderSpectra:
    """Whiten, cut into bands, demodulate, and lay the envelope spectra on an order axis.

    Parameters
    ----------
    windows
        Mean 0 and standard deviation 1, ``(n_windows, n_samples)``.
    sample_rate_hz
        Sample rate.
    nominal_hz
        Nominal shaft frequency, ``(n_windows,)``; the shaft is looked for around it, see `refine_shaft`.
    ops
        The array library.
    """
    n_samples = windows.shape[-1]
    duration_s = n_samples / sample_rate_hz
    whitened = whiten(ops.rfft(windows), duration_s, ops)
    envelopes = [_demodulate_alike(whitened, bands, n_samples, ops) for bands in _ALIKE]
    powers = [_compute_envelope_powers(squared, ops) for squared in envelopes]
    raw = compute_hann_power(windows, ops)[:, None]
    shaft_hz = refine_shaft(raw, powers[-1][:, :1], duration_s, nominal_hz, ops)
    squared_ratios, log_ratios, depths, levels, reach = [], [], [], [], None
    for bands, squared, power in zip(_ALIKE, envelopes, powers, strict=True):
        n_bands = len(bands)
        cells, reach = lay_on_orders(power, duration_s, shaft_hz, ops)
        floor = _find_floor(cells, _FLOOR_ORDERS, ops)
        ratios = _take_ratio(cells, floor, reach, ops)
        squared_ratios.append(ratios[:, :n_bands])
        log_ratios.append(ratios[:, n_bands:])
        square_of_mean = squared.mean(-1)[:, :, None] ** 2 + _TINY
        relative, floor = cells[:, :n_bands] / square_of_mean, floor[:, :n_bands] / square_of_mean
        bins_per_cell = shaft_hz[:, None, None] * duration_s / CELLS_PER_ORDER
        depths.append(_add_up_lines((relative - floor) * bins_per_cell, ops))
        near = floor[:, :, CELLS_PER_ORDER : 4 * CELLS_PER_ORDER].mean(-1)
        fourth = (squared * squared).mean(-1) / square_of_mean[:, :, 0]
        n_bins = (bands[0][1] - bands[0][0]) * n_samples
        levels.append(ops.log(ops.stack([fourth, near * n_bins], 1) + _TINY))
    assert reach is not None  # noqa: S101 -- narrows the type for the checker
    return OrderSpectra(
        shaft_hz,
        ops.join(squared_ratios + log_ratios, 1),
        ops.join(depths, 1),
        reach[:, 0],
        ops.join(levels, 2),
    )


def whiten(spectrum: Any, duration_s: float, ops: ArrayOps) -> Any:
    """Divide by the running median of the magnitude over 200 Hz; lines are held at six times the median.

    Resonances and slopes go, so that no band drowns the others; lines of the shaft and the mains stay, but
    small enough not to modulate everything. Held at three times the median, impacts at even intervals, which
    are lines too, would lose twice as much; above six nothing is won (simulated faults).
    """
    magnitude = abs(spectrum)
    floor = _run_median(magnitude, max(9, round(_WHITENING_HZ * duration_s)), ops)
    # What lies beyond a filter's edge is not raised to the level of the rest.
    ratio = magnitude / (floor + _QUIET_SHARE * floor.mean(-1)[:, None] + _TINY)
    return spectrum * (ops.clip(ratio, 0.0, _LINE_RATIO) / (magnitude + _TINY))


def demodulate(whitened: Any, band: tuple[float, float], n_samples: int, ops: ArrayOps) -> Any:
    """Squared envelope of one band, ``(n_windows, n_short)``, at the lowest rate that holds it."""
    first, width = math.ceil(band[0] * n_samples), max(1, round((band[1] - band[0]) * n_samples))
    n_short = int(scipy.fft.next_fast_len(2 * width))
    analytic = ops.ifft(whitened[:, first : first + width], n_short)
    return analytic.real * analytic.real + analytic.imag * analytic.imag


def refine_shaft(raw: Any, envelope: Any, duration_s: float, nominal_hz: Any, ops: ArrayOps) -> Any:
    """Find the shaft frequency within 10 % of nominal; the nominal one where no other leads clearly.

    A comb of the first eight harmonics, weighted by one over the root of their number, reads the clipped log
    ratios of the spectrum and 0.7 times those of the envelope. The best place must stand four deviations
    above the usual one and lead the next other place by 30 % of its height.

    Parameters
    ----------
    raw, envelope
        Power spectra of the windows and of the whole band's squared envelope, ``(n_windows, 1, n_bins)``.
    duration_s
        Length of the windows.
    nominal_hz
        ``(n_windows,)``.
    ops
        The array library.
    """
    n_grid = 2 * round(SEARCH_SHARE / _SHAFT_STEP) + 1
    grid = np.linspace(1.0 - SEARCH_SHARE, 1.0 + SEARCH_SHARE, n_grid).astype(np.float32)
    harmonics = np.arange(1, N_SHAFT_HARMONICS + 1)
    places = ops.constant((grid[None, :] * harmonics[:, None]).reshape(1, 1, -1))
    weights = ops.constant((1.0 / np.sqrt(harmonics)).astype(np.float32)[None, :, None])
    on_mains = _find_mains(places * nominal_hz[:, None, None], max(_MAINS_REACH_HZ, 2.0 / duration_s), ops)
    parts = []
    for power, weight in ((raw, 1.0), (envelope, ENVELOPE_WEIGHT)):
        cells, reach = lay_on_orders(power, duration_s, nominal_hz, ops)
        found = read_orders(_take_ratio(cells, _find_floor(cells, 1, ops), reach, ops), places, ops)
        found = ops.where(on_mains & (found > _MAINS_CLIP), 0.0 * found + _MAINS_CLIP, found)
        parts.append(weight * (found.reshape(-1, N_SHAFT_HARMONICS, n_grid) * weights).sum(1))
    scores = parts[0] + parts[1]
    excess = scores - ops.median(scores)[:, None]
    scatter = 1.4826 * ops.median(abs(excess))
    grid_row = ops.constant(grid)[None, :]
    chosen = ops.take(grid_row, ops.argmax(excess))
    best = ops.max(excess)
    other = ops.max(ops.where(abs(grid_row - chosen) > _SAME_SHARE, excess, 0.0 * excess))
    clear = (best - other >= _MIN_LEAD * best) & (best >= _MIN_EXCESS * scatter) & (best > 0.0)
    return nominal_hz * ops.where(clear, chosen[:, 0], 0.0 * chosen[:, 0] + 1.0)


def _find_mains(frequencies_hz: Any, reach_hz: float, ops: ArrayOps) -> Any:
    """Whether a frequency lies so close to a multiple of a mains frequency that it may be the mains'."""
    near = frequencies_hz < 0.0
    for mains_hz in MAINS_HZ:
        multiples = ops.clip(ops.floor(frequencies_hz / mains_hz + 0.5) * 1.0, 1.0, 1e9)
        near = near | (abs(frequencies_hz - multiples * mains_hz) <= reach_hz)
    return near


def compute_hann_power(values: Any, ops: ArrayOps) -> Any:
    """One-sided Hann power spectrum; its bins add up to the variance."""
    n_samples = values.shape[-1]
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n_samples) / n_samples)
    scaled = (hann * (math.sqrt(2.0 / 0.375) / n_samples)).astype(np.float32)
    spectrum = ops.rfft(values * ops.constant(scaled))
    return spectrum.real * spectrum.real + spectrum.imag * spectrum.imag


def lay_on_orders(power: Any, duration_s: float, shaft_hz: Any, ops: ArrayOps) -> tuple[Any, Any]:
    """Mean power per cell of the order axis, by differences of the running sum; and 1 where it reaches.

    ``power`` is ``(n_windows, n_spectra, n_bins)``. No line is lost between the cells of a long window.
    """
    summed = ops.cumsum(power)
    summed = ops.join([0.0 * summed[:, :, :1], summed], -1)
    n_bins = power.shape[-1]
    edges = ops.constant(np.arange(MAX_ORDER * CELLS_PER_ORDER + 1, dtype=np.float32) / CELLS_PER_ORDER)
    edges, bins_per_order = edges[None, None, :], shaft_hz[:, None, None] * duration_s
    wanted = edges * bins_per_order + 0.5
    position = ops.clip(wanted, 0.0, n_bins - 0.001)
    lower = ops.floor(position)
    share = position - lower
    at_edges = ops.take(summed, lower) * (1.0 - share) + ops.take(summed, lower + 1) * share
    # Where there is next to nothing, the difference of two sums may round to less than nothing.
    differences = ops.clip(at_edges[:, :, 1:] - at_edges[:, :, :-1], 0.0, _MOST_POWER)
    cells = ops.single(differences * CELLS_PER_ORDER / bins_per_order)
    beyond = (wanted[:, :, 1:] > n_bins - 1) | (edges[:, :, 1:] <= _LOWEST_ORDER)
    return cells, ops.where(beyond, 0.0 * wanted[:, :, 1:], 0.0 * wanted[:, :, 1:] + 1.0)


def read_orders(cells: Any, orders: Any, ops: ArrayOps) -> Any:
    """Read an order axis between its cells; ``orders`` has the axes of ``cells``, the last of any length."""
    position = ops.clip(orders * CELLS_PER_ORDER - 0.5, 0.0, cells.shape[-1] - 1.001)
    lower = ops.floor(position)
    share = position - lower
    return ops.take(cells, lower) * (1.0 - share) + ops.take(cells, lower + 1) * share


def keep_clear_of_shaft(orders: Any, ops: ArrayOps) -> Any:
    """1 where an order is clear of every multiple of the shaft, 0 within 0.05 of one."""
    distance = abs(orders - ops.floor(orders + 0.5))
    return ops.where(distance < _MASK_ORDERS, 0.0 * orders, 0.0 * orders + 1.0)


def _demodulate_alike(
    whitened: Any, bands: tuple[tuple[float, float], ...], n_samples: int, ops: ArrayOps
) -> Any:
    """Squared envelopes of bands of one width, ``(n_windows, n_bands, n_short)``."""
    return ops.stack([demodulate(whitened, band, n_samples, ops) for band in bands], 1)


def _compute_envelope_powers(squared: Any, ops: ArrayOps) -> Any:
    """Power spectra of squared envelopes, then of their logarithms, ``(n_windows, 2 * n_bands, n_bins)``."""
    lowest = 1e-6 * squared.mean(-1)[:, :, None] + _TINY
    envelopes = ops.join([squared, ops.log(squared + lowest)], 1)
    return compute_hann_power(envelopes - envelopes.mean(-1)[:, :, None], ops)


def _take_ratio(cells: Any, floor: Any, reach: Any, ops: ArrayOps) -> Any:
    return ops.clip(ops.log((cells + _TINY) / (floor + _TINY)), 0.0, CLIP) * reach


def _add_up_lines(excess: Any, ops: ArrayOps) -> Any:
    """Sum over the cells around each one, at least 0."""
    edge = 0.0 * excess[:, :, : _LINE_CELLS + 1]
    summed = ops.cumsum(ops.join([edge, excess, edge[:, :, 1:]], -1))
    total = summed[:, :, 2 * _LINE_CELLS + 1 :] - summed[:, :, : -2 * _LINE_CELLS - 1]
    return ops.clip(ops.single(total), 0.0, 1e9)


def _find_floor(cells: Any, width_orders: int, ops: ArrayOps) -> Any:
    """Mean of the noise around: its power is exponentially distributed, the median ln 2 of the mean."""
    return _run_median(cells, width_orders * CELLS_PER_ORDER, ops) / _LN2


def _run_median(values: Any, width: int, ops: ArrayOps) -> Any:
    """Median over ``width`` values around each, worked out four times per width, straight lines between."""
    n_values = values.shape[-1]
    width = min(width, n_values)
    n_places = max(2, math.ceil(_MEDIANS_PER_WIDTH * (n_values - width) / width) + 1)
    starts = np.rint(np.linspace(0, n_values - width, n_places)).astype(np.int64)
    blocks = values[..., ops.constant(starts[:, None] + np.arange(width))]
    medians = ops.median(blocks)
    place = np.interp(np.arange(n_values), starts + width / 2, np.arange(n_places)).astype(np.float32)
    lower = np.minimum(place.astype(np.int64), n_places - 2)
    share = ops.constant(place - lower.astype(np.float32))
    below, above = ops.constant(lower), ops.constant(lower + 1)
    return medians[..., below] * (1.0 - share) + medians[..., above] * share
