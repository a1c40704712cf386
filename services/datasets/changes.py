"""What DatasetService changes in datasets: names, shelves, trash, labels and metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from database.connection import get_db_session
from models.user import Role
from services.datasets import edit_jobs, editing, removal
from services.jobs.runner import execute_job
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import ok, returns_result


class DatasetChanges:
    """The changing part of DatasetService."""

    @staticmethod
    @returns_result
    def update_dataset(
        dataset_id: int, *, name: str | None = None, description: str | None = None, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Change name or description. Errors: ``not_found``, ``conflict`` (the name is taken)."""
        require_role(actor, Role.ENGINEER)
        removal.change_dataset(dataset_id, actor, name=name, description=description)
        return ok(dataset_id=dataset_id)

    @staticmethod
    @returns_result
    def archive_dataset(dataset_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Take a dataset out of the lists; nothing is lost and it can come back."""
        require_role(actor, Role.ENGINEER)
        removal.set_archived(dataset_id, actor, archived=True)
        return ok(dataset_id=dataset_id)

    @staticmethod
    @returns_result
    def unarchive_dataset(dataset_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Put an archived dataset back into the lists."""
        require_role(actor, Role.ENGINEER)
        removal.set_archived(dataset_id, actor, archived=False)
        return ok(dataset_id=dataset_id)

    @staticmethod
    @returns_result
    def trash_dataset(dataset_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Move a dataset to the trash; for 30 days `restore_dataset` brings it back, then it is deleted.

        Errors: ``not_found``; ``conflict`` while experiments use it (the sentence names them).
        """
        require_role(actor, Role.ENGINEER)
        removal.throw_away(dataset_id, actor)
        return ok(dataset_id=dataset_id)

    @staticmethod
    @returns_result
    def restore_dataset(dataset_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Take a dataset out of the trash, as it was. Errors: ``not_found``."""
        require_role(actor, Role.ENGINEER)
        removal.restore(dataset_id, actor)
        return ok(dataset_id=dataset_id)

    @staticmethod
    @returns_result
    def delete_dataset(
        dataset_id: int, delete_file: bool = False, *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Delete a dataset for good, with its versions and splits; on demand the samples nobody else shares.

        Errors: ``not_found``; ``conflict`` while experiments use it (the sentence names them).
        """
        require_role(actor, Role.ENGINEER)
        removal.delete_dataset(dataset_id, actor, delete_file=delete_file)
        return ok(dataset_id=dataset_id)

    @staticmethod
    @returns_result
    def preview_edit(
        dataset_id: int,
        changes: Mapping[str, Any],
        *,
        version: int | None = None,
        signal_ids: Sequence[int] | None = None,
        filters: Mapping[str, Any] | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Say what `edit_recordings` would do; nothing is stored.

        Returns:
            ``n_selected``, ``n_signals`` and ``n_recordings`` that change, ``changes`` (per field: value,
            n_signals, n_beyond_selection, before), ``examples``, ``version``, ``next_version``, ``n_splits``.

        Errors: as for `edit_recordings`.
        """
        require_role(actor, Role.ENGINEER)
        request = editing.parse_request(
            dataset_id, changes, version=version, signal_ids=signal_ids, filters=filters
        )
        with get_db_session(read_only=True) as session:
            return ok(**editing.describe_plan(session, editing.plan_edit(session, request)))

    @staticmethod
    @returns_result
    def edit_recordings(
        dataset_id: int,
        changes: Mapping[str, Any],
        reason: str,
        *,
        version: int | None = None,
        signal_ids: Sequence[int] | None = None,
        filters: Mapping[str, Any] | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Change labels or metadata as a new version; no sample is copied and the old version stays.

        Args:
            dataset_id: Which.
            changes: Field to value, None for "not known": fault_class, severity, group (the physical
                bearing), bearing, machine, measurement_point, shaft_speed_rpm (turns a minute), load, unit.
            reason: Why; kept with the version beside who and when.
            version: The version that was looked at; refused where it is no longer the newest.
            signal_ids: Only these signals.
            filters: Only those that `list_signals` finds; without either every signal is meant.
            actor: Who asks.

        Returns:
            ``version``, the new one's number, or ``job_id`` where the dataset is large; ``n_signals``.

        Errors: ``invalid_input`` (field, value, reason, no row, nothing would change), ``not_found``,
        ``conflict`` (another version came meanwhile, or the dataset is in the trash).
        """
        require_role(actor, Role.ENGINEER)
        request = editing.parse_request(
            dataset_id, changes, reason=reason, version=version, signal_ids=signal_ids, filters=filters
        )
        return ok(**edit_jobs.start_edit(request, actor))

    @staticmethod
    def run_edit_job(job_id: int, worker: str) -> str | None:
        """Run an edit job in this process and return its state (None: it was not there to claim)."""
        return execute_job(job_id, edit_jobs.run_edit, worker=worker)
