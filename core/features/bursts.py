"""Burst features: energy that comes in short strokes, in the band of cavitation and over all frequencies."""

from __future__ import annotations

import numpy as np
import scipy.fft

from core.features.arrays import FloatArray, divide, get_hann_window, sum_rows
from core.features.batch import WindowBatch
from core.features.specs import Domain, FeatureSpec

BURST_BAND_HZ = (1400.0, 2600.0)
FRAME_S = 0.008
SEGMENT = 256
_LOUDEST_SHARE = 0.05
_FEWEST_FRAMES = 4

SPECS = (
    FeatureSpec("burst_rms", Domain.BURST, "Rms from 1.4 to 2.6 kHz", "signal", 1),
    FeatureSpec("burst_peak_ratio", Domain.BURST, "Loudest 8 ms frame over the median one, 1.4 to 2.6 kHz"),
    FeatureSpec("burst_kurtosis", Domain.BURST, "Kurtosis of the frames' energies, 1.4 to 2.6 kHz"),
    FeatureSpec("burst_loudest_share", Domain.BURST, "Share of the energy in the loudest 5 % of the frames"),
    FeatureSpec("spectral_kurtosis_max", Domain.BURST, "Highest kurtosis of a frequency over time, less 2"),
    FeatureSpec("spectral_kurtosis_mean", Domain.BURST, "Mean kurtosis of the frequencies over time, less 2"),
    FeatureSpec("spectral_kurtosis_max_hz", Domain.BURST, "Frequency of the highest kurtosis", "Hz"),
)


def compute_burst_features(batch: WindowBatch) -> dict[str, FloatArray]:
    """Statistics of short-time energy.

    Parameters
    ----------
    batch
        Centred windows. Where half the sample rate lies below the band, or the window has fewer than four
        frames, the features that need them are 0.

    Returns
    -------
    dict
        Name to values of shape ``(n_windows,)``.
    """
    return {**_describe_frames(_compute_frame_energies(batch)), **_compute_spectral_kurtosis(batch)}


def _compute_frame_energies(batch: WindowBatch) -> FloatArray:
    """Mean square per frame of the band; shape ``(n_windows, n_frames)``, no frames where there is no band.

    The band's bins alone are transformed back: the magnitude of the analytic signal at the lower rate.
    """
    n_frames = round(batch.n_samples / batch.sample_rate_hz / FRAME_S)
    first, last = (int(np.ceil(edge / batch.resolution_hz)) for edge in BURST_BAND_HZ)
    last = min(last, (batch.n_samples + 1) // 2)
    if n_frames < _FEWEST_FRAMES or last <= first:
        return np.zeros((len(batch.centred), 0), dtype=batch.dtype)
    per_frame = -(-(last - first) // n_frames)
    analytic = scipy.fft.ifft(batch.spectrum[:, first:last], n=n_frames * per_frame, axis=1)
    energy = analytic.real**2 + analytic.imag**2
    # The analytic signal has twice the amplitude of its one-sided bins; its mean square is twice the band's.
    factor = 2.0 * (n_frames * per_frame / batch.n_samples) ** 2 / per_frame
    frames: FloatArray = sum_rows(energy.reshape(len(energy), n_frames, per_frame)) * factor
    return frames.astype(batch.dtype, copy=False)


def _describe_frames(frames: FloatArray) -> dict[str, FloatArray]:
    if frames.shape[1] == 0:
        nothing = np.zeros(len(frames), dtype=frames.dtype)
        return {spec.name: nothing for spec in SPECS[:4]}
    ranked = np.sort(frames, axis=1)
    n_frames = frames.shape[1]
    mean = sum_rows(frames) / n_frames
    middle = 0.5 * (ranked[:, (n_frames - 1) // 2] + ranked[:, n_frames // 2])
    swing = np.square(frames - mean[:, None])
    variance = sum_rows(swing) / n_frames
    n_loudest = max(1, round(_LOUDEST_SHARE * n_frames))
    return {
        "burst_rms": np.sqrt(mean),
        "burst_peak_ratio": divide(ranked[:, -1], np.maximum(middle, 1e-6 * mean)),
        "burst_kurtosis": divide(np.vecdot(swing, swing) / n_frames, variance**2),
        "burst_loudest_share": divide(ranked[:, -n_loudest:].sum(axis=1), mean * n_frames),
    }


def _compute_spectral_kurtosis(batch: WindowBatch) -> dict[str, FloatArray]:
    """Kurtosis over time of each bin of a short-time transform, less 2: 0 for stationary Gaussian noise.

    Antoni, "The spectral kurtosis" (2006), with Hann segments of 256 samples side by side. Bins at zero and
    half the sample rate are real there and left out, and so are bins 60 dB under the mean.
    """
    n_segments = batch.n_samples // SEGMENT
    nothing = np.zeros(len(batch.centred), dtype=batch.dtype)
    if n_segments < _FEWEST_FRAMES:
        return {spec.name: nothing for spec in SPECS[4:]}
    window = get_hann_window(SEGMENT, batch.dtype)
    cut = batch.centred[:, : n_segments * SEGMENT].reshape(-1, n_segments, SEGMENT)
    power = np.abs(scipy.fft.rfft(cut * window, axis=2)[:, :, 1:-1])
    np.square(power, out=power)
    weight = np.full(n_segments, 1.0 / n_segments, dtype=batch.dtype)
    mean = weight @ power
    heard = mean > 1e-6 * mean.mean(axis=1, keepdims=True)
    squares = weight @ np.square(power, out=power)
    kurtosis = np.where(heard, divide(squares, mean**2) - 2.0, -1.0)
    kurtosis[~heard.any(axis=1)] = 0.0
    at_peak = (kurtosis.argmax(axis=1) + 1) * (batch.sample_rate_hz / SEGMENT)
    weights = np.where(heard, 1.0, 0.0).astype(batch.dtype)
    return {
        "spectral_kurtosis_max": kurtosis.max(axis=1),
        "spectral_kurtosis_mean": divide((kurtosis * weights).sum(axis=1), weights.sum(axis=1)),
        "spectral_kurtosis_max_hz": np.where(heard.any(axis=1), at_peak, 0.0),
    }
