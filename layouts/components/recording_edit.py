"""The dialog in which labels and metadata are edited: what, in which rows, why, and what it would do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import format_class
from layouts.components.forms import build_button, build_field, build_group
from layouts.components.numbers import count_of, format_number
from layouts.components.states import build_note
from layouts.components.tables import build_plain_table
from layouts.ids import pattern_id
from layouts.ids.dataset import DatasetId
from utils.constants import FAULT_CLASSES, ROLLING_FAULT_CLASSES

SELECTED, FILTERED = "selected", "filtered"
FIELDS = {
    "fault_class": "Fault class",
    "severity": "Severity",
    "group": "Physical bearing",
    "bearing": "Bearing",
    "machine": "Machine",
    "measurement_point": "Measurement point",
    "shaft_speed_rpm": "Shaft speed",
    "load": "Load",
    "unit": "Unit",
}
_CLASSES = tuple(dict.fromkeys((*ROLLING_FAULT_CLASSES, *FAULT_CLASSES)))
_KEEP = "unchanged"
NOTHING_YET = "Fill in a field to see what would change."


def build_edit_dialog() -> html.Div:
    """Return the dialog; it opens with the button above the table."""
    scope = dbc.RadioItems(
        id=DatasetId.EDIT_SCOPE,
        options=[
            {"value": SELECTED, "label": "The selected rows"},
            {"value": FILTERED, "label": "Every row that matches the filters"},
        ],
        value=FILTERED,
        inline=True,
    )
    clear = dbc.Checklist(
        id=DatasetId.EDIT_CLEAR,
        options=[{"value": name, "label": f"{label} unknown"} for name, label in FIELDS.items()],
        value=[],
        inline=True,
    )
    reason = dbc.Textarea(id=DatasetId.EDIT_REASON, maxlength=300, rows=2, debounce=0.3)
    body = [
        build_group("Which rows", scope),
        html.Div([_build_value(name) for name in FIELDS], className="form-grid form-gap"),
        html.Details(
            [html.Summary("Set to unknown"), build_group("Fields whose value is taken away", clear)],
            className="form-gap",
        ),
        html.Div(
            build_field("Reason", reason, help_text="Kept with the new version, beside your name."),
            className="form-gap",
        ),
        html.Div(id=DatasetId.EDIT_PREVIEW, className="form-gap", **{"aria-live": "polite"}),
    ]
    dialog = dbc.Modal(
        [
            dbc.ModalHeader(
                dbc.ModalTitle(
                    "Edit labels and metadata", id=DatasetId.EDIT_TITLE, class_name="card-heading"
                ),
                close_button=False,
            ),
            dbc.ModalBody(body),
            dbc.ModalFooter(
                [
                    build_button("Leave it", DatasetId.EDIT_BACK),
                    build_button(
                        "Store as a new version",
                        DatasetId.EDIT_CONFIRM,
                        icon="check-lg",
                        tone="primary",
                        disabled_because=NOTHING_YET,
                    ),
                ]
            ),
        ],
        id=DatasetId.EDIT_DIALOG,
        is_open=False,
        labelledby=DatasetId.EDIT_TITLE,
        centered=True,
        scrollable=True,
        size="xl",
    )
    return html.Div([dialog, dcc.Store(id=DatasetId.EDIT_PLANNED), dcc.Store(id=DatasetId.EDITED)])


def _build_value(name: str) -> html.Div:
    control_id = pattern_id(DatasetId.EDIT_VALUE, name)
    if name == "fault_class":
        options = [{"value": each, "label": format_class(each)} for each in _CLASSES]
        control: Component = dbc.Select(
            id=control_id, options=[{"value": "", "label": _KEEP}, *options], value="", placeholder=_KEEP
        )
    elif name == "shaft_speed_rpm":
        control = dbc.Input(id=control_id, type="number", min=0, placeholder=_KEEP, debounce=0.4)
    else:
        control = dbc.Input(id=control_id, placeholder=_KEEP, maxlength=120, debounce=0.4)
    return build_field(FIELDS[name], control, unit="rpm" if name == "shaft_speed_rpm" else "")


def build_plan(plan: Mapping[str, Any]) -> Component:
    """Return what an edit would do."""
    rows = [_describe_change(change) for change in plan["changes"]]
    head = (
        f"{count_of(plan['n_signals'], 'signal')} of {count_of(plan['n_recordings'], 'recording')} change "
        f"in version {plan['next_version']}; version {plan['version']} stays as it is."
    )
    table = build_plain_table(["Field", "Now", "Then", "Signals"], rows, caption="What changes")
    return html.Div([html.P(head), table, *_build_notes(plan)])


def _describe_change(change: Mapping[str, Any]) -> list[Any]:
    before = ", ".join(
        f"{_say(change['field'], each['value'])} ({format_number(each['n_signals'])})"
        for each in change["before"]
    )
    return [
        FIELDS[change["field"]],
        before or "–",
        _say(change["field"], change["value"]),
        format_number(change["n_signals"]),
    ]


def _say(name: str, value: Any) -> str:
    if value is None:
        return "unlabelled" if name == "fault_class" else "unknown"
    return (
        format_class(value)
        if name == "fault_class"
        else format_number(value)
        if name == "shaft_speed_rpm"
        else str(value)
    )


def _build_notes(plan: Mapping[str, Any]) -> list[Component]:
    notes = []
    beyond = [change for change in plan["changes"] if change["n_beyond_selection"]]
    for change in beyond:
        why = (
            "a fault class belongs to the recording and its bearing"
            if change["field"] in ("fault_class", "severity")
            else "it belongs to the whole recording"
        )
        more = count_of(change["n_beyond_selection"], "signal")
        notes.append(f"{FIELDS[change['field']]} also changes in {more} beyond the selection: {why}.")
    if plan["n_splits"]:
        splits = count_of(plan["n_splits"], "split")
        notes.append(f"{splits} of version {plan['version']} can be carried over afterwards.")
    return [build_note(note) for note in notes]
