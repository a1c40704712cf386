"""What the signal viewer knows of the machine: its vibration zone, and what lines and zone need to know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_badge
from layouts.components.cards import build_card
from layouts.components.forms import VIEWER_REASON, build_button, build_field, build_select
from layouts.components.numbers import format_number
from layouts.components.states import build_note, build_skeleton
from layouts.ids import pattern_id
from layouts.ids.signal_viewer import ViewerId

UNKNOWN_OPTION: Final = ("unknown", "Unknown")
_ZONE_TONES: Final = {"A": "success", "B": "info", "C": "warning", "D": "danger"}
_ZONE_WORDS: Final = {
    "A": "as a new machine",
    "B": "good for long operation",
    "C": "only for a limited time",
    "D": "severe enough to do damage",
}
_CHOICES: Final[dict[str, tuple[str, tuple[tuple[str, str], ...]]]] = {
    "bearing_type": ("Bearings", (UNKNOWN_OPTION, ("rolling", "Rolling"), ("journal", "Journal"))),
    "iso_group": (
        "Size (ISO 20816-3 group)",
        (UNKNOWN_OPTION, ("1", "Group 1: above 300 kW"), ("2", "Group 2: 15 to 300 kW")),
    ),
    "mounting": ("Mounting", (UNKNOWN_OPTION, ("rigid", "Rigid"), ("flexible", "Flexible"))),
    "line_frequency_hz": ("Mains", (UNKNOWN_OPTION, ("50", "50 Hz"), ("60", "60 Hz"))),
}
_NUMBERS: Final = {
    "gear_teeth": ("Gear teeth", "Of each gear on this shaft, with its mate where known: 23/57, 61"),
    "n_blades": ("Blades or vanes", ""),
    "nominal_speed_rpm": (
        "Nominal speed in rpm",
        "Where the speed is estimated, it is looked for about this",
    ),
    "tacho_pulses_per_turn": ("Tacho pulses per turn", ""),
    "n_poles": ("Motor poles", ""),
    "rotor_bars": ("Rotor bars", ""),
}
FIELDS: Final = (*_CHOICES, *_NUMBERS)


def build_machine_card() -> Component:
    """Return the card of the machine, filled later."""
    button = build_button("Machine details", ViewerId.MACHINE_OPEN, icon="gear")
    body = html.Div(build_skeleton(3), id=ViewerId.SEVERITY)
    return build_card("Vibration zone", html.Div([body, button], className="stack-tight"))


def build_machine_dialog() -> Component:
    """Return the form of what lines and zone need to know of a machine."""
    fields = [
        *(
            build_field(label, build_select(pattern_id(ViewerId.MACHINE_FIELD, name), choices, "unknown"))
            for name, (label, choices) in _CHOICES.items()
        ),
        *(
            build_field(
                label,
                dbc.Input(
                    id=pattern_id(ViewerId.MACHINE_FIELD, name), type="text", maxlength=80, autocomplete="off"
                ),
                help_text=help_text,
            )
            for name, (label, help_text) in _NUMBERS.items()
        ),
    ]
    return html.Div(
        [
            dcc.Store(id=ViewerId.MACHINE_STAMP),
            dbc.Modal(
                [
                    dbc.ModalHeader(
                        dbc.ModalTitle(
                            ["Machine ", html.Span(id=ViewerId.MACHINE_NAME)],
                            id=ViewerId.MACHINE_TITLE,
                            tag="h2",
                            class_name="card-heading",
                        )
                    ),
                    dbc.ModalBody(
                        [
                            html.P(
                                "They hold for every recording of this machine. Leave open what is unknown: "
                                "lines and zone that need it say so.",
                                className="muted",
                            ),
                            html.Div(fields, className="form-grid"),
                        ]
                    ),
                    dbc.ModalFooter(
                        [
                            build_button("Cancel", ViewerId.MACHINE_CANCEL),
                            build_button("Save", ViewerId.MACHINE_SAVE, icon="check-lg", tone="primary"),
                        ]
                    ),
                ],
                id=ViewerId.MACHINE_DIALOG,
                is_open=False,
                labelledby=ViewerId.MACHINE_TITLE,
                size="lg",
                scrollable=True,
            ),
        ]
    )  # fmt: skip


def build_zone(found: Mapping[str, Any]) -> Component:
    """Return the zone with what it was judged by, or why there is none."""
    if found["zone"] is None:
        return html.Div(
            [build_note(found["reason"], level="info"), _build_source(found)], className="stack-tight"
        )
    zone = found["zone"]
    head = html.P(
        [
            build_badge(f"Zone {zone}", tone=_ZONE_TONES[zone]),
            html.Span(f" {_ZONE_WORDS[zone]}", className="muted"),
        ],
        className="tight",
    )
    value = html.P(
        [
            html.Strong(f"{format_number(round(found['velocity_rms_mm_s'], 3))} mm/s"),
            html.Span(" rms velocity", className="muted"),
        ],
        className="tight",
    )
    return html.Div([head, value, _build_boundaries(found), _build_source(found)], className="stack-tight")


def _build_boundaries(found: Mapping[str, Any]) -> Component:
    edges = found["boundaries"]
    words = " · ".join(f"{name} {format_number(edge)}" for name, edge in _name_edges(edges))
    judged = [f"Boundaries in mm/s: {words}."]
    if found.get("band_hz"):
        low, high = (format_number(edge) for edge in found["band_hz"])
        judged.append(f"Velocity from {low} to {high} Hz.")
    if found.get("group_text"):
        judged.append(f"Group {found['group']}: {found['group_text']}, {found['mounting']} mounting.")
    return html.P(" ".join(judged), className="field-help tight")


def _name_edges(edges: Any) -> list[tuple[str, float]]:
    if isinstance(edges, Mapping):
        return [(str(name), float(edge)) for name, edge in edges.items()]
    return list(zip(("A/B", "B/C", "C/D"), map(float, edges), strict=True))


def _build_source(found: Mapping[str, Any]) -> Component:
    return html.P(found["edition"], className="field-help tight")


def write_field(name: str, details: Mapping[str, Any]) -> str:
    """Return what a field of the form shows of the details."""
    value = details.get(name)
    if isinstance(value, list | tuple):
        return ", ".join(_write_gear(gear) for gear in value)
    if value is None:
        return "unknown" if name in _CHOICES else ""
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _write_gear(gear: Any) -> str:
    return "/".join(f"{teeth:g}" for teeth in gear) if isinstance(gear, list | tuple) else f"{gear:g}"


def read_fields(values: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the details that the form says; None forgets one. What is no number stays text, to be refused
    with its name."""
    return {name: _read_field(name, (values[name] or "").strip()) for name in FIELDS}


def _read_field(name: str, text: str) -> Any:
    if text in ("", "unknown"):
        return None
    if name == "gear_teeth":
        return [_read_gear(part.strip()) for part in text.split(",") if part.strip()]
    return text if name in ("bearing_type", "mounting") else _read_number(text)


def _read_gear(text: str) -> Any:
    parts = [_read_number(part.strip()) for part in text.split("/")]
    return parts[0] if len(parts) == 1 else parts


def _read_number(text: str) -> Any:
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def explain_closed(*, allowed: bool, machine: str | None) -> str | None:
    """Say why the details can't be changed, or None."""
    if machine is None:
        return "This recording names no machine. Give it one in the dataset's metadata."
    return None if allowed else VIEWER_REASON
