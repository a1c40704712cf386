"""Changes of a job's row: enqueue, publish, claim, renew, finish, sweep.

A claim raises the row's ``fence``; every later write of that attempt names its fence, so that an attempt
which was given up for lost can't write over its successor. Whether an attempt is lost is judged by its
heartbeat counter standing still on a monotonic clock (`LeaseWatch`), never by comparing wall clocks.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from dashboard_config import get_settings
from database.connection import get_db_session
from models.job import Job, JobCommand, JobKind, JobQueue, JobState, OutboxMessage
from services.shared.actors import Actor
from utils.clock import utc_now
from utils.exceptions import ErrorCode, LeaseLostError, LstmPfdError
from utils.logger import setup_logger

logger = setup_logger(__name__)

_LOST_SENTENCE = (
    "The job was lost {n} times: its process ended without a word. Most often the machine ran out of "
    "memory; try a smaller batch or window, or look into the worker's log."
)


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """What a worker needs to know of the job it has just claimed."""

    job_id: int
    kind: str
    payload: dict[str, Any]
    fence: int
    attempt: int
    command: str | None
    created_by: int | None


def enqueue_job(
    session: Session,
    *,
    kind: JobKind,
    queue: JobQueue,
    title: str,
    payload: dict[str, Any],
    actor: Actor,
    link: str | None = None,
) -> Job:
    """Add a queued job to the caller's transaction and flush, so that its id is known.

    Redis is not asked: the dispatcher publishes the job after the commit.
    """
    job = Job(kind=kind, queue=queue, title=title[:200], payload=payload, link=link, created_by=actor.user_id)
    session.add(job)
    session.flush()
    return job


def list_publishable(limit: int) -> list[tuple[int, str, str]]:
    """Return ``(id, kind, queue)`` of the oldest waiting jobs that have no message under way.

    At most ``limit`` messages of a queue are under way at once. One that was published long ago and is
    still waiting has lost its message (Redis restarted empty) and is published again; a second delivery
    does no harm.
    """
    now = utc_now()
    stale = now - timedelta(seconds=get_settings().job_visibility_s)
    publishable: list[tuple[int, str, str]] = []
    with get_db_session(read_only=True) as session:
        for queue in JobQueue:
            rows = session.execute(
                select(Job.id, Job.kind, Job.published_at)
                .where(
                    Job.state == JobState.QUEUED,
                    Job.queue == queue,
                    (Job.not_before.is_(None)) | (Job.not_before <= now),
                )
                .order_by(Job.id)
                .limit(limit)
            ).all()
            publishable += [
                (job_id, kind, queue.value) for job_id, kind, sent in rows if sent is None or sent < stale
            ]
    return publishable


def mark_published(job_id: int) -> None:
    """Note that a message with this job's id is under way."""
    with get_db_session() as session:
        session.execute(update(Job).where(Job.id == job_id).values(published_at=utc_now()))
        session.commit()


def forget_published() -> None:
    """Note that every message may be lost: waiting jobs are published anew."""
    with get_db_session() as session:
        session.execute(update(Job).where(Job.state == JobState.QUEUED).values(published_at=None))
        session.commit()


def claim_job(job_id: int, worker: str) -> ClaimedJob | None:
    """Claim a queued job; None where it is not (or no longer) waiting.

    The same message delivered ten times is claimed once.
    """
    with get_db_session() as session:
        job = session.get(Job, job_id, with_for_update=True)
        if job is None or job.state != JobState.QUEUED:
            return None
        job.state, job.worker = JobState.RUNNING, worker[:120]
        job.fence += 1
        job.attempt += 1
        job.started_at = job.started_at or utc_now()
        job.error = job.error_code = job.reference_id = None
        claimed = ClaimedJob(
            job.id, job.kind, job.payload, job.fence, job.attempt, job.command, job.created_by
        )
        session.commit()
    return claimed


