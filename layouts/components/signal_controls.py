"""The waveform and the views of the signal viewer with their controls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.forms import build_button, build_field, build_select
from layouts.components.icons import build_icon
from layouts.components.plots import build_plot
from layouts.components.signal_options import OPTIONS, VIEWS, build_options
from layouts.components.signal_stage import build_stage
from layouts.components.tabs import build_tabs
from layouts.figures.signal_axes import build_blank
from layouts.figures.signal_lines import LINE_KINDS
from layouts.ids.signal_viewer import ViewerId

RECORDED_OPTION: Final = (("recorded", "As recorded"),)
OTHER_BEARING: Final = "other"
NOT_NAMED: Final = (None, "", "recorded", OTHER_BEARING)
NO_KINDS: Final = "none"
USUAL_HARMONICS: Final = 3

# What the page shows where its address does not say otherwise.
QUERY_DEFAULTS: Final = {
    "tab": VIEWS[0][0],
    "lines": "true",
    "kinds": ",".join(LINE_KINDS),
    "harmonics": str(USUAL_HARMONICS),
    "bearing": RECORDED_OPTION[0][0],
    **{option.name: option.usual for option in OPTIONS.values() if option.usual},
}

_TAKE_HELP = "Take what the spectrum or PSD is zoomed to; without a zoom, the suggested band"


def build_waveform_card(asked: Mapping[str, str]) -> Component:
    """Return the waveform with the choice of channel, quantity and stretch, and its sound."""
    tools = html.Div(
        [
            build_field("Channel", build_select(ViewerId.CHANNEL, [])),
            *build_options(asked, "quantity"),
            build_field("From", _build_edge(ViewerId.FROM), unit="s"),
            build_field("to", _build_edge(ViewerId.TO), unit="s"),
            dbc.Button(
                [
                    build_icon("arrows-expand-vertical"),
                    html.Span("Whole signal", className="visually-hidden"),
                ],
                id=ViewerId.WHOLE,
                color="light",
                class_name="action",
                title="Whole signal; or double-click the plot",
            ),
        ],
        className="viewer-tools",
    )
    plot = build_stage(
        ViewerId.WAVEFORM,
        "Waveform",
        "236px",
        (ViewerId.WAVEFORM_STATE, ViewerId.WAVEFORM_NOTE, ViewerId.WAVEFORM_CURSOR),
    )
    return html.Section(
        [tools, plot, html.Div(id=ViewerId.LEVELS, className="viewer-levels"), _build_sound()],
        className="surface viewer-card",
        **{"aria-label": "Waveform"},
    )


def _build_edge(component_id: str) -> dbc.Input:
    return dbc.Input(
        id=component_id, type="number", min=0, step="any", class_name="viewer-number viewer-edge"
    )


def _build_sound() -> Component:
    """The visible stretch, or a band of it, to be heard."""
    speeds = [("0.25", "¼"), ("0.5", "½"), ("1", "As it is"), ("2", "2 ×"), ("4", "4 ×")]
    low, high = (
        dbc.Input(id=each, type="number", min=0, step="any", class_name="viewer-number", placeholder=words)
        for each, words in ((ViewerId.SOUND_LOW, "lowest"), (ViewerId.SOUND_HIGH, "highest"))
    )
    tools = html.Div(
        [
            build_field("Band from", low, unit="Hz"),
            build_field("to", high, unit="Hz"),
            build_field("Speed", build_select(ViewerId.SOUND_SPEED, speeds, "1")),
            build_button("Prepare the sound", ViewerId.SOUND_START, icon="volume-up"),
        ],
        className="viewer-tools",
    )
    area = html.Div(id=ViewerId.SOUND_AREA, **{"aria-live": "polite"})
    return html.Details([html.Summary("Listen to the visible stretch"), tools, area], className="viewer-more")


def build_view_card(asked: Mapping[str, str]) -> Component:
    """Return the views, one tab each over one plot; ``asked`` is what the address says."""
    plot = build_stage(
        ViewerId.VIEW,
        "View",
        "360px",
        (ViewerId.VIEW_STATE, ViewerId.VIEW_NOTE, ViewerId.VIEW_CURSOR),
        title_id=ViewerId.VIEW_TITLE,
    )
    tabs = build_tabs(ViewerId.TABS, VIEWS, _build_tools(asked), asked["tab"])
    words = [
        html.Div(build_options(asked, "peaks"), className="viewer-tools viewer-peaks"),
        html.Div(id=ViewerId.VIEW_WORDS),
    ]
    common = html.Div(build_options(asked, "unit", "scale"), className="viewer-tools viewer-common")
    return html.Section(
        [tabs, common, plot, *words],
        className="surface viewer-card viewer-views",
        **{"aria-label": "Views"},
    )


def _build_tools(asked: Mapping[str, str]) -> dict[str, Any]:
    """What can be chosen for each view."""
    tools = {
        "spectrum": build_options(asked, "window", "reading"),
        "psd": build_options(asked, "df"),
        "envelope": _build_band_tools(asked),
        "spectrogram": build_options(asked, "segment", "overlap"),
        "cyclic": [],
        "cepstrum": build_options(asked, "cepstrum", "cepstrum_white"),
        "orders": build_options(asked, "order_of", "tracked"),
        "order_map": build_options(asked, "map_of", "map_by"),
        "autocorrelation": build_options(asked, "lag_of"),
        "average": build_options(asked, "turns", "ratio"),
        "orbit": build_options(asked, "orbit_filter", "orbit_turns"),
        "full": [],
        "compare": _build_compare_tools(asked),
    }
    filled = {key: html.Div(parts, className="viewer-tools") for key, parts in tools.items()}
    filled["envelope"] = html.Div([filled["envelope"], _build_kurtogram_area()])
    return filled


def _build_band_tools(asked: Mapping[str, str]) -> list[Component]:
    return [
        *build_options(asked, "low", "high"),
        build_button("Take the spectrum's zoom", ViewerId.BAND_TAKE, icon="crop", title=_TAKE_HELP),
        *build_options(asked, "env", "white", "kurtogram"),
    ]


def _build_kurtogram_area() -> Component:
    """Bands by level: a click, or the arrow keys and Enter, choose the band of the envelope."""
    plot = build_plot(
        ViewerId.KURTOGRAM,
        "Kurtogram",
        height="300px",
        note=html.Span(id=ViewerId.KURTOGRAM_NOTE),
        figure=build_blank(),
    )
    stage = html.Div(
        [plot, html.Div(className="viewer-cell", hidden=True)],
        className="viewer-stage",
        tabIndex=0,
        role="group",
        **{
            "aria-label": "Kurtogram: arrow keys move over the bands, Enter takes one",
            "data-kurtogram": ViewerId.KURTOGRAM,
        },
    )
    hint = html.P(
        "Click a cell, or focus and use the arrow keys and Enter, to take its band.",
        className="viewer-readout viewer-cell-words",
        **{"aria-live": "polite"},
    )
    return html.Div(
        [
            html.Div(id=ViewerId.KURTOGRAM_STATE, className="viewer-state"),
            stage,
            hint,
            html.Div(id=ViewerId.KURTOGRAM_BANDS),
        ],
        id=ViewerId.KURTOGRAM_AREA,
        className="viewer-plot viewer-kurtogram",
        hidden=True,
    )


def _build_compare_tools(asked: Mapping[str, str]) -> list[Component]:
    search = dbc.Input(
        id=ViewerId.OTHER_SEARCH,
        type="search",
        debounce=0.35,
        placeholder="Name, class, machine …",
        class_name="viewer-search",
        maxlength=120,
    )
    chosen = asked["other"]
    kept = [(chosen, f"Signal {chosen}")] if chosen else []
    other = build_select(ViewerId.OTHER, [("", "Choose a recording"), *kept], chosen)
    return [
        build_field("Search this dataset", search),
        build_field("Second recording", other),
        *build_options(asked, "with", "align"),
    ]
