"""The plots of the signal viewer with their controls."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.forms import build_button, build_field, build_group, build_select
from layouts.components.plots import build_plot
from layouts.components.states import build_skeleton
from layouts.components.tabs import build_tabs
from layouts.figures.signals import LINE_KINDS, build_blank
from layouts.ids.signal_viewer import ViewerId

TABS = (("spectrum", "Spectrum"), ("psd", "PSD"), ("envelope", "Envelope spectrum"))
UNITS = (("hz", "Hz"), ("cpm", "CPM"), ("orders", "Orders"))
SCALES = (("auto", "Usual"), ("linear", "Linear"), ("log", "Logarithmic"))
RECORDED_OPTION = (("recorded", "As recorded"),)
OTHER_BEARING = "other"
NOT_NAMED = (None, "", "recorded", OTHER_BEARING)
NO_KINDS = "none"
_MAX_HARMONICS = 10
_USUAL_HARMONICS = 3
# What the page shows where its address does not say otherwise.
QUERY_DEFAULTS = {
    "tab": TABS[0][0],
    "unit": UNITS[0][0],
    "scale": SCALES[0][0],
    "lines": "true",
    "kinds": ",".join(LINE_KINDS),
    "harmonics": str(_USUAL_HARMONICS),
    "bearing": RECORDED_OPTION[0][0],
}

_HINT = "Drag to zoom, double-click for all of it. Click, or focus and use the arrow keys, to set the cursor."
_KEYS = "arrow keys move the cursor, up goes to the highest point, plus and minus zoom, 0 shows all"
_TAKE_HELP = "Take what the spectrum or PSD is zoomed to; without a zoom, the suggested band"
_KINEMATICS_HELP = (
    "bpfo=3.58,bpfi=5.42,bsf=2.36,ftf=0.398 or n=9,d=7.94,D=39.04,phi=0 (diameters in mm, degrees)"
)


def _read_choice(text: str, options: tuple[tuple[str, str], ...]) -> str:
    return text if text in dict(options) else options[0][0]


def _read_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0.0 <= number < float("inf") else None


def build_waveform_card() -> Component:
    """Return the waveform with the choice of channel and stretch."""
    tools = html.Div(
        [
            build_field("Channel", build_select(ViewerId.CHANNEL, [])),
            build_field("From", _build_number(ViewerId.FROM), unit="s"),
            build_field("to", _build_number(ViewerId.TO), unit="s"),
            build_button(
                "Whole signal", ViewerId.WHOLE, icon="arrows-expand", title="Or double-click the plot"
            ),
        ],
        className="viewer-tools",
    )
    plot = _build_stage(
        ViewerId.WAVEFORM,
        ViewerId.STRETCH,
        "Waveform",
        "236px",
        (ViewerId.WAVEFORM_STATE, ViewerId.WAVEFORM_NOTE, ViewerId.WAVEFORM_CURSOR),
    )
    return html.Section([tools, plot], className="surface viewer-card", **{"aria-label": "Waveform"})


def _build_number(component_id: str, value: float | None = None, **props: Any) -> dbc.Input:
    return dbc.Input(
        id=component_id, type="number", min=0, step="any", value=value, class_name="viewer-number", **props
    )


def _build_stage(
    graph_id: str, store_id: str, title: str, height: str, parts: tuple[str, str, str]
) -> Component:
    """A plot with its cursor: line, read-out and keys are of ``assets/signal_viewer.js``."""
    state_id, note_id, cursor_id = parts
    plot = build_plot(
        graph_id, title, height=height, note=html.Span(id=note_id), figure=build_blank(), config=_CONFIG
    )
    return html.Div(
        [
            html.Div(build_skeleton(height=height), id=state_id, className="viewer-state"),
            html.Div(
                [plot, html.Div(className="viewer-cursor", hidden=True)],
                className="viewer-stage",
                tabIndex=0,
                role="group",
                **{
                    "aria-label": f"{title}: {_KEYS}",
                    "data-viewer": graph_id,
                    "data-zoom": store_id,
                    "data-cursor": cursor_id,
                    "data-hint": _HINT,
                },
            ),
            html.P(
                _HINT,
                id=cursor_id,
                className="viewer-readout",
                **{"aria-live": "polite"},
            ),
        ],
        className="viewer-plot",
    )


# A double click asks for the whole extent again; "reset" would stop at the first stretch shown.
_CONFIG = {
    "doubleClick": "autosize",
    "modeBarButtonsToRemove": ["lasso2d", "select2d", "toImage", "resetScale2d"],
}


def build_spectral_card(asked: dict[str, str]) -> Component:
    """Return the spectral views, one tab each; `asked` is what the address says."""
    tools = html.Div(
        [
            build_field(
                "Frequency in", build_select(ViewerId.UNIT, UNITS, _read_choice(asked["unit"], UNITS))
            ),
            build_field(
                "Amplitude", build_select(ViewerId.SCALE, SCALES, _read_choice(asked["scale"], SCALES))
            ),
        ],
        className="viewer-tools",
    )
    contents = {
        "spectrum": [
            _build_stage(
                ViewerId.SPECTRUM,
                ViewerId.ZOOM,
                "Spectrum",
                "330px",
                (ViewerId.SPECTRUM_STATE, ViewerId.SPECTRUM_NOTE, ViewerId.SPECTRUM_CURSOR),
            ),
            _build_peaks_area(ViewerId.SPECTRUM_PEAKS),
        ],
        "psd": [
            _build_stage(
                ViewerId.PSD,
                ViewerId.ZOOM,
                "Power spectral density",
                "330px",
                (ViewerId.PSD_STATE, ViewerId.PSD_NOTE, ViewerId.PSD_CURSOR),
            )
        ],
        "envelope": [
            _build_band_tools(asked),
            _build_stage(
                ViewerId.ENVELOPE,
                ViewerId.ENVELOPE_ZOOM,
                "Envelope spectrum",
                "330px",
                (ViewerId.ENVELOPE_STATE, ViewerId.ENVELOPE_NOTE, ViewerId.ENVELOPE_CURSOR),
            ),
            _build_peaks_area(ViewerId.ENVELOPE_PEAKS),
        ],
    }
    tabs = build_tabs(ViewerId.TABS, TABS, contents, asked["tab"])
    return html.Section(
        [tools, tabs], className="surface viewer-card viewer-spectral", **{"aria-label": "Spectral views"}
    )


def _build_band_tools(asked: dict[str, str]) -> Component:
    low = _build_number(ViewerId.BAND_LOW, _read_number(asked["low"]), debounce=True)
    high = _build_number(ViewerId.BAND_HIGH, _read_number(asked["high"]), debounce=True)
    return html.Div(
        [
            build_field("Band from", low, unit="Hz"),
            build_field("to", high, unit="Hz"),
            build_button("Take the spectrum's zoom", ViewerId.BAND_TAKE, icon="crop", title=_TAKE_HELP),
        ],
        className="viewer-tools",
    )  # fmt: skip


def _build_peaks_area(area_id: str) -> Component:
    return html.Details(
        [html.Summary("Highest peaks in view"), html.Div(id=area_id)], className="viewer-peaks"
    )


def build_line_controls(asked: dict[str, str]) -> Component:
    """Return what the fault lines depend on, and room for what is said of them."""
    kinds = [kind for kind in asked["kinds"].split(",") if kind in LINE_KINDS]
    if not kinds and asked["kinds"] != NO_KINDS:
        kinds = list(LINE_KINDS)
    harmonics, bearing = _read_number(asked["harmonics"]), asked["bearing"] or RECORDED_OPTION[0][0]
    kinematics = dbc.Input(
        id=ViewerId.KINEMATICS,
        type="text",
        value=asked["kinematics"],
        debounce=True,
        placeholder="bpfo=3.58,…",
    )
    return html.Div(
        [
            dbc.Switch(
                id=ViewerId.SHOW_LINES, label="Show in the spectra", value=asked["lines"] != "false"
            ),
            build_group(
                "Kinds",
                dbc.Checklist(
                    id=ViewerId.KINDS,
                    options=[{"value": key, "label": label} for key, label in LINE_KINDS.items()],
                    value=kinds,
                ),
            ),
            html.Div(
                [
                    build_field(
                        "Harmonics",
                        dbc.Input(
                            id=ViewerId.HARMONICS, type="number", min=1, max=_MAX_HARMONICS, step=1,
                            debounce=True, value=int(harmonics) if harmonics else _USUAL_HARMONICS,
                        ),
                    ),
                    build_field(
                        "Shaft speed",
                        dbc.Input(
                            id=ViewerId.SPEED, type="number", min=0, step="any", debounce=True,
                            value=_read_number(asked["speed"]), placeholder="unknown",
                        ),
                        unit="rpm",
                    ),
                ],
                className="viewer-pair",
            ),
            build_field(
                "Bearing",
                build_select(ViewerId.BEARING, [*RECORDED_OPTION, *_keep(bearing)], bearing),
            ),
            html.Div(
                build_field(
                    "Orders or geometry",
                    kinematics,
                    help_text=_KINEMATICS_HELP,
                ),
                id=ViewerId.KINEMATICS_FIELD,
                hidden=True,
            ),
            html.Div(build_skeleton(3), id=ViewerId.LINES_AREA),
        ],
        className="stack-tight",
    )  # fmt: skip


def _keep(value: str) -> list[tuple[str, str]]:
    """A value from the address is an option before the real options are here, or the select would drop it."""
    return [(value, value)] if value not in NOT_NAMED else []
