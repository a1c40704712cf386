"""Bispectrum features: frequencies whose phases are coupled, as a non-linear machine couples them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from core.features.arrays import FloatArray, divide, get_hann_window, sum_rows
from core.features.batch import WindowBatch
from core.features.specs import Domain, FeatureSpec

# The band that is looked at: bins 1 to 24 of 16 / duration each (16 to 384 Hz in a window of one second).
N_LINES = 24
SEGMENT = 160
N_LOW = 16 * SEGMENT

SPECS = (
    FeatureSpec("bispectrum_peak", Domain.BISPECTRUM, "Largest magnitude, in units of the mean cube"),
    FeatureSpec("bispectrum_mean", Domain.BISPECTRUM, "Mean magnitude, in units of the mean cube"),
    FeatureSpec("bispectrum_entropy", Domain.BISPECTRUM, "Entropy over the pairs, 1 for a flat one"),
    FeatureSpec("bispectrum_peak_ratio", Domain.BISPECTRUM, "Peak over mean"),
    FeatureSpec("phase_coupling", Domain.BISPECTRUM, "Bicoherence of the strongest pair (0 to 1)"),
    FeatureSpec("bicoherence_mean", Domain.BISPECTRUM, "Mean bicoherence over all pairs (0 to 1)"),
    FeatureSpec(
        "nonlinearity",
        Domain.BISPECTRUM,
        "Largest squared bicoherence over its mean plus two standard deviations, less 1, at least 0",
    ),
)


def compute_bispectrum_features(batch: WindowBatch) -> dict[str, FloatArray]:
    """Magnitude and bicoherence of the bispectrum at low frequencies.

    Each window is brought to 2,560 samples (by its transform), cut into 31 half-overlapping Hann segments,
    and over these the bispectrum ``<X(f1) X(f2) X*(f1 + f2)>`` and the squared bicoherence
    ``|<X X X*>|² / (<|X(f1) X(f2)|²> <|X(f1 + f2)|²>)`` are averaged: 1 where the phase of the sum follows
    those of its parts in every segment, near 1 / 31 where it does not (Kim & Powers, 1979).

    Parameters
    ----------
    batch
        Centred windows.

    Returns
    -------
    dict
        Name to values of shape ``(n_windows,)``, all pure numbers.
    """
    segments = _transform_segments(batch)
    bispectrum = _average_triples(segments)
    power = segments.real**2 + segments.imag**2
    n_segments = segments.shape[2]
    first, second = _list_pairs()
    low = power[:, 1 : N_LINES + 1]
    pair_power = (low @ low.transpose(0, 2, 1))[:, first - 1, second - 1] / n_segments
    sum_power = (sum_rows(power) / n_segments)[:, first + second]
    squared = divide(bispectrum.real**2 + bispectrum.imag**2, pair_power * sum_power)
    mean_power = sum_rows(low).mean(axis=1) / n_segments
    magnitude = divide(np.abs(bispectrum), np.broadcast_to((mean_power**1.5)[:, None], bispectrum.shape))
    return {**_describe_magnitude(magnitude), **_describe_bicoherence(squared, magnitude)}


def _transform_segments(batch: WindowBatch) -> NDArray[np.complexfloating]:
    """Return the segments' transforms, shape ``(n_windows, 2 N_LINES + 1, n_segments)``."""
    n_kept = min(N_LOW, batch.n_samples + 1) // 2
    low = scipy.fft.irfft(batch.spectrum[:, :n_kept], n=N_LOW, axis=1)
    low *= N_LOW / batch.n_samples
    cut = np.lib.stride_tricks.sliding_window_view(low, SEGMENT, axis=1)[:, :: SEGMENT // 2]
    transformed = scipy.fft.rfft(cut * get_hann_window(SEGMENT, batch.dtype), axis=2)
    found: NDArray[np.complexfloating] = transformed[:, :, : 2 * N_LINES + 1].transpose(0, 2, 1)
    return np.ascontiguousarray(found)


def _average_triples(segments: NDArray[np.complexfloating]) -> NDArray[np.complexfloating]:
    """Mean over the segments of ``X(f1) X(f2) X*(f1 + f2)``, in the order of `_list_pairs`."""
    conjugate = segments.conj()
    found = []
    for first in range(1, N_LINES + 1):
        rest = segments[:, first : N_LINES + 1] * conjugate[:, 2 * first : first + N_LINES + 1]
        found.append((rest @ segments[:, first, :, None])[:, :, 0])
    averaged: NDArray[np.complexfloating] = np.concatenate(found, axis=1) / segments.shape[2]
    return averaged


@lru_cache(maxsize=1)
def _list_pairs() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the pairs ``f1 ≤ f2``, by ``f1``; the others say the same."""
    first, second = np.triu_indices(N_LINES)
    return first + 1, second + 1


def _describe_magnitude(magnitude: FloatArray) -> dict[str, FloatArray]:
    n_pairs = magnitude.shape[1]
    total = sum_rows(magnitude)
    mean = total / n_pairs
    share = magnitude * divide(np.ones_like(total), total)[:, None]
    logs = np.log(np.maximum(share, np.finfo(share.dtype).tiny))
    peak = magnitude.max(axis=1)
    return {
        "bispectrum_peak": peak,
        "bispectrum_mean": mean,
        "bispectrum_entropy": -np.vecdot(share, logs) / np.log(n_pairs),
        "bispectrum_peak_ratio": divide(peak, mean),
    }


def _describe_bicoherence(squared: FloatArray, magnitude: FloatArray) -> dict[str, FloatArray]:
    bicoherence = np.sqrt(np.minimum(squared, 1.0))
    strongest = magnitude.argmax(axis=1)
    expected = squared.mean(axis=1) + 2.0 * squared.std(axis=1)
    return {
        "phase_coupling": bicoherence[np.arange(len(squared)), strongest],
        "bicoherence_mean": sum_rows(bicoherence) / squared.shape[1],
        "nonlinearity": np.maximum(divide(squared.max(axis=1), expected) - 1.0, 0.0),
    }
