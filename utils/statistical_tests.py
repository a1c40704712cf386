"""Small pure statistics; the one module of ``utils`` with numpy and scipy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats


def compute_mean_interval(values: Sequence[float], confidence: float = 0.95) -> list[float]:
    """Return the two-sided Student interval ``[low, high]`` of a mean.

    Parameters
    ----------
    values
        Two or more independent values, for example one accuracy per seed.
    confidence
        Share of such intervals that hold the true mean, when values are normal.

    Raises
    ------
    ValueError
        Fewer than two values.
    """
    found = np.asarray(values, dtype=float)
    if len(found) < 2:
        raise ValueError("an interval of a mean needs two values or more")
    centre = float(found.mean())
    half = float(stats.t.ppf((1 + confidence) / 2, len(found) - 1) * found.std(ddof=1) / np.sqrt(len(found)))
    return [centre - half, centre + half]
