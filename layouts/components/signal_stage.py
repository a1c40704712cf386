"""A plot of the signal viewer with its cursors: lines, read-out and keys are of ``assets/signal_*.js``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.forms import build_field
from layouts.components.icons import build_icon
from layouts.components.plots import build_plot
from layouts.components.states import build_skeleton
from layouts.figures.signal_axes import build_blank
from layouts.ids.signal_viewer import ViewerId

HINT: Final = (
    "Drag to zoom, double-click for all of it. Click, or focus and use the arrow keys, to set the cursor."
)
_KEYS: Final = (
    "arrow keys move the cursor, with shift faster, N and P go to the next and previous peak, "
    "up to the highest point, plus and minus zoom, 0 shows all, Escape takes the cursor away"
)
# A double click asks for the whole extent again; "reset" would stop at the first stretch shown.
CONFIG: Final[Mapping[str, Any]] = {
    "doubleClick": "autosize",
    "modeBarButtonsToRemove": ["lasso2d", "select2d", "toImage", "resetScale2d"],
}
_HELP: Final = (
    ("Click, drag", "set the cursor, move any of its lines"),
    ("← →", "one point; with Shift 20"),
    ("N, P", "next and previous peak"),
    ("↑", "the highest point in view"),
    ("H, B", "harmonics, sidebands on and off"),
    ("+ − 0", "zoom in, zoom out, all of it"),
    ("Esc", "no cursor"),
)


def build_stage(
    graph_id: str, title: str, height: str, parts: tuple[str, str, str], *, title_id: str | None = None
) -> Component:
    """Return a plot that takes a cursor; ``parts`` are the ids of its state, its note and its read-out."""
    state_id, note_id, cursor_id = parts
    plot = build_plot(
        graph_id,
        title,
        height=height,
        note=html.Span(id=note_id),
        config=CONFIG,
        title_id=title_id,
        figure=build_blank(),
    )
    stage = html.Div(
        [plot, html.Div(className="viewer-marks")],
        className="viewer-stage",
        tabIndex=0,
        role="group",
        **{
            "aria-label": f"{title}: {_KEYS}",
            "data-viewer": graph_id,
            "data-cursor": cursor_id,
            "data-hint": HINT,
            "data-keys": _KEYS,
        },
    )
    readout = html.P(HINT, id=cursor_id, className="viewer-readout", **{"aria-live": "polite"})
    skeleton = html.Div(build_skeleton(height=height), id=state_id, className="viewer-state")
    return html.Div([skeleton, stage, readout], className="viewer-plot")


def build_cursor_panel(cursors: str) -> Component:
    """Return cursors by numbers and buttons, and the table of what they read; ``cursors`` as an address
    writes them."""
    fields = html.Div(
        [
            build_field("At", _build_number(ViewerId.CURSOR_AT, min=None)),
            build_field("Harmonics", _build_number(ViewerId.CURSOR_HARMONICS, min=0, max=40, step=1)),
            build_field("Sidebands every", _build_number(ViewerId.CURSOR_SPACING, min=0)),
            build_field("pairs", _build_number(ViewerId.CURSOR_PAIRS, min=0, max=20, step=1)),
        ],
        className="viewer-tools",
    )
    buttons = html.Div(
        [
            _build_move("Previous peak", "previous", "chevron-left"),
            _build_move("Next peak", "next", "chevron-right"),
            _build_move("Highest", "highest", "chevron-bar-up"),
            _build_move("Clear", "clear", "x-lg"),
        ],
        className="viewer-tools",
    )
    return html.Section(
        [
            html.Div(
                [
                    html.H2(
                        ["Cursors", html.Span(className="viewer-cursor-of muted")], className="card-heading"
                    ),
                    html.Details(
                        [
                            html.Summary(
                                [build_icon("keyboard"), "Keys"], className="btn btn-light btn-sm action"
                            ),
                            html.Div(_build_help(), className="menu-panel"),
                        ],
                        className="menu",
                    ),
                ],
                className="surface-head",
            ),
            html.Div(
                [
                    html.Div([fields, buttons], className="viewer-cursor-tools"),
                    html.Div(className="viewer-values"),
                ],
                className="surface-body",
            ),
            dcc.Store(id=ViewerId.CURSORS, data=cursors),
        ],
        id=ViewerId.CURSOR_PANEL,
        className="surface viewer-cursor-panel",
        **{"aria-label": "Cursors"},
    )  # fmt: skip


def _build_number(component_id: str, **props: Any) -> dbc.Input:
    return dbc.Input(
        id=component_id, type="number", debounce=True, class_name="viewer-number", **{"step": "any", **props}
    )


def _build_move(label: str, move: str, icon: str) -> html.Button:
    return html.Button(
        [build_icon(icon), html.Span(label)],
        type="button",
        className="btn btn-light btn-sm action",
        **{"data-action": "move-cursor", "data-move": move},
    )


def _build_help() -> Component:
    rows = [html.Div([html.Dt(keys), html.Dd(words)]) for keys, words in _HELP]
    return html.Dl(rows, className="definitions viewer-keys")
