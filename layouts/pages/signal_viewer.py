"""The signal viewer: waveform, spectra and all other views of one recording, with its fault lines."""

from __future__ import annotations

import re
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.cards import build_card
from layouts.components.header import build_page_header
from layouts.components.signal_controls import QUERY_DEFAULTS, build_view_card, build_waveform_card
from layouts.components.signal_diagnosis import build_diagnosis_card
from layouts.components.signal_line_controls import build_line_controls
from layouts.components.signal_machine import build_machine_card, build_machine_dialog
from layouts.components.signal_options import OPTIONS
from layouts.components.signal_stage import build_cursor_panel
from layouts.components.states import build_skeleton
from layouts.components.url import build_url_store
from layouts.ids.signal_viewer import ViewerId
from layouts.page_spec import PageSpec

_ZOOMS = {
    "x": ViewerId.STRETCH,
    "hz": ViewerId.ZOOM,
    "envelope_hz": ViewerId.ENVELOPE_ZOOM,
    "order": ViewerId.ORDER_ZOOM,
    "delay": ViewerId.DELAY_ZOOM,
    "full_hz": ViewerId.FULL_ZOOM,
}
_PARAMETERS = (
    *("signal", "tab", *_ZOOMS, "cursors", "other"),
    *("lines", "kinds", "harmonics", "speed", "bearing", "kinematics"),
    *OPTIONS,
)
# Cursors as an address writes them: domain, place, harmonics, spacing and pairs of sidebands.
_CURSORS = re.compile(r"[a-z]+(:-?[0-9.e+-]*){1,4}(,[a-z]+(:-?[0-9.e+-]*){1,4}){0,5}")


def build_layout(
    dataset_id: str | None = None, recording_id: str | None = None, channel: str = "", **query: Any
) -> Component:
    """Return the page; the query string holds all that was chosen on it.

    A link from elsewhere may name the ``channel``; the page itself writes the ``signal``, which wins.
    """
    asked = {name: str(query.get(name) or "") for name in _PARAMETERS}
    place = {
        "dataset_id": dataset_id,
        "recording_id": recording_id,
        "signal": asked["signal"],
        "channel": channel,
    }
    return html.Div(
        [
            dcc.Store(id=ViewerId.PAGE, data=place),
            dcc.Store(id=ViewerId.NEIGHBOURS),
            dcc.Store(id=ViewerId.LINES),
            dcc.Store(id=ViewerId.DIAGNOSIS_STAMP),
            *(
                dcc.Store(id=store, data=_read_pair(asked[name], signed=name == "full_hz"))
                for name, store in _ZOOMS.items()
            ),
            build_url_store(ViewerId.URL, *_PARAMETERS, **QUERY_DEFAULTS),
            _build_header(dataset_id),
            html.Div(build_skeleton(height="560px"), id=ViewerId.NOTICE),
            _build_body(asked),
            build_machine_dialog(),
        ],
        className="page",
    )


def _build_body(asked: dict[str, str]) -> Component:
    cursors = asked["cursors"] if _CURSORS.fullmatch(asked["cursors"]) else ""
    main = [
        build_waveform_card(asked),
        build_view_card(asked),
        build_cursor_panel(cursors),
        build_diagnosis_card(),
        _build_words(),
    ]
    side = [build_card("Fault lines", build_line_controls(asked)), build_machine_card()]
    return html.Div(
        [html.Div(main, className="stack"), html.Div(side, className="stack")],
        id=ViewerId.BODY,
        className="viewer-grid",
        hidden=True,
    )


def _read_pair(text: str, *, signed: bool = False) -> list[float] | None:
    """Read "0.5,1.25"; anything else is no range. Only a signed one may begin below zero."""
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        return None
    least = float("-inf") if signed else 0.0
    return [low, high] if least <= low < high < float("inf") and low != float("-inf") else None


def _build_words() -> Component:
    return html.Div(
        [
            build_card("Facts", html.Div(build_skeleton(6), id=ViewerId.FACTS), class_name="viewer-facts"),
            build_card("Quality", html.Div(build_skeleton(2), id=ViewerId.QUALITY)),
        ],
        className="grid-wide",
    )


def _build_header(dataset_id: str | None) -> Component:
    return build_page_header(
        html.Span("Recording", id=ViewerId.TITLE),
        html.Span(id=ViewerId.SENTENCE),
        crumbs=[("Signals", f"/signals?dataset={dataset_id}"), ("Dataset", f"/datasets/{dataset_id}")],
        actions=[
            _build_step(ViewerId.PREVIOUS, "Previous", "chevron-left"),
            _build_step(ViewerId.NEXT, "Next", "chevron-right"),
            dbc.Button(
                [html.I(className="bi bi-activity", **{"aria-hidden": "true"}), html.Span("Diagnose")],
                id=ViewerId.DIAGNOSE,
                color="primary",
                class_name="action",
                href="/diagnose",
            ),
        ],
    )


def _build_step(component_id: str, label: str, icon: str) -> dbc.Button:
    return dbc.Button(
        [html.I(className=f"bi bi-{icon}", **{"aria-hidden": "true"}), html.Span(label)],
        id=component_id,
        color="light",
        class_name="action",
        href="",
        disabled=True,
        title=f"No {label.lower()} recording in this dataset",
    )


PAGE = PageSpec(
    module="layouts.pages.signal_viewer",
    path="/signals/none",
    path_template="/signals/<dataset_id>/<recording_id>",
    title="Signal viewer",
    layout=build_layout,
)
