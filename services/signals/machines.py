"""What is known of a machine: read, checked and changed, and turned into what its fault lines follow from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlalchemy.orm import Session

from core.signal.bearings import FaultOrders
from core.signal.fault_lines import GearPair, MachineFacts
from core.signal.iso_zones import GROUPS, MOUNTINGS
from models.machine import Machine
from services.shared.actors import Actor
from services.shared.audit import record_audit
from utils.exceptions import InvalidInputError, NotFoundError

BEARING_TYPES = ("rolling", "journal")
_MAX_TEETH = 1000
_MAX_GEARS = 10


class MachineDetails(BaseModel):
    """What fault lines and the severity zone need; whatever is not known is None."""

    model_config = ConfigDict(extra="forbid")

    bearing_type: str | None = None
    gear_teeth: list[int | list[int]] = Field(default_factory=list, max_length=_MAX_GEARS)
    n_blades: int | None = Field(None, ge=1, le=500)
    line_frequency_hz: float | None = Field(None, ge=10.0, le=1000.0)
    n_poles: int | None = Field(None, ge=2, le=100, multiple_of=2)
    rotor_bars: int | None = Field(None, ge=4, le=500)
    iso_group: int | None = None
    mounting: str | None = None
    nominal_speed_rpm: float | None = Field(None, gt=0.0, le=1_000_000.0)
    tacho_pulses_per_turn: int = Field(1, ge=1, le=1000)

    @field_validator("bearing_type")
    @classmethod
    def _known_type(cls, value: str | None) -> str | None:
        return _check_choice(value, BEARING_TYPES)

    @field_validator("mounting")
    @classmethod
    def _known_mounting(cls, value: str | None) -> str | None:
        return _check_choice(value, MOUNTINGS)

    @field_validator("iso_group")
    @classmethod
    def _known_group(cls, value: int | None) -> int | None:
        if value is not None and value not in GROUPS:
            raise ValueError("the group is 1 or 2")
        return value

    @field_validator("gear_teeth")
    @classmethod
    def _possible_teeth(cls, value: list[int | list[int]]) -> list[int | list[int]]:
        for gear in value:
            teeth = gear if isinstance(gear, list) else [gear]
            if not 1 <= len(teeth) <= 2 or not all(3 <= n <= _MAX_TEETH for n in teeth):
                raise ValueError("give the teeth of a gear, or of a pair as [23, 57], each from 3 to 1000")
        return value


def _check_choice(value: str | None, choices: tuple[str, ...]) -> str | None:
    if value is not None and value not in choices:
        raise ValueError(f"choose {' or '.join(choices)}")
    return value


def check_details(details: Mapping[str, Any]) -> MachineDetails:
    """Check details of a machine.

    Raises:
        InvalidInputError: A field that does not exist, or a value that can't be; the sentence names it.
    """
    try:
        return MachineDetails.model_validate(dict(details))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "details"
        said = str(first["msg"]).removeprefix("Value error, ")
        raise InvalidInputError(f"'{field}' of the machine can't be used: {said}.") from error


def read_details(machine: Machine | None) -> MachineDetails:
    """Return a machine's details; what is not known is empty."""
    if machine is None or not machine.details:
        return MachineDetails()
    return check_details(machine.details)


def build_facts(details: MachineDetails, orders: FaultOrders | None) -> MachineFacts:
    """Return what the lines of a machine with this bearing follow from."""
    gears = tuple(
        GearPair(gear[0], gear[1] if len(gear) > 1 else None) if isinstance(gear, list) else GearPair(gear)
        for gear in details.gear_teeth
    )
    return MachineFacts(
        orders=None if details.bearing_type == "journal" else orders,
        has_journal_bearing=details.bearing_type == "journal",
        gears=gears,
        n_blades=details.n_blades,
        line_frequency_hz=details.line_frequency_hz,
        n_poles=details.n_poles,
        n_rotor_bars=details.rotor_bars,
    )


def find_machine(session: Session, machine_id: int) -> Machine:
    """Return a machine's row.

    Raises:
        NotFoundError: There is none.
    """
    machine = session.get(Machine, machine_id)
    if machine is None:
        raise NotFoundError("There is no such machine.")
    return machine


def describe_machine(machine: Machine) -> dict[str, Any]:
    """Return a machine as plain data."""
    return {
        "machine_id": machine.id,
        "name": machine.name,
        "details": read_details(machine).model_dump(),
    }


def change_details(
    session: Session, machine_id: int, changes: Mapping[str, Any], actor: Actor
) -> dict[str, Any]:
    """Change some details of a machine (None forgets one) and return it; nothing is committed here.

    Raises:
        NotFoundError: There is no such machine.
        InvalidInputError: A change that can't be.
    """
    machine = find_machine(session, machine_id)
    before = read_details(machine).model_dump(exclude_defaults=True)
    merged = {name: value for name, value in {**before, **changes}.items() if value is not None}
    machine.details = check_details(merged).model_dump(exclude_defaults=True)
    record_audit(session, actor, "machine_changed", machine.name, details={"changes": dict(changes)})
    return describe_machine(machine)
