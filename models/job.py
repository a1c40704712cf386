"""The queue of record: a job is a row, Celery only carries its id."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from database.types import JsonValue, UtcDateTime
from models.base import Base, CreatedAtMixin


class JobState(StrEnum):
    """The words for where a job stands, the same everywhere."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DEAD = "dead"


class JobCommand(StrEnum):
    """What is asked of a running job; its loop reads it at every batch. Only a shutdown asks to yield."""

    STOP = "stop"
    PAUSE = "pause"
    CANCEL = "cancel"
    YIELD = "yield"


class JobKind(StrEnum):
    """What a job does."""

    IMPORT = "import"
    TRAIN = "train"
    EVALUATE = "evaluate"
    EXPLAIN = "explain"
    DIAGNOSE = "diagnose"
    EXPORT = "export"
    GENERATE = "generate"
    NOISE_VARIANTS = "noise_variants"
    FEATURES = "features"
    LEAK_CHECK = "leak_check"
    STATISTICS = "statistics"
    TREND = "trend"
    EDIT = "edit"


class JobQueue(StrEnum):
    """Which worker runs it: an hour of training must block nothing else."""

    TRAIN = "train"
    QUICK = "quick"


class Job(CreatedAtMixin, Base):
    """One piece of long work."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state_queue", "state", "queue", "not_before"),
        Index("ix_jobs_created_by_id", "created_by", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    queue: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(200))
    link: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16), default=JobState.QUEUED)
    payload: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    result: Mapped[dict[str, Any] | None] = mapped_column(JsonValue)
    error: Mapped[str | None] = mapped_column(Text)
    error_code: Mapped[str | None] = mapped_column(String(40))
    reference_id: Mapped[str | None] = mapped_column(String(16))
    command: Mapped[str | None] = mapped_column(String(16))
    progress: Mapped[float] = mapped_column(default=0.0)
    progress_text: Mapped[str | None] = mapped_column(String(200))
    attempt: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=3)
    fence: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(120))
    heartbeat: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))


class Worker(Base):
    """A process that claims or publishes jobs; alive while its heartbeat is fresh."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    queue: Mapped[str] = mapped_column(String(16))
    heartbeat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)


class OutboxMessage(CreatedAtMixin, Base):
    """A message that was written together with the change it tells of, and is delivered once."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_waiting", "user_id", "delivered_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_type: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    payload: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
