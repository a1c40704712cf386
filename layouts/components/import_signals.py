"""The signals that an import would make: a table to correct them in, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_ag_grid as dag
import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.badges import format_class
from layouts.components.forms import build_button, build_field, build_select
from layouts.components.icons import build_icon
from layouts.components.import_mapping import build_text
from layouts.components.numbers import count_of, format_number
from layouts.components.states import build_note
from layouts.components.tables import describe_nothing
from layouts.ids import pattern_id
from layouts.ids.data_generation import DataGenerationId

NUMBER_FIELDS = ("sample_rate_hz", "shaft_speed_rpm")
# Field: its column's header.
FIELDS = {
    "channel": "Channel",
    "fault_class": "Fault class",
    "sample_rate_hz": "Sample rate (Hz)",
    "shaft_speed_rpm": "Shaft speed (rpm)",
    "load": "Load",
    "severity": "Severity",
    "unit": "Unit",
    "sensitivity": "Sensitivity",
    "machine": "Machine",
    "measurement_point": "Measurement point",
    "bearing": "Bearing",
    "group": "Physical bearing",
    "recording": "Recording",
    "acquired_utc": "Taken (UTC)",
}
_WIDTHS = {
    "channel": 110,
    "fault_class": 140,
    "sample_rate_hz": 180,
    "shaft_speed_rpm": 190,
    "load": 90,
    "severity": 110,
    "unit": 90,
    "machine": 150,
    "measurement_point": 180,
    "group": 170,
}
_MOST_PROBLEMS = 12
_MOST_FILES = 4
_MOST_CORRECTIONS = 12


def build_grid() -> html.Div:
    """Return the table of signals; its cells are edited with Enter or a double click."""
    grid = dag.AgGrid(
        id=DataGenerationId.GRID,
        columnDefs=_list_columns(),
        rowData=[],
        getRowId="params.data.key",
        defaultColDef={"resizable": True, "sortable": True, "filter": "agTextColumnFilter", "minWidth": 80},
        dashGridOptions={
            "rowHeight": 34,
            "headerHeight": 36,
            "enableCellTextSelection": True,
            "ensureDomOrder": True,
            "tooltipShowDelay": 300,
            "stopEditingWhenCellsLoseFocus": True,
            **describe_nothing("No signals yet", "Choose files first: their signals are listed here."),
            "rowSelection": {"mode": "multiRow", "enableClickSelection": False, "selectAll": "filtered"},
            "selectionColumnDef": {"pinned": "left", "width": 48},
        },
        className="pfd-grid",
        style={"height": "460px", "width": "100%"},
    )
    return html.Div(grid, className="table-frame", role="region", **{"aria-label": "Signals of this import"})


def _list_columns() -> list[dict[str, Any]]:
    fixed = {"editable": False}
    return [
        {"field": "status", "headerName": "Status", "width": 110, "tooltipField": "problem", **fixed}
        | {"cellClassRules": {"cell-problem": "params.data.problem"}},
        {"field": "file", "headerName": "File", "width": 190, "tooltipField": "file", **fixed},
        {"field": "variable", "headerName": "Signal", "width": 150, "tooltipField": "variable", **fixed},
        *(_build_column(field, header) for field, header in FIELDS.items()),
        {"field": "n_samples", "headerName": "Samples", "width": 110, "type": "rightAligned", **fixed}
        | {"valueFormatter": {"function": "pfd.formatNumber(params.value, 9)"}},
        {"field": "problem", "headerName": "What is wrong", "width": 480, "tooltipField": "problem", **fixed},
    ]


def _build_column(field: str, header: str) -> dict[str, Any]:
    unknown = "unlabelled" if field == "fault_class" else "unknown"
    column: dict[str, Any] = {
        "field": field,
        "headerName": header,
        "width": _WIDTHS.get(field, 140),
        "editable": True,
        "cellClassRules": {
            "cell-unknown": "params.value == null",
            "cell-problem": f"params.data.problem_fields.includes('{field}')",
        },
    }
    if field in NUMBER_FIELDS:
        return column | {
            "type": "rightAligned",
            "filter": "agNumberColumnFilter",
            "cellEditor": "agNumberCellEditor",
            "valueFormatter": {"function": f"pfd.formatKnown(params.value, '{unknown}')"},
        }
    return column | {
        "cellEditor": "agTextCellEditor",
        "valueFormatter": {"function": f"pfd.formatKnown(params.value, '{unknown}')"},
    }


def build_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the planned signals as rows of the table."""
    return [
        {
            **{field: row[field] for field in ("file", "variable", "n_samples", *FIELDS)},
            "key": f"{row['file']}\n{row['variable']}",
            "status": "problem" if row["problems"] else "ready",
            "problem": " ".join(problem["sentence"] for problem in row["problems"]),
            "problem_fields": [problem["field"] for problem in row["problems"]],
        }
        for row in rows
    ]


