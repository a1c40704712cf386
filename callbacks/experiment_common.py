"""What an experiment's callbacks share: what belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callbacks.context import current_actor
from services.experiment_service import ExperimentService

_MOST_RELATIVES = 100


def name_members(experiment: Mapping[str, Any]) -> list[tuple[int, str | None]]:
    """Return (id, name) of an ensemble's members; what was trained has none."""
    actor = current_actor()
    found = [
        (number, ExperimentService.get_experiment(number, actor=actor))
        for number in experiment["members"] or []
    ]
    return [(number, member["name"] if member else None) for number, member in found]


def list_family(experiment: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of its request, where the experiment is: in use or in the trash."""
    key = experiment["baseline_of"] or experiment["group_key"]
    rows: list[dict[str, Any]] = ExperimentService.list_experiment_rows(
        {"group_key": key, "shelf": "trash" if experiment["trashed_at"] else "active"},
        per_page=_MOST_RELATIVES,
        expanded=[key],
        actor=current_actor(),
    )["items"]
    return rows
