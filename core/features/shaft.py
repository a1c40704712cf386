"""Features at the shaft frequency; they exist only where the shaft speed is known."""

from __future__ import annotations

import numpy as np

from core.features.arrays import FloatArray, divide
from core.features.spectral import compute_power_spectrum

_HALF_WIDTH_BINS = 2


def compute_shaft_features(
    centred: FloatArray, sample_rate_hz: float, shaft_frequency_hz: FloatArray
) -> dict[str, FloatArray]:
    """Power at and around the shaft lines.

    Parameters
    ----------
    centred
        Shape ``(n_windows, n_samples)``, mean removed.
    sample_rate_hz
        Sample rate.
    shaft_frequency_hz
        Shape ``(n_windows,)``, positive.

    Returns
    -------
    dict
        Name to values of shape ``(n_windows,)``, pure numbers: amplitude ratios of 2X and 3X to 1X, and
        shares of the total power below 1X, at 1X, 2X and 3X.
    """
    frequencies, power = compute_power_spectrum(centred, sample_rate_hz)
    total = power.sum(axis=1)
    lines = [_line_power(frequencies, power, order * shaft_frequency_hz) for order in (1, 2, 3)]
    below = np.where(frequencies[None, :] < 0.9 * shaft_frequency_hz[:, None], power, 0.0).sum(axis=1)
    return {
        "ratio_2x_to_1x": np.sqrt(divide(lines[1], lines[0])),
        "ratio_3x_to_1x": np.sqrt(divide(lines[2], lines[0])),
        "share_below_1x": divide(below, total),
        "share_1x": divide(lines[0], total),
        "share_2x": divide(lines[1], total),
        "share_3x": divide(lines[2], total),
    }


def _line_power(frequencies_hz: FloatArray, power: FloatArray, line_hz: FloatArray) -> FloatArray:
    """Power within two bins of each row's line (the main lobe of the Hann window)."""
    half_width = (_HALF_WIDTH_BINS + 0.5) * frequencies_hz[1]
    near = np.abs(frequencies_hz[None, :] - line_hz[:, None]) <= half_width
    found: FloatArray = np.where(near, power, 0.0).sum(axis=1)
    return found
