"""List of experiments."""

from __future__ import annotations

from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import current_actor, keep_in_url, may_write
from callbacks.tables import build_response, read_request
from layouts.components.numbers import count_of
from layouts.ids.experiments import ExperimentsId
from layouts.ids.frame import FrameId
from layouts.pages import experiments as page
from services.experiment_service import ExperimentService


def list_experiments(
    request: dict[str, Any] | None, search_query: str | None, status: str | None
) -> dict[str, Any]:
    """Answer the table's wish for rows."""
    if request is None:
        raise PreventUpdate
    wish = read_request(request)
    found = ExperimentService.list_experiments(
        search_query,
        wish["sort"] or "-created_at",
        wish["page"],
        wish["per_page"],
        status=status or None,
        actor=current_actor(),
    )
    return build_response([page.build_row(item) for item in found["items"]], found["total"])


def count_experiments(
    _page: Any, search_query: str | None, status: str | None, _states: Any
) -> tuple[Component | None, bool, str]:
    """Say how many match, or why there are none."""
    total = ExperimentService.list_experiments(
        search_query, per_page=1, status=status or None, actor=current_actor()
    )["total"]
    if total:
        return None, False, count_of(total, "experiment")
    filtered = bool((search_query or "").strip() or status)
    return page.build_nothing(filtered=filtered, viewer_only=not may_write()), True, ""


def register(app: dash.Dash) -> None:
    """Wire the page."""
    search, status = Input(ExperimentsId.SEARCH, "value"), Input(ExperimentsId.STATUS, "value")
    app.callback(
        Output(ExperimentsId.TABLE, "getRowsResponse"),
        Input(ExperimentsId.TABLE, "getRowsRequest"),
        State(ExperimentsId.SEARCH, "value"),
        State(ExperimentsId.STATUS, "value"),
    )(list_experiments)
    app.callback(
        Output(ExperimentsId.NOTHING, "children"),
        Output(ExperimentsId.TABLE_AREA, "hidden"),
        Output(ExperimentsId.COUNT, "children"),
        Input(ExperimentsId.PAGE, "data"),
        search,
        status,
        Input(FrameId.JOBS, "data"),
    )(count_experiments)
    table = State(ExperimentsId.TABLE, "id")
    app.clientside_callback(
        ClientsideFunction("pfd", "reloadTable"), search, status, table, prevent_initial_call=True
    )
    app.clientside_callback(
        ClientsideFunction("pfd", "refreshTable"),
        Output(ExperimentsId.TABLE_AREA, "title"),  # never written: it ties the callback to this page
        Input(FrameId.JOBS, "data"),
        Input(FrameId.JOBS_INTERVAL, "n_intervals"),
        table,
        prevent_initial_call=True,
    )
    keep_in_url(app, ExperimentsId.URL, search, status)
