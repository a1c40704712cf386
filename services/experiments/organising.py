"""What ExperimentService offers to find, compare and put away experiments."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from core.networks.registry import NETWORKS
from database.connection import get_db_session
from models.user import Role
from services.experiments import choosing, families, table, trash
from services.experiments.index import look
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import ok, returns_data, returns_result

NEWEST_FIRST = "-created_at"
_MAX_FACTS = 1_000


def _no_page() -> dict[str, Any]:
    return {"items": [], "total": 0, "page": 1, "per_page": 50, "n_experiments": 0, "n_groups": 0}


def _no_list() -> list[Any]:
    return []


def _no_choices() -> dict[str, Any]:
    return {"networks": [], "datasets": [], "shelves": {}}


class ExperimentLists:
    """The listing part of ExperimentService."""

    @staticmethod
    @returns_data(_no_page)
    def list_experiment_rows(
        filters: Mapping[str, Any] | None = None,
        *,
        sort: str = NEWEST_FIRST,
        page: int = 1,
        per_page: int = 50,
        grouped: bool = True,
        expanded: Collection[str] = (),
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return rows as the experiments' table shows them.

        Args:
            filters: ``query`` (words that must all occur in name, network, dataset or split), ``status``,
                ``network``, ``dataset_id``, ``split_id``, ``group_key``, ``ids``, ``shelf`` (active, trash).
            sort: A column, ``options.NAME`` or ``baseline_accuracy``, with ``-`` for descending.
            page: From 1.
            per_page: At most 200 rows.
            grouped: One row per request, with mean and 95 % interval over all its seeds whatever the
                filters; it is listed where one of its trainings, or its baseline, matches.
            expanded: Groups that show their trainings and baselines below them.
            actor: Who asks.

        Returns:
            ``items``, ``total`` rows, ``page``, ``per_page``, ``n_experiments`` and ``n_groups`` that match.
        """
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            return table.list_rows(
                session,
                choosing.read_filters(filters or {}),
                sort=sort,
                page=page,
                per_page=per_page,
                grouped=grouped,
                expanded=expanded,
            )

    @staticmethod
    @returns_data(_no_list)
    def list_experiment_facts(
        filters: Mapping[str, Any] | None = None,
        *,
        sort: str = NEWEST_FIRST,
        page: int = 1,
        per_page: int = _MAX_FACTS,
        actor: Actor = SYSTEM,
    ) -> list[dict[str, Any]]:
        """Return one stretch of the experiments that match, with their options and accuracies, for a file."""
        require_role(actor, Role.VIEWER)
        per_page = min(max(per_page, 1), _MAX_FACTS)
        with get_db_session(read_only=True) as session:
            return table.list_facts(
                session, choosing.read_filters(filters or {}), sort, (max(page, 1) - 1) * per_page, per_page
            )

    @staticmethod
    @returns_data(_no_list)
    def list_differing_options(
        filters: Mapping[str, Any] | None = None, *, actor: Actor = SYSTEM
    ) -> list[str]:
        """Return the options whose values differ among the experiments that match and are no baselines.

        An option that a network does not have makes no difference. ``filters`` as for the rows; given
        ``ids``, baselines among them count too.
        """
        require_role(actor, Role.VIEWER)
        chosen = choosing.read_filters(filters or {})
        with get_db_session(read_only=True) as session:
            snapshot = look(session)
        mask = choosing.match(snapshot, chosen)
        if chosen.ids is None:
            found = families.find_families(snapshot, chosen.shelf)
            mask[found.members[found.is_baseline]] = False
        return choosing.list_differing_options(snapshot, np.flatnonzero(mask))

    @staticmethod
    @returns_data(_no_choices)
    def list_experiment_choices(*, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Return what the list can be narrowed to: networks and datasets in use, and how many are where.

        ``networks`` of ``name, title``; ``datasets`` of ``dataset_id, name``; ``shelves`` maps active and
        trash to their number of experiments.
        """
        require_role(actor, Role.VIEWER)
        with get_db_session(read_only=True) as session:
            snapshot = look(session)
        columns = snapshot.columns
        used = [snapshot.words["network"].values[code] for code in np.unique(columns["network"])]
        versions = [snapshot.versions[int(each)] for each in np.unique(columns["dataset_version_id"])]
        datasets = sorted({(place.name, place.dataset_id) for place in versions})
        return {
            "networks": [
                {"name": name, "title": spec.title} for name, spec in NETWORKS.items() if name in used
            ],
            "datasets": [{"dataset_id": number, "name": name} for name, number in datasets],
            "shelves": families.describe_shelf(snapshot),
        }

    # --- trash -----------------------------------------------------------------------------------------

    @staticmethod
    @returns_data(_no_choices)
    def describe_experiment_removal(
        experiment_ids: Sequence[int], *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Return what goes with experiments.

        ``n_experiments``, ``names`` (five at most), ``n_diagnoses`` that they made and ``n_offspring``
        (trainings that started from them), which stay, ``kept_days``.
        """
        require_role(actor, Role.VIEWER)
        return trash.describe_removal(experiment_ids)

    @staticmethod
    @returns_result
    def trash_experiments(experiment_ids: Sequence[int], *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Move experiments to the trash, all or none; from there they can be restored for 30 days.

        Returns: ``n_moved``.

        Errors: ``not_found``; ``job_state`` while a training or an evaluation is not over.
        """
        require_role(actor, Role.ENGINEER)
        return ok(n_moved=trash.set_trashed(experiment_ids, actor, trashed=True))

    @staticmethod
    @returns_result
    def restore_experiments(experiment_ids: Sequence[int], *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Take experiments out of the trash, as they were. Returns: ``n_moved``. Errors: ``not_found``."""
        require_role(actor, Role.ENGINEER)
        return ok(n_moved=trash.set_trashed(experiment_ids, actor, trashed=False))

    @staticmethod
    @returns_result
    def delete_experiments(experiment_ids: Sequence[int], *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Delete experiments for good, with their classifiers, all or none; diagnoses that they made stay.

        Returns: ``n_deleted``.

        Errors: ``not_found``; ``job_state`` while a training or an evaluation is not over.
        """
        require_role(actor, Role.ENGINEER)
        return ok(n_deleted=trash.delete_experiments(experiment_ids, actor))
