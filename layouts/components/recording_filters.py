"""The recordings of a dataset: filters, table, download."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from layouts.components.badges import format_class
from layouts.components.cards import build_card
from layouts.components.forms import ALL, build_button, build_field, build_select
from layouts.components.icons import build_icon
from layouts.components.tables import Column, build_column_menu, build_table
from layouts.ids.dataset import DatasetId

NO_VALUE = "(none)"

COLUMNS = (
    Column("recording", "Recording", kind="link", width=190, pinned=True, filterable=False),
    Column("channel", "Channel", width=100, filterable=False),
    Column("fault_class", "Class", kind="class", width=140, filterable=False),
    Column("severity", "Severity", width=100, filterable=False),
    Column("flags", "Quality", width=150, sortable=False, filterable=False, tooltip="flag_sentences"),
    Column("sample_rate_hz", "Sample rate", unit="Hz", kind="number", width=160, filterable=False),
    Column("duration_s", "Length", unit="s", kind="number", digits=4, width=120, filterable=False),
    Column("shaft_speed_rpm", "Shaft speed", unit="rpm", kind="number", width=170, filterable=False),
    Column("load", "Load", width=90, filterable=False),
    Column("unit", "Unit", width=90, filterable=False),
    Column("bearing", "Bearing", width=130, filterable=False),
    Column("group", "Physical bearing", width=150, filterable=False),
    Column("machine", "Machine", width=130, filterable=False),
    Column("measurement_point", "Measured at", width=130, filterable=False),
    Column("acquired_at", "Taken", kind="moment", width=170, filterable=False),
    Column("edited", "Edited", width=150, sortable=False, filterable=False),
)
# Query parameter, control, label; the order in which callbacks take them.
FILTERS = (
    ("q", DatasetId.SEARCH),
    ("fault_class", DatasetId.CLASS),
    ("channel", DatasetId.CHANNEL),
    ("severity", DatasetId.SEVERITY),
    ("load", DatasetId.LOAD),
    ("machine", DatasetId.MACHINE),
    ("flag", DatasetId.FLAG),
    ("min_shaft_speed_rpm", DatasetId.SPEED_FROM),
    ("max_shaft_speed_rpm", DatasetId.SPEED_TO),
)
_CHOICES = ("fault_class", "channel", "severity", "load", "machine", "flag")
_MORE = ("severity", "load", "machine", "flag", "min_shaft_speed_rpm", "max_shaft_speed_rpm")


def build_recordings(query: Mapping[str, Any]) -> html.Div:
    """Return filters and table; ``query`` is what the address says of the filters."""
    search = dbc.Input(
        id=DatasetId.SEARCH,
        type="search",
        value=query.get("q", ""),
        placeholder="Recording, file, machine",
        debounce=0.3,
        class_name="search-field",
    )
    label = dbc.Label("Search recordings", html_for=DatasetId.SEARCH, class_name="visually-hidden")
    table = build_table(
        DatasetId.TABLE,
        COLUMNS,
        label="Recordings of this dataset",
        selectable=True,
        row_id="row_id",
        nothing="No recording matches",
    )
    bar = [
        label,
        search,
        _build_choice("Class", DatasetId.CLASS, query.get("fault_class")),
        _build_choice("Channel", DatasetId.CHANNEL, query.get("channel")),
        _build_more(query),
        html.Span(id=DatasetId.COUNT, className="filter-count", role="status"),
        build_column_menu(DatasetId.TABLE, COLUMNS),
        html.A(
            [build_icon("download"), html.Span("CSV")],
            id=DatasetId.EXPORT,
            href="",
            className="btn btn-light action",
            title="Every row that matches, as CSV",
        ),
        build_button("Edit", DatasetId.EDIT, icon="pencil", title="Change labels or metadata"),
    ]
    return html.Div([html.Div(bar, className="filter-bar"), build_card(None, table, flush=True)])


def _build_more(query: Mapping[str, Any]) -> html.Details:
    """The filters that are needed less often; open where the address uses one."""
    fields = [
        _build_choice("Severity", DatasetId.SEVERITY, query.get("severity")),
        _build_choice("Load", DatasetId.LOAD, query.get("load")),
        _build_choice("Machine", DatasetId.MACHINE, query.get("machine")),
        _build_choice("Quality flag", DatasetId.FLAG, query.get("flag")),
        _build_speed("Speed from", DatasetId.SPEED_FROM, query.get("min_shaft_speed_rpm")),
        _build_speed("Speed to", DatasetId.SPEED_TO, query.get("max_shaft_speed_rpm")),
    ]
    summary = html.Summary([build_icon("funnel"), "More filters"], className="btn btn-light action")
    panel = html.Div(fields, className="menu-panel filter-panel", role="group", **{"aria-label": "Filters"})
    return html.Details([summary, panel], className="menu")


def _build_choice(label: str, control_id: DatasetId, value: str | None) -> html.Div:
    chosen = value or ALL
    return build_field(label, build_select(control_id, [(ALL, "All"), *_keep(chosen)], chosen))


def _keep(value: str) -> list[tuple[str, str]]:
    """A value from the address is an option before the real options are here, or the select would drop it."""
    return [(value, value)] if value != ALL else []


def _build_speed(label: str, control_id: DatasetId, value: str | None) -> html.Div:
    control = dbc.Input(id=control_id, type="number", min=0, value=value or None, debounce=0.4)
    return build_field(label, control, unit="rpm")


def read_filters(values: tuple[Any, ...]) -> dict[str, Any]:
    """Return the filters that are set, from the controls' values in the order of `FILTERS`."""
    given = {name: value for (name, _), value in zip(FILTERS, values, strict=True)}
    given["q"] = str(given["q"] or "").strip()
    return {name: value for name, value in given.items() if value not in (None, "", ALL)}


def list_choices(details: Mapping[str, Any]) -> list[list[dict[str, str]]]:
    """Return the options of each select, in the order of `FILTERS`, from what a version holds."""
    flags = [
        (flag["name"], f"{flag['name'].replace('_', ' ')} ({flag['n_signals']})")
        for flag in details["quality"]
    ]
    values = {
        "fault_class": [(name, format_class(name)) for name in details["classes"]],
        "channel": [(name, name) for name in details["channels"]],
        "severity": [*((name, name) for name in details["severities"]), (NO_VALUE, "none given")],
        "load": [*((name, name) for name in details["loads"]), (NO_VALUE, "none given")],
        "machine": [*((name, name) for name in details["machines"]), (NO_VALUE, "none given")],
        "flag": flags,
    }
    return [
        [{"value": value, "label": label} for value, label in [(ALL, "All"), *values[name]]]
        for name in _CHOICES
    ]
