"""The dialog of bearings: list, enter, change and delete."""

from __future__ import annotations

from typing import Any

import dash
from dash import ALL, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    may_write,
    require_id,
    requires_role,
    show_toast,
    triggered_index,
    unwrap,
)
from layouts.components import bearings as parts
from layouts.components.states import build_note
from layouts.ids import pattern_id
from layouts.ids.bearings import BearingId
from services.signal_service import SignalService
from utils.clock import monotonic_s


def open_dialog(n_clicks: int | None) -> bool:
    """Open the dialog."""
    if not n_clicks:
        raise PreventUpdate
    return True


@fills_area
def show_list(is_open: bool, _stamp: Any) -> tuple:
    """List every bearing; the form is there for those who may use it."""
    if not is_open:
        raise PreventUpdate
    allowed = may_write()
    found = SignalService.list_bearings(actor=current_actor())
    return parts.build_bearing_list(found, allowed=allowed), not allowed


def choose(_edits: list[Any], _new: int | None, _stamp: Any) -> tuple:
    """Bring an entry into the form, or empty it: for a new one, or after a change was kept."""
    number = triggered_index()
    if number is None:
        if ctx.triggered_id not in (BearingId.NEW, BearingId.STAMP):
            raise PreventUpdate
        return None, "Enter a bearing", parts.write_fields(None)
    chosen = _find(number)
    return number, f"Change {chosen['designation']}", parts.write_fields(chosen)


def _find(number: int) -> dict[str, Any]:
    found = SignalService.list_bearings(actor=current_actor())
    chosen = next((each for each in found if each["bearing_id"] == number), None)
    if chosen is None:
        raise PreventUpdate
    return chosen


@requires_role("engineer")
def change(
    save: int | None,
    confirm: int | None,
    values: list[Any],
    ids: list[dict[str, Any]],
    chosen: int | None,
    doomed: int | None,
) -> tuple:
    """Keep what the form says, as a new entry or a change of the chosen one; or delete the named one."""
    if ctx.triggered_id == BearingId.DELETE_CONFIRM and confirm:
        gone = unwrap(SignalService.delete_bearing(require_id(doomed), actor=current_actor()))
        show_toast(f"{gone['designation']} deleted", level="success")
        return None, monotonic_s()
    if not save:
        raise PreventUpdate
    read = parts.read_fields({each["index"]: value for each, value in zip(ids, values, strict=True)})
    empty = parts.find_empty_field(read)
    if empty is not None:
        return build_note(f"Fill in the field “{empty}”.", level="danger"), no_update
    if chosen is None:
        result = SignalService.create_bearing(**read, actor=current_actor())
    else:
        result = SignalService.update_bearing(chosen, read, actor=current_actor())
    if not result["success"]:
        return build_note(result["error"], level="danger"), no_update
    show_toast(f"{result['bearing']['designation']} saved", level="success")
    return None, monotonic_s()


def ask_delete(_clicks: list[Any], _cancel: int | None, _stamp: Any) -> tuple:
    """Ask before an entry goes, naming it; close the question when it is answered."""
    number = triggered_index()
    if number is None:
        return False, no_update, None
    name = _find(number)["designation"]
    words = f"{name} is deleted. Recordings that are there keep the fault orders they came with."
    return True, words, number


def register(app: dash.Dash) -> None:
    """Wire the dialog."""
    stamp = Input(BearingId.STAMP, "data")
    fields = pattern_id(BearingId.FIELD, ALL)
    app.callback(
        Output(BearingId.DIALOG, "is_open"), Input(BearingId.OPEN, "n_clicks"), prevent_initial_call=True
    )(open_dialog)
    app.callback(
        Output(BearingId.LIST, "children"),
        Output(BearingId.FORM, "hidden"),
        Input(BearingId.DIALOG, "is_open"),
        stamp,
    )(show_list)
    app.callback(
        Output(BearingId.CHOSEN, "data"),
        Output(BearingId.HEADING, "children"),
        Output(fields, "value"),
        Input(pattern_id(BearingId.EDIT, ALL), "n_clicks"),
        Input(BearingId.NEW, "n_clicks"),
        stamp,
        prevent_initial_call=True,
    )(choose)
    app.callback(
        Output(BearingId.PROBLEM, "children"),
        Output(BearingId.STAMP, "data"),
        Input(BearingId.SAVE, "n_clicks"),
        Input(BearingId.DELETE_CONFIRM, "n_clicks"),
        State(fields, "value"),
        State(fields, "id"),
        State(BearingId.CHOSEN, "data"),
        State(BearingId.DOOMED, "data"),
        prevent_initial_call=True,
    )(change)
    app.callback(
        Output(BearingId.DELETE_DIALOG, "is_open"),
        Output(BearingId.DELETE_WORDS, "children"),
        Output(BearingId.DOOMED, "data"),
        Input(pattern_id(BearingId.DELETE, ALL), "n_clicks"),
        Input(BearingId.DELETE_CANCEL, "n_clicks"),
        stamp,
        prevent_initial_call=True,
    )(ask_delete)
