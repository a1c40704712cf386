"""Small array rules that every feature shares."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

# float32 or float64: a batch computes in one of them throughout.
FloatArray = NDArray[np.floating[Any]]

_CONSTANT_BELOW = 1e-12


def centre_windows(windows: NDArray[np.floating], dtype: type[np.floating[Any]] = np.float64) -> FloatArray:
    """Remove each window's mean; a window that is constant up to rounding becomes exactly zero.

    Parameters
    ----------
    windows
        Shape ``(n_windows, n_samples)``, any unit.
    dtype
        float64, or float32. For the latter the first sample is taken off before the rest, so that a large
        offset costs no digits and a constant window is zero without rounding.

    Returns
    -------
    ndarray
        Of ``dtype``, same shape and unit.
    """
    if dtype is np.float32:
        return _centre_single(windows)
    values = np.asarray(windows, dtype=np.float64)
    mean = values.mean(axis=1, keepdims=True)
    centred: FloatArray = values - mean
    constant = np.abs(centred).max(axis=1, keepdims=True) <= _CONSTANT_BELOW * np.abs(mean)
    centred[constant[:, 0]] = 0.0
    return centred


def _centre_single(windows: NDArray[np.floating]) -> FloatArray:
    centred: FloatArray = np.subtract(windows, windows[:, :1]).astype(np.float32, copy=False)
    for _ in range(2):  # the second pass takes off what the first one rounded
        centred -= (sum_rows(centred) / np.float32(centred.shape[1]))[:, None]
    return centred


def sum_rows(values: FloatArray) -> FloatArray:
    """Sum over the last axis as a product with ones: quicker than `numpy.sum`, and rounded no worse."""
    found: FloatArray = values @ _get_ones(values.shape[-1], values.dtype)
    return found


@lru_cache(maxsize=64)
def _get_ones(n: int, dtype: np.dtype[Any]) -> FloatArray:
    return np.ones(n, dtype=dtype)


@lru_cache(maxsize=8)
def get_hann_window(n: int, dtype: np.dtype[Any]) -> FloatArray:
    """Return the periodic Hann window of ``n`` samples."""
    found: FloatArray = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n) / n)).astype(dtype)
    return found


def divide(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """``numerator / denominator``, and 0 where the denominator is 0."""
    quotient = np.zeros_like(denominator)
    return np.divide(numerator, denominator, out=quotient, where=denominator != 0.0)
