"""Bearings whose geometry users entered, beside the catalogue's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.signal import bearings as catalogue
from core.signal.bearings import BearingEntry, compute_fault_orders
from models.machine import BearingGeometry
from services.shared.actors import Actor
from services.shared.audit import record_audit
from services.shared.texts import check_text
from utils.clock import to_iso
from utils.exceptions import ConflictError, InvalidInputError, NotFoundError


class GeometryFields(BaseModel):
    """What an entry holds."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    designation: str = Field(min_length=1, max_length=120)
    manufacturer: str | None = Field(None, max_length=120)
    n_rolling_elements: int = Field(ge=3, le=1000)
    rolling_element_diameter_mm: float = Field(gt=0.0, le=10_000.0)
    pitch_diameter_mm: float = Field(gt=0.0, le=10_000.0)
    contact_angle_deg: float = Field(0.0, ge=0.0, lt=90.0)
    source: str = Field(min_length=3, max_length=300)

    @field_validator("manufacturer")
    @classmethod
    def _none_if_empty(cls, value: str | None) -> str | None:
        return value or None


def load_entries(session: Session) -> list[BearingEntry]:
    """Return every entered bearing as an entry of the catalogue."""
    return [_read_entry(row) for row in session.scalars(_in_order())]


def list_entered(session: Session) -> list[dict[str, Any]]:
    """Return every entered bearing as plain data."""
    return [describe_entered(row) for row in session.scalars(_in_order())]


def _in_order() -> Select[BearingGeometry]:
    return select(BearingGeometry).order_by(BearingGeometry.designation)


def _read_geometry(row: BearingGeometry | GeometryFields) -> catalogue.BearingGeometry:
    return catalogue.BearingGeometry(
        row.n_rolling_elements,
        row.rolling_element_diameter_mm,
        row.pitch_diameter_mm,
        row.contact_angle_deg,
    )


def _read_entry(row: BearingGeometry) -> BearingEntry:
    geometry = _read_geometry(row)
    return BearingEntry(row.designation, (), geometry, compute_fault_orders(geometry), row.source)


def describe_entered(row: BearingGeometry) -> dict[str, Any]:
    """Return an entered bearing as plain data, with its fault orders."""
    entry = _read_entry(row)
    return {
        **describe_entry(entry),
        "bearing_id": row.id,
        "manufacturer": row.manufacturer,
        "created_by": row.created_by,
        "created_at": to_iso(row.created_at),
    }


def describe_entry(entry: BearingEntry) -> dict[str, Any]:
    """Return a bearing of the catalogue as plain data."""
    return {
        "bearing_id": None,
        "designation": entry.designation,
        "aliases": list(entry.aliases),
        "manufacturer": None,
        "geometry": None if entry.geometry is None else asdict(entry.geometry),
        "orders": asdict(entry.orders),
        "source": entry.source,
    }


def create_entered(session: Session, values: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    """Add a bearing and return it; nothing is committed here.

    Raises:
        InvalidInputError: A value that can't be; the sentence names the field.
        ConflictError: The designation is taken.
    """
    fields = _check(values)
    _require_free(session, fields.designation, None)
    row = BearingGeometry(**fields.model_dump(), created_by=actor.user_id)
    session.add(row)
    session.flush()
    record_audit(session, actor, "bearing_created", row.designation, details=fields.model_dump())
    return describe_entered(row)


def update_entered(
    session: Session, bearing_id: int, values: Mapping[str, Any], actor: Actor
) -> dict[str, Any]:
    """Change some fields of an entered bearing and return it; nothing is committed here.

    Raises:
        NotFoundError, InvalidInputError, ConflictError: As for `create_entered`.
    """
    row = _find(session, bearing_id)
    before = {name: getattr(row, name) for name in GeometryFields.model_fields}
    fields = _check({**before, **values})
    _require_free(session, fields.designation, bearing_id)
    for name, value in fields.model_dump().items():
        setattr(row, name, value)
    session.flush()
    record_audit(
        session,
        actor,
        "bearing_changed",
        row.designation,
        details={"before": before, "changes": dict(values)},
    )
    return describe_entered(row)


def delete_entered(session: Session, bearing_id: int, actor: Actor) -> str:
    """Delete an entered bearing and return its designation; nothing is committed here.

    Signals that were imported with it keep their orders.

    Raises:
        NotFoundError: There is no such entry.
    """
    row = _find(session, bearing_id)
    designation = row.designation
    session.delete(row)
    record_audit(session, actor, "bearing_deleted", designation)
    return designation


def _find(session: Session, bearing_id: int) -> BearingGeometry:
    row = session.get(BearingGeometry, bearing_id)
    if row is None:
        raise NotFoundError("There is no such entered bearing. Those of the catalogue can't be changed.")
    return row


def _check(values: Mapping[str, Any]) -> GeometryFields:
    try:
        fields = GeometryFields.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "bearing"
        raise InvalidInputError(f"'{field}' of the bearing can't be used: {first['msg']}.") from error
    check_text({"designation": fields.designation, "source": fields.source}, "bearing")
    _read_geometry(fields)
    return fields


def _require_free(session: Session, designation: str, own_id: int | None) -> None:
    known = catalogue.find_bearing(designation)
    if known is not None and any(
        catalogue.same_designation(designation, name) for name in (known.designation, *known.aliases)
    ):
        raise ConflictError(
            f"The catalogue has a bearing {known.designation} already. Name yours with its maker or variant."
        )
    for row in session.scalars(_in_order()):
        if row.id != own_id and catalogue.same_designation(designation, row.designation):
            raise ConflictError(f"There is an entry for {row.designation} already.")
