"""The dialog that shows bearings with their orders and sources, and where users enter their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.forms import VIEWER_REASON, build_button, build_field
from layouts.components.numbers import format_number
from layouts.components.states import build_note, build_skeleton
from layouts.components.tables import build_plain_table
from layouts.ids import pattern_id
from layouts.ids.bearings import BearingId

# Name in the services: label, unit, help.
FIELDS: Final[dict[str, tuple[str, str, str]]] = {
    "designation": ("Designation", "", "As it stands on the bearing, with its maker or variant"),
    "manufacturer": ("Maker", "", ""),
    "n_rolling_elements": ("Rolling elements", "", "In one row"),
    "rolling_element_diameter_mm": ("Their diameter", "mm", ""),
    "pitch_diameter_mm": ("Pitch diameter", "mm", "Of the circle through their middles"),
    "contact_angle_deg": ("Contact angle", "°", "0 for deep-groove bearings"),
    "source": ("Source", "", "Where the numbers come from: data sheet, drawing, measurement"),
}
NUMBERS: Final = (
    "n_rolling_elements",
    "rolling_element_diameter_mm",
    "pitch_diameter_mm",
    "contact_angle_deg",
)
_HEADERS: Final = ("Bearing", "BPFO", "BPFI", "2×BSF", "FTF", "Source")


def build_bearings_section() -> Component:
    """Return the button that opens the bearings, with their dialog."""
    return html.Div(
        [
            dcc.Store(id=BearingId.STAMP),
            dcc.Store(id=BearingId.CHOSEN),
            dcc.Store(id=BearingId.DOOMED),
            build_button("Bearings and their sources", BearingId.OPEN, icon="list-ul"),
            _build_dialog(),
            _build_delete_dialog(),
        ]
    )


def _build_dialog() -> dbc.Modal:
    return dbc.Modal(
        [
            dbc.ModalHeader(dbc.ModalTitle("Bearings", tag="h2", class_name="card-heading")),
            dbc.ModalBody(
                [
                    html.P(
                        "Fault orders in multiples of the shaft speed, inner ring turning, without slip. "
                        "Enter what the catalogue lacks; it is found by its name at once.",
                        className="muted",
                    ),
                    html.Div(_build_form(), id=BearingId.FORM),
                    html.Div(build_skeleton(6), id=BearingId.LIST),
                ],
                class_name="stack-tight",
            ),
        ],
        id=BearingId.DIALOG,
        is_open=False,
        size="xl",
        scrollable=True,
    )


def _build_form() -> list[Component]:
    return [
        html.H3("Enter a bearing", id=BearingId.HEADING, className="card-heading"),
        html.Div([_build_field(name) for name in FIELDS], className="form-grid"),
        html.Div(id=BearingId.PROBLEM, role="alert"),
        html.Div(
            [
                build_button("Save", BearingId.SAVE, icon="check-lg", tone="primary"),
                build_button("Empty the form", BearingId.NEW),
            ],
            className="form-actions",
        ),
    ]


def _build_field(name: str) -> Component:
    label, unit, help_text = FIELDS[name]
    number = name in NUMBERS
    control = dbc.Input(
        id=pattern_id(BearingId.FIELD, name),
        type="number" if number else "text",
        autocomplete="off",
        value=0 if name == "contact_angle_deg" else None,
        **({"min": 0, "step": "any"} if number else {"maxlength": 300 if name == "source" else 120}),
    )
    return build_field(label, control, unit=unit, help_text=help_text)


def _build_delete_dialog() -> dbc.Modal:
    return dbc.Modal(
        [
            dbc.ModalHeader(dbc.ModalTitle("Delete a bearing", tag="h2", class_name="card-heading")),
            dbc.ModalBody(html.Div(id=BearingId.DELETE_WORDS)),
            dbc.ModalFooter(
                [
                    build_button("Keep it", BearingId.DELETE_CANCEL),
                    build_button("Delete", BearingId.DELETE_CONFIRM, icon="trash", tone="danger"),
                ]
            ),
        ],
        id=BearingId.DELETE_DIALOG,
        is_open=False,
    )


def build_bearing_list(bearings: Sequence[Mapping[str, Any]], *, allowed: bool) -> Component:
    """Return the entered bearings with what can be done to them, and the catalogue."""
    entered = [each for each in bearings if each["bearing_id"] is not None]
    catalogue = [each for each in bearings if each["bearing_id"] is None]
    parts: list[Component] = []
    if not allowed:
        parts.append(build_note(VIEWER_REASON, level="info"))
    if entered:
        rows = [[*_build_row(each), _build_actions(each) if allowed else ""] for each in entered]
        parts.append(html.H3("Entered here", className="card-heading"))
        parts.append(build_plain_table([*_HEADERS, "Change"], rows, caption="Entered bearings"))
    parts.append(html.H3("Catalogue", className="card-heading"))
    rows = [_build_row(each) for each in catalogue]
    parts.append(build_plain_table(_HEADERS, rows, caption="Bearings of the catalogue"))
    return html.Div(parts, className="stack-tight")


def _build_row(bearing: Mapping[str, Any]) -> list[Any]:
    orders = bearing["orders"]
    name = html.Span(
        [bearing["designation"], html.Br(), html.Span(_word_geometry(bearing), className="muted")]
    )
    numbers = (orders["bpfo"], orders["bpfi"], 2 * orders["bsf"], orders["ftf"])
    return [name, *(html.Span(f"{each:.4f}", className="number-cell") for each in numbers), bearing["source"]]


def _word_geometry(bearing: Mapping[str, Any]) -> str:
    geometry = bearing["geometry"]
    maker = f"{bearing['manufacturer']}, " if bearing["manufacturer"] else ""
    if geometry is None:
        return f"{maker}orders only"
    angle = geometry["contact_angle_deg"]
    slant = f", {format_number(angle)}°" if angle else ""
    return (
        f"{maker}{geometry['n_rolling_elements']} × {geometry['rolling_element_diameter_mm']:.6g} mm on "
        f"{geometry['pitch_diameter_mm']:.6g} mm{slant}"
    )


def _build_actions(bearing: Mapping[str, Any]) -> Component:
    name, number = bearing["designation"], bearing["bearing_id"]
    return html.Div(
        [
            build_button("Edit", pattern_id(BearingId.EDIT, number), icon="pencil", title=f"Edit {name}"),
            build_button(
                "Delete",
                pattern_id(BearingId.DELETE, number),
                icon="trash",
                title=f"Delete {name}",
            ),
        ],
        className="form-actions",
    )


def write_fields(bearing: Mapping[str, Any] | None) -> list[Any]:
    """Return what the form's fields show of an entered bearing, in the order of `FIELDS`; None empties it."""
    if bearing is None:
        return [0 if name == "contact_angle_deg" else None for name in FIELDS]
    known = {**bearing, **(bearing["geometry"] or {})}
    return [known[name] for name in FIELDS]


def read_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form says, for the service; an empty text is None, an empty angle 0."""
    read = {
        name: (values.get(name) if name in NUMBERS else (values.get(name) or "").strip()) for name in FIELDS
    }
    read["manufacturer"] = read["manufacturer"] or None
    read["contact_angle_deg"] = read["contact_angle_deg"] or 0.0
    return read


def find_empty_field(read: Mapping[str, Any]) -> str | None:
    """Return the label of the first field that has to be filled and is not."""
    needed = [name for name in FIELDS if name not in ("manufacturer", "contact_angle_deg")]
    return next((FIELDS[name][0] for name in needed if read[name] in (None, "")), None)
