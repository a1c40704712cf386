"""Ask for an import: checked as far as that goes without opening a file, then left to a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from database.connection import get_db_session
from models.job import JobKind, JobQueue
from services.datasets.mapping import parse_mapping
from services.datasets.removal import check_name, refuse_trashed
from services.datasets.sources import FileReference, resolve_sources
from services.datasets.templates import resolve_template
from services.jobs.queue import enqueue_job
from services.shared.actors import Actor
from services.shared.audit import record_audit
from services.shared.texts import check_text


def request_import(
    files: Sequence[FileReference],
    mapping: Mapping[str, Any],
    name: str,
    actor: Actor,
    *,
    description: str = "",
    strict: bool = False,
    owner: Actor | None = None,
) -> tuple[int, str]:
    """Enqueue an import and return its job's id and the dataset's name.

    Args:
        files: Upload ids, or for scripts paths.
        mapping: See `services.datasets.mapping.parse_mapping`; ``template`` names one to build on.
        name: The dataset's name.
        actor: Who asks.
        description: Of a new dataset.
        strict: One file that can't be used refuses them all.
        owner: Whose job it is, where a script asks on somebody's behalf.

    Raises:
        InvalidInputError: The mapping, the name or a file reference can't be used.
        NotFoundError: An upload that is not there.
        ConflictError: The dataset of this name is in the trash.
    """
    mapping = resolve_template(mapping)
    parse_mapping(mapping)
    checked = check_name(name)
    check_text([mapping, description], "mapping or description")
    with get_db_session(read_only=True) as session:
        refuse_trashed(session, checked)
        sources = resolve_sources(session, files, actor)
    payload = {
        "files": [source.as_reference for source in sources],
        "mapping": dict(mapping),
        "name": checked,
        "description": description,
        "strict": strict,
    }
    with get_db_session() as session:
        job = enqueue_job(
            session,
            kind=JobKind.IMPORT,
            queue=JobQueue.QUICK,
            title=f"Import '{checked}'",
            payload=payload,
            actor=owner or actor,
        )
        record_audit(session, actor, "dataset.import", f"job {job.id}", details={"name": checked})
        session.commit()
        return job.id, checked
