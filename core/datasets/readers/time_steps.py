"""A sample rate from a column of times."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

RATE_TOLERANCE = 0.02
TIME_UNITS_S = {
    "s": 1.0,
    "sec": 1.0,
    "seconds": 1.0,
    "second": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "µs": 1e-6,
    "ns": 1e-9,
    "min": 60.0,
}
UNEQUAL_STEPS = "The time column does not climb in equal steps, so it gives no sample rate."


def find_step(head: npt.NDArray[Any], last: float | None, n_rows: int) -> float | None:
    """Return the one step of a column of times; None where its steps are not equal.

    Parameters
    ----------
    head
        Its first times, in any unit.
    last
        Its last time: over the whole span a printed step is known best.
    n_rows
        Number of times.
    """
    if len(head) < 3 or last is None or n_rows < 3:
        return None
    step = (last - head[0]) / (n_rows - 1)
    steps = np.diff(head)
    equal = step > 0 and abs(float(np.median(steps)) - step) <= RATE_TOLERANCE * step and steps.min() > 0
    return float(step) if equal else None


def round_rate(rate: float, n_steps: float) -> float:
    """Take the whole number of Hz that the printed times can't be told from.

    Parameters
    ----------
    rate
        From the whole time span, in Hz.
    n_steps
        Number of steps in that span: the longer, the closer the rate is known.
    """
    nearest = float(round(rate))
    return nearest if nearest and abs(rate - nearest) <= rate * max(0.1 / n_steps, 1e-9) else rate
