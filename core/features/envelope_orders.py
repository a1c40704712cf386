"""Evidence of rolling-bearing faults in a window's envelope, by shaft order."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.features.array_ops import NumpyOps
from core.features.arrays import FloatArray, centre_windows, divide
from core.features.fault_combs import N_HARMONICS, FaultLines, read_fault_lines
from core.features.order_spectra import (
    BANDS,
    OrderSpectra,
    compute_order_spectra,
    read_orders,
)

_FAULTS = ("outer", "inner", "ball", "cage")
_ROWS = (
    *(f"harmonic_{harmonic}" for harmonic in range(1, N_HARMONICS + 1)),
    *(f"sides_{harmonic}_{spacing}" for harmonic, spacing in itertools.product((1, 2), ("1x", "cage"))),
)
_MEASURES = (
    *(f"{envelope}_{over}" for envelope in ("squared", "log") for over in ("best", "second", "mean")),
    *("depth_best", "depth_mean"),
    *(f"{row}_{over}" for over in ("best", "mean") for row in _ROWS),
)
_RIVALS = _FAULTS[:3]
_SHAFT_ORDERS = np.arange(1, 5)[:, None] * np.linspace(0.995, 1.005, 3)
ENVELOPE_ORDER_NAMES = (
    *(f"{fault}_{measure}" for measure in _MEASURES for fault in _FAULTS),
    *(f"{fault}_lead_{over}" for over in ("best", "mean") for fault in _RIVALS),
    *(f"shaft_{order}x_{over}" for over in ("best", "mean") for order in range(1, 5)),
    *("shaft_depth_best", "shaft_depth_mean"),
    *(f"{level}_{over}" for level in ("pulses", "unrest") for over in ("best", "mean", "least", "whole")),
)
# A modulation of a thousandth is taken for none.
_LEAST_DEPTH = 1e-3
_BLOCK_WINDOWS = 16


def compute_envelope_orders(
    windows: NDArray[np.floating[Any]],
    sample_rate_hz: float,
    shaft_frequency_hz: FloatArray,
    fault_orders: FloatArray,
) -> NDArray[np.float32]:
    """Measure each fault's lines, the shaft's, and how uneven the bands are.

    For outer race, inner race, ball and cage: the mean log ratio over harmonics 1 to 4 at the best common
    slip within 2 %, multiples of the shaft left out, in the best, the second best and the mean of the bands,
    for squared and log envelope; the modulation depth; each harmonic and the side lines at that slip. How
    far each fault leads the others. Lines and depth at 1X to 4X. The envelopes' fourth moments (``pulses``)
    and floors (``unrest``).

    Parameters
    ----------
    windows
        Shape ``(n_windows, n_samples)``, any unit: gain and offset fall away. At least 16 turns of the shaft
        each, or the lines run into one another.
    sample_rate_hz
        Sample rate.
    shaft_frequency_hz
        Nominal, within 10 % of the true one, ``(n_windows,)``.
    fault_orders
        bpfo, bpfi, bsf, ftf, ``(n_windows, 4)``.

    Returns
    -------
    ndarray
        float32 ``(n_windows, len(ENVELOPE_ORDER_NAMES))``, finite for every finite window.
    """
    ops, found = NumpyOps(), []
    for start in range(0, len(windows), _BLOCK_WINDOWS):
        part = slice(start, start + _BLOCK_WINDOWS)
        nominal_hz = np.asarray(shaft_frequency_hz[part], dtype=np.float64)
        spectra = compute_order_spectra(_standardise(windows[part]), sample_rate_hz, nominal_hz, ops)
        lines = read_fault_lines(spectra, np.asarray(fault_orders[part], dtype=np.float64), ops)
        found.append(
            np.concatenate([_describe_faults(lines), _describe_shaft(spectra), _describe_levels(spectra)], 1)
        )
    return np.concatenate(found).astype(np.float32)


def _describe_faults(lines: FaultLines) -> FloatArray:
    harmonics, usable = lines.ratios[:, :, :, :N_HARMONICS], lines.usable[:, :, :, :N_HARMONICS]
    combs = harmonics.sum(3) / np.maximum(usable.sum(3), 1.0)
    heights = combs.max(-1)
    slip = (combs.mean(1) + combs.max(1)).argmax(-1)[:, None, :, None, None]
    rows = np.take_along_axis(lines.ratios, slip, axis=-1)[..., 0]
    depths = _measure_depth(np.take_along_axis(lines.depths, slip, axis=-1)[..., 0].sum(-1))
    found = []
    for part in (heights[:, : len(BANDS)], heights[:, len(BANDS) :]):
        ordered = np.sort(part, axis=1)
        found += [ordered[:, -1], ordered[:, -2], part.mean(1)]
    found += [depths.max(1), depths.mean(1)]
    found += [*np.moveaxis(rows.max(1), 2, 0), *np.moveaxis(rows.mean(1), 2, 0)]
    leads = [_measure_leads(height) for height in (heights.max(1), heights.mean(1))]
    measured: FloatArray = np.concatenate([*found, *leads], 1)
    return measured


def _measure_leads(heights: FloatArray) -> FloatArray:
    """How far outer race, inner race and ball each stand above the higher of the other two."""
    rivals = heights[:, : len(_RIVALS)]
    leads: FloatArray = np.stack(
        [rivals[:, own] - np.delete(rivals, own, axis=1).max(1) for own in range(len(_RIVALS))], 1
    )
    return leads


def _describe_shaft(spectra: OrderSpectra) -> FloatArray:
    heights, depths = (
        read_orders(cells, _SHAFT_ORDERS.reshape(1, 1, -1), NumpyOps())
        .reshape(*cells.shape[:2], *_SHAFT_ORDERS.shape)
        .max(-1)
        for cells in (spectra.ratios, spectra.depths)
    )
    depths = _measure_depth(depths.sum(-1))
    described: FloatArray = np.concatenate(
        [heights.max(1), heights.mean(1), depths.max(1)[:, None], depths.mean(1)[:, None]], 1
    )
    return described


def _describe_levels(spectra: OrderSpectra) -> FloatArray:
    narrow, whole = spectra.levels[:, :, :-1], spectra.levels[:, :, -1]
    described: FloatArray = np.stack([narrow.max(2), narrow.mean(2), narrow.min(2), whole], 2)
    return described.reshape(len(described), -1)


def _measure_depth(power: FloatArray) -> FloatArray:
    """Ln of the relative amplitude of lines that hold ``power``."""
    depth: FloatArray = np.log(np.sqrt(2.0 * power) + _LEAST_DEPTH)
    return depth


def _standardise(windows: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    centred = centre_windows(windows)
    scale = np.sqrt(np.square(centred).mean(axis=1, keepdims=True))
    standardised: NDArray[np.float32] = (centred * divide(np.ones_like(scale), scale)).astype(np.float32)
    return standardised
