"""Time-domain features of centred windows."""

from __future__ import annotations

import numpy as np

from core.features.arrays import FloatArray, divide

N_BLOCKS = 16


def compute_time_features(centred: FloatArray) -> dict[str, FloatArray]:
    """Amplitude statistics per window.

    Parameters
    ----------
    centred
        Shape ``(n_windows, n_samples)``, mean removed.

    Returns
    -------
    dict
        Name to values of shape ``(n_windows,)``. ``rms`` and ``peak`` carry the signal's unit, the
        rest are pure numbers. Kurtosis is Pearson's (3 for a normal distribution).
    """
    magnitude = np.abs(centred)
    power = np.mean(centred**2, axis=1)
    rms = np.sqrt(power)
    peak = magnitude.max(axis=1)
    mean_magnitude = magnitude.mean(axis=1)
    root_magnitude = np.mean(np.sqrt(magnitude), axis=1) ** 2
    return {
        "rms": rms,
        "peak": peak,
        "crest_factor": divide(peak, rms),
        "shape_factor": divide(rms, mean_magnitude),
        "impulse_factor": divide(peak, mean_magnitude),
        "clearance_factor": divide(peak, root_magnitude),
        "kurtosis": divide(np.mean(centred**4, axis=1), power**2),
        "skewness": divide(np.mean(centred**3, axis=1), rms**3),
        "zero_crossing_share": _zero_crossing_share(centred),
        "block_rms_variation": _block_rms_variation(centred),
    }


def _zero_crossing_share(centred: FloatArray) -> FloatArray:
    """Share of neighbouring samples whose sign differs (0 to 1)."""
    positive = centred > 0.0
    changes: FloatArray = np.mean(positive[:, 1:] != positive[:, :-1], axis=1)
    return changes


def _block_rms_variation(centred: FloatArray) -> FloatArray:
    """Standard deviation over mean of the rms of `N_BLOCKS` consecutive stretches: bursts raise it."""
    n_blocks = min(N_BLOCKS, centred.shape[1])
    length = centred.shape[1] // n_blocks
    blocks = centred[:, : n_blocks * length].reshape(len(centred), n_blocks, length)
    block_rms = np.sqrt(np.mean(blocks**2, axis=2))
    return divide(block_rms.std(axis=1), block_rms.mean(axis=1))
