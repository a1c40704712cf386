"""What costs reading the samples of a version: worked out once, for a version never changes.

Statistics are stored with the version; those of a small one are worked out when they are asked for, those of
a large one by a job.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard_config import CACHE_TTL_LONG
from database.connection import get_db_session
from models.dataset import DatasetVersion
from models.job import Job, JobKind, JobQueue, JobState
from services.cache_service import CacheService
from services.datasets import table
from services.datasets.rows import (
    UNLABELLED,
    find_dataset,
    find_version,
    is_large,
    iterate_rows,
    load_rows_by_id,
)
from services.datasets.statistics import build_preview, compute_statistics
from services.jobs.queue import enqueue_job
from services.jobs.runner import JobHandle
from services.shared.actors import Actor
from utils.constants import CACHE_DATASET_PREVIEW

_MAX_PREVIEWS = 10
_STATISTICS = "statistics"
_ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.DEAD)
_TELL_EVERY = 20


def find_statistics(dataset_id: int, version: int | None) -> tuple[DatasetVersion, dict[str, Any] | None]:
    """Return a version and its stored statistics; None where they were not worked out yet.

    Raises:
        NotFoundError: No such dataset or version.
    """
    with get_db_session(read_only=True) as session:
        found = find_version(session, dataset_id, version)
    stored: dict[str, Any] | None = found.summary.get(_STATISTICS)
    return found, stored


def get_statistics(dataset_id: int, version: int | None) -> dict[str, Any]:
    """Return level and shape of the signals per fault class and channel, worked out now where need be.

    Raises:
        NotFoundError: No such dataset or version.
    """
    found, stored = find_statistics(dataset_id, version)
    return stored if stored is not None else _compute(found)


def _compute(version: DatasetVersion, handle: JobHandle | None = None) -> dict[str, Any]:
    def tell(done: int) -> None:
        if handle is not None and done % _TELL_EVERY == 0:
            handle.report(done / version.n_signals, f"{done} of {version.n_signals} signals")
            handle.raise_if_interrupted()

    with get_db_session(read_only=True) as session:
        rows = iterate_rows(session, version.id)
        computed = compute_statistics(session, rows, tell)
    result = {"dataset_id": version.dataset_id, "version": version.number, **computed}
    _store(version.id, result, handle)
    return result


def _store(version_id: int, result: dict[str, Any], handle: JobHandle | None) -> None:
    with get_db_session() as session:
        if handle is not None:
            handle.fenced(session)
        row = session.get(DatasetVersion, version_id, with_for_update=True)
        if row is not None:
            row.summary = {**row.summary, _STATISTICS: result}
            session.commit()


def request_statistics(
    dataset_id: int, version: int | None, actor: Actor, *, again: bool = False
) -> dict[str, Any]:
    """Return ``{statistics, job_id}``: the numbers, or for a large version the job that works them out.

    ``again`` works out numbers anew that are there already: a damaged file may be whole by now.

    Raises:
        NotFoundError: No such dataset or version.
    """
    found, stored = find_statistics(dataset_id, version)
    stored = None if again else stored
    if stored is not None or not is_large(found):
        return {"statistics": stored if stored is not None else _compute(found), "job_id": None}
    with get_db_session() as session:
        job_id = find_statistics_job(session, found.id)
        if job_id is None:
            name = find_dataset(session, dataset_id).name
            job = enqueue_job(
                session,
                kind=JobKind.STATISTICS,
                queue=JobQueue.QUICK,
                title=f"Statistics of '{name}' version {found.number}",
                payload={
                    "dataset_id": dataset_id,
                    "version": found.number,
                    "version_id": found.id,
                    "again": again,
                },
                actor=actor,
                link=f"/datasets/{dataset_id}?tab=statistics&version={found.number}",
            )
            job_id = job.id
            session.commit()
    return {"statistics": None, "job_id": job_id}


def find_statistics_job(session: Session, version_id: int) -> int | None:
    """Return the job that works out a version's statistics now, or None."""
    return session.scalar(
        select(Job.id).where(
            Job.kind == JobKind.STATISTICS,
            Job.state.not_in(_ENDED),
            Job.payload["version_id"].as_integer() == version_id,
        )
    )


def run_statistics(handle: JobHandle) -> dict[str, Any]:
    """Work out the statistics that the job's payload asks for and return its result."""
    found, stored = find_statistics(handle.payload["dataset_id"], handle.payload["version"])
    done = stored is not None and not handle.payload["again"]
    result = stored if stored is not None and done else _compute(found, handle)
    return {name: result[name] for name in ("dataset_id", "version", "n_signals", "n_damaged")}


def get_preview(
    dataset_id: int, num_samples: int, channel: str | None, version: int | None
) -> dict[str, Any]:
    """Return a few short traces per fault class.

    Raises:
        NotFoundError: No such dataset or version.
    """
    count = min(max(num_samples, 1), _MAX_PREVIEWS)
    with get_db_session(read_only=True) as session:
        found = find_version(session, dataset_id, version)
        key = f"{CACHE_DATASET_PREVIEW}:{dataset_id}:{found.number}:{count}:{channel or ''}"
        stored: dict[str, Any] | None = CacheService.get(key)
        if stored is not None:
            return stored
        ids = [
            signal_id
            for name in [*found.summary["classes"]]
            for signal_id in _choose(session, found, name, channel, count)
        ]
        rows = load_rows_by_id(session, found.id, ids)
        preview = {"version": found.number, "classes": build_preview(session, rows)}
    CacheService.set(key, preview, ttl=CACHE_TTL_LONG)
    return preview


def _choose(
    session: Session, version: DatasetVersion, fault_class: str, channel: str | None, count: int
) -> list[int]:
    filters = {"fault_class": fault_class or UNLABELLED, "channel": channel}
    return table.find_signal_ids(session, version, filters=filters, limit=count)[0]


def forget_dataset(dataset_id: int) -> None:
    """Drop what is cached of a dataset."""
    CacheService.invalidate_pattern(f"{CACHE_DATASET_PREVIEW}:{dataset_id}:*")
