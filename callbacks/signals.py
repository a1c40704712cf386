"""Choose a recording to look at."""

from __future__ import annotations

from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from callbacks.context import current_actor, fills_area, keep_in_url, offer_datasets, parse_id
from callbacks.tables import build_response, read_request
from layouts.components.badges import format_class
from layouts.components.forms import ALL
from layouts.components.numbers import count_of
from layouts.figures.theme import class_colour
from layouts.ids.signals import SignalsId
from layouts.pages import signals as page
from services.dataset_service import DatasetService


@fills_area
def show_datasets(place: dict[str, Any]) -> tuple:
    """Fill the list of datasets and choose the one asked for, else the newest."""
    offered = offer_datasets(place["dataset"], current_actor())
    return (page.build_nothing(), True, [], no_update) if offered is None else (None, False, *offered)


def show_classes(dataset: str | None) -> list[dict[str, str]]:
    """Offer the classes of the chosen dataset."""
    dataset_id = parse_id(dataset)
    details = DatasetService.get_dataset_details(dataset_id, actor=current_actor()) if dataset_id else None
    classes = details["classes"] if details else {}
    every = {"value": ALL, "label": "All"}
    return [every, *({"value": name, "label": format_class(name)} for name in classes)]


def list_recordings(
    request: dict[str, Any] | None, dataset: str | None, search_query: str | None, fault_class: str | None
) -> tuple[dict[str, Any], str]:
    """Answer the table: one row per recording, its channels together."""
    dataset_id = parse_id(dataset)
    if request is None or dataset_id is None:
        raise PreventUpdate
    asked = read_request(request)
    filters = {"q": (search_query or "").strip(), "fault_class": "" if fault_class == ALL else fault_class}
    found = DatasetService.list_recordings(
        dataset_id,
        page=asked["page"],
        per_page=asked["per_page"],
        sort=asked["sort"] or "recording",
        filters={name: value for name, value in filters.items() if value},
        actor=current_actor(),
    )
    rows = [_build_row(recording) for recording in found["items"]]
    return build_response(rows, found["total"]), count_of(found["total"], "recording")


def _build_row(recording: dict[str, Any]) -> dict[str, Any]:
    signals = recording["signals"]
    first = signals[0]
    fault_class = recording["fault_classes"][0] if recording["fault_classes"] else None
    path = f"/signals/{recording['dataset_id']}/{recording['recording_id']}"
    return {
        "recording": recording["recording"],
        "href": path,
        "fault_class": fault_class,
        "class_colour": class_colour(fault_class),
        "channels": _join(signal["channel"] for signal in signals),
        "shaft_speed_rpm": recording["shaft_speed_rpm"],
        "load": recording["load"],
        "sample_rate_hz": first["sample_rate_hz"],
        "n_samples": first["n_samples"],
        "duration_s": first["duration_s"],
        "machine": recording["machine"],
        "bearings": _join(signal["bearing"] for signal in signals),
        "flags": _join(flag["name"].replace("_", " ") for signal in signals for flag in signal["quality"]),
    }


def _join(values: Any) -> str:
    return ", ".join(dict.fromkeys(value for value in values if value))


def register(app: dash.Dash) -> None:
    """Wire the page."""
    dataset, search = Input(SignalsId.DATASET, "value"), Input(SignalsId.SEARCH, "value")
    fault_class = Input(SignalsId.CLASS, "value")
    app.callback(
        Output(SignalsId.AREA, "children"),
        Output(SignalsId.CONTENT, "hidden"),
        Output(SignalsId.DATASET, "options"),
        Output(SignalsId.DATASET, "value"),
        Input(SignalsId.PAGE, "data"),
    )(show_datasets)
    app.callback(Output(SignalsId.CLASS, "options"), dataset)(show_classes)
    app.callback(
        Output(SignalsId.TABLE, "getRowsResponse"),
        Output(SignalsId.COUNT, "children"),
        Input(SignalsId.TABLE, "getRowsRequest"),
        State(SignalsId.DATASET, "value"),
        State(SignalsId.SEARCH, "value"),
        State(SignalsId.CLASS, "value"),
    )(list_recordings)
    app.clientside_callback(
        ClientsideFunction("pfd", "reloadTable"),
        dataset,
        search,
        fault_class,
        State(SignalsId.TABLE, "id"),
        prevent_initial_call=True,
    )
    keep_in_url(app, SignalsId.URL, dataset, search, fault_class)
