"""Machines, their bearings and where they are measured."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database.types import JsonValue
from models.base import Base, CreatedAtMixin


class Machine(Base):
    """A machine, known by its name; ``details`` is what fault lines and severity zones need to know of it."""

    __tablename__ = "machines"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    details: Mapped[dict[str, Any] | None] = mapped_column(JsonValue)


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


class BearingGeometry(CreatedAtMixin, Base):
    """The geometry of a rolling bearing that a user entered, with its source."""

    __tablename__ = "bearing_geometries"

    id: Mapped[int] = mapped_column(primary_key=True)
    designation: Mapped[str] = mapped_column(String(120), unique=True)
    manufacturer: Mapped[str | None] = mapped_column(String(120))
    n_rolling_elements: Mapped[int]
    rolling_element_diameter_mm: Mapped[float]
    pitch_diameter_mm: Mapped[float]
    contact_angle_deg: Mapped[float] = mapped_column(default=0.0)
    source: Mapped[str] = mapped_column(String(300))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
