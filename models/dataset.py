"""Datasets, and their versions as manifests: a label edit never copies samples."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database.types import JsonValue, UtcDateTime
from models.base import Base, CreatedAtMixin
from models.recording import Signal


class Dataset(CreatedAtMixin, Base):
    """A named collection of recordings."""

    __tablename__ = "datasets"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    description: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    trashed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    versions: Mapped[list[DatasetVersion]] = relationship(
        back_populates="dataset", lazy="raise", order_by="DatasetVersion.number"
    )


class DatasetVersion(CreatedAtMixin, Base):
    """One state of a dataset: which signals it holds, with which labels."""

    __tablename__ = "dataset_versions"
    __table_args__ = (UniqueConstraint("dataset_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    number: Mapped[int]
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    n_signals: Mapped[int]
    n_recordings: Mapped[int]
    summary: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    reason: Mapped[str] = mapped_column(String(300), default="")
    origin: Mapped[dict[str, Any] | None] = mapped_column(JsonValue)
    card: Mapped[dict[str, Any] | None] = mapped_column(JsonValue)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    dataset: Mapped[Dataset] = relationship(back_populates="versions", lazy="raise")


class ManifestRow(Base):
    """A signal's place in a version. The fault class belongs to the recording and the bearing.

    ``edits`` holds what this version says otherwise than the recording and signal rows do.
    """

    __tablename__ = "manifest_rows"
    __table_args__ = (
        UniqueConstraint("dataset_version_id", "signal_id"),
        Index("ix_manifest_rows_version_class", "dataset_version_id", "fault_class"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_version_id: Mapped[int] = mapped_column(ForeignKey("dataset_versions.id", ondelete="CASCADE"))
    signal_id: Mapped[int] = mapped_column(ForeignKey("signals.id"), index=True)
    fault_class: Mapped[str | None] = mapped_column(String(60))
    severity: Mapped[str | None] = mapped_column(String(40))
    physical_bearing: Mapped[str | None] = mapped_column(String(120))
    given_part: Mapped[str | None] = mapped_column(String(24))
    edits: Mapped[dict[str, Any] | None] = mapped_column(JsonValue)
    signal: Mapped[Signal] = relationship(lazy="raise")
