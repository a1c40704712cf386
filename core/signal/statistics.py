"""The nine basic features of a signal."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from core.signal.checks import check_usable
from core.signal.peaks import find_peaks
from core.signal.spectra import Spectrum, compute_spectrum

# Below this share of the largest sample, scatter is rounding and not signal.
_ROUNDING_SHARE = 1e-12


def compute_basic_features(signal: ArrayLike, sample_rate_hz: float) -> dict[str, float]:
    """Compute the basic features of a signal; except for ``mean`` its DC part is taken off first.

    Parameters
    ----------
    signal
        Samples, shape ``(n_samples,)``, at least 16.
    sample_rate_hz
        Samples per second.

    Returns
    -------
    dict
        ``rms``, ``std`` (both of the part without DC, hence equal), ``peak_value`` (largest magnitude),
        ``mean``, in the unit of the signal; ``crest_factor`` (peak_value / rms); ``skewness``; ``kurtosis``
        (Pearson: 3 for Gaussian noise); ``dominant_frequency`` (the highest line) and ``spectral_centroid``
        (mean frequency weighted with the amplitudes), in Hz. On a constant signal all but ``mean`` are 0.

    Raises
    ------
    SignalError
        Empty, not finite, too short, or an impossible sample rate.
    """
    samples = check_usable(signal).astype(np.float64, copy=False)
    spectrum = compute_spectrum(samples, sample_rate_hz)
    mean = float(samples.mean())
    moving = samples - mean
    squares = moving * moving
    std = float(np.sqrt(squares.mean()))
    if std <= _ROUNDING_SHARE * float(np.abs(samples).max()):
        names = ("rms", "kurtosis", "skewness", "peak_value", "std", "crest_factor")
        return {"mean": mean, **dict.fromkeys((*names, "dominant_frequency", "spectral_centroid"), 0.0)}
    peak_value = float(np.abs(moving).max())
    return {
        "rms": std,
        "kurtosis": float(np.mean(squares * squares)) / std**4,
        "skewness": float(np.mean(squares * moving)) / std**3,
        "peak_value": peak_value,
        "mean": mean,
        "std": std,
        "crest_factor": peak_value / std,
        "dominant_frequency": _find_dominant_frequency(spectrum),
        "spectral_centroid": float(np.average(spectrum.frequencies_hz[1:], weights=spectrum.amplitudes[1:])),
    }


def _find_dominant_frequency(spectrum: Spectrum) -> float:
    """Read the highest line; where the spectrum only rises or falls, it is the highest bin beside DC."""
    peaks = find_peaks(spectrum, 1)
    highest_bin = int(np.argmax(spectrum.amplitudes[1:])) + 1
    if peaks and abs(peaks[0].frequency_hz - spectrum.frequencies_hz[highest_bin]) <= spectrum.resolution_hz:
        return peaks[0].frequency_hz
    return float(spectrum.frequencies_hz[highest_bin])
