"""Jobs and people for tests."""

from __future__ import annotations

from typing import Any

from database.connection import get_db_session
from models.job import JobKind, JobQueue
from models.user import Role, User
from services.jobs.queue import enqueue_job
from services.shared.actors import SYSTEM, Actor
from utils.clock import utc_now


def add_job(actor: Actor = SYSTEM, **values: Any) -> int:
    """Commit one queued job and return its id."""
    fields: dict[str, Any] = {
        "kind": JobKind.TRAIN,
        "queue": JobQueue.TRAIN,
        "title": "Train something",
        "payload": {"experiment_id": 1},
        **values,
    }
    with get_db_session() as session:
        job = enqueue_job(session, actor=actor, **fields)
        session.commit()
        return job.id


def add_person(role: Role = Role.ENGINEER, email: str = "ann@example.org") -> Actor:
    """Commit one person, whose password no test needs, and return them as an actor."""
    with get_db_session() as session:
        user = User(email=email, password_hash="unusable", role=role, password_changed_at=utc_now())
        session.add(user)
        session.commit()
        return Actor(user_id=user.id, role=role, name=email)
