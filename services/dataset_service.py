"""DatasetService: the workflows around datasets: upload, import, list, split, archive, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from database.connection import get_db_session
from models.user import Role
from services.datasets import uploads
from services.datasets.catalogue import DatasetCatalogue
from services.datasets.changes import DatasetChanges
from services.datasets.dividing import DatasetSplits
from services.datasets.importing import run_import
from services.datasets.inspection import describe_preview, inspect_files, open_reader
from services.datasets.keeping import DatasetTemplates
from services.datasets.makers import DatasetMakers
from services.datasets.mapping import ImportMapping, parse_arrangement, parse_mapping
from services.datasets.planning import build_plan
from services.datasets.requests import request_import
from services.datasets.sources import FileReference, resolve_sources
from services.datasets.suggestions import suggest_channels, suggest_values
from services.datasets.summary import count_recordings
from services.datasets.takeaway import DatasetExports
from services.datasets.templates import list_layouts, list_templates, resolve_template
from services.datasets.uploads import ByteStream
from services.jobs.runner import execute_job
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import ok, returns_data, returns_result
from utils.logger import setup_logger

logger = setup_logger(__name__)

_MAX_PLAN_ROWS = 500


def _no_list() -> list[dict[str, Any]]:
    return []


class DatasetService(
    DatasetTemplates, DatasetCatalogue, DatasetChanges, DatasetSplits, DatasetMakers, DatasetExports
):
    """Datasets and their versions, recordings, splits and imports."""

    # --- uploads ---------------------------------------------------------------------------------------

    @staticmethod
    @returns_result
    def stage_upload(stream: ByteStream, file_name: str, *, actor: Actor) -> dict[str, Any]:
        """Stream a file to disk, where it waits for its import or diagnosis.

        Args:
            stream: Bytes to read from.
            file_name: The sender's name for it (with folders where it has some); only ever shown.
            actor: Whose upload it is.

        Returns:
            ``upload_id, file_name, n_bytes, sha256, created_at``.

        Errors: ``too_large``, ``quota_exceeded``, ``storage_full``, ``file_refused`` (empty). Nothing stays.
        """
        require_role(actor, Role.ENGINEER)
        return ok(**uploads.store_upload(stream, file_name, actor))

    @staticmethod
    @returns_data(_no_list)
    def list_uploads(*, actor: Actor) -> list[dict[str, Any]]:
        """Return the actor's waiting uploads, oldest first."""
        require_role(actor, Role.ENGINEER)
        return uploads.list_own_uploads(actor)

    @staticmethod
    @returns_result
    def discard_upload(upload_id: str, *, actor: Actor) -> dict[str, Any]:
        """Delete a waiting upload. Errors: ``not_found`` (also for another person's)."""
        require_role(actor, Role.ENGINEER)
        uploads.drop_upload(upload_id, actor)
        return ok()

    # --- import ----------------------------------------------------------------------------------------

    @staticmethod
    @returns_result
    def preview_import(
        files: Sequence[FileReference], *, arrangement: str = "auto", actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Look into files without reading their samples.

        Args:
            files: Upload ids, or for scripts ``{"path": …, "name": …}``.
            arrangement: What stands in rows and columns of tables whose shape does not tell: ``auto``,
                ``channels_in_columns``, ``channels_in_rows``, ``recordings_in_rows``, ``…_in_columns``.
            actor: Who asks.

        Returns:
            ``files``: per file its format, variables (at most 50 listed), scalars, parts, or its problem;
            ``channels`` and ``values``: globs of signals and of single numbers that the files have in common;
            ``templates``: those that are kept, with ``fits`` for files of this layout.
        """
        require_role(actor, Role.ENGINEER)
        with get_db_session(read_only=True) as session:
            sources = resolve_sources(session, files, actor)
        with open_reader() as reader:
            found = inspect_files(reader, sources, ImportMapping(options=parse_arrangement(arrangement)))
        return ok(
            files=[describe_preview(*pair) for pair in zip(sources, found, strict=True)],
            channels=suggest_channels(found),
            values=suggest_values(found),
            templates=list_templates(list_layouts(found)),
        )

    @staticmethod
    @returns_result
    def plan_import(
        files: Sequence[FileReference], mapping: Mapping[str, Any], *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Say what an import would do: one row per signal with all its fields and what is wrong with them.

        Returns:
            ``rows`` (at most 500), ``n_rows``, ``skipped``, ``classes``, ``ready``, ``problem``, ``code``.
        """
        require_role(actor, Role.ENGINEER)
        parsed = parse_mapping(resolve_template(mapping))
        with get_db_session(read_only=True) as session:
            sources = resolve_sources(session, files, actor)
        with open_reader() as reader:
            plan = build_plan(inspect_files(reader, sources, parsed), parsed)
        rows = [signal.as_dict() for signal in plan.signals]
        problem = plan.problem
        return ok(
            rows=rows[:_MAX_PLAN_ROWS],
            n_rows=len(rows),
            skipped=[{"file": s.file, "code": s.code, "sentence": s.sentence} for s in plan.skipped],
            classes=count_recordings(rows),
            ready=problem is None,
            problem=problem.sentence if problem else None,
            code=problem.code.value if problem else None,
        )

    @staticmethod
    @returns_result
    def import_dataset(
        files: Sequence[FileReference],
        mapping: Mapping[str, Any],
        name: str,
        *,
        description: str = "",
        strict: bool = False,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Start an import. Into an existing name it makes the next version: the old rows and the new ones.

        Args:
            files: Upload ids, or for scripts ``{"path": …, "name": …}``.
            mapping: What the fields of the signals are; see `services.datasets.mapping.parse_mapping`.
                ``{"template": NAME}`` builds on a template; what else is said goes on top.
            name: The dataset's name.
            description: Of a new dataset.
            strict: One file that can't be used refuses them all; else it is left out and named.
            actor: Who asks.

        Returns:
            ``job_id, dataset_name``. The job's result names dataset, version, counts and what was left out.

        Errors: ``invalid_input``, ``label_missing``, ``not_found`` (an upload); the job's own: sample rate,
        label, duplicate, file codes.
        """
        require_role(actor, Role.ENGINEER)
        job_id, dataset_name = request_import(
            files, mapping, name, actor, description=description, strict=strict
        )
        return ok(job_id=job_id, dataset_name=dataset_name)

    @staticmethod
    def run_import_job(job_id: int, worker: str) -> str | None:
        """Run an import job in this process and return its state (None: it was not there to claim)."""
        return execute_job(job_id, run_import, worker=worker)
