"""The recordings of a dataset: table, filters, download."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import dash
from dash import ClientsideFunction, Input, Output, State
from dash.exceptions import PreventUpdate

from callbacks.context import current_actor, keep_in_url, parse_id
from callbacks.tables import build_response, read_request
from layouts.components.numbers import count_of
from layouts.components.recording_filters import FILTERS, read_filters
from layouts.ids.dataset import DatasetId
from layouts.pages import dataset as page
from services.dataset_service import DatasetService


def list_recordings(
    request: dict[str, Any] | None, place: dict[str, Any], version: str | None, *filters: Any
) -> tuple[dict[str, Any], str]:
    """Answer the table's wish for rows."""
    dataset_id = parse_id(place["dataset_id"])
    if request is None or dataset_id is None:
        raise PreventUpdate
    wish = read_request(request)
    found = DatasetService.list_signals(
        dataset_id,
        parse_id(version),
        page=wish["page"],
        per_page=wish["per_page"],
        sort=wish["sort"] or "recording",
        filters=read_filters(filters),
        actor=current_actor(),
    )
    rows = [page.build_row(dataset_id, row) for row in found["items"]]
    return build_response(rows, found["total"]), count_of(found["total"], "signal")


def link_download(place: dict[str, Any], version: str | None, *filters: Any) -> str:
    """Let the CSV button point at the rows that match."""
    dataset_id = parse_id(place["dataset_id"])
    if dataset_id is None:
        raise PreventUpdate
    number = parse_id(version)
    query = urlencode({**read_filters(filters), **({"version": number} if number else {})})
    return f"/api/v1/datasets/{dataset_id}/recordings.csv{'?' if query else ''}{query}"


def register(app: dash.Dash) -> None:
    """Wire the tab."""
    values = [Input(each, "value") for _, each in FILTERS]
    version = Input(DatasetId.VERSION, "value")
    app.callback(
        Output(DatasetId.TABLE, "getRowsResponse"),
        Output(DatasetId.COUNT, "children"),
        Input(DatasetId.TABLE, "getRowsRequest"),
        State(DatasetId.PAGE, "data"),
        State(DatasetId.VERSION, "value"),
        *(State(each, "value") for _, each in FILTERS),
    )(list_recordings)
    app.callback(Output(DatasetId.EXPORT, "href"), Input(DatasetId.PAGE, "data"), version, *values)(
        link_download
    )
    app.clientside_callback(
        ClientsideFunction("pfd", "reloadTable"),
        *values,
        version,
        Input(DatasetId.EDITED, "data"),
        State(DatasetId.TABLE, "id"),
        prevent_initial_call=True,
    )
    keep_in_url(app, DatasetId.URL, Input(DatasetId.TABS, "data"), *values, version)
