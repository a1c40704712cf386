"""Numbers as they are sent."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt

_LEAST_ORDINARY, _MOST_ORDINARY = 1e-14, 1e7
_POWERS_OF_TEN = 10.0 ** np.arange(23)


def shorten(values: npt.NDArray[np.floating[Any]]) -> list[float]:
    """Return numbers with the eight digits that a float32 sample has: what is sent stays small."""
    exact = np.asarray(values, dtype=np.float64)
    sizes = np.abs(exact)
    ordinary = (sizes >= _LEAST_ORDINARY) & (sizes < _MOST_ORDINARY)
    exponents = np.floor(np.log10(sizes, out=np.zeros_like(sizes), where=ordinary)).astype(np.int64)
    # Integer over an exact power of ten: correctly rounded, so that it prints with these digits and no more.
    scales = _POWERS_OF_TEN[7 - exponents]
    rounded = np.where(ordinary, np.rint(exact * scales) / scales, exact)
    return cast(list[float], rounded.tolist())
