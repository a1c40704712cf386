"""List of datasets."""

from __future__ import annotations

from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import current_actor, keep_in_url
from callbacks.tables import build_response, read_request
from layouts.components.numbers import count_of
from layouts.ids.datasets import DatasetsId
from layouts.ids.frame import FrameId
from layouts.pages import datasets as page
from services.dataset_service import DatasetService

_ACTIVE = "active"


def list_datasets(
    request: dict[str, Any] | None, search_query: str | None, shelf: str | None
) -> dict[str, Any]:
    """Answer the table's wish for rows."""
    if request is None:
        raise PreventUpdate
    wish = read_request(request)
    found = DatasetService.list_datasets(
        wish["per_page"],
        (wish["page"] - 1) * wish["per_page"],
        (search_query or "").strip() or None,
        sort=wish["sort"] or "-created_at",
        shelf=shelf or _ACTIVE,
        actor=current_actor(),
    )
    return build_response([page.build_row(dataset) for dataset in found["items"]], found["total"])


def count_datasets(
    _page: Any, search_query: str | None, shelf: str | None, _states: Any
) -> tuple[Component | None, bool, str]:
    """Say how many match, or why there are none."""
    query = (search_query or "").strip()
    total = DatasetService.list_datasets(
        1, search_query=query or None, shelf=shelf or _ACTIVE, actor=current_actor()
    )["total"]
    if total:
        return None, False, count_of(total, "dataset")
    return page.build_nothing(shelf or _ACTIVE, filtered=bool(query)), True, ""


def register(app: dash.Dash) -> None:
    """Wire the page."""
    search, shelf = Input(DatasetsId.SEARCH, "value"), Input(DatasetsId.SHELF, "value")
    app.callback(
        Output(DatasetsId.TABLE, "getRowsResponse"),
        Input(DatasetsId.TABLE, "getRowsRequest"),
        State(DatasetsId.SEARCH, "value"),
        State(DatasetsId.SHELF, "value"),
    )(list_datasets)
    app.callback(
        Output(DatasetsId.NOTHING, "children"),
        Output(DatasetsId.TABLE_AREA, "hidden"),
        Output(DatasetsId.COUNT, "children"),
        Input(DatasetsId.PAGE, "data"),
        search,
        shelf,
        Input(FrameId.JOBS, "data"),
    )(count_datasets)
    table = State(DatasetsId.TABLE, "id")
    app.clientside_callback(
        ClientsideFunction("pfd", "reloadTable"), search, shelf, table, prevent_initial_call=True
    )
    app.clientside_callback(
        ClientsideFunction("pfd", "refreshTable"),
        Output(DatasetsId.TABLE_AREA, "title"),  # never written: it ties the callback to this page
        Input(FrameId.JOBS, "data"),
        table,
        prevent_initial_call=True,
    )
    keep_in_url(app, DatasetsId.URL, search, shelf)
