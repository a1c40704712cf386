"""``/bearings`` and ``/machines``: what fault lines follow from."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from dashboard.api import machine_schemas as shapes
from dashboard.api.errors import require_found, unwrap
from dashboard.api.scopes import current_actor, requires
from services.signal_service import SignalService

blueprint = APIBlueprint("bearings", __name__, url_prefix="/api/v1", tag="Machines")


@blueprint.get("/bearings")
@requires("read")
@blueprint.output(shapes.BearingList)
def list_bearings() -> dict[str, Any]:
    """Return every bearing whose geometry is known, the entered ones first."""
    return {"items": SignalService.list_bearings(actor=current_actor())}


@blueprint.post("/bearings")
@requires("write")
@blueprint.input(shapes.NewBearing)
@blueprint.output(shapes.Bearing, status_code=201)
def create_bearing(json_data: shapes.NewBearing) -> dict[str, Any]:
    """Enter a bearing that the catalogue does not have."""
    created = unwrap(SignalService.create_bearing(**json_data.model_dump(), actor=current_actor()))
    bearing: dict[str, Any] = created["bearing"]
    return bearing


@blueprint.patch("/bearings/<int:bearing_id>")
@requires("write")
@blueprint.input(shapes.BearingChange)
@blueprint.output(shapes.Bearing)
def update_bearing(bearing_id: int, json_data: shapes.BearingChange) -> dict[str, Any]:
    """Change an entered bearing."""
    changes = json_data.model_dump(exclude_unset=True)
    changed = unwrap(SignalService.update_bearing(bearing_id, changes, actor=current_actor()))
    bearing: dict[str, Any] = changed["bearing"]
    return bearing


@blueprint.delete("/bearings/<int:bearing_id>")
@requires("write")
@blueprint.output({}, status_code=204)
def delete_bearing(bearing_id: int) -> str:
    """Delete an entered bearing; recordings that are there keep the orders they came with."""
    unwrap(SignalService.delete_bearing(bearing_id, actor=current_actor()))
    return ""


@blueprint.get("/machines/<int:machine_id>")
@requires("read")
@blueprint.output(shapes.Machine)
def show_machine(machine_id: int) -> dict[str, Any]:
    """Return what is known of a machine."""
    found: dict[str, Any] = require_found(
        SignalService.get_machine(machine_id, actor=current_actor()), "machine"
    )
    return found


@blueprint.patch("/machines/<int:machine_id>")
@requires("write")
@blueprint.input(shapes.MachineChange)
@blueprint.output(shapes.Machine)
def update_machine(machine_id: int, json_data: shapes.MachineChange) -> dict[str, Any]:
    """Change what is known of a machine; null forgets a detail."""
    changes = json_data.model_dump(exclude_unset=True)
    changed: dict[str, Any] = unwrap(SignalService.update_machine(machine_id, changes, actor=current_actor()))
    return changed
