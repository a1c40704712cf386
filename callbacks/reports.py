"""Every diagnosis that was asked for."""

from __future__ import annotations

from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import current_actor, keep_in_url
from callbacks.tables import build_response, read_request
from layouts.components.forms import ALL
from layouts.components.numbers import count_of
from layouts.figures.theme import class_colour
from layouts.ids.reports import ReportsId
from layouts.pages import reports as page
from services.experiment_service import ExperimentService


def list_diagnoses(
    request: dict[str, Any] | None, *chosen: str | None
) -> tuple[dict[str, Any], str, Component | None, bool]:
    """Answer the table: one row per diagnosis, newest first; or say that there is none at all."""
    if request is None:
        raise PreventUpdate
    asked = read_request(request)
    named = zip(("query", "status", "fault_class", "opinion"), chosen, strict=True)
    filters = {name: (value or "").strip() for name, value in named if value != ALL}
    filters = {name: value for name, value in filters.items() if value}
    found = ExperimentService.list_diagnoses(
        asked["page"],
        asked["per_page"],
        filters=filters,
        actor=current_actor(),
    )
    rows = [_build_row(each) for each in found["items"]]
    is_empty = not (found["total"] or filters)
    words = "" if is_empty else count_of(found["total"], "diagnosis", "diagnoses")
    return build_response(rows, found["total"]), words, page.build_nothing() if is_empty else None, is_empty


def _build_row(each: dict[str, Any]) -> dict[str, Any]:
    verdict = each["verdict"] or {"status": "", "fault_class": None, "confidence": None}
    confidence, number = verdict["confidence"], each["experiment_id"]
    way = "/reports/{}" if each["verdict"] else "/diagnose?diagnosis={}"
    return {
        "source_name": each["source_name"],
        "href": way.format(each["diagnosis_id"]),
        "status": verdict["status"],
        "fault_class": verdict["fault_class"],
        "class_colour": class_colour(verdict["fault_class"]),
        "no_class": "none",  # an answer without a class is not an unlabelled recording
        "confidence": None if confidence is None else round(100 * confidence, 1),
        "opinion": each["opinion"] or "none yet",
        "machine_kind": each["machine_kind"] or "unknown",
        "asked_of": "the lines alone" if number is None else f"experiment {number}",
        "state": each["state"],
        "created_at": each["created_at"],
    }


def register(app: dash.Dash) -> None:
    """Wire the page."""
    fields = ("SEARCH", "STATUS", "CLASS", "OPINION")
    filters = [Input(ReportsId[field], "value") for field in fields]
    app.callback(
        Output(ReportsId.TABLE, "getRowsResponse"),
        Output(ReportsId.COUNT, "children"),
        Output(ReportsId.NOTHING, "children"),
        Output(ReportsId.TABLE_AREA, "hidden"),
        Input(ReportsId.TABLE, "getRowsRequest"),
        *(State(ReportsId[field], "value") for field in fields),
    )(list_diagnoses)
    app.clientside_callback(
        ClientsideFunction("pfd", "reloadTable"),
        *filters,
        State(ReportsId.TABLE, "id"),
        prevent_initial_call=True,
    )
    keep_in_url(app, ReportsId.URL, *filters)
