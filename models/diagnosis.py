"""Diagnoses that were asked for, their answers, and what analysts said of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from database.types import JsonValue
from models.base import Base, CreatedAtMixin


class Diagnosis(CreatedAtMixin, Base):
    """One recording, its physical evidence, a classifier where one was chosen, one answer with its limits."""

    __tablename__ = "diagnoses"

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"), unique=True)
    # None: asked by physical evidence alone, or the experiment has been deleted since.
    experiment_id: Mapped[int | None] = mapped_column(
        ForeignKey("experiments.id", ondelete="SET NULL"), index=True
    )
    signal_id: Mapped[int | None] = mapped_column(ForeignKey("signals.id"))
    source_name: Mapped[str] = mapped_column(String(400))
    request: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    answer: Mapped[dict[str, Any] | None] = mapped_column(JsonValue)
    # The samples that were judged: a stored signal's, or of a file kept under this name for the report.
    signal_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    # Numbers by which similar cases are found.
    signature: Mapped[dict[str, Any] | None] = mapped_column(JsonValue)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)


class DiagnosisFeedback(CreatedAtMixin, Base):
    """What an analyst said of a diagnosis; the newest counts, older ones stay."""

    __tablename__ = "diagnosis_feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    diagnosis_id: Mapped[int] = mapped_column(ForeignKey("diagnoses.id", ondelete="CASCADE"), index=True)
    # "confirmed", "rejected" or "relabelled"; the class is given with the last.
    opinion: Mapped[str] = mapped_column(String(12))
    fault_class: Mapped[str | None] = mapped_column(String(60))
    note: Mapped[str] = mapped_column(Text, default="")
    # The dataset version that took it up, once one has.
    dataset_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("dataset_versions.id", ondelete="SET NULL"), index=True
    )
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
