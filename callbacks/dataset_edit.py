"""Edit labels and metadata of recordings: the dialog, what it would do, the new version."""

from __future__ import annotations

from typing import Any

import dash
from dash import ALL as ALL_IDS
from dash import Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    may_write,
    parse_id,
    requires_role,
    show_toast,
    unwrap,
    watch_jobs,
)
from layouts.components import recording_edit as parts
from layouts.components.forms import LATEST, VIEWER_REASON
from layouts.components.numbers import count_of
from layouts.components.recording_filters import FILTERS, read_filters
from layouts.components.states import build_note
from layouts.ids import pattern_id
from layouts.ids.dataset import DatasetId
from services.dataset_service import DatasetService

_OLD_VERSION = "Only the newest version can be edited; choose it above."
_NO_REASON = "Say why: the reason is kept with the new version."


def allow_edit(_place: Any, version: str | None) -> tuple[bool, str]:
    """Say why somebody can't edit here."""
    if not may_write():
        return True, VIEWER_REASON
    old = version not in (None, LATEST)
    return old, _OLD_VERSION if old else "Change labels or metadata"


def open_dialog(
    _edit: int | None, _back: int | None, _edited: Any, selected: list[dict[str, Any]] | None
) -> tuple[Any, ...]:
    """Open with the button, close with its own or when the edit is stored."""
    if ctx.triggered_id != DatasetId.EDIT or not ctx.triggered[0]["value"]:
        return False, no_update, no_update, [no_update] * len(parts.FIELDS), no_update, no_update
    n_selected = len(selected or [])
    options = [
        {
            "value": parts.SELECTED,
            "label": f"The selected rows ({n_selected})",
            "disabled": not n_selected,
        },
        {"value": parts.FILTERED, "label": "Every row that matches the filters"},
    ]
    scope = parts.SELECTED if n_selected else parts.FILTERED
    blank = ["" for _ in parts.FIELDS]
    return True, options, scope, blank, [], ""


@requires_role("engineer")
def preview_edit(
    is_open: bool,
    scope: str,
    values: list[Any],
    clear: list[str] | None,
    place: dict[str, Any],
    selected: list[dict[str, Any]] | None,
    *filters: Any,
) -> tuple[Any, Any]:
    """Show what the edit would do, as far as it is filled in."""
    dataset_id = parse_id(place["dataset_id"])
    if not is_open or dataset_id is None:
        raise PreventUpdate
    changes = _read_changes(values, clear)
    if not changes:
        return build_note(parts.NOTHING_YET), None
    rows = _read_rows(scope, selected, filters)
    plan = DatasetService.preview_edit(dataset_id, changes, **rows, actor=current_actor())
    if not plan["success"]:
        return build_note(plan["error"], level="warning"), None
    return parts.build_plan(plan), {"changes": changes, "version": plan["version"], **rows}


def _read_changes(values: list[Any], clear: list[str] | None) -> dict[str, Any]:
    given = dict(zip(parts.FIELDS, values, strict=True))
    changes = {name: value for name, value in given.items() if value not in (None, "")}
    return {**changes, **dict.fromkeys(clear or [])}


def _read_rows(scope: str, selected: list[dict[str, Any]] | None, filters: tuple[Any, ...]) -> dict[str, Any]:
    if scope == parts.SELECTED:
        return {"signal_ids": [row["signal_id"] for row in selected or []]}
    return {"filters": read_filters(filters)}


def allow_store(planned: dict[str, Any] | None, reason: str | None) -> tuple[bool, str | None]:
    """Say what is missing before the edit can be stored."""
    if not planned:
        return True, parts.NOTHING_YET
    return (False, None) if (reason or "").strip() else (True, _NO_REASON)


@requires_role("engineer")
def store_edit(
    clicks: int | None, planned: dict[str, Any] | None, reason: str | None, place: dict[str, Any]
) -> dict[str, Any]:
    """Store the edit that is shown."""
    dataset_id = parse_id(place["dataset_id"])
    if not clicks or not planned or dataset_id is None:
        raise PreventUpdate
    rows = {name: planned[name] for name in ("signal_ids", "filters") if name in planned}
    done = unwrap(
        DatasetService.edit_recordings(
            dataset_id,
            planned["changes"],
            reason or "",
            version=planned["version"],
            **rows,
            actor=current_actor(),
        )
    )
    if done["job_id"]:
        watch_jobs()
        show_toast("The edit runs", "The new version appears when it is done.")
    else:
        words = f"{count_of(done['n_signals'], 'signal')} changed. The version before stays as it is."
        show_toast(f"Version {done['version']} is stored", words, level="success")
    return {"version": done["version"], "job_id": done["job_id"], "stamp": clicks}


def register(app: dash.Dash) -> None:
    """Wire the dialog."""
    values = pattern_id(DatasetId.EDIT_VALUE, ALL_IDS)
    selected = State(DatasetId.TABLE, "selectedRows")
    app.callback(
        Output(DatasetId.EDIT, "disabled"),
        Output(DatasetId.EDIT, "title"),
        Input(DatasetId.PAGE, "data"),
        Input(DatasetId.VERSION, "value"),
    )(allow_edit)
    app.callback(
        Output(DatasetId.EDIT_DIALOG, "is_open"),
        Output(DatasetId.EDIT_SCOPE, "options"),
        Output(DatasetId.EDIT_SCOPE, "value"),
        Output(values, "value"),
        Output(DatasetId.EDIT_CLEAR, "value"),
        Output(DatasetId.EDIT_REASON, "value"),
        Input(DatasetId.EDIT, "n_clicks"),
        Input(DatasetId.EDIT_BACK, "n_clicks"),
        Input(DatasetId.EDITED, "data"),
        selected,
        prevent_initial_call=True,
    )(open_dialog)
    app.callback(
        Output(DatasetId.EDIT_PREVIEW, "children"),
        Output(DatasetId.EDIT_PLANNED, "data"),
        Input(DatasetId.EDIT_DIALOG, "is_open"),
        Input(DatasetId.EDIT_SCOPE, "value"),
        Input(values, "value"),
        Input(DatasetId.EDIT_CLEAR, "value"),
        State(DatasetId.PAGE, "data"),
        selected,
        *(State(each, "value") for _, each in FILTERS),
        prevent_initial_call=True,
    )(preview_edit)
    app.callback(
        Output(DatasetId.EDIT_CONFIRM, "disabled"),
        Output(DatasetId.EDIT_CONFIRM, "title"),
        Input(DatasetId.EDIT_PLANNED, "data"),
        Input(DatasetId.EDIT_REASON, "value"),
    )(allow_store)
    app.callback(
        Output(DatasetId.EDITED, "data"),
        Input(DatasetId.EDIT_CONFIRM, "n_clicks"),
        State(DatasetId.EDIT_PLANNED, "data"),
        State(DatasetId.EDIT_REASON, "value"),
        State(DatasetId.PAGE, "data"),
        prevent_initial_call=True,
    )(store_edit)
