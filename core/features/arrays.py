"""Small array rules that every feature shares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_CONSTANT_BELOW = 1e-12


def centre_windows(windows: NDArray[np.floating]) -> FloatArray:
    """Remove each window's mean; a window that is constant up to rounding becomes exactly zero.

    Parameters
    ----------
    windows
        Shape ``(n_windows, n_samples)``, any unit.

    Returns
    -------
    ndarray
        float64, same shape and unit.
    """
    values = np.asarray(windows, dtype=np.float64)
    mean = values.mean(axis=1, keepdims=True)
    centred: FloatArray = values - mean
    constant = np.abs(centred).max(axis=1, keepdims=True) <= _CONSTANT_BELOW * np.abs(mean)
    return np.where(constant, 0.0, centred)


def divide(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """``numerator / denominator``, and 0 where the denominator is 0."""
    safe = np.where(denominator == 0.0, 1.0, denominator)
    return np.where(denominator == 0.0, 0.0, numerator / safe)
