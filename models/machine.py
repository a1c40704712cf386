"""Machines, their bearings and where they are measured."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database.types import JsonValue
from models.base import Base


class Machine(Base):
    """A machine, known by its name."""

    __tablename__ = "machines"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)


class Bearing(Base):
    """A bearing position: its machine and designation, and where known its fault orders.

    Without a machine, the bearings of one designation are one row.
    """

    __tablename__ = "bearings"
    __table_args__ = (UniqueConstraint("machine_id", "designation"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int | None] = mapped_column(ForeignKey("machines.id"))
    designation: Mapped[str] = mapped_column(String(120))
    orders: Mapped[dict[str, Any] | None] = mapped_column(JsonValue)
    orders_source: Mapped[str | None] = mapped_column(String(300))


class MeasurementPoint(Base):
    """Where a sensor sits, on a machine where that is known."""

    __tablename__ = "measurement_points"
    __table_args__ = (UniqueConstraint("machine_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int | None] = mapped_column(ForeignKey("machines.id"))
    name: Mapped[str] = mapped_column(String(120))
