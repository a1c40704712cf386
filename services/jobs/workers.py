"""Who is alive: workers and the dispatcher report here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select

from dashboard_config import get_settings
from database.connection import get_db_session
from database.redis_client import is_redis_alive
from models.job import JobQueue, Worker
from utils.clock import utc_now

DISPATCHER = "dispatcher"


def beat(name: str, queue: str, status: dict[str, Any] | None = None) -> None:
    """Report that a process is alive; remove the rows of those that have been silent for long."""
    now = utc_now()
    with get_db_session() as session:
        worker = session.get(Worker, name)
        if worker is None:
            session.add(Worker(name=name, queue=queue, heartbeat_at=now, status=status or {}))
        else:
            worker.heartbeat_at, worker.status = now, status or {}
        session.execute(delete(Worker).where(Worker.heartbeat_at < now - _silence() * 20))
        session.commit()


def sign_off(name: str) -> None:
    """Report that a process has ended in order: its row, or its rows (one a queue), go."""
    with get_db_session() as session:
        session.execute(
            delete(Worker).where((Worker.name == name) | Worker.name.startswith(f"{name}/", autoescape=True))
        )
        session.commit()


def _silence() -> timedelta:
    return timedelta(seconds=get_settings().job_heartbeat_s * 3)


def list_alive() -> list[tuple[str, dict[str, Any]]]:
    """Return ``(queue, status)`` of every process whose heartbeat is fresh."""
    with get_db_session(read_only=True) as session:
        rows = session.execute(
            select(Worker.queue, Worker.status).where(Worker.heartbeat_at > utc_now() - _silence())
        ).all()
    return [(queue, status) for queue, status in rows]


def is_silent(name: str) -> bool:
    """Tell whether a process that reported here has stopped doing so; one that never did is not."""
    rows = select(Worker.heartbeat_at).where(
        (Worker.name == name) | Worker.name.startswith(f"{name}/", autoescape=True)
    )
    with get_db_session(read_only=True) as session:
        beats = session.scalars(rows).all()
    return bool(beats) and max(beats) <= utc_now() - _silence()


def has_live_worker(queue: JobQueue) -> bool:
    """Tell whether jobs of ``queue`` will be run by somebody else: a dispatcher, Redis and a worker live."""
    alive = list_alive()
    broker = any(name == DISPATCHER and status.get("broker_alive") for name, status in alive)
    return broker and any(name == queue for name, _ in alive)


def check_broker() -> bool:
    """Ask Redis for a sign of life. Called by the dispatcher, never inside a request."""
    return is_redis_alive()
