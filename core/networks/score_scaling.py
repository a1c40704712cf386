"""Scores of a linear or kernel model as probabilities: one scale, learned on recordings left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

# Natural logarithms of the scales tried: from nearly uniform probabilities to nearly certain ones.
_SCALE_LIMITS = (-3.0, 4.0)


def softmax(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Softmax over the last axis."""
    shares = np.exp(np.asarray(scores, dtype=np.float64) - scores.max(axis=-1, keepdims=True))
    probabilities: NDArray[np.float64] = shares / shares.sum(axis=-1, keepdims=True)
    return probabilities


def draw_folds(
    targets: NDArray[np.integer], recordings: NDArray[np.integer], n_folds: int, seed: int
) -> NDArray[np.int64]:
    """Deal the recordings of each class out to folds.

    Returns
    -------
    ndarray
        Fold of every row ``(n_rows,)``; rows of one recording share it. A class with a single recording gets
        -1 instead: it is learned in every fold and left out in none.
    """
    generator = np.random.default_rng([seed, n_folds])
    fold = np.full(len(targets), -1, dtype=np.int64)
    offset = 0
    for target in np.unique(targets):
        found = generator.permutation(np.unique(recordings[targets == target]))
        if len(found) < 2:
            continue
        for position, recording in enumerate(found):
            fold[(recordings == recording) & (targets == target)] = (offset + position) % n_folds
        offset += len(found)
    return fold


def fit_score_scale(
    scores: NDArray[np.float64], targets: NDArray[np.integer], weights: NDArray[np.float64]
) -> tuple[float, float]:
    """Find the factor on scores that makes their softmax the likeliest.

    The labels are taken as a little unsure (Platt, 1999), so that scores without an error get no endless
    scale.

    Parameters
    ----------
    scores
        Shape ``(n_rows, n_classes)``, of rows that the scoring model has not learned.
    targets
        Class indices ``(n_rows,)``.
    weights
        Weight of each row ``(n_rows,)``.

    Returns
    -------
    tuple
        The factor, and the mean negative log-likelihood that it reaches; 1 and infinity without rows.
    """
    if not len(targets):
        return 1.0, np.inf
    n_classes = scores.shape[1]
    doubt = 1.0 / (len(targets) + n_classes)
    wanted = np.full(scores.shape, doubt)
    wanted[np.arange(len(targets)), targets] = 1.0 - (n_classes - 1) * doubt

    def measure(log_scale: float) -> float:
        scaled = np.exp(log_scale) * scores
        peak = scaled.max(axis=1, keepdims=True)
        norm = peak + np.log(np.exp(scaled - peak).sum(axis=1, keepdims=True))
        return float((weights[:, None] * wanted * (norm - scaled)).sum() / weights.sum())

    found = minimize_scalar(measure, bounds=_SCALE_LIMITS, method="bounded", options={"xatol": 1e-4})
    return float(np.exp(found.x)), float(found.fun)
