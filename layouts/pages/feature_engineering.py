"""Features of a dataset version: extract once, then rate, choose and keep."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.cards import build_card
from layouts.components.feature_choice import (
    DOMAINS,
    build_area,
    build_choice,
    build_correlation_area,
    build_page_store,
)
from layouts.components.feature_sets import build_deletion_dialog
from layouts.components.forms import ALL, LATEST, build_button, build_field, build_select
from layouts.components.header import build_page_header
from layouts.components.plots import build_plot
from layouts.components.states import build_skeleton
from layouts.components.tabs import build_tabs
from layouts.components.url import build_url_store
from layouts.ids.feature_engineering import FeaturesId
from layouts.page_spec import NavGroup, PageSpec

TABS = (
    ("extract", "Extract"),
    ("importance", "Importance"),
    ("selection", "Selection"),
    ("correlation", "Correlation"),
    ("sets", "Saved sets"),
)
IMPORTANCE_METHODS = (
    ("mutual_info", "Mutual information"),
    ("random_forest", "Random forest"),
    ("permutation", "Permutation"),
)
_STORES = (FeaturesId.CHANGED, FeaturesId.EXTRACTED, FeaturesId.KEPT, FeaturesId.DELETED)
SELECTION_METHODS = (
    ("mrmr", "mRMR: relevant, not redundant"),
    ("mutual_info", "Mutual information"),
    ("rfe", "Recursive elimination"),
    ("variance", "Variance"),
)


def build_layout(
    dataset: str = "",
    version: str = LATEST,
    set: str = "",
    tab: str = "extract",
    **_query: Any,
) -> Component:
    """Return the page; without a dataset in the address the newest is shown."""
    contents = {
        "extract": _build_extraction(),
        "importance": _build_importance(),
        "selection": _build_selection(),
        "correlation": build_correlation_area(FeaturesId),
        "sets": build_card(
            "Stored sets of this dataset", html.Div(build_skeleton(4), id=FeaturesId.SETS), flush=True
        ),
    }
    return html.Div(
        [
            build_page_store(FeaturesId, dataset, version, set),
            *(dcc.Store(id=store) for store in _STORES),
            build_url_store(
                FeaturesId.URL, "dataset", "version", "set", "tab", version=LATEST, tab="extract"
            ),
            build_page_header(
                "Features",
                "Numbers that describe each window of a recording: extracted once per dataset version, then "
                "rated, chosen and kept.",
                actions=[
                    dbc.Button(
                        "Explore the data",
                        id=FeaturesId.EXPLORE,
                        href="/data-explorer",
                        color="light",
                        class_name="action",
                    )
                ],
            ),
            html.Div(build_skeleton(height="320px"), id=FeaturesId.AREA),
            html.Div(
                [
                    build_choice(FeaturesId, dataset, version, set),
                    html.Div(id=FeaturesId.PROGRESS),
                    build_tabs(FeaturesId.TABS, TABS, contents, tab),
                ],
                id=FeaturesId.CONTENT,
                hidden=True,
            ),
            build_deletion_dialog(),
        ],
        className="page",
    )


def _build_extraction() -> Component:
    fields = html.Div(
        [
            build_field("Domain", build_select(FeaturesId.DOMAIN, DOMAINS, "all")),
            build_field("Channel", build_select(FeaturesId.CHANNEL, [(ALL, "All")], ALL)),
            build_field("Window", _build_number(FeaturesId.WINDOW, 1.0, step="any"), unit="s"),
            build_field(
                "Hop", _build_number(FeaturesId.HOP, None, step="any", placeholder="as the window"), unit="s"
            ),
            build_field(
                "Analysis rate",
                _build_number(FeaturesId.RATE, None, step="any", placeholder="lowest of the signals"),
                unit="Hz",
            ),
            build_field("Windows per signal", _build_number(FeaturesId.LIMIT, 200), unit="at most"),
        ],
        className="form-grid",
    )
    start = build_button("Extract features", FeaturesId.EXTRACT, icon="play", tone="primary")
    words = html.P(
        "Every signal is brought to one rate and cut into windows. Order features need the shaft speed of "
        "every recording, lines of bearing faults its bearing's orders, too; what is not known is left out, "
        "and said.",
        className="field-help",
    )
    form = build_card("New extraction", [fields, words, html.Div(start, className="form-actions")])
    return html.Div([form, html.Div(build_skeleton(4), id=FeaturesId.SUMMARY)], className="stack")


def _build_number(
    component_id: FeaturesId, value: float | None, *, step: Any = 1, placeholder: str = ""
) -> dbc.Input:
    return dbc.Input(id=component_id, type="number", value=value, min=0, step=step, placeholder=placeholder)


def _build_split_select(component_id: FeaturesId) -> dbc.Select:
    return build_select(component_id, [], placeholder="No split of this version")


def _build_importance() -> Component:
    form = html.Div(
        [
            build_field("Split", _build_split_select(FeaturesId.SPLIT)),
            build_field("Method", build_select(FeaturesId.METHOD, IMPORTANCE_METHODS, "mutual_info")),
            build_button("Rate the features", FeaturesId.RATE_FEATURES, icon="play", tone="primary"),
        ],
        className="filter-bar",
    )
    plot = build_plot(
        FeaturesId.IMPORTANCE_PLOT,
        "Importance of features",
        responsive=True,
        height="640px",
        note=html.Span(id=FeaturesId.IMPORTANCE_NOTE),
    )
    shown = [html.Div(plot, className="surface surface-body")]
    return html.Div([form, build_area(FeaturesId.IMPORTANCE, FeaturesId.IMPORTANCE_SHOWN, shown)])


def _build_selection() -> Component:
    form = html.Div(
        [
            build_field("Split", _build_split_select(FeaturesId.SELECTION_SPLIT)),
            build_field("Method", build_select(FeaturesId.SELECTION_METHOD, SELECTION_METHODS, "mrmr")),
            build_field("Features", _build_number(FeaturesId.NUMBER, 15)),
            build_button("Choose features", FeaturesId.CHOOSE, icon="play", tone="primary"),
        ],
        className="filter-bar",
    )
    name = dbc.Input(
        id=FeaturesId.SELECTION_NAME, type="text", maxlength=120, placeholder="For example Best 15"
    )
    keep = html.Div(
        [
            build_field("Keep them as", name),
            build_button("Save the selection", FeaturesId.KEEP, icon="bookmark"),
        ],
        id=FeaturesId.KEEP_FORM,
        className="filter-bar",
        hidden=True,
    )
    chosen = build_card("Chosen features", html.Div(build_skeleton(4), id=FeaturesId.SELECTION))
    return html.Div([form, chosen, keep, dcc.Store(id=FeaturesId.SELECTED)], className="stack")


PAGE = PageSpec(
    module="layouts.pages.feature_engineering",
    path="/feature-engineering",
    title="Features",
    layout=build_layout,
    nav_group=NavGroup.DATA,
    icon="bar-chart-steps",
)
