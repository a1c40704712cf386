"""Choosing a few features out of many: for training rows only, and the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from core.features.importance import Matrix, compute_mutual_information, encode_labels
from utils.exceptions import InvalidInputError

SelectionMethod = Literal["mrmr", "variance", "mutual_info", "rfe"]
SELECTION_METHODS: Final[tuple[str, ...]] = get_args(SelectionMethod)

_N_TREES = 100
_DROPPED_SHARE = 0.2
_PERCENTILES = (1.0, 99.0)


def select_features(
    values: Matrix,
    labels: Sequence[str],
    method: str,
    *,
    n_features: int = 15,
    threshold: float = 0.01,
    seed: int = 0,
) -> tuple[list[int], NDArray[np.float64]]:
    """Choose columns.

    ``mrmr`` takes one after the other the column with the largest F statistic over its mean correlation with
    those taken before (minimum redundancy, maximum relevance: Ding & Peng, 2005, as quotient). ``variance``
    takes the widest columns, scaled so that 1 % to 99 % of the rows span 0 to 1, and none below
    ``threshold``. ``mutual_info`` takes those that tell most of the class by themselves. ``rfe`` drops the
    fifth that a forest needs least, again and again.

    Parameters
    ----------
    values
        Shape ``(n_rows, n_features)``.
    labels
        The class of each row.
    method
        One of `SELECTION_METHODS`.
    n_features
        How many at most.
    threshold
        Least variance, for ``variance``.
    seed
        Of what is drawn.

    Returns
    -------
    columns, scores
        Indices, the best first, and the number that each was chosen by (for ``rfe`` its importance in the
        last forest).

    Raises
    ------
    InvalidInputError
        Unknown method, fewer than two classes, or a number of features below 1.
    """
    if method not in SELECTION_METHODS:
        raise InvalidInputError(f"Unknown method '{method}'. Known: {', '.join(SELECTION_METHODS)}.")
    if n_features < 1:
        raise InvalidInputError("Choose at least one feature.")
    targets = encode_labels(values, labels)
    wanted = min(n_features, values.shape[1])
    if method == "mrmr":
        return _take_relevant(np.asarray(values, dtype=np.float64), targets, wanted)
    if method == "variance":
        return _take_wide(np.asarray(values, dtype=np.float64), wanted, threshold)
    if method == "mutual_info":
        return _take_best(compute_mutual_information(values, targets, seed), wanted)
    return _eliminate(values, targets, wanted, seed)


def compute_f_statistic(values: Matrix, targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Variance between classes over that within, of each column (one-way analysis of variance)."""
    counts = np.bincount(targets)
    classes = np.flatnonzero(counts)
    means = np.stack([values[targets == target].mean(axis=0) for target in classes])
    inside = sum(
        ((values[targets == target] - means[k]) ** 2).sum(axis=0) for k, target in enumerate(classes)
    )
    between = (counts[classes, None] * (means - values.mean(axis=0)) ** 2).sum(axis=0)
    within = inside / max(len(values) - len(classes), 1)
    lowest = 1e-12 * (values.var(axis=0) + np.finfo(np.float64).tiny)
    ratio = (between / (len(classes) - 1)) / np.maximum(within, lowest)
    return np.where(between > 0, ratio, 0.0)


def compute_correlation(values: Matrix) -> NDArray[np.float64]:
    """Pearson correlation of the columns, ``(n_features, n_features)``; 0 with a constant column."""
    centred = np.asarray(values, dtype=np.float64)
    centred = centred - centred.mean(axis=0)
    norms = np.sqrt((centred**2).sum(axis=0))
    lowest = 1e-9 * np.abs(values).max(axis=0, initial=0.0) * np.sqrt(len(values))
    scaled = centred / np.where(norms > lowest, norms, 1.0)
    scaled[:, norms <= lowest] = 0.0
    correlation: NDArray[np.float64] = np.clip(scaled.T @ scaled, -1.0, 1.0)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def _take_best(scores: NDArray[np.float64], wanted: int) -> tuple[list[int], NDArray[np.float64]]:
    order = np.argsort(-scores, kind="stable")[:wanted]
    return order.tolist(), scores[order]


def _take_relevant(
    values: NDArray[np.float64], targets: NDArray[np.int64], wanted: int
) -> tuple[list[int], NDArray[np.float64]]:
    relevance = compute_f_statistic(values, targets)
    redundancy = np.abs(compute_correlation(values))
    chosen: list[int] = []
    scores: list[float] = []
    for _ in range(wanted):
        mean = redundancy[:, chosen].mean(axis=1) if chosen else np.ones(len(relevance))
        score = relevance / np.maximum(mean, 1e-3)
        score[chosen] = -np.inf
        best = int(np.argmax(score))
        chosen.append(best)
        scores.append(float(score[best]))
    return chosen, np.asarray(scores)


def _take_wide(
    values: NDArray[np.float64], wanted: int, threshold: float
) -> tuple[list[int], NDArray[np.float64]]:
    low, high = np.percentile(values, _PERCENTILES, axis=0)
    span = np.where(high > low, high - low, 1.0)
    variance = np.where(high > low, np.clip((values - low) / span, 0.0, 1.0).var(axis=0), 0.0)
    columns, scores = _take_best(variance, wanted)
    kept = [index for index, score in enumerate(scores) if score > threshold]
    if not kept:
        raise InvalidInputError(f"No feature varies by more than {threshold:g}. Lower the threshold.")
    return [columns[index] for index in kept], scores[kept]


def _eliminate(
    values: Matrix, targets: NDArray[np.int64], wanted: int, seed: int
) -> tuple[list[int], NDArray[np.float64]]:
    from sklearn.ensemble import RandomForestClassifier

    left = np.arange(values.shape[1])
    while True:
        model = RandomForestClassifier(_N_TREES, class_weight="balanced", random_state=seed, n_jobs=1)
        importance = np.asarray(model.fit(values[:, left], targets).feature_importances_)
        order = np.argsort(-importance, kind="stable")
        if len(left) <= wanted:
            return left[order].tolist(), importance[order]
        n_kept = max(wanted, len(left) - max(1, int(_DROPPED_SHARE * len(left))))
        left = np.sort(left[order[:n_kept]])
