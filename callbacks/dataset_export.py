"""Exports on a dataset's page: start one, see how far it is, take the file away."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import dash
from dash import ALL, ClientsideFunction, Input, Output, State
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    may_write,
    parse_id,
    requires_role,
    show_toast,
    triggered_index,
    unwrap,
    watch_jobs,
)
from layouts.components.dataset_export import build_export_list
from layouts.components.forms import VIEWER_REASON
from layouts.components.states import build_empty_state
from layouts.ids import pattern_id
from layouts.ids.dataset import DatasetId
from layouts.ids.dataset_export import ExportId
from layouts.ids.frame import FrameId
from services.dataset_service import DatasetService
from utils.exceptions import NotFoundError


@fills_area
def show_exports(
    place: dict[str, Any], tab: str | None, _started: Any, _jobs: Any, _tick: int | None
) -> Component:
    """List the exports; while one is written, its bar moves."""
    dataset_id = parse_id(place["dataset_id"])
    if tab != "export":
        raise PreventUpdate
    if dataset_id is None:
        return build_empty_state(
            "There is no such dataset", "It may have been deleted.", icon="question-circle"
        )
    return build_export_list(DatasetService.list_exports(dataset_id, actor=current_actor()))


@requires_role("engineer")
def start(clicks: int | None, place: dict[str, Any], version: str | None, file_format: str) -> dict[str, Any]:
    """Have the chosen version written into a file."""
    dataset_id = parse_id(place["dataset_id"])
    if not clicks or dataset_id is None:
        raise PreventUpdate
    started = unwrap(
        DatasetService.export_dataset(
            dataset_id, file_format, version=parse_id(version), actor=current_actor()
        )
    )
    watch_jobs()
    show_toast("The export is being written", "It appears in the list below when it is done.")
    return {"export_id": started["export_id"]}


def allow_start(_place: Any) -> tuple[bool, str | None]:
    """Say to a viewer why they can't export."""
    return (False, None) if may_write() else (True, VIEWER_REASON)


def open_link(_clicks: list[int | None]) -> dict[str, Any]:
    """Ask for a link that works now; the browser follows it."""
    export_id = triggered_index()
    if export_id is None:
        raise PreventUpdate
    export = DatasetService.get_export(export_id, actor=current_actor())
    if export is None or export["link"] is None:
        raise NotFoundError("The file of this export is no longer there. Start the export again.")
    return {"address": f"/api/v1/exports/{export_id}/download?{urlencode(export['link'])}"}


def register(app: dash.Dash) -> None:
    """Wire the tab."""
    app.callback(
        Output(ExportId.LIST, "children"),
        Input(DatasetId.PAGE, "data"),
        Input(DatasetId.TABS, "data"),
        Input(ExportId.STARTED, "data"),
        Input(FrameId.JOBS, "data"),
        Input(FrameId.JOBS_INTERVAL, "n_intervals"),
    )(show_exports)
    app.callback(
        Output(ExportId.START, "disabled"), Output(ExportId.START, "title"), Input(DatasetId.PAGE, "data")
    )(allow_start)
    app.callback(
        Output(ExportId.STARTED, "data"),
        Input(ExportId.START, "n_clicks"),
        State(DatasetId.PAGE, "data"),
        State(DatasetId.VERSION, "value"),
        State(ExportId.FORMAT, "value"),
        prevent_initial_call=True,
    )(start)
    app.callback(
        Output(ExportId.ADDRESS, "data"),
        Input(pattern_id(ExportId.DOWNLOAD, ALL), "n_clicks"),
        prevent_initial_call=True,
    )(open_link)
    app.clientside_callback(
        ClientsideFunction("pfd", "followDownload"),
        Input(ExportId.ADDRESS, "data"),
        prevent_initial_call=True,
    )
