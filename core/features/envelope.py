"""Envelope features: what a bearing's impacts leave after band-pass and demodulation."""

from __future__ import annotations

import numpy as np

from core.features.arrays import FloatArray, divide
from core.features.spectral import compute_band_shares, compute_entropy, compute_power_spectrum

# The upper half of the usable band, where housings ring and shaft harmonics have died away.
BAND_OF_SAMPLE_RATE = (0.125, 0.45)
MODULATION_EDGES_HZ = (5.0, 50.0, 90.0, 130.0, 180.0, 260.0, 400.0)


def compute_batch_envelope(centred: FloatArray, band_of_sample_rate: tuple[float, float]) -> FloatArray:
    """Magnitude of the analytic signal after an ideal band-pass in the frequency domain.

    Parameters
    ----------
    centred
        Shape ``(n_windows, n_samples)``.
    band_of_sample_rate
        Band edges as parts of the sample rate (0 to 0.5).

    Returns
    -------
    ndarray
        Same shape and unit.
    """
    n_samples = centred.shape[1]
    spectrum = np.fft.fft(centred, axis=1)
    parts = np.fft.fftfreq(n_samples)
    low, high = band_of_sample_rate
    spectrum *= np.where((parts >= low) & (parts <= high), 2.0, 0.0)
    return np.abs(np.fft.ifft(spectrum, axis=1))


def compute_envelope_features(centred: FloatArray, sample_rate_hz: float) -> dict[str, FloatArray]:
    """Statistics of the envelope and of its spectrum.

    Parameters
    ----------
    centred
        Shape ``(n_windows, n_samples)``, mean removed.
    sample_rate_hz
        Sample rate.

    Returns
    -------
    dict
        Name to values of shape ``(n_windows,)``: ``envelope_rms`` in the signal's unit,
        ``envelope_modulation_hz`` in Hz, the rest pure numbers.
    """
    envelope = compute_batch_envelope(centred, BAND_OF_SAMPLE_RATE)
    mean = envelope.mean(axis=1)
    swing = envelope - mean[:, None]
    power = np.mean(swing**2, axis=1)
    features = {
        "envelope_rms": np.sqrt(np.mean(envelope**2, axis=1)),
        "envelope_depth": divide(np.sqrt(power), mean),
        "envelope_kurtosis": divide(np.mean(swing**4, axis=1), power**2),
        "envelope_skewness": divide(np.mean(swing**3, axis=1), power**1.5),
        "envelope_crest_factor": divide(envelope.max(axis=1), mean),
    }
    return {**features, **_compute_modulation_features(swing, sample_rate_hz)}


def _compute_modulation_features(swing: FloatArray, sample_rate_hz: float) -> dict[str, FloatArray]:
    frequencies, power = compute_power_spectrum(swing, sample_rate_hz)
    total = power.sum(axis=1)
    share = divide(power, total[:, None])
    amplitude = np.sqrt(power)
    features = {
        "envelope_modulation_hz": np.where(total > 0, frequencies[power.argmax(axis=1)], 0.0),
        "envelope_peakiness": divide(amplitude.max(axis=1), amplitude.mean(axis=1)),
        "envelope_entropy": compute_entropy(share),
    }
    edges = np.asarray(MODULATION_EDGES_HZ)
    for low, high, values in zip(
        edges[:-1], edges[1:], compute_band_shares(frequencies, share, edges), strict=True
    ):
        features[f"envelope_share_{low:.0f}_{high:.0f}_hz"] = values
    return features
