"""How much each feature tells of the classes: for training rows only, and the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from utils.exceptions import InvalidInputError

ImportanceMethod = Literal["mutual_info", "random_forest", "permutation"]
IMPORTANCE_METHODS: Final[tuple[str, ...]] = get_args(ImportanceMethod)

_N_TREES = 200
_N_REPEATS = 5
_HELD_OUT_SHARE = 0.3
_FEWEST_ROWS = 4

Matrix = NDArray[np.floating]


def compute_importance(
    values: Matrix,
    labels: Sequence[str],
    method: str,
    *,
    groups: Sequence[str] | None = None,
    seed: int = 0,
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Rate every feature.

    ``mutual_info`` is the mutual information with the class in nats, by nearest neighbours (Kraskov et al.,
    2004). ``random_forest`` is the mean decrease of impurity in a forest. ``permutation`` is by how much the
    mean probability of the true class, on held-out groups of the given rows, falls when one feature's values
    are mixed up.

    Parameters
    ----------
    values
        Shape ``(n_rows, n_features)``.
    labels
        The class of each row; at least two.
    method
        One of `IMPORTANCE_METHODS`.
    groups
        What must stay together when rows are held out (recording or bearing); by default each row alone.
    seed
        Of what is drawn.

    Returns
    -------
    importance, spread
        Shape ``(n_features,)``; the spread (standard deviation over the repeats) only for ``permutation``.

    Raises
    ------
    InvalidInputError
        Unknown method; fewer than two classes or four rows.
    """
    if method not in IMPORTANCE_METHODS:
        raise InvalidInputError(f"Unknown method '{method}'. Known: {', '.join(IMPORTANCE_METHODS)}.")
    targets = encode_labels(values, labels)
    if method == "mutual_info":
        return compute_mutual_information(values, targets, seed), None
    if method == "random_forest":
        return np.asarray(_grow(values, targets, seed).feature_importances_, dtype=np.float64), None
    return _permute(values, targets, np.asarray(groups if groups is not None else range(len(values))), seed)


def encode_labels(values: Matrix, labels: Sequence[str]) -> NDArray[np.int64]:
    """Return class indices, or say why nothing can be learned of these rows."""
    if values.ndim != 2 or len(values) != len(labels) or not np.isfinite(values).all():
        raise InvalidInputError("The features must be finite numbers, one row per label.")
    names, targets = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    if len(names) < 2 or len(values) < _FEWEST_ROWS:
        raise InvalidInputError(
            "Rating features takes at least four labelled rows of two classes in the training part."
        )
    return targets.astype(np.int64)


def compute_mutual_information(values: Matrix, targets: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Mutual information of each column with the class, in nats."""
    from sklearn.feature_selection import mutual_info_classif
    from sklearn.preprocessing import StandardScaler

    scaled = StandardScaler().fit_transform(np.asarray(values, dtype=np.float64))
    n_neighbours = min(3, int(np.bincount(targets).min()) - 1) or 1
    return np.asarray(
        mutual_info_classif(scaled, targets, n_neighbors=n_neighbours, random_state=seed), dtype=np.float64
    )


def _grow(values: Matrix, targets: NDArray[np.int64], seed: int):  # type: ignore[no-untyped-def]  # scikit-learn has no types, and is loaded on use
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(_N_TREES, class_weight="balanced", random_state=seed, n_jobs=1)
    return model.fit(values, targets)


def _permute(
    values: Matrix, targets: NDArray[np.int64], groups: NDArray[np.generic], seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit on most groups and mix up the columns of the others."""
    rng = np.random.default_rng(seed)
    held = _hold_out(targets, groups, rng)
    model = _grow(values[~held], targets[~held], seed)
    judged = np.array(values[held], dtype=np.float64)
    own = np.searchsorted(model.classes_, targets[held])
    rows = np.arange(len(judged))

    def judge() -> float:
        return float(np.mean(model.predict_proba(judged)[rows, own]))

    whole = judge()
    drops = np.zeros((_N_REPEATS, values.shape[1]))
    used = np.flatnonzero(model.feature_importances_ > 0)
    for column in used:
        kept = judged[:, column].copy()
        for repeat in range(_N_REPEATS):
            judged[:, column] = rng.permutation(kept)
            drops[repeat, column] = whole - judge()
        judged[:, column] = kept
    return drops.mean(axis=0), drops.std(axis=0)


def _hold_out(
    targets: NDArray[np.int64], groups: NDArray[np.generic], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Choose groups of every class that has more than one; a class with one group stays in the fit."""
    held = np.zeros(len(targets), dtype=bool)
    for target in np.unique(targets):
        own = np.unique(groups[targets == target])
        n_held = min(max(1, round(_HELD_OUT_SHARE * len(own))), len(own) - 1)
        held |= np.isin(groups, rng.permutation(own)[:n_held]) & (targets == target)
    if not held.any():
        raise InvalidInputError(
            "Permutation importance needs at least one class with two recordings or bearings in the training "
            "part: one to learn from and one to judge on."
        )
    return held
