"""The places on an order axis where a bearing's faults would show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.features.array_ops import ArrayOps
from core.features.order_spectra import (
    BANDS,
    MAX_ORDER,
    N_CHANNELS,
    OrderSpectra,
    keep_clear_of_shaft,
    read_orders,
)

# Real lines slip by 1 to 2 %.
SLIP = 0.02
N_SLIPS = 33
N_FAULTS, N_HARMONICS = 4, 4
N_ROWS = N_HARMONICS + 4
_REACHED = 0.99


@dataclass(frozen=True, slots=True)
class FaultLines:
    """What the spectra hold where a bearing's faults would show.

    The last axis is the slip, from -2 to +2 %. Faults: outer race, inner race, ball, cage. Rows: harmonics 1
    to 4; then, around harmonics 1 and 2, the mean of the two neighbours at ±1X and at ±1 cage order.

    Attributes
    ----------
    ratios
        ``(n_windows, N_CHANNELS, N_FAULTS, N_ROWS, N_SLIPS)``.
    usable
        1 where a row is clear of the shaft's multiples and within reach, ``(n_windows, 1, …)`` likewise.
    depths
        Of the harmonics, ``(n_windows, n_bands, N_FAULTS, N_HARMONICS, N_SLIPS)``.
    """

    ratios: Any
    usable: Any
    depths: Any


def read_fault_lines(spectra: OrderSpectra, fault_orders: Any, ops: ArrayOps) -> FaultLines:
    """Gather the places of a bearing's fault lines.

    Parameters
    ----------
    spectra
        Of the windows.
    fault_orders
        bpfo, bpfi, bsf, ftf in multiples of the shaft, ``(n_windows, 4)``; a ball shows at twice its bsf.
    ops
        The array library.
    """
    factors = ops.constant(np.asarray([1.0, 1.0, 2.0, 1.0], np.float32))
    slips = ops.constant((1.0 + np.linspace(-SLIP, SLIP, N_SLIPS)).astype(np.float32))
    lines = (fault_orders * factors)[:, :, None] * slips[None, None, :]
    cage = fault_orders[:, 3:][:, :, None]
    n_windows = lines.shape[0]
    main = ops.stack([lines * harmonic for harmonic in range(1, N_HARMONICS + 1)], 2)
    sides = ops.stack(
        [
            ops.stack([abs(lines * harmonic - spacing), lines * harmonic + spacing], 2)
            for harmonic in (1, 2)
            for spacing in (1.0, cage)
        ],
        2,
    )
    at_main, use_main = _gather(spectra, main.reshape(n_windows, 1, -1), ops)
    at_sides, use_sides = _gather(spectra, sides.reshape(n_windows, 1, -1), ops)
    use_main = use_main.reshape(n_windows, 1, N_FAULTS, N_HARMONICS, N_SLIPS)
    use_sides = use_sides.reshape(n_windows, 1, N_FAULTS, N_ROWS - N_HARMONICS, 2, N_SLIPS).sum(4)
    at_main = at_main.reshape(n_windows, N_CHANNELS, N_FAULTS, N_HARMONICS, N_SLIPS)
    at_sides = at_sides.reshape(n_windows, N_CHANNELS, N_FAULTS, N_ROWS - N_HARMONICS, 2, N_SLIPS)
    depths = read_orders(spectra.depths, main.reshape(n_windows, 1, -1), ops)
    depths = depths.reshape(n_windows, len(BANDS), N_FAULTS, N_HARMONICS, N_SLIPS)
    return FaultLines(
        ops.join([at_main, at_sides.sum(4) / ops.clip(use_sides, 1.0, 2.0)], 3),
        ops.join([use_main, ops.clip(use_sides, 0.0, 1.0)], 3),
        depths * use_main,
    )


def _gather(spectra: OrderSpectra, orders: Any, ops: ArrayOps) -> tuple[Any, Any]:
    """Ratios at the orders, and 1 where they can be used."""
    within = (read_orders(spectra.reach[:, None, :], orders, ops) > _REACHED) & (orders < MAX_ORDER)
    usable = ops.where(within, keep_clear_of_shaft(orders, ops), 0.0 * orders)
    return read_orders(spectra.ratios, orders, ops) * usable, usable
