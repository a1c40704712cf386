"""Envelope features: what a bearing's impacts leave after band-pass and demodulation."""

from __future__ import annotations

import itertools

import numpy as np

from core.features.arrays import FloatArray, divide, sum_rows
from core.features.batch import WindowBatch
from core.features.frequency import compute_entropy, compute_peakiness
from core.features.specs import Domain, FeatureSpec
from core.features.transforms import log_shares

MODULATION_EDGES_HZ = (5.0, 50.0, 90.0, 130.0, 180.0, 260.0, 400.0)

_BANDS_HZ = tuple(itertools.pairwise(MODULATION_EDGES_HZ))

SPECS = (
    FeatureSpec("envelope_rms", Domain.ENVELOPE, "Rms of the envelope", "signal", 1),
    FeatureSpec("envelope_depth", Domain.ENVELOPE, "Standard deviation over mean of the envelope"),
    FeatureSpec("envelope_kurtosis", Domain.ENVELOPE, "Kurtosis of the envelope (Pearson)"),
    FeatureSpec("envelope_skewness", Domain.ENVELOPE, "Skewness of the envelope"),
    FeatureSpec("envelope_crest_factor", Domain.ENVELOPE, "Peak over mean of the envelope"),
    FeatureSpec("envelope_modulation_hz", Domain.ENVELOPE, "Strongest modulation", "Hz"),
    FeatureSpec("envelope_peakiness", Domain.ENVELOPE, "Highest line of its spectrum over the mean one"),
    FeatureSpec("envelope_entropy", Domain.ENVELOPE, "Entropy of its spectrum, 1 for a flat one"),
    *(
        FeatureSpec(
            f"envelope_share_{low:.0f}_{high:.0f}_hz",
            Domain.ENVELOPE,
            f"Share of the modulation from {low:g} to {high:g} Hz",
        )
        for low, high in _BANDS_HZ
    ),
    FeatureSpec("envelope_peak", Domain.ENVELOPE, "Peak of the envelope", "signal", 1),
)


def compute_envelope_features(batch: WindowBatch) -> dict[str, FloatArray]:
    """Statistics of the envelope and of its spectrum.

    Parameters
    ----------
    batch
        Centred windows.

    Returns
    -------
    dict
        Name to values of shape ``(n_windows,)``: ``envelope_rms`` and ``envelope_peak`` in the signal's
        unit, ``envelope_modulation_hz`` in Hz, the rest pure numbers.
    """
    mean, swing = batch.envelope_mean, batch.envelope_swing
    squares = np.square(swing)
    power = sum_rows(squares) / batch.n_samples
    third = np.vecdot(squares, swing) / batch.n_samples
    fourth = np.vecdot(squares, squares) / batch.n_samples
    peak = batch.envelope.max(axis=1)
    features = {
        "envelope_rms": np.sqrt(power + mean**2),
        "envelope_depth": divide(np.sqrt(power), mean),
        "envelope_kurtosis": divide(fourth, power**2),
        "envelope_skewness": divide(third, power**1.5),
        "envelope_crest_factor": divide(peak, mean),
        "envelope_peak": peak,
    }
    return {**features, **_compute_modulation_features(batch)}


def _compute_modulation_features(batch: WindowBatch) -> dict[str, FloatArray]:
    frequencies, power = batch.frequencies_hz, batch.envelope_power
    total = sum_rows(power)
    share = power * divide(np.ones_like(total), total)[:, None]
    features = {
        "envelope_modulation_hz": np.where(total > 0, frequencies[power.argmax(axis=1)], 0.0),
        "envelope_peakiness": compute_peakiness(power),
        "envelope_entropy": compute_entropy(share, log_shares(share)),
    }
    positions = np.searchsorted(frequencies, MODULATION_EDGES_HZ, side="left")
    for (low_hz, high_hz), (low, high) in zip(_BANDS_HZ, itertools.pairwise(positions), strict=True):
        features[f"envelope_share_{low_hz:.0f}_{high_hz:.0f}_hz"] = share[:, low:high].sum(axis=1)
    return features
