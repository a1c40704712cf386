"""What people see and ask of jobs."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import func, select, update

from dashboard_config import get_settings
from database.connection import get_db_session
from models.job import Job, JobCommand, JobQueue, JobState, OutboxMessage
from models.user import Role
from services.jobs import workers
from services.jobs.queue import add_job_message
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import none, ok, returns_data, returns_result
from utils.clock import monotonic_s, to_iso, utc_now
from utils.exceptions import ConflictError, ErrorCode, NotFoundError

OPEN_STATES = (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)
FINAL_STATES = (JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.DEAD)
_RUNS = {JobQueue.TRAIN: "trainings", JobQueue.QUICK: "imports and diagnoses"}
_MAX_PER_PAGE = 200
_POLL_S = 0.1


def describe_job(job: Job, *, with_result: bool = True) -> dict[str, Any]:
    """Return a job's row as plain data; without its result where that is not loaded."""
    return {
        "id": job.id,
        "kind": job.kind,
        "queue": job.queue,
        "title": job.title,
        "link": job.link,
        "state": job.state,
        "progress": round(job.progress, 4),
        "progress_text": job.progress_text,
        "eta_s": _estimate_rest_s(job),
        "attempt": job.attempt,
        "error": job.error,
        "error_code": job.error_code,
        "reference_id": job.reference_id,
        "result": job.result if with_result else None,
        "command": job.command,
        "can_cancel": job.state in OPEN_STATES and job.command != JobCommand.CANCEL,
        "created_at": to_iso(job.created_at),
        "started_at": to_iso(job.started_at),
        "finished_at": to_iso(job.finished_at),
        "created_by": job.created_by,
    }


def _estimate_rest_s(job: Job) -> float | None:
    """Estimate from the pace so far; None after a pause or a lost attempt: the clock counts idle time."""
    if job.state != JobState.RUNNING or job.started_at is None or job.progress < 0.02 or job.fence > 1:
        return None
    elapsed_s = max((utc_now() - job.started_at).total_seconds(), 0.0)
    return round(elapsed_s * (1 - job.progress) / job.progress, 1)


def _empty_page() -> dict[str, Any]:
    return {"items": [], "total": 0, "page": 1, "per_page": 50}


@returns_data(_empty_page)
def list_jobs(
    *,
    actor: Actor = SYSTEM,
    states: list[str] | None = None,
    kind: str | None = None,
    page: int = 1,
    per_page: int = 50,
) -> dict[str, Any]:
    """Return jobs, newest first: ``{items, total, page, per_page}``.

    Args:
        actor: Who asks; every signed-in person may look.
        states: Only these states.
        kind: Only this kind.
        page: From 1.
        per_page: At most 200.
    """
    require_role(actor, Role.VIEWER)
    page, per_page = max(page, 1), min(max(per_page, 1), _MAX_PER_PAGE)
    chosen = select(Job)
    if states:
        chosen = chosen.where(Job.state.in_(states))
    if kind:
        chosen = chosen.where(Job.kind == kind)
    with get_db_session(read_only=True) as session:
        total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
        rows = session.scalars(
            chosen.order_by(Job.id.desc()).limit(per_page).offset((page - 1) * per_page)
        ).all()
    items = [describe_job(job) for job in rows]
    return {"items": items, "total": total, "page": page, "per_page": per_page}


