"""Diagnoses that were asked for, and their answers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from database.types import JsonValue
from models.base import Base, CreatedAtMixin


class Diagnosis(CreatedAtMixin, Base):
    """One recording, one classifier, one answer with its limits."""

    __tablename__ = "diagnoses"

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"), unique=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiments.id", ondelete="CASCADE"), index=True)
    signal_id: Mapped[int | None] = mapped_column(ForeignKey("signals.id"))
    source_name: Mapped[str] = mapped_column(String(400))
    request: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    answer: Mapped[dict[str, Any] | None] = mapped_column(JsonValue)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
