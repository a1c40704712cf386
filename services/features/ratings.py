"""The part of FeatureService about importance, selection and correlation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.features.importance import compute_importance
from core.features.selection import compute_correlation
from core.features.selection import select_features as choose_columns
from models.user import Role
from services.features import analyses, jobs, sets
from services.features.matrices import Matrix, check_matrix
from services.features.storage import list_analyses, read_features
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import ok, returns_data, returns_result


def _no_list() -> list[dict[str, Any]]:
    return []


class FeatureRatings:
    """What features tell of the classes; always on training rows only."""

    @staticmethod
    @returns_result
    def compute_feature_importance(
        features: Matrix,
        labels: Sequence[str],
        feature_names: Sequence[str],
        method: str = "mutual_info",
        *,
        groups: Sequence[str] | None = None,
        seed: int = 0,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Rate features by what they tell of the classes. Give rows of the training split only.

        Args:
            features: One list per window, of the training split.
            labels: The class of each.
            feature_names: Of the columns.
            method: mutual_info, random_forest or permutation.
            groups: What stays together where rows are held out (recording, bearing).
            seed: Of what is drawn; the same seed gives the same numbers.
            actor: Who asks.

        Returns:
            ``items``: ``{feature, score, spread}``, the highest first; ``method``.

        Errors: ``invalid_input``.
        """
        require_role(actor, Role.VIEWER)
        values = check_matrix(features, feature_names)
        importance, spread = compute_importance(values, labels, method, groups=groups, seed=seed)
        order = np.argsort(-importance, kind="stable").tolist()
        items = [
            {
                "feature": feature_names[index],
                "score": float(importance[index]),
                "spread": None if spread is None else float(spread[index]),
            }
            for index in order
        ]
        return ok(method=method, items=items)

    @staticmethod
    @returns_result
    def select_features(
        features: Matrix,
        labels: Sequence[str],
        feature_names: Sequence[str],
        method: str = "mrmr",
        num_features: int = 15,
        threshold: float = 0.01,
        *,
        seed: int = 0,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Choose a few features. Give rows of the training split only.

        Args:
            features: One list per window, of the training split.
            labels: The class of each.
            feature_names: Of the columns.
            method: mrmr, variance, mutual_info or rfe.
            num_features: At most so many.
            threshold: Least variance (scaled), for variance.
            seed: Of what is drawn.
            actor: Who asks.

        Returns:
            ``selected``: names, the best first; ``scores``; ``method``.

        Errors: ``invalid_input``.
        """
        require_role(actor, Role.VIEWER)
        values = check_matrix(features, feature_names)
        columns, scores = choose_columns(
            values, labels, method, n_features=num_features, threshold=threshold, seed=seed
        )
        return ok(
            method=method, selected=[feature_names[column] for column in columns], scores=scores.tolist()
        )

    @staticmethod
    @returns_result
    def compute_feature_correlation(
        features: Matrix, feature_names: Sequence[str], *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Return the Pearson correlation of the features: ``feature_names, correlation`` (a matrix)."""
        require_role(actor, Role.VIEWER)
        values = check_matrix(features, feature_names)
        return ok(feature_names=list(feature_names), correlation=compute_correlation(values).tolist())

    @staticmethod
    @returns_result
    def rank_features(
        feature_set_id: int,
        split_id: int,
        *,
        kind: str = "importance",
        method: str = "mutual_info",
        num_features: int = 15,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Rate (``importance``) or choose (``selection``) features on a split's training part; a job.

        Returns:
            ``job_id`` and None, or the ``ranking`` that was worked out before (as `get_ranking`).

        Errors: ``not_found``, ``invalid_input``.
        """
        require_role(actor, Role.ENGINEER)
        request = analyses.check_ranking(
            {"kind": kind, "method": method, "split_id": split_id, "num_features": num_features}
        )
        row = sets.load_set(feature_set_id)
        known = analyses.find_ranking(feature_set_id, request)
        if known is not None:
            return ok(job_id=None, ranking=known)
        analyses.find_training_rows(row, read_features(row), split_id)
        title = f"{kind.capitalize()} of features by {method.replace('_', ' ')}"
        payload = {"feature_set_id": feature_set_id, "request": request}
        link = f"{sets.build_link(row)}&tab={kind}"
        return ok(job_id=jobs.enqueue(actor, jobs.RANK, title, payload, link), ranking=None)

    @staticmethod
    @returns_data(_no_list)
    def list_rankings(feature_set_id: int, *, actor: Actor = SYSTEM) -> list[dict[str, Any]]:
        """Return what was rated and chosen on a set: ``kind, method, split, n_rows, items``, newest first."""
        require_role(actor, Role.VIEWER)
        return list_analyses(sets.load_set(feature_set_id), analyses.RANKING)
