"""The signal viewer: waveform and spectra of one recording, with the fault lines of its bearing."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.cards import build_card
from layouts.components.header import build_page_header
from layouts.components.signal_controls import (
    QUERY_DEFAULTS,
    build_line_controls,
    build_spectral_card,
    build_waveform_card,
)
from layouts.components.states import build_skeleton
from layouts.components.url import build_url_store
from layouts.ids.signal_viewer import ViewerId
from layouts.page_spec import PageSpec

_PARAMETERS = (
    *("signal", "x", "tab", "hz", "envelope_hz", "unit", "scale", "low", "high"),
    *("lines", "kinds", "harmonics", "speed", "bearing", "kinematics"),
)


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
            dcc.Store(id=ViewerId.STRETCH, data=_read_pair(asked["x"])),
            dcc.Store(id=ViewerId.ZOOM, data=_read_pair(asked["hz"])),
            dcc.Store(id=ViewerId.ENVELOPE_ZOOM, data=_read_pair(asked["envelope_hz"])),
            build_url_store(ViewerId.URL, *_PARAMETERS, **QUERY_DEFAULTS),
            _build_header(dataset_id),
            html.Div(build_skeleton(height="560px"), id=ViewerId.NOTICE),
            html.Div(
                [
                    html.Div(
                        [build_waveform_card(), build_spectral_card(asked), _build_words()], className="stack"
                    ),
                    build_card("Fault lines", build_line_controls(asked)),
                ],
                id=ViewerId.BODY,
                className="viewer-grid",
                hidden=True,
            ),
        ],
        className="page",
    )


def _read_pair(text: str) -> list[float] | None:
    """Read "0.5,1.25"; anything else is no range."""
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return [low, high] if 0.0 <= low < high < float("inf") else None


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
