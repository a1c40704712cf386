"""Cepstrum features: families of equally spaced lines, whatever excites them."""

from __future__ import annotations

import numpy as np
import scipy.fft

from core.features.arrays import FloatArray, divide, sum_rows
from core.features.batch import WindowBatch
from core.features.specs import Domain, FeatureSpec

# Spacings from 10 to 500 Hz.
QUEFRENCIES_S = (0.002, 0.1)

SPECS = (
    FeatureSpec("cepstrum_peak_ratio", Domain.CEPSTRUM, "Highest rahmonic over the mean one, 2 to 100 ms"),
    FeatureSpec("cepstrum_centroid_s", Domain.CEPSTRUM, "Centre of the cepstrum from 2 to 100 ms", "s"),
    FeatureSpec("cepstrum_peak_s", Domain.CEPSTRUM, "Quefrency of the highest rahmonic", "s"),
)


def compute_cepstrum_features(batch: WindowBatch) -> dict[str, FloatArray]:
    """Peak and centre of the real cepstrum's magnitude.

    The cepstrum is the inverse transform of the logarithm of the Hann power spectrum. A gain changes only
    its value at zero quefrency, which is left out.

    Parameters
    ----------
    batch
        Centred windows; of one shorter than 4 ms everything is 0.

    Returns
    -------
    dict
        Name to values of shape ``(n_windows,)``.
    """
    first, last = (round(edge * batch.sample_rate_hz) for edge in QUEFRENCIES_S)
    first, last = max(first, 1), min(last, batch.n_samples // 2) + 1
    if last <= first:
        nothing = np.zeros(len(batch.centred), dtype=batch.dtype)
        return {spec.name: nothing for spec in SPECS}
    magnitude = np.abs(_invert(batch.log_share, batch.n_samples)[:, first:last])
    magnitude[batch.total_power == 0] = 0.0
    quefrencies = (np.arange(first, last) / batch.sample_rate_hz).astype(batch.dtype)
    total = sum_rows(magnitude)
    at_peak = quefrencies[magnitude.argmax(axis=1)]
    return {
        "cepstrum_peak_ratio": divide(magnitude.max(axis=1), total / magnitude.shape[1]),
        "cepstrum_centroid_s": divide(magnitude @ quefrencies, total),
        "cepstrum_peak_s": np.where(total > 0, at_peak, 0.0),
    }


def _invert(log_share: FloatArray, n_samples: int) -> FloatArray:
    """Inverse transform of a real, even spectrum; at an even length a cosine transform does it sooner."""
    if n_samples % 2:
        return scipy.fft.irfft(log_share, n=n_samples, axis=1)
    found: FloatArray = scipy.fft.dct(log_share, type=1, axis=1) / n_samples
    return found
