"""Spectral-shape features of centred windows, and the spectrum helpers that other domains share."""

from __future__ import annotations

import itertools

import numpy as np

from core.features.arrays import FloatArray, divide

N_BANDS = 12
_ROLL_OFF_SHARE = 0.85


def compute_power_spectrum(centred: FloatArray, sample_rate_hz: float) -> tuple[FloatArray, FloatArray]:
    """One-sided Hann power spectrum whose bins add up to the mean square of the windowed signal.

    Parameters
    ----------
    centred
        Shape ``(n_windows, n_samples)``, mean removed.
    sample_rate_hz
        Sample rate.

    Returns
    -------
    frequencies_hz, power
        Shapes ``(n_bins,)`` and ``(n_windows, n_bins)``; power in unit². Normalised by the window's
        mean square, so that the sum over the bins estimates the variance (Parseval).
    """
    n_samples = centred.shape[1]
    window = np.hanning(n_samples + 1)[:-1] if n_samples > 2 else np.ones(n_samples)
    power: FloatArray = np.abs(np.fft.rfft(centred * window, axis=1)) ** 2
    power[:, 1 : power.shape[1] - (1 if n_samples % 2 == 0 else 0)] *= 2.0
    power /= n_samples * np.sum(window**2)
    frequencies: FloatArray = np.fft.rfftfreq(n_samples, 1.0 / sample_rate_hz).astype(np.float64)
    return frequencies, power


def compute_spectral_features(centred: FloatArray, sample_rate_hz: float) -> dict[str, FloatArray]:
    """Where the power lies and how it is spread.

    Parameters
    ----------
    centred
        Shape ``(n_windows, n_samples)``, mean removed.
    sample_rate_hz
        Sample rate; the band shares split 0 to its half into `N_BANDS` equal bands.

    Returns
    -------
    dict
        Name to values of shape ``(n_windows,)``: ``total_power`` in unit², ``*_hz`` in Hz, the rest pure.
    """
    frequencies, power = compute_power_spectrum(centred, sample_rate_hz)
    total = power.sum(axis=1)
    share = divide(power, total[:, None])
    features = {"total_power": total, **_compute_moments(frequencies, share)}
    features["dominant_frequency_hz"] = np.where(total > 0, frequencies[power.argmax(axis=1)], 0.0)
    features["roll_off_frequency_hz"] = _compute_roll_off(frequencies, share, total)
    features["spectral_entropy"] = compute_entropy(share)
    features["spectral_flatness"] = _compute_flatness(power[:, 1:])
    amplitude = np.sqrt(power)
    features["spectral_peakiness"] = divide(amplitude.max(axis=1), amplitude.mean(axis=1))
    edges = np.linspace(0.0, sample_rate_hz / 2, N_BANDS + 1)
    for index, band_share in enumerate(compute_band_shares(frequencies, share, edges)):
        features[f"band_share_{index + 1:02d}"] = band_share
    return features


def compute_entropy(share: FloatArray) -> FloatArray:
    """Shannon entropy of each row divided by that of a flat row: 0 for one line, 1 for flat."""
    logs = np.log(np.where(share > 0.0, share, 1.0))
    entropy: FloatArray = -np.sum(share * logs, axis=1) / np.log(max(share.shape[1], 2))
    return entropy


def compute_band_shares(
    frequencies_hz: FloatArray, share: FloatArray, edges_hz: FloatArray
) -> list[FloatArray]:
    """Share of the power between neighbouring edges (upper edge open, closed at half the sample rate)."""
    positions = np.searchsorted(frequencies_hz, edges_hz, side="left")
    if edges_hz[-1] >= frequencies_hz[-1]:
        positions[-1] = len(frequencies_hz)
    pairs = itertools.pairwise(positions)
    return [share[:, low:high].sum(axis=1) for low, high in pairs]


def _compute_moments(frequencies_hz: FloatArray, share: FloatArray) -> dict[str, FloatArray]:
    centroid = share @ frequencies_hz
    distance = frequencies_hz[None, :] - centroid[:, None]
    spread = np.sqrt(np.sum(share * distance**2, axis=1))
    return {
        "spectral_centroid_hz": centroid,
        "spectral_spread_hz": spread,
        "spectral_skewness": divide(np.sum(share * distance**3, axis=1), spread**3),
        "spectral_kurtosis": divide(np.sum(share * distance**4, axis=1), spread**4),
    }


def _compute_roll_off(frequencies_hz: FloatArray, share: FloatArray, total: FloatArray) -> FloatArray:
    position = np.argmax(np.cumsum(share, axis=1) >= _ROLL_OFF_SHARE, axis=1)
    return np.where(total > 0, frequencies_hz[position], 0.0)


def _compute_flatness(power: FloatArray) -> FloatArray:
    """Geometric over arithmetic mean of the bins without DC (1 for a flat spectrum)."""
    mean = power.mean(axis=1)
    floor = np.maximum(power, mean[:, None] * 1e-12)
    geometric = np.exp(np.mean(np.log(np.where(floor > 0.0, floor, 1.0)), axis=1))
    return divide(np.where(mean > 0, geometric, 0.0), mean)
