"""What the fault lines of the signal viewer depend on: kinds, speed, bearing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.bearings import build_bearings_section
from layouts.components.forms import build_field, build_group, build_select
from layouts.components.signal_controls import NO_KINDS, NOT_NAMED, RECORDED_OPTION, USUAL_HARMONICS
from layouts.components.signal_options import build_options, read_number
from layouts.components.states import build_skeleton
from layouts.figures.signal_lines import LINE_KINDS
from layouts.ids.signal_viewer import ViewerId

_MAX_HARMONICS: Final = 20
_KINEMATICS_HELP: Final = (
    "bpfo=3.58,bpfi=5.42,bsf=2.36,ftf=0.398 or n=9,d=7.94,D=39.04,phi=0 (diameters in mm, degrees)"
)


def build_line_controls(asked: Mapping[str, str]) -> Component:
    """Return what the fault lines depend on, and room for what is said of them."""
    bearing = asked["bearing"] or RECORDED_OPTION[0][0]
    kinematics = dbc.Input(
        id=ViewerId.KINEMATICS,
        type="text",
        value=asked["kinematics"],
        debounce=True,
        placeholder="bpfo=3.58,…",
    )
    return html.Div(
        [
            dbc.Switch(id=ViewerId.SHOW_LINES, label="Show in the spectra", value=asked["lines"] != "false"),
            build_group("Kinds", _build_kinds(asked["kinds"])),
            html.Div([_build_harmonics(asked), *build_options(asked, "slip")], className="viewer-pair"),
            build_field("Shaft speed", _build_speed(asked), unit="rpm"),
            *build_options(asked, "estimate"),
            build_field(
                "Bearing", build_select(ViewerId.BEARING, [*RECORDED_OPTION, *_keep(bearing)], bearing)
            ),
            html.Div(
                build_field("Orders or geometry", kinematics, help_text=_KINEMATICS_HELP),
                id=ViewerId.KINEMATICS_FIELD,
                hidden=True,
            ),
            build_bearings_section(),
            html.Div(build_skeleton(3), id=ViewerId.LINES_AREA),
        ],
        className="stack-tight",
    )


def _build_kinds(asked: str) -> dbc.Checklist:
    kinds = [kind for kind in asked.split(",") if kind in LINE_KINDS]
    if not kinds and asked != NO_KINDS:
        kinds = list(LINE_KINDS)
    options = [{"value": key, "label": label} for key, label in LINE_KINDS.items()]
    return dbc.Checklist(id=ViewerId.KINDS, options=options, value=kinds, class_name="viewer-kinds")


def _build_harmonics(asked: Mapping[str, str]) -> Component:
    harmonics = read_number(asked["harmonics"])
    number = dbc.Input(
        id=ViewerId.HARMONICS,
        type="number",
        min=1,
        max=_MAX_HARMONICS,
        step=1,
        debounce=True,
        value=int(harmonics) if harmonics else USUAL_HARMONICS,
    )
    return build_field("Harmonics", number)


def _build_speed(asked: Mapping[str, str]) -> dbc.Input:
    return dbc.Input(
        id=ViewerId.SPEED,
        type="number",
        min=0,
        step="any",
        debounce=True,
        value=read_number(asked["speed"]),
        placeholder="unknown",
    )


def _keep(value: str) -> list[tuple[str, str]]:
    """A value from the address is an option before the real options are here, or the select would drop it."""
    return [(value, value)] if value not in NOT_NAMED else []
