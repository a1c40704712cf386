"""Edits of small datasets at once, of large ones by a job."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from database.connection import get_db_session
from models.dataset import DatasetVersion
from models.job import JobKind, JobQueue
from models.user import Role, User
from services.datasets.editing import EditRequest, parse_request, plan_edit, store_edit
from services.jobs.queue import enqueue_job
from services.jobs.runner import JobHandle
from services.shared.actors import SYSTEM, Actor
from utils.exceptions import InvalidInputError

# So many rows are read, hashed and written within a second or two.
INLINE_SIGNALS = 20_000


def start_edit(request: EditRequest, actor: Actor) -> dict[str, Any]:
    """Store an edit and return ``{dataset_id, version, job_id, n_signals}``; a large one is left to a job.

    Raises:
        InvalidInputError, ConflictError, NotFoundError: As `plan_edit` and `store_edit`.
    """
    if not request.reason:
        raise InvalidInputError("Say why: the reason is kept with the new version.")
    with get_db_session(read_only=True) as session:
        planned = plan_edit(session, request)
    done: dict[str, Any] = {
        "dataset_id": request.dataset_id,
        "n_signals": len(planned.changed),
        "version": None,
        "job_id": None,
    }
    if planned.index.n_rows <= INLINE_SIGNALS:
        return {**done, "version": store_edit(planned, actor)}
    with get_db_session() as session:
        job = enqueue_job(
            session,
            kind=JobKind.EDIT,
            queue=JobQueue.QUICK,
            title=f"Edit '{planned.dataset.name}'",
            payload={**request.as_payload(), "version": planned.version.number},
            actor=actor,
            link=f"/datasets/{request.dataset_id}?tab=versions",
        )
        session.commit()
        return {**done, "job_id": job.id}


def run_edit(handle: JobHandle) -> dict[str, Any]:
    """Store the edit that the job's payload asks for and return its result."""
    finished = _find_finished(handle.job_id)
    if finished is not None:
        return finished
    payload = handle.payload
    request = parse_request(
        payload["dataset_id"],
        payload["changes"],
        reason=payload["reason"],
        version=payload["version"],
        signal_ids=payload["signal_ids"],
        filters=payload["filters"],
        labels=payload.get("labels", ()),
    )

    def tell(share: float, text: str) -> None:
        handle.report(share, text)
        handle.raise_if_interrupted()

    with get_db_session(read_only=True) as session:
        planned = plan_edit(session, request)
        person = None if handle.actor_id is None else session.get(User, handle.actor_id)
    actor = SYSTEM if person is None else Actor(person.id, Role(person.role), person.display_name)
    number = store_edit(planned, actor, extra={"job_id": handle.job_id}, tell=tell, fence=handle.fenced)
    return {"dataset_id": request.dataset_id, "version": number, "n_signals": len(planned.changed)}


def _find_finished(job_id: int) -> dict[str, Any] | None:
    """Return the result of an earlier attempt of this job that had already become visible."""
    with get_db_session(read_only=True) as session:
        version = session.scalar(
            select(DatasetVersion).where(DatasetVersion.summary["job_id"].as_integer() == job_id)
        )
    if version is None:
        return None
    changes = (version.origin or {}).get("changes", {})
    n_signals = max(changes.get("relabelled", 0), changes.get("edited", 0))
    return {"dataset_id": version.dataset_id, "version": version.number, "n_signals": n_signals}
