"""Splits of a dataset version into train, validation and test, with the leak check's finding."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database.types import JsonValue
from models.base import Base, CreatedAtMixin
from models.dataset import DatasetVersion


class Split(CreatedAtMixin, Base):
    """A split that passed, or was accepted with a reason."""

    __tablename__ = "splits"
    __table_args__ = (UniqueConstraint("dataset_version_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_version_id: Mapped[int] = mapped_column(ForeignKey("dataset_versions.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    rule: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    colour: Mapped[str] = mapped_column(String(12))
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JsonValue, default=list)
    accepted_reason: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    dataset_version: Mapped[DatasetVersion] = relationship(lazy="raise")


class SplitMember(Base):
    """One signal's part, named by its hash so that a split survives into the next version."""

    __tablename__ = "split_members"
    __table_args__ = (
        UniqueConstraint("split_id", "signal_id"),
        Index("ix_split_members_split_part", "split_id", "part"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    split_id: Mapped[int] = mapped_column(ForeignKey("splits.id", ondelete="CASCADE"))
    signal_id: Mapped[int] = mapped_column(ForeignKey("signals.id"))
    signal_sha256: Mapped[str] = mapped_column(String(64))
    part: Mapped[str] = mapped_column(String(12))
