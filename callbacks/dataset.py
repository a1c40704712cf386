"""One dataset: card, recordings, archive. Its splits are wired in `callbacks.dataset_splits`."""

from __future__ import annotations

from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State, dcc, no_update
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    keep_in_url,
    may_write,
    parse_id,
    requires_role,
    show_toast,
    unwrap,
)
from callbacks.tables import build_response, read_request
from layouts.components.badges import format_class
from layouts.components.dataset_card import build_archive_label, build_dataset_card
from layouts.components.forms import ALL, LATEST, VIEWER_REASON
from layouts.components.numbers import count_of, format_moment
from layouts.components.states import build_empty_state
from layouts.csv_text import build_csv
from layouts.ids.dataset import DatasetId
from layouts.pages import dataset as page
from services.dataset_service import DatasetService
from utils.exceptions import NotFoundError

_MOST_EXPORTED = 20_000
_EXPORT_STEP = 200


@fills_area
def show_dataset(place: dict[str, Any], version: str | None, _changed: Any) -> tuple[Any, ...]:
    """Fill the card, the header and the choices of the filters."""
    dataset_id = parse_id(place["dataset_id"])
    chosen = parse_id(version)
    details = dataset_id and DatasetService.get_dataset_details(
        dataset_id, version=chosen, actor=current_actor()
    )
    if not details:
        gone = build_empty_state(
            "There is no such dataset", "It may have been deleted.", icon="question-circle"
        )
        return gone, "Dataset not found", "", *[no_update] * 4
    return (
        build_dataset_card(details),
        details["name"],
        details["description"] or "No description.",
        _list_versions(details["versions"]),
        _with_all([(name, format_class(name)) for name in details["classes"]]),
        _with_all([(name, name) for name in details["channels"]]),
        build_archive_label(archived=details["archived"]),
    )


def _list_versions(versions: list[dict[str, Any]]) -> list[dict[str, str]]:
    newest_first = sorted(versions, key=lambda each: -each["number"])
    return [
        {
            "value": str(each["number"]) if index else LATEST,
            "label": f"{each['number']} · {format_moment(each['created_at'])}",
        }
        for index, each in enumerate(newest_first)
    ]


def _with_all(options: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"value": value, "label": label} for value, label in [(ALL, "All"), *options]]


def list_recordings(
    request: dict[str, Any] | None,
    place: dict[str, Any],
    version: str | None,
    search_query: str | None,
    fault_class: str | None,
    channel: str | None,
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
        filters=_build_filters(search_query, fault_class, channel),
        actor=current_actor(),
    )
    rows = [page.build_row(dataset_id, row) for row in found["items"]]
    return build_response(rows, found["total"]), count_of(found["total"], "signal")


def _build_filters(search_query: str | None, fault_class: str | None, channel: str | None) -> dict[str, str]:
    given = {"q": (search_query or "").strip(), "fault_class": fault_class, "channel": channel}
    return {name: value for name, value in given.items() if value and value != ALL}


def export_recordings(
    clicks: int | None,
    place: dict[str, Any],
    version: str | None,
    search_query: str | None,
    fault_class: str | None,
    channel: str | None,
) -> dict[str, Any]:
    """Download the rows that match as CSV."""
    dataset_id = parse_id(place["dataset_id"])
    if not clicks or dataset_id is None:
        raise PreventUpdate
    rows: list[dict[str, Any]] = []
    total = 1
    while len(rows) < min(total, _MOST_EXPORTED):
        found = DatasetService.list_signals(
            dataset_id,
            parse_id(version),
            page=len(rows) // _EXPORT_STEP + 1,
            per_page=_EXPORT_STEP,
            sort="recording",
            filters=_build_filters(search_query, fault_class, channel),
            actor=current_actor(),
        )
        rows += found["items"]
        total = found["total"] if found["items"] else len(rows)
    if total > len(rows):
        show_toast("The download is cut", f"It holds the first {len(rows)} of {total} rows.", level="warning")
    headers = page.CSV_FIELDS
    text = build_csv(headers, [[row.get(name) for name in headers] for row in rows])
    return dcc.send_string(text, f"dataset-{dataset_id}-recordings.csv")


@requires_role("engineer")
def archive(clicks: int | None, place: dict[str, Any]) -> dict[str, Any]:
    """Archive a dataset, or bring it back."""
    dataset_id = parse_id(place["dataset_id"])
    if not clicks or dataset_id is None:
        raise PreventUpdate
    actor = current_actor()
    details = DatasetService.get_dataset_details(dataset_id, actor=actor)
    if details is None:
        raise NotFoundError("There is no such dataset.")
    if details["archived"]:
        unwrap(DatasetService.unarchive_dataset(dataset_id, actor=actor))
        show_toast(f"{details['name']} is back in the lists", level="success")
    else:
        unwrap(DatasetService.archive_dataset(dataset_id, actor=actor))
        show_toast(
            f"{details['name']} is archived",
            "Its recordings and results stay; restore it here at any time.",
            level="success",
        )
    return {"what": "archive", "clicks": clicks}


def allow_archive(_place: Any) -> tuple[bool, str | None]:
    """Say to a viewer why they can't archive."""
    return (False, None) if may_write() else (True, VIEWER_REASON)


def register(app: dash.Dash) -> None:
    """Wire the page."""
    place, version = Input(DatasetId.PAGE, "data"), Input(DatasetId.VERSION, "value")
    app.callback(
        Output(DatasetId.CARD, "children"),
        Output(DatasetId.TITLE, "children"),
        Output(DatasetId.SENTENCE, "children"),
        Output(DatasetId.VERSION, "options"),
        Output(DatasetId.CLASS, "options"),
        Output(DatasetId.CHANNEL, "options"),
        Output(DatasetId.ARCHIVE, "children"),
        place,
        version,
        Input(DatasetId.CHANGED, "data"),
    )(show_dataset)
    app.callback(Output(DatasetId.ARCHIVE, "disabled"), Output(DatasetId.ARCHIVE, "title"), place)(
        allow_archive
    )
    app.callback(
        Output(DatasetId.CHANGED, "data"),
        Input(DatasetId.ARCHIVE, "n_clicks"),
        State(DatasetId.PAGE, "data"),
        prevent_initial_call=True,
    )(archive)
    _register_recordings(app)


def _register_recordings(app: dash.Dash) -> None:
    filters = [DatasetId.SEARCH, DatasetId.CLASS, DatasetId.CHANNEL]
    states = [
        State(DatasetId.PAGE, "data"),
        State(DatasetId.VERSION, "value"),
        *(State(each, "value") for each in filters),
    ]
    inputs = [*(Input(each, "value") for each in filters), Input(DatasetId.VERSION, "value")]
    app.callback(
        Output(DatasetId.TABLE, "getRowsResponse"),
        Output(DatasetId.COUNT, "children"),
        Input(DatasetId.TABLE, "getRowsRequest"),
        *states,
    )(list_recordings)
    app.clientside_callback(
        ClientsideFunction("pfd", "reloadTable"),
        *inputs,
        State(DatasetId.TABLE, "id"),
        prevent_initial_call=True,
    )
    app.callback(
        Output(DatasetId.DOWNLOAD, "data"),
        Input(DatasetId.EXPORT, "n_clicks"),
        *states,
        prevent_initial_call=True,
    )(export_recordings)
    keep_in_url(app, DatasetId.URL, Input(DatasetId.TABS, "data"), *inputs)
