"""The discrete wavelet transform with Daubechies' db4, for a batch of signals at once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.features.arrays import FloatArray

# Daubechies, "Ten Lectures on Wavelets" (1992), table 6.1, N = 4: the low-pass synthesis filter.
_SYNTHESIS = (
    0.23037781330889650,
    0.71484657055291565,
    0.63088076792985891,
    -0.02798376941685985,
    -0.18703481171909308,
    0.03084138183556076,
    0.03288301166688520,
    -0.01059740178506903,
)
N_TAPS = len(_SYNTHESIS)
_BLOCK = 32


def transform(signals: FloatArray, n_levels: int) -> list[FloatArray]:
    """Split signals into an approximation and ``n_levels`` of details.

    At the ends the signals are mirrored (half-sample symmetric), as `pywt.wavedec` does by default. A level
    is two small matrix products over blocks of 32 samples, instead of eight passes over the signal.

    Parameters
    ----------
    signals
        Shape ``(n_signals, n_samples)``, at least 8 samples at every level.
    n_levels
        How often the low half of the band is split again.

    Returns
    -------
    list of ndarray
        ``[A_n, D_n, …, D_1]``, each of shape ``(n_signals, n_coefficients)``.
    """
    found = []
    rest = signals
    for _ in range(n_levels):
        rest, detail = split_band(rest)
        found.append(detail)
    return [rest, *reversed(found)]


def split_band(signals: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return approximation and details of one level, each ``(n_samples + 7) // 2`` long."""
    n_signals, n_samples = signals.shape
    n_kept = (n_samples + N_TAPS - 1) // 2
    n_blocks = -(-2 * n_kept // _BLOCK)
    extended = np.empty((n_signals, (n_blocks + 1) * _BLOCK), dtype=signals.dtype)
    reach = N_TAPS - 2
    extended[:, 2 * reach + 1 + n_samples :] = 0.0
    extended[:, :reach] = signals[:, reach - 1 :: -1]
    extended[:, reach : reach + n_samples] = signals
    extended[:, reach + n_samples : 2 * reach + 1 + n_samples] = signals[:, : -reach - 2 : -1]
    blocks = extended.reshape(n_signals, n_blocks + 1, _BLOCK)
    inside, beyond = _build_matrices(signals.dtype)
    coefficients = blocks[:, :-1] @ inside
    coefficients += blocks[:, 1:, :reach] @ beyond
    halves = coefficients.reshape(n_signals, n_blocks, 2, _BLOCK // 2)
    approximation, detail = (halves[:, :, part].reshape(n_signals, -1)[:, :n_kept] for part in (0, 1))
    return approximation, detail


@lru_cache(maxsize=2)
def _build_matrices(dtype: np.dtype[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return what a block and the first samples of the next give to a block's 16 + 16 coefficients."""
    low_pass = np.asarray(_SYNTHESIS)
    high_pass = low_pass[::-1] * (-1.0) ** np.arange(N_TAPS)
    matrix = np.zeros((_BLOCK + N_TAPS - 2, _BLOCK))
    for index in range(_BLOCK // 2):
        matrix[2 * index : 2 * index + N_TAPS, index] = low_pass
        matrix[2 * index : 2 * index + N_TAPS, _BLOCK // 2 + index] = high_pass
    typed = matrix.astype(dtype)
    return np.ascontiguousarray(typed[:_BLOCK]), np.ascontiguousarray(typed[_BLOCK:])
