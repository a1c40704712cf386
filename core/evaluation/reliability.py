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

_N_BOOTSTRAP = 500


def compute_reliability(
    probabilities: NDArray[np.floating],
    targets: NDArray[np.integer],
    *,
    groups: NDArray[np.integer] | None = None,
    n_bins: int = N_CALIBRATION_BINS,
) -> dict[str, Any]:
    """Compare confidence with accuracy over equal bins of confidence.

    Parameters
    ----------
    probabilities
        Shape ``(n, n_classes)``; `n` at least 1.
    targets
        Shape ``(n,)``.
    groups
        Which recording each row is of; the interval's bootstrap draws recordings. Default: its own.

    Returns
    -------
    dict
        ``ece`` with ``ece_interval``, ``largest_gap`` (of a bin), ``brier`` (sum over classes, Brier 1950),
        ``log_loss`` (probabilities below 1e-4 count as 1e-4), and ``bins`` with ``low``, ``high``, ``n``,
        ``confidence``, ``accuracy`` and its Wilson ``interval``; empty bins are left out.
    """
    values, labels = np.asarray(probabilities, dtype=np.float64), np.asarray(targets)
    rows = np.arange(len(labels))
    confidence, right = values.max(axis=1), values.argmax(axis=1) == labels
    places = np.clip(np.ceil(confidence * n_bins).astype(np.int64) - 1, 0, n_bins - 1)
    bins = [_describe_bin(place, n_bins, confidence, right, places == place) for place in np.unique(places)]
    wanted = np.zeros_like(values)
    wanted[rows, labels] = 1.0
    return {
        "ece": compute_calibration_error(labels, values, n_bins),
        "ece_interval": _bootstrap_error(
            confidence, right, places, n_bins, rows if groups is None else groups
        ),
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


def _bootstrap_error(
    confidence: NDArray[np.float64],
    right: NDArray[np.bool_],
    places: NDArray[np.int64],
    n_bins: int,
    groups: NDArray[np.integer],
) -> list[float]:
    """Return the 2.5 and 97.5 % points of the error over recordings that are drawn anew."""
    owners = np.unique(groups, return_inverse=True)[1]
    n_groups = int(owners.max()) + 1
    gaps, sizes = np.zeros((n_groups, n_bins)), np.zeros(n_groups)
    np.add.at(gaps, (owners, places), right - confidence)
    np.add.at(sizes, owners, 1.0)
    random = np.random.default_rng(0)
    draws = random.multinomial(n_groups, np.full(n_groups, 1.0 / n_groups), size=_N_BOOTSTRAP)
    errors = np.abs(draws @ gaps).sum(axis=1) / (draws @ sizes)
    return [float(value) for value in np.quantile(errors, (0.025, 0.975))]
