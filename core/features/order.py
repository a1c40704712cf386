"""Features at the shaft's orders and a bearing's fault lines; they exist only where the speed is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.features.arrays import FloatArray, divide, sum_rows
from core.features.batch import WindowBatch
from core.features.frequency import find_median
from core.features.specs import Domain, FeatureSpec, Need

SUBSYNCHRONOUS = (0.40, 0.50)
LINE_ORDERS = (1, 2, 3, 4)
# Order names in `WindowBatch.fault_orders`, the factor on each, and how the line is called.
FAULT_LINES = (("bpfo", 1.0, "bpfo"), ("bpfi", 1.0, "bpfi"), ("bsf", 2.0, "2bsf"), ("ftf", 1.0, "ftf"))
N_HARMONICS = 3
SLIP = 0.02
_HALF_WIDTH_BINS = 2
_FLOOR_BINS = 24
_MOST_SLIP_BINS = 16

SPECS = (
    *(
        FeatureSpec(name, Domain.ORDER, meaning, need=Need.SHAFT_SPEED)
        for name, meaning in (
            ("ratio_2x_to_1x", "Amplitude at 2X over that at 1X"),
            ("ratio_3x_to_1x", "Amplitude at 3X over that at 1X"),
            ("share_below_1x", "Share of the power below 0.9X"),
            ("share_1x", "Share of the power at 1X"),
            ("share_2x", "Share of the power at 2X"),
            ("share_3x", "Share of the power at 3X"),
            ("share_subsynchronous", "Share of the power from 0.40X to 0.50X"),
            ("ratio_subsynchronous_to_1x", "Amplitude from 0.40X to 0.50X over that at 1X"),
        )
    ),
    *(
        FeatureSpec(
            f"line_{order}x_db",
            Domain.ORDER,
            f"Line at {order}X over its noise floor",
            "dB",
            need=Need.SHAFT_SPEED,
        )
        for order in LINE_ORDERS
    ),
    *(
        FeatureSpec(
            f"envelope_line_{name}_db",
            Domain.ORDER,
            f"Mean height of the first {N_HARMONICS} envelope lines at {name.upper()}",
            "dB",
            need=Need.FAULT_ORDERS,
        )
        for _, _, name in FAULT_LINES
    ),
)


def compute_order_features(batch: WindowBatch) -> dict[str, FloatArray]:
    """Power at and around the shaft's lines, and heights of the lines over their own noise floor.

    A height is the highest bin within 2 % of the line (at least two bins either way) over the median of the
    24 bins on both sides of that stretch, in dB.

    Parameters
    ----------
    batch
        Centred windows with their shaft frequency. The fault lines are worked out where the bearing's
        orders are known, too.

    Returns
    -------
    dict
        Name to values of shape ``(n_windows,)``, pure numbers.

    Raises
    ------
    ValueError
        The batch has no shaft frequency.
    """
    if batch.shaft_frequency_hz is None:
        raise ValueError("order features need the shaft frequency")
    shaft_hz = np.asarray(batch.shaft_frequency_hz, dtype=np.float64)
    lines = [sum_line_power(batch.power, order * shaft_hz / batch.resolution_hz) for order in (1, 2, 3)]
    total = batch.total_power
    below = _sum_band(batch, np.zeros_like(shaft_hz), 0.9 * shaft_hz)
    low, high = (part * shaft_hz for part in SUBSYNCHRONOUS)
    subsynchronous = _sum_band(batch, low, high)
    features = {
        "ratio_2x_to_1x": np.sqrt(divide(lines[1], lines[0])),
        "ratio_3x_to_1x": np.sqrt(divide(lines[2], lines[0])),
        "share_below_1x": divide(below, total),
        "share_1x": divide(lines[0], total),
        "share_2x": divide(lines[1], total),
        "share_3x": divide(lines[2], total),
        "share_subsynchronous": divide(subsynchronous, total),
        "ratio_subsynchronous_to_1x": np.sqrt(divide(subsynchronous, lines[0])),
    }
    heights = measure_heights(batch.power, shaft_hz[:, None] * LINE_ORDERS / batch.resolution_hz)
    for index, order in enumerate(LINE_ORDERS):
        features[f"line_{order}x_db"] = heights[:, index]
    if batch.fault_orders is not None:
        features |= _measure_fault_lines(batch, shaft_hz)
    return features


def sum_line_power(power: FloatArray, position: NDArray[np.float64]) -> FloatArray:
    """Power within two and a half bins of each row's line, which is the main lobe of the Hann window.

    Parameters
    ----------
    power
        Shape ``(n_windows, n_bins)``.
    position
        Where the line lies, in bins, shape ``(n_windows,)``.
    """
    reach = _HALF_WIDTH_BINS + 0.5
    bins = np.rint(position).astype(np.int64)[:, None] + np.arange(
        -_HALF_WIDTH_BINS - 1, _HALF_WIDTH_BINS + 2
    )
    near = (np.abs(bins - position[:, None]) <= reach) & (bins >= 0) & (bins < power.shape[1])
    found = np.take_along_axis(power, np.clip(bins, 0, power.shape[1] - 1), axis=1)
    summed: FloatArray = np.where(near, found, 0.0).sum(axis=1)
    return summed


def _sum_band(batch: WindowBatch, low_hz: NDArray[np.float64], high_hz: NDArray[np.float64]) -> FloatArray:
    """Power from ``low_hz`` to below ``high_hz`` of each row; only the bins up to the highest are touched."""
    last = int(min(np.ceil(high_hz.max() / batch.resolution_hz) + 1, batch.power.shape[1]))
    frequencies = batch.frequencies_hz[None, :last]
    inside = (frequencies >= low_hz[:, None]) & (frequencies < high_hz[:, None])
    return sum_rows(np.where(inside, batch.power[:, :last], 0.0))


def measure_heights(power: FloatArray, position: NDArray[np.float64]) -> FloatArray:
    """Height in dB of each line over the median of the bins around it; 0 where there is no power.

    Parameters
    ----------
    power
        Shape ``(n_windows, n_bins)``.
    position
        Where the lines lie, in bins, shape ``(n_windows, n_lines)``; lines beyond the last bin read 0.
    """
    n_windows, n_bins = power.shape
    slip = np.clip(np.ceil(SLIP * position), _HALF_WIDTH_BINS, _MOST_SLIP_BINS)
    centre = np.rint(position)
    outer = _MOST_SLIP_BINS + _FLOOR_BINS
    offsets = np.arange(-outer, outer + 1)
    bins = centre[:, :, None] + offsets
    inside = np.clip(bins, 1, n_bins - 1).astype(np.int64).reshape(n_windows, -1)
    found = np.take_along_axis(power, inside, axis=1).reshape(bins.shape)
    near = np.abs(offsets) <= slip[:, :, None]
    peak = np.where(near, found, 0.0).max(axis=2)
    beyond = ~near & (np.abs(offsets) <= slip[:, :, None] + _FLOOR_BINS)
    floor = _find_masked_median(found, beyond)
    lowest = 1e-12 * sum_rows(power)[:, None]
    ratio = divide(peak, np.maximum(floor, lowest))
    heights = 10.0 * np.log10(np.where(ratio > 0, ratio, 1.0))
    return np.where(position < n_bins - 1, heights, 0.0)


def _find_masked_median(values: FloatArray, chosen: NDArray[np.bool_]) -> FloatArray:
    """Median of the chosen values of each row; every row has 48 of them, so the others sort behind."""
    apart = np.where(chosen, values, np.inf)
    return find_median(np.partition(apart, 2 * _FLOOR_BINS - 1, axis=-1)[..., : 2 * _FLOOR_BINS])


def _measure_fault_lines(batch: WindowBatch, shaft_hz: NDArray[np.float64]) -> dict[str, FloatArray]:
    assert batch.fault_orders is not None  # noqa: S101 -- narrows the type for the checker
    lines_hz = [np.asarray(batch.fault_orders[order]) * factor * shaft_hz for order, factor, _ in FAULT_LINES]
    harmonics = np.arange(1, N_HARMONICS + 1)
    positions = np.stack(lines_hz, axis=1)[:, :, None] * harmonics / batch.resolution_hz
    heights = measure_heights(batch.envelope_power, positions.reshape(len(shaft_hz), -1))
    means = heights.reshape(positions.shape).mean(axis=2)
    return {f"envelope_line_{name}_db": means[:, index] for index, (_, _, name) in enumerate(FAULT_LINES)}
