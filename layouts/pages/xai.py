"""Explain: what a classifier looked at in a recording, and how far that can be trusted."""

from __future__ import annotations

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.forms import build_field, build_select
from layouts.components.header import build_page_header
from layouts.components.states import build_button_link, build_empty_state, build_skeleton
from layouts.components.tabs import build_tabs
from layouts.components.url import build_url_store
from layouts.components.xai_atlas import build_atlas_tab
from layouts.components.xai_form import build_form
from layouts.components.xai_kept import build_kept_tab
from layouts.components.xai_plots import HERTZ, build_answer_area
from layouts.ids.xai import XaiId
from layouts.page_spec import NavGroup, PageSpec

TABS = (("recording", "One recording"), ("classes", "Classes"), ("kept", "Kept explanations"))
_DEFAULTS = {"tab": "recording", "part": "test", "axis": HERTZ}
_STORES = (XaiId.ASKED, XaiId.DRAWN, XaiId.WHAT_ASKED, XaiId.WHAT_CURRENT, XaiId.WHAT_DRAWN)


def build_layout(
    experiment: str = "",
    signal: str = "",
    method: str = "",
    explanation: str = "",
    tab: str = "",
    part: str = "",
    axis: str = _DEFAULTS["axis"],
    **_query: Any,
) -> Component:
    """Return the page; the address may name the experiment, a stored signal, a method or an explanation.

    A part of the split without a signal is about the classes.
    """
    shown = tab or ("classes" if part and not signal else _DEFAULTS["tab"])
    wished = {"experiment": experiment, "signal": signal, "method": method, "explanation": explanation}
    contents = {
        "recording": html.Div([build_form(), build_answer_area(axis)], className="diagnose-grid"),
        "classes": build_atlas_tab(part or _DEFAULTS["part"]),
        "kept": build_kept_tab(),
    }
    return html.Div(
        [
            dcc.Store(id=XaiId.PAGE, data=wished),
            dcc.Store(id=XaiId.CURRENT),
            *(dcc.Store(id=store) for store in _STORES),
            build_url_store(
                XaiId.URL,
                *("experiment", "signal", "method", "explanation", "tab", "part", "axis"),
                **_DEFAULTS,
            ),
            build_page_header(
                "Explain", "What a classifier looked at in a recording, and how far that can be trusted."
            ),
            html.Div(build_skeleton(height="320px"), id=XaiId.AREA),
            html.Div(
                [
                    html.Div(
                        build_field("Experiment", build_select(XaiId.EXPERIMENT, [])),
                        className="filter-bar xai-choice",
                    ),
                    html.Div(build_skeleton(1), id=XaiId.STAMP, className="judged-lines"),
                    build_tabs(XaiId.TABS, TABS, contents, shown),
                ],
                id=XaiId.CONTENT,
                hidden=True,
            ),
        ],
        className="page",
    )


def build_nothing() -> Component:
    """Return what the page shows before anything has been trained."""
    state = build_empty_state(
        "No finished experiment yet",
        "There is no classifier whose answers could be explained. Train one first; a forest takes seconds.",
        action=build_button_link("New experiment", "/experiment/new", icon="plus-lg", needs="engineer"),
        icon="eye",
    )
    return html.Div(state, className="surface")


PAGE = PageSpec(
    module="layouts.pages.xai",
    path="/xai",
    title="Explain",
    layout=build_layout,
    nav_group=NavGroup.INSIGHT,
    icon="eye",
)
