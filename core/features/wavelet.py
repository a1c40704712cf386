"""Wavelet features: energy and impulsiveness of five octaves (db4)."""

from __future__ import annotations

import numpy as np

from core.features.arrays import FloatArray, divide, sum_rows
from core.features.batch import WindowBatch
from core.features.specs import Domain, FeatureSpec
from core.features.wavelet_transform import N_TAPS, transform

N_LEVELS = 5
_ENERGY_LEVELS = (1, 3, 5)
# Shorter windows are split less deep; the levels that are missing hold 0.
_SHORTEST = N_TAPS

SPECS = (
    FeatureSpec("wavelet_energy_ratio", Domain.WAVELET, "Energy of the details over the approximation's"),
    FeatureSpec("wavelet_kurtosis", Domain.WAVELET, "Highest kurtosis of the five details (Pearson)"),
    *(
        FeatureSpec(
            f"wavelet_energy_d{level}", Domain.WAVELET, f"Energy per sample of detail {level}", "signal²", 2
        )
        for level in _ENERGY_LEVELS
    ),
    *(
        FeatureSpec(f"wavelet_share_d{level}", Domain.WAVELET, f"Share of the energy in detail {level}")
        for level in range(1, N_LEVELS + 1)
    ),
    FeatureSpec("wavelet_kurtosis_d1", Domain.WAVELET, "Kurtosis of detail 1 (Pearson)"),
)


def compute_wavelet_features(batch: WindowBatch) -> dict[str, FloatArray]:
    """Energies and kurtosis of the wavelet coefficients.

    Parameters
    ----------
    batch
        Centred windows. Detail 1 is the upper half of the band, detail 2 the upper half of the rest, and so
        on down to detail 5; the approximation is what is left.

    Returns
    -------
    dict
        Name to values of shape ``(n_windows,)``. The ratio is 0 where the approximation has no energy.
    """
    n_levels = 0
    while n_levels < N_LEVELS and batch.n_samples >> n_levels >= _SHORTEST:
        n_levels += 1
    approximation, *details = transform(batch.centred, n_levels)
    nothing = np.zeros(len(batch.centred), dtype=batch.dtype)
    energies, kurtosis = [nothing] * N_LEVELS, [nothing] * N_LEVELS
    for index, coefficients in enumerate(reversed(details)):
        energies[index], kurtosis[index] = _measure(coefficients)
    low = np.vecdot(approximation, approximation)
    in_details = np.sum(energies, axis=0)
    total = in_details + low
    features = {
        "wavelet_energy_ratio": divide(in_details, low),
        "wavelet_kurtosis": np.max(kurtosis, axis=0),
        "wavelet_kurtosis_d1": kurtosis[0],
    }
    for level in _ENERGY_LEVELS:
        features[f"wavelet_energy_d{level}"] = energies[level - 1] / batch.n_samples
    for level in range(1, N_LEVELS + 1):
        features[f"wavelet_share_d{level}"] = divide(energies[level - 1], total)
    return features


def _measure(coefficients: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return energy and Pearson kurtosis (mean removed) of each row."""
    n = coefficients.shape[1]
    energy = np.vecdot(coefficients, coefficients)
    centred = coefficients - (sum_rows(coefficients) / n)[:, None]
    squares = np.square(centred, out=centred)
    variance = sum_rows(squares) / n
    return energy, divide(np.vecdot(squares, squares) / n, variance**2)
