"""Delete a diagnosis, after the question what goes with it."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from callbacks.context import current_actor, navigate, requires_role, show_toast, unwrap
from layouts.components.diagnosis_removal import build_removal_words
from layouts.ids.diagnose import DiagnoseId
from layouts.ids.frame import FrameId
from services.experiment_service import ExperimentService

_OPEN_STATES = ("queued", "running", "paused")
_NOT_OVER = "It is not over; cancel its job first."


def offer_removal(current: int | None, _done: int | None, _states: Any) -> tuple[bool, bool, str | None]:
    """Offer to delete the diagnosis that is shown, once its job is over."""
    found = ExperimentService.get_diagnosis(current, actor=current_actor()) if current else None
    if found is None:
        return True, True, None
    is_open = found["state"] in _OPEN_STATES
    return False, is_open, _NOT_OVER if is_open else None


@requires_role("engineer")
def ask_removal(asked: int | None, _back: int | None, current: int | None) -> tuple[bool, Any]:
    """Open the dialog that names what goes; close it with its button."""
    if not asked or ctx.triggered_id != DiagnoseId.REMOVE:
        return False, no_update
    found = ExperimentService.get_diagnosis(current, actor=current_actor()) if current else None
    if found is None:
        raise PreventUpdate
    return True, build_removal_words(found)


@requires_role("engineer")
def remove(confirmed: int | None, current: int | None) -> None:
    """Delete it and go to the list of those that are left."""
    if not confirmed or not current:
        raise PreventUpdate
    unwrap(ExperimentService.delete_diagnosis(current, actor=current_actor()))
    show_toast(f"Diagnosis {current} deleted", level="success")
    navigate("/reports")


def register(app: dash.Dash) -> None:
    """Wire the button and its dialog."""
    current = State(DiagnoseId.CURRENT, "data")
    app.callback(
        Output(DiagnoseId.REMOVE_AREA, "hidden"),
        Output(DiagnoseId.REMOVE, "disabled"),
        Output(DiagnoseId.REMOVE, "title"),
        Input(DiagnoseId.CURRENT, "data"),
        Input(DiagnoseId.DONE, "data"),
        Input(FrameId.JOBS, "data"),
    )(offer_removal)
    app.callback(
        Output(DiagnoseId.REMOVAL, "is_open"),
        Output(DiagnoseId.REMOVAL_WORDS, "children"),
        Input(DiagnoseId.REMOVE, "n_clicks"),
        Input(DiagnoseId.REMOVAL_BACK, "n_clicks"),
        current,
        prevent_initial_call=True,
    )(ask_removal)
    app.callback(Input(DiagnoseId.REMOVAL_CONFIRM, "n_clicks"), current, prevent_initial_call=True)(remove)
