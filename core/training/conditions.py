"""What is known of the machine beside the signal, one row per window."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.signal.bearings import FaultOrders
from utils.exceptions import InvalidInputError

# Columns of a conditions array; the orders are multiples of the shaft frequency, NaN is unknown.
CONDITION_NAMES = ("shaft_frequency_hz", "bpfo", "bpfi", "bsf", "ftf")


def build_conditions(
    shaft_speed_rpm: float | None = None, fault_orders: FaultOrders | None = None
) -> NDArray[np.float32]:
    """Return one row ``(5,)`` in the order of `CONDITION_NAMES`; what is not known is NaN."""
    row = np.full(len(CONDITION_NAMES), np.nan, dtype=np.float32)
    if shaft_speed_rpm is not None:
        row[0] = shaft_speed_rpm / 60.0
    if fault_orders is not None:
        row[1:] = (fault_orders.bpfo, fault_orders.bpfi, fault_orders.bsf, fault_orders.ftf)
    return row


def get_shaft_frequencies(conditions: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the shaft frequency of each row in Hz."""
    return conditions[:, 0].astype(np.float64)


def check_turns(conditions: NDArray[np.float32], window_s: float, fewest_turns: float) -> None:
    """Check that a window holds enough turns of every shaft.

    Raises
    ------
    InvalidInputError
        Too few; the sentence says how long a window must be.
    """
    if not fewest_turns:
        return
    slowest_hz = float(get_shaft_frequencies(conditions).min())
    if slowest_hz * window_s < fewest_turns:
        longer_s = math.ceil(10.0 * fewest_turns / slowest_hz) / 10.0
        raise InvalidInputError(
            f"A window of {window_s:g} s holds {slowest_hz * window_s:.1f} turns of the shaft; at least "
            f"{fewest_turns:g} are needed. Set window_s to {longer_s:.1f} s or more."
        )


def check_conditions(conditions: NDArray[np.float32], needs: Sequence[str]) -> None:
    """Check that all rows know what is needed.

    Raises
    ------
    InvalidInputError
        Something is missing; the sentence says what to give.
    """
    if "shaft_speed" in needs and np.isnan(conditions[:, 0]).any():
        raise InvalidInputError("The shaft speed is needed and not known: give it in rpm.")
    if "fault_orders" in needs and np.isnan(conditions[:, 1:]).any():
        raise InvalidInputError(
            "The bearing's fault orders are needed and not known: name its designation, or give its geometry."
        )