def _fenced_update(session: Session, job_id: int, fence: int, values: dict[Any, Any]) -> None:
    result = session.execute(
        update(Job).where(Job.id == job_id, Job.fence == fence, Job.state == JobState.RUNNING).values(values)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 -- narrows the type for the checker
    if result.rowcount != 1:
        raise LeaseLostError(f"Job {job_id} belongs to another attempt now; this one's results are dropped.")


def hold_fence(session: Session, job_id: int, fence: int) -> None:
    """Lock the job's row for the caller's transaction; raise where another attempt owns it."""
    _fenced_update(session, job_id, fence, {Job.fence: fence})


def renew_lease(job_id: int, fence: int, progress: float | None, text: str | None) -> str | None:
    """Count one heartbeat, store the progress, and return the command that waits for the job, if any."""
    values: dict[str, Any] = {"heartbeat": Job.heartbeat + 1}
    if progress is not None:
        values["progress"] = min(max(progress, 0.0), 1.0)
    if text is not None:
        values["progress_text"] = text[:200]
    with get_db_session() as session:
        _fenced_update(session, job_id, fence, values)
        command = session.scalar(select(Job.command).where(Job.id == job_id))
        session.commit()
    return command


def finish_job(job_id: int, fence: int, result: dict[str, Any]) -> None:
    """Store the result of an attempt that ran to its end."""
    _close(job_id, fence, JobState.DONE, result=result, progress=1.0, progress_text=None)


def fail_job(job_id: int, fence: int, error: LstmPfdError, reference_id: str | None = None) -> None:
    """Store the job's own error."""
    _close(
        job_id,
        fence,
        JobState.FAILED,
        error=error.sentence,
        error_code=error.code.value,
        reference_id=reference_id,
    )


def close_cancelled(job_id: int, fence: int) -> None:
    """Store that the job was cancelled and left no result."""
    _close(job_id, fence, JobState.CANCELLED, progress_text=None)


def _close(job_id: int, fence: int, state: JobState, **values: Any) -> None:
    with get_db_session() as session:
        _fenced_update(
            session, job_id, fence, {"state": state, "finished_at": utc_now(), "command": None, **values}
        )
        add_job_message(session, job_id)
        session.commit()


def release_job(job_id: int, fence: int) -> JobState:
    """Give a job back after a pause or for a shutdown; such an attempt does not count as lost.

    What people asked for last decides where it goes: while a pause was being stored they may have resumed,
    stopped or cancelled the job.
    """
    with get_db_session() as session:
        hold_fence(session, job_id, fence)
        job = session.get_one(Job, job_id, populate_existing=True)
        command = JobCommand(job.command) if job.command else None
        job.command = command if command is JobCommand.STOP else None
        job.attempt -= 1
        job.published_at = job.not_before = None
        state = _choose_released_state(command)
        job.state = state
        if state is JobState.CANCELLED:
            job.finished_at = utc_now()
            session.flush()
            add_job_message(session, job_id)
        session.commit()
    return state


def _choose_released_state(command: JobCommand | None) -> JobState:
    if command is JobCommand.PAUSE:
        return JobState.PAUSED
    return JobState.CANCELLED if command is JobCommand.CANCEL else JobState.QUEUED


def retry_later(job_id: int, fence: int, error: LstmPfdError) -> bool:
    """Queue an attempt that met a passing fault again; False when its attempts are used up."""
    with get_db_session() as session:
        job = session.get_one(Job, job_id)
        if job.attempt >= job.max_attempts:
            return False
        _fenced_update(
            session,
            job_id,
            fence,
            {
                "state": JobState.QUEUED,
                "published_at": None,
                "not_before": _back_off(job.attempt),
                "error": error.sentence,
                "error_code": error.code.value,
            },
        )
        session.commit()
    return True


def _back_off(attempt: int) -> datetime:
    seconds = get_settings().job_retry_s * 2 ** (attempt - 1)
    jitter = random.uniform(0.8, 1.2)  # noqa: S311 -- spreads retries, guards nothing
    return utc_now() + timedelta(seconds=min(seconds, 300.0) * jitter)


def add_job_message(session: Session, job_id: int) -> None:
    """Tell the job's owner, in the same transaction, that it ended."""
    job = session.get_one(Job, job_id, populate_existing=True)
    if job.created_by is None:
        return
    payload = {"job_id": job.id, "title": job.title, "state": job.state, "error": job.error, "link": job.link}
    session.add(OutboxMessage(event_type=f"job.{job.state}", user_id=job.created_by, payload=payload))


def ask_yield(worker: str) -> int:
    """Ask every job of a worker that shuts down to checkpoint and step back; return how many."""
    with get_db_session() as session:
        result = session.execute(
            update(Job)
            .where(Job.worker == worker, Job.state == JobState.RUNNING, Job.command.is_(None))
            .values(command=JobCommand.YIELD)
        )
        session.commit()
    assert isinstance(result, CursorResult)  # noqa: S101 -- narrows the type for the checker
    return result.rowcount


@dataclass(slots=True)
class LeaseWatch:
    """Remembers when each running attempt was last heard of, on the watcher's own monotonic clock."""

    _seen: dict[tuple[int, int], tuple[int, float]] = field(default_factory=dict)

    def find_lost(self, now_s: float) -> list[tuple[int, int]]:
        """Return ``(job id, fence)`` of attempts whose heartbeat stood still for a whole lease."""
        with get_db_session(read_only=True) as session:
            rows = session.execute(
                select(Job.id, Job.fence, Job.heartbeat).where(Job.state == JobState.RUNNING)
            ).all()
        lease_s = get_settings().job_lease_s
        current: dict[tuple[int, int], tuple[int, float]] = {}
        for job_id, fence, heartbeat in rows:
            known = self._seen.get((job_id, fence))
            current[job_id, fence] = known if known and known[0] == heartbeat else (heartbeat, now_s)
        self._seen = current
        return [key for key, (_, heard_s) in current.items() if now_s - heard_s > lease_s]


def give_up_lost(job_id: int, fence: int) -> JobState | None:
    """Queue a lost attempt again, or bury the job after its last one; None where it moved meanwhile."""
    with get_db_session() as session:
        job = session.get(Job, job_id, with_for_update=True)
        if job is None or job.fence != fence or job.state != JobState.RUNNING:
            return None
        job.fence += 1
        job.published_at = None
        if job.command == JobCommand.YIELD:
            job.command = None
        if job.command == JobCommand.CANCEL:
            job.state, job.finished_at = JobState.CANCELLED, utc_now()
        elif job.attempt >= job.max_attempts:
            job.state, job.finished_at = JobState.DEAD, utc_now()
            job.error = _LOST_SENTENCE.format(n=job.attempt)
            job.error_code = ErrorCode.JOB_LOST
        else:
            job.state, job.not_before = JobState.QUEUED, _back_off(job.attempt)
        state = JobState(job.state)
        if state in {JobState.DEAD, JobState.CANCELLED}:
            session.flush()
            add_job_message(session, job_id)
        session.commit()
    logger.warning("lost attempt", extra={"job_id": job_id, "fence": fence, "state": state})
    return state


def give_up_claim(job_id: int) -> JobState | None:
    """Give up the running attempt of a job whose process is known to be gone."""
    with get_db_session(read_only=True) as session:
        fence = session.scalar(select(Job.fence).where(Job.id == job_id, Job.state == JobState.RUNNING))
    return None if fence is None else give_up_lost(job_id, fence)
