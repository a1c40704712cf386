"""How far confidences can be believed: reliability curve, calibration error, proper scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.training.metrics import (
    N_CALIBRATION_BINS,
    compute_calibration_error,
    take_logarithms,
    wilson_interval,
)

_N_DRAWS = 1000


def compute_reliability(
    probabilities: NDArray[np.floating],
    targets: NDArray[np.integer],
    *,
    independent: bool = True,
    n_bins: int = N_CALIBRATION_BINS,
) -> dict[str, Any]:
    """Compare confidence with accuracy over equal bins of confidence.

    Parameters
    ----------
    probabilities
        Shape ``(n, n_classes)``; `n` at least 1.
    targets
        Shape ``(n,)``.
    independent
        Whether no two rows are of the same recording; windows are not, and get no interval and no expected
        error.

    Returns
    -------
    dict
        ``ece`` with ``ece_expected_95`` (what 95 % of perfectly calibrated classifiers with these
        confidences stay below), ``largest_gap`` (of a bin), ``brier`` (sum over classes, Brier 1950),
        ``log_loss`` (probabilities below 1e-4 count as 1e-4), and ``bins`` with ``low``, ``high``, ``n``,
        ``confidence``, ``accuracy`` and its Wilson ``interval``; empty bins are left out.
    """
    values, labels = np.asarray(probabilities, dtype=np.float64), np.asarray(targets)
    rows = np.arange(len(labels))
    confidence, right = values.max(axis=1), values.argmax(axis=1) == labels
    places = np.clip(np.ceil(confidence * n_bins).astype(np.int64) - 1, 0, n_bins - 1)
    bins = [_describe_bin(place, n_bins, confidence, right, places == place) for place in np.unique(places)]
    if not independent:
        bins = [{**each, "interval": None} for each in bins]
    wanted = np.zeros_like(values)
    wanted[rows, labels] = 1.0
    return {
        "ece": compute_calibration_error(labels, values, n_bins),
        "ece_expected_95": _expect_error(confidence, places, n_bins) if independent else None,
        "largest_gap": max(abs(each["confidence"] - each["accuracy"]) for each in bins),
        "brier": float(np.mean(np.sum((values - wanted) ** 2, axis=1))),
        "log_loss": float(-take_logarithms(values)[rows, labels].mean()),
        "bins": bins,
    }


def _describe_bin(
    place: int,
    n_bins: int,
    confidence: NDArray[np.float64],
    right: NDArray[np.bool_],
    inside: NDArray[np.bool_],
) -> dict[str, Any]:
    n, n_right = int(inside.sum()), int(right[inside].sum())
    return {
        "low": place / n_bins,
        "high": (place + 1) / n_bins,
        "n": n,
        "confidence": float(confidence[inside].mean()),
        "accuracy": n_right / n,
        "interval": wilson_interval(n_right, n),
    }


def _expect_error(confidence: NDArray[np.float64], places: NDArray[np.int64], n_bins: int) -> float:
    """Return the 95 % point of the error where every row is right with the probability it names.

    An error above it is more than chance with so few rows (Bröcker and Smith, 2007: consistency resampling).
    """
    random, n = np.random.default_rng(0), len(confidence)
    errors = np.empty(_N_DRAWS)
    for draw in range(_N_DRAWS):
        gaps = np.bincount(places, weights=(random.random(n) < confidence) - confidence, minlength=n_bins)
        errors[draw] = np.abs(gaps).sum() / n
    return float(np.quantile(errors, 0.95))
