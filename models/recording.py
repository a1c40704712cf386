"""Acquisitions and their channels. Samples live in HDF5 shards, addressed by SHA-256."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database.types import JsonValue, UtcDateTime
from models.base import Base, CreatedAtMixin
from models.machine import Bearing, Machine, MeasurementPoint


class Recording(CreatedAtMixin, Base):
    """One acquisition: machine, time, speed, load. Its name is unique in its dataset.

    ``conditions`` is what else is known of how it came about: temperature, a generator's draws.
    """

    __tablename__ = "recordings"
    __table_args__ = (UniqueConstraint("dataset_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    source_file: Mapped[str] = mapped_column(String(400))
    machine_id: Mapped[int | None] = mapped_column(ForeignKey("machines.id"))
    acquired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shaft_speed_rpm: Mapped[float | None]
    load: Mapped[str | None] = mapped_column(String(60))
    conditions: Mapped[dict[str, Any] | None] = mapped_column(JsonValue)
    machine: Mapped[Machine | None] = relationship(lazy="raise")
    signals: Mapped[list[Signal]] = relationship(back_populates="recording", lazy="raise")


class Signal(Base):
    """One channel of a recording: immutable samples with rate, unit and place."""

    __tablename__ = "signals"
    __table_args__ = (
        UniqueConstraint("recording_id", "channel"),
        Index("ix_signals_sha256", "sha256"),
        Index(
            "ix_signals_damaged",
            "damaged_at",
            sqlite_where=text("damaged_at IS NOT NULL"),
            postgresql_where=text("damaged_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    recording_id: Mapped[int] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(String(60))
    measurement_point_id: Mapped[int | None] = mapped_column(ForeignKey("measurement_points.id"))
    bearing_id: Mapped[int | None] = mapped_column(ForeignKey("bearings.id"))
    unit: Mapped[str | None] = mapped_column(String(24))
    sample_rate_hz: Mapped[float]
    n_samples: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    shard: Mapped[str] = mapped_column(String(120))
    quality: Mapped[list[dict[str, Any]]] = mapped_column(JsonValue, default=list)
    damaged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recording: Mapped[Recording] = relationship(back_populates="signals", lazy="raise")
    measurement_point: Mapped[MeasurementPoint | None] = relationship(lazy="raise")
    bearing: Mapped[Bearing | None] = relationship(lazy="raise")
