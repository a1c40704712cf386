"""Explanations of what a classifier looked at, kept so that a question asked twice is answered at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database.types import JsonValue, UtcDateTime
from models.base import Base, CreatedAtMixin
from utils.clock import utc_now


class Explanation(CreatedAtMixin, Base):
    """One method with one set of options over one subject: a signal, or a part of a split.

    ``summary`` is None until the job is done; ``arrays`` are packed, at most 200 kB, and never read by lists.
    """

    __tablename__ = "explanations"
    __table_args__ = (
        UniqueConstraint(
            *("experiment_id", "classifier_sha256", "subject", "method", "options_sha256"),
            name="uq_explanations_question",
        ),
        Index("ix_explanations_last_used_at", "last_used_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiments.id", ondelete="CASCADE"))
    classifier_sha256: Mapped[str] = mapped_column(String(64))
    # "signal:12", or "part:test" for the atlas of a part of the split.
    subject: Mapped[str] = mapped_column(String(40))
    signal_id: Mapped[int | None] = mapped_column(ForeignKey("signals.id"), index=True)
    method: Mapped[str] = mapped_column(String(32))
    options: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    options_sha256: Mapped[str] = mapped_column(String(64))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"), index=True)
    summary: Mapped[dict[str, Any] | None] = mapped_column(JsonValue)
    arrays: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    n_bytes: Mapped[int] = mapped_column(default=0)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
