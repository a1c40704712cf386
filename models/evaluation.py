"""What was worked out about a finished experiment beyond its results: sweeps, calibration, open set."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database.types import JsonValue
from models.base import Base, CreatedAtMixin


class Evaluation(CreatedAtMixin, Base):
    """One kind of evaluation with one configuration; ``results`` is None until its job is done."""

    __tablename__ = "evaluations"
    __table_args__ = (UniqueConstraint("experiment_id", "kind", "config_sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiments.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(24))
    config: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    config_sha256: Mapped[str] = mapped_column(String(64))
    classifier_sha256: Mapped[str | None] = mapped_column(String(64))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"), index=True)
    results: Mapped[dict[str, Any] | None] = mapped_column(JsonValue)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