# --- problems ----------------------------------------------------------------------------------------------


def build_problems(plan: Mapping[str, Any], files_problem: str | None = None) -> Component:
    """Return what is wrong, each kind once with the files it is about, or that nothing is.

    ``files_problem`` is what is wrong with the files together.
    """
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    sentences: dict[tuple[str, str], str] = {}
    for row in plan["rows"]:
        for problem in row["problems"]:
            key = (problem["code"], problem["field"])
            groups.setdefault(key, []).append(row)
            sentences.setdefault(key, problem["sentence"])
    notes: list[Component] = [
        build_note([html.Strong(_name_rows(rows)), " ", sentences[key]], level="danger")
        for key, rows in list(groups.items())[:_MOST_PROBLEMS]
    ]
    if not notes and plan["problem"]:
        notes.append(build_note(plan["problem"], level="danger"))
    if files_problem:
        notes.append(build_note(files_problem, level="danger"))
    if not notes:
        notes.append(build_note(f"{count_of(plan['n_rows'], 'signal')} can be imported.", level="success"))
    if plan["n_rows"] > len(plan["rows"]):
        shown = f"The first {len(plan['rows'])} of {format_number(plan['n_rows'])} signals are listed."
        notes.append(build_note(shown))
    return html.Div(notes, className="stack-form")


def _name_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    files = list(dict.fromkeys(row["file"] for row in rows))
    named = ", ".join(files[:_MOST_FILES])
    rest = len(files) - _MOST_FILES
    words = named if rest <= 0 else f"{named} and {count_of(rest, 'more file')}"
    return f"{count_of(len(rows), 'signal')} ({words}):"


# --- corrections -------------------------------------------------------------------------------------------


def build_setter() -> html.Div:
    """Return the form that sets one field of several signals at once."""
    fields = [(field, header) for field, header in FIELDS.items() if field != "recording"]
    return html.Div(
        [
            build_field("Set", build_select(DataGenerationId.SET_FIELD, fields, "sample_rate_hz")),
            build_field("to", build_text(DataGenerationId.SET_VALUE, maxlength=120)),
            build_field(
                "in files called",
                build_text(
                    DataGenerationId.SET_FILES,
                    placeholder="Normal_*, or tick below",
                    class_name="mono",
                    maxlength=200,
                ),
            ),
            build_button("Set", DataGenerationId.SET, icon="pencil"),
            html.Span(id=DataGenerationId.SET_NOTE, className="muted set-note", role="status"),
        ],
        className="import-setter",
    )


def group_corrections(overrides: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """Return positions of corrections that belong together: those of several signals with the same values."""
    groups: dict[Any, list[int]] = {}
    for index, override in enumerate(overrides):
        is_one = "variable" in override
        key = (is_one, *(() if is_one else (index,)), *sorted(_values_of(override).items(), key=str))
        groups.setdefault(key, []).append(index)
    return list(groups.values())


def _values_of(override: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in override.items() if name not in ("file", "variable")}


def build_corrections(overrides: Sequence[Mapping[str, Any]]) -> list[Component]:
    """Return the corrections made, each with a button that takes it back."""
    groups = group_corrections(overrides)
    if not groups:
        return []
    chips = [
        _build_correction(index, overrides, group) for index, group in enumerate(groups[:_MOST_CORRECTIONS])
    ]
    rest = len(groups) - _MOST_CORRECTIONS
    more = [html.Li(f"and {rest} more", className="muted")] if rest > 0 else []
    heading = html.Span("Corrections", className="field-label")
    return [heading, html.Ul([*chips, *more], className="correction-list")]


def _build_correction(index: int, overrides: Sequence[Mapping[str, Any]], group: Sequence[int]) -> html.Li:
    first = overrides[group[0]]
    if "variable" not in first:
        where = f"Files called {first['file']}"
    elif len(group) == 1:
        where = first["file"]
    else:
        where = count_of(len(group), "signal")
    values = ", ".join(
        f"{FIELDS[name]} = {format_class(value) if name == 'fault_class' else value}"
        for name, value in _values_of(first).items()
    )
    words = f"{where}: {values}"
    button = dbc.Button(
        [build_icon("x-lg"), html.Span("Take back", className="visually-hidden")],
        id=pattern_id(DataGenerationId.REMOVE_CORRECTION, index),
        color="light",
        size="sm",
        title=f"Take back: {words}",
    )
    return html.Li([html.Span(words), button], className="correction")
