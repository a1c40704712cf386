"""Time-domain features of centred windows."""

from __future__ import annotations

import numpy as np

from core.features.arrays import FloatArray, divide, sum_rows
from core.features.batch import WindowBatch
from core.features.specs import Domain, FeatureSpec

N_BLOCKS = 16

SPECS = tuple(
    FeatureSpec(name, Domain.TIME, meaning, unit, gain_power)
    for name, meaning, unit, gain_power in (
        ("rms", "Root mean square", "signal", 1),
        ("peak", "Largest magnitude", "signal", 1),
        ("crest_factor", "Peak over rms", "", 0),
        ("shape_factor", "Rms over mean magnitude", "", 0),
        ("impulse_factor", "Peak over mean magnitude", "", 0),
        ("clearance_factor", "Peak over the squared mean root of the magnitude", "", 0),
        ("kurtosis", "Kurtosis (Pearson: 3 for a normal distribution)", "", 0),
        ("skewness", "Skewness", "", 0),
        ("zero_crossing_share", "Share of neighbouring samples whose sign differs", "", 0),
        ("block_rms_variation", "Spread over mean of the rms of 16 consecutive blocks", "", 0),
    )
)


def compute_time_features(batch: WindowBatch) -> dict[str, FloatArray]:
    """Amplitude statistics per window.

    Parameters
    ----------
    batch
        Centred windows.

    Returns
    -------
    dict
        Name to values of shape ``(n_windows,)``. ``rms`` and ``peak`` carry the signal's unit, the
        rest are pure numbers. Kurtosis is Pearson's (3 for a normal distribution).
    """
    centred, magnitude, power = batch.centred, batch.magnitude, batch.mean_square
    rms = np.sqrt(power)
    peak = magnitude.max(axis=1)
    mean_magnitude = sum_rows(magnitude) / batch.n_samples
    root_magnitude = (sum_rows(np.sqrt(magnitude)) / batch.n_samples) ** 2
    third = np.vecdot(batch.squares, centred) / batch.n_samples
    fourth = np.vecdot(batch.squares, batch.squares) / batch.n_samples
    return {
        "rms": rms,
        "peak": peak,
        "crest_factor": divide(peak, rms),
        "shape_factor": divide(rms, mean_magnitude),
        "impulse_factor": divide(peak, mean_magnitude),
        "clearance_factor": divide(peak, root_magnitude),
        "kurtosis": divide(fourth, power**2),
        "skewness": divide(third, rms**3),
        "zero_crossing_share": _compute_zero_crossing_share(centred),
        "block_rms_variation": _compute_block_rms_variation(batch.squares),
    }


def _compute_zero_crossing_share(centred: FloatArray) -> FloatArray:
    """Share of neighbouring samples whose sign differs (0 to 1)."""
    positive = centred > 0.0
    changes = np.packbits(positive[:, 1:] != positive[:, :-1], axis=1)
    counts = np.bitwise_count(changes).sum(axis=1, dtype=np.int64)
    share: FloatArray = (counts / (centred.shape[1] - 1)).astype(centred.dtype)
    return share


def _compute_block_rms_variation(squares: FloatArray) -> FloatArray:
    """Standard deviation over mean of the rms of `N_BLOCKS` consecutive stretches: bursts raise it."""
    n_blocks = min(N_BLOCKS, squares.shape[1])
    length = squares.shape[1] // n_blocks
    blocks = squares[:, : n_blocks * length].reshape(len(squares), n_blocks, length)
    block_rms = np.sqrt(sum_rows(blocks) / length)
    return divide(block_rms.std(axis=1), block_rms.mean(axis=1))
