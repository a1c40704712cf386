"""Feature values as callers give them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.exceptions import InvalidInputError

Matrix = Sequence[Sequence[float]] | np.ndarray[Any, Any]


def check_matrix(features: Matrix, names: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the values as an array.

    Raises:
        InvalidInputError: They are not one list of finite numbers per window.
    """
    try:
        values = np.asarray(features, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.zeros(0)
    if values.ndim != 2 or values.shape[1] != len(names) or len(values) == 0:
        raise InvalidInputError("Features are one list of numbers per window, with one number per name.")
    if not np.isfinite(values).all():
        raise InvalidInputError("The features hold missing or infinite values.")
    return values