@returns_data(none)
def get_job(job_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
    """Return one job, or None."""
    require_role(actor, Role.VIEWER)
    with get_db_session(read_only=True) as session:
        job = session.get(Job, job_id)
    return describe_job(job) if job else None


@returns_result
def cancel_job(job_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
    """Cancel a job: at once where it waits, within seconds where it runs. It leaves no result.

    Errors: ``not_found``; ``job_state`` for a job that has ended.
    """
    return command_job(job_id, JobCommand.CANCEL, actor=actor)


def command_job(job_id: int, command: JobCommand, *, actor: Actor) -> dict[str, Any]:
    """Leave a command for a job; a waiting or paused one obeys at once. Raises expected failures."""
    require_role(actor, Role.ENGINEER)
    with get_db_session() as session:
        job = session.get(Job, job_id, with_for_update=True)
        if job is None:
            raise NotFoundError("There is no such job.")
        _apply_command(job, command)
        session.flush()
        if job.state in FINAL_STATES:
            add_job_message(session, job_id)
        session.commit()
        return ok(job=describe_job(job))


def _apply_command(job: Job, command: JobCommand) -> None:
    if job.state not in OPEN_STATES:
        raise ConflictError(f"The job has already ended ({job.state}).", code=ErrorCode.JOB_STATE)
    if job.state == JobState.RUNNING:
        if job.command == JobCommand.CANCEL:
            raise ConflictError("The job is being cancelled.", code=ErrorCode.JOB_STATE)
        job.command = command
    elif command == JobCommand.CANCEL:
        job.state, job.finished_at, job.command = JobState.CANCELLED, utc_now(), None
    elif command == JobCommand.PAUSE:
        job.state, job.command = JobState.PAUSED, None
    else:
        job.state, job.command, job.published_at = JobState.QUEUED, command, None


def resume_job(job_id: int, *, actor: Actor) -> dict[str, Any]:
    """Queue a paused job again. Raises expected failures."""
    require_role(actor, Role.ENGINEER)
    with get_db_session() as session:
        job = session.get(Job, job_id, with_for_update=True)
        if job is None:
            raise NotFoundError("There is no such job.")
        if job.state == JobState.RUNNING and job.command == JobCommand.PAUSE:
            job.command = None
        elif job.state == JobState.PAUSED:
            job.state, job.command, job.published_at = JobState.QUEUED, None, None
        else:
            raise ConflictError(
                f"Only a paused job can be resumed; this one is {job.state}.", code=ErrorCode.JOB_STATE
            )
        session.commit()
        return ok(job=describe_job(job))


def _unknown_health() -> dict[str, Any]:
    return {"broker_alive": False, "dispatcher_alive": False, "workers": {}, "banner": None}


@returns_data(_unknown_health)
def get_queue_health(*, actor: Actor = SYSTEM) -> dict[str, Any]:
    """Return whether waiting jobs will run, and the sentence of a banner where they won't.

    Asks the database only: Redis is watched by the dispatcher.
    """
    require_role(actor, Role.VIEWER)
    alive = workers.list_alive()
    dispatchers = [status for name, status in alive if name == workers.DISPATCHER]
    broker_alive = any(status.get("broker_alive") for status in dispatchers)
    counts = {queue.value: sum(name == queue for name, _ in alive) for queue in JobQueue}
    return {
        "dispatcher_alive": bool(dispatchers),
        "broker_alive": broker_alive,
        "workers": counts,
        "banner": _choose_banner(bool(dispatchers), broker_alive, counts),
    }


def _not_lost() -> bool:
    return False


@returns_data(_not_lost)
def has_lost_worker(job_id: int, *, actor: Actor = SYSTEM) -> bool:
    """Tell whether the worker that runs a job gives no sign of life; the job is then taken up again soon."""
    require_role(actor, Role.VIEWER)
    with get_db_session(read_only=True) as session:
        job = session.get(Job, job_id)
    if job is None or job.state != JobState.RUNNING or job.worker is None:
        return False
    return workers.is_silent(job.worker)


def _choose_banner(dispatcher_alive: bool, broker_alive: bool, counts: dict[str, int]) -> str | None:
    if not dispatcher_alive:
        return "New jobs wait: the dispatcher is not running. They start by themselves once it is back."
    if not get_settings().redis_enabled:
        return "New jobs wait: Redis is switched off in the settings (REDIS_ENABLED=false)."
    if not broker_alive:
        return "New jobs wait: Redis can't be reached. They start by themselves once it is back."
    missing = [what for queue, what in _RUNS.items() if not counts[queue]]
    if missing:
        names = ", ".join(missing)
        return f"New jobs wait: no worker is running for {names}. They start by themselves once one is back."
    return None


def _no_toasts() -> list[dict[str, Any]]:
    return []


@returns_data(_no_toasts)
def take_toasts(*, actor: Actor) -> list[dict[str, Any]]:
    """Return what ended since the last call for this person; each message is handed out once."""
    if not has_toasts(actor=actor):
        return []
    with get_db_session() as session:
        messages = session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.user_id == actor.user_id, OutboxMessage.delivered_at.is_(None))
            .order_by(OutboxMessage.id)
            .limit(20)
            .with_for_update(skip_locked=True)
        ).all()
        ids = [message.id for message in messages]
        session.execute(update(OutboxMessage).where(OutboxMessage.id.in_(ids)).values(delivered_at=utc_now()))
        session.commit()
    return [_describe_toast(message.payload) for message in messages]


@returns_data(lambda: False)
def has_toasts(*, actor: Actor) -> bool:
    """Tell whether something ended that this person was not told of; nothing is handed out."""
    if actor.user_id is None:
        return False
    with get_db_session(read_only=True) as session:
        waiting = select(OutboxMessage.id).where(
            OutboxMessage.user_id == actor.user_id, OutboxMessage.delivered_at.is_(None)
        )
        return session.scalar(waiting.limit(1)) is not None


def _describe_toast(payload: dict[str, Any]) -> dict[str, Any]:
    level = {JobState.DONE: "success", JobState.CANCELLED: "info"}.get(JobState(payload["state"]), "danger")
    words = {"done": "Finished", "cancelled": "Cancelled", "failed": "Failed", "dead": "Lost"}
    return {
        "level": level,
        "title": f"{words[payload['state']]}: {payload['title']}",
        "text": payload["error"] or "",
        "link": payload["link"],
        "job_id": payload["job_id"],
    }


def wait_for_job(job_id: int, timeout_s: float, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
    """Return the job once it has ended or paused, or as it is after ``timeout_s`` seconds."""
    deadline_s = monotonic_s() + timeout_s
    while True:
        job = get_job(job_id, actor=actor)
        ended = job is None or job["state"] in FINAL_STATES or job["state"] == JobState.PAUSED
        if ended or monotonic_s() >= deadline_s:
            return job
        time.sleep(_POLL_S)
