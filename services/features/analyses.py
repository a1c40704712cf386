"""What is worked out of a stored set: importance, selection, t-SNE. Computed once, kept beside the values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from core.features.importance import IMPORTANCE_METHODS, compute_importance
from core.features.projection import project_tsne
from core.features.selection import SELECTION_METHODS, select_features
from database.connection import get_db_session
from models.feature_set import FeatureSet
from models.split import Split, SplitMember
from services.features.sets import find_set
from services.features.storage import StoredFeatures, read_analysis, read_features, write_analysis
from utils.clock import to_iso, utc_now
from utils.exceptions import InvalidInputError, NotFoundError

TSNE = "tsne"
RANKING = "ranking"
KINDS = {"importance": IMPORTANCE_METHODS, "selection": SELECTION_METHODS}
MAX_TRAINING_ROWS = 4000
_SEED = 0
_MOST_SELECTED = 500


def check_ranking(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a checked request for a ranking.

    Raises:
        InvalidInputError: An unknown kind or method, or no split.
    """
    kind, method = request.get("kind"), request.get("method")
    if kind not in KINDS or method not in KINDS[kind]:
        known = "; ".join(f"{name}: {', '.join(methods)}" for name, methods in KINDS.items())
        raise InvalidInputError(f"There is no {kind or 'ranking'} by '{method}'. Known: {known}.")
    split_id, wanted = request.get("split_id"), request.get("num_features")
    if not isinstance(split_id, int) or isinstance(split_id, bool):
        raise InvalidInputError(
            "Choose a split: importance and selection look at its training part only. Make one on the "
            "dataset's page."
        )
    checked = {"kind": kind, "method": method, "split_id": split_id}
    if kind == "importance":
        return checked
    if not isinstance(wanted, int) or isinstance(wanted, bool) or not 1 <= wanted <= _MOST_SELECTED:
        raise InvalidInputError(f"The number of features must be a whole number from 1 to {_MOST_SELECTED}.")
    return {**checked, "num_features": wanted}


def name_ranking(request: Mapping[str, Any]) -> str:
    """Return the name under which a ranking is kept."""
    digest = hashlib.sha256(json.dumps(dict(request), sort_keys=True).encode()).hexdigest()[:24]
    return f"{RANKING}-{digest}"


def rank_features(row: FeatureSet, request: Mapping[str, Any]) -> dict[str, Any]:
    """Rate or choose the features of a set on a split's training part, and keep the answer.

    Raises:
        NotFoundError: The split has gone or belongs to another version.
        InvalidInputError: The training part has too few labelled rows.
    """
    features = read_features(row)
    split_name, chosen = find_training_rows(row, features, request["split_id"])
    used = _thin(chosen, features)
    labels = [features.list_of_rows("fault_class")[index] for index in used]
    values = features.values[used]
    result: dict[str, Any] = {
        **request,
        "feature_set_id": row.id,
        "split": split_name,
        "n_rows": len(used),
        "n_training_rows": len(chosen),
        "created_at": to_iso(utc_now()),
    }
    if request["kind"] == "importance":
        groups = [name_group(features.signals[features.signal_index[index]]) for index in used]
        result["items"] = _rate(features.feature_names, values, labels, groups, request["method"])
    else:
        columns, scores = select_features(
            values, labels, request["method"], n_features=request["num_features"], seed=_SEED
        )
        result["items"] = [
            {"feature": features.feature_names[column], "score": float(score), "spread": None}
            for column, score in zip(columns, scores, strict=True)
        ]
    write_analysis(row, name_ranking(request), result)
    return result


def _rate(
    names: tuple[str, ...], values: NDArray[np.float32], labels: list[str], groups: list[str], method: str
) -> list[dict[str, Any]]:
    importance, spread = compute_importance(values, labels, method, groups=groups, seed=_SEED)
    order = np.argsort(-importance, kind="stable")
    return [
        {
            "feature": names[index],
            "score": float(importance[index]),
            "spread": None if spread is None else float(spread[index]),
        }
        for index in order
    ]


def name_group(signal: Mapping[str, Any]) -> str:
    """Return what rows of a signal share with others: the physical bearing, else the recording."""
    return str(signal["group"] or f"recording {signal['recording_id']}")


def find_training_rows(
    row: FeatureSet, features: StoredFeatures, split_id: int
) -> tuple[str, NDArray[np.int64]]:
    """Return the split's name and the labelled rows of a set that lie in its training part.

    Raises:
        NotFoundError: The split has gone or belongs to another version.
        InvalidInputError: There are none.
    """
    with get_db_session(read_only=True) as session:
        split = session.get(Split, split_id)
        if split is None or split.dataset_version_id != row.dataset_version_id:
            raise NotFoundError("This version of the dataset has no such split.")
        members = select(SplitMember.signal_id).where(
            SplitMember.split_id == split_id, SplitMember.part == "train"
        )
        train = set(session.scalars(members))
        name = split.name
    usable = np.array([each["signal_id"] in train and bool(each["fault_class"]) for each in features.signals])
    rows = np.flatnonzero(usable[features.signal_index])
    if len(rows) == 0:
        raise InvalidInputError(
            f"The training part of '{name}' holds no labelled signal of this feature set. Choose another "
            "split, or extract the channel that it splits."
        )
    return name, rows


def _thin(rows: NDArray[np.int64], features: StoredFeatures) -> NDArray[np.int64]:
    """Keep at most `MAX_TRAINING_ROWS`, spread evenly over the signals of every class."""
    if len(rows) <= MAX_TRAINING_ROWS:
        return rows
    labels = np.array([str(label) for label in features.list_of_rows("fault_class")])[rows]
    order = np.argsort(labels, kind="stable")
    taken = np.linspace(0, len(rows) - 1, MAX_TRAINING_ROWS).round().astype(np.int64)
    return np.sort(rows[order[taken]])


def project(row: FeatureSet) -> dict[str, Any]:
    """Lay a set out by t-SNE, and keep the answer.

    Raises:
        InvalidInputError: It has fewer than three windows or two features.
    """
    features = read_features(row)
    found = project_tsne(features.values, seed=_SEED)
    result = {
        "points": np.round(found.points, 4).tolist(),
        "rows": found.rows.tolist(),
        "perplexity": found.perplexity,
        "n_rows": len(features.values),
    }
    write_analysis(row, TSNE, result)
    return result


def find_ranking(feature_set_id: int, request: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a ranking that was worked out before, or None."""
    with get_db_session(read_only=True) as session:
        row = find_set(session, feature_set_id)
    return read_analysis(row, name_ranking(request))
