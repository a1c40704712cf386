"""What the stored features of a dataset version look like."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.feature_choice import (
    build_area,
    build_choice,
    build_correlation_area,
    build_page_store,
)
from layouts.components.forms import LATEST, build_button, build_field, build_group, build_select
from layouts.components.header import build_page_header
from layouts.components.plots import build_plot
from layouts.components.states import build_skeleton
from layouts.components.tabs import build_tabs
from layouts.components.url import build_url_store
from layouts.ids.data_explorer import ExplorerId
from layouts.page_spec import PageSpec

TABS = (
    ("distributions", "Distributions"),
    ("projection", "Projection"),
    ("spectra", "Class spectra"),
    ("correlation", "Correlation"),
)
METHODS = (("pca", "Principal components"), ("tsne", "t-SNE"))


def build_layout(
    dataset: str = "",
    version: str = LATEST,
    set: str = "",
    tab: str = "distributions",
    feature: str = "",
    method: str = "pca",
    **_query: Any,
) -> Component:
    """Return the page; without a dataset in the address the newest is shown."""
    contents = {
        "distributions": _build_distributions(feature),
        "projection": _build_projection(method if method in dict(METHODS) else "pca"),
        "spectra": _build_spectra(),
        "correlation": build_correlation_area(ExplorerId),
    }
    return html.Div(
        [
            build_page_store(ExplorerId, dataset, version, set, feature=feature),
            build_url_store(
                ExplorerId.URL,
                *("dataset", "version", "set", "tab", "feature", "method"),
                version=LATEST,
                tab="distributions",
                method="pca",
            ),
            build_page_header(
                "Data explorer",
                "Distributions, projections and spectra of the classes, from stored features only.",
                crumbs=[("Features", "/feature-engineering")],
            ),
            html.Div(build_skeleton(height="320px"), id=ExplorerId.AREA),
            html.Div(
                [
                    build_choice(ExplorerId, dataset, version, set),
                    build_tabs(ExplorerId.TABS, TABS, contents, tab),
                ],
                id=ExplorerId.CONTENT,
                hidden=True,
            ),
        ],
        className="page",
    )


def _build_distributions(feature: str) -> Component:
    chosen = [(feature, feature)] if feature else []
    bar = html.Div(
        build_field("Feature", build_select(ExplorerId.FEATURE, chosen, feature, placeholder="None yet")),
        className="filter-bar",
    )
    plot = build_plot(
        ExplorerId.DISTRIBUTION_PLOT,
        "Distribution per class",
        responsive=True,
        height="380px",
        note=html.Span(id=ExplorerId.DISTRIBUTION_NOTE),
    )
    shown = [html.Div(plot, className="surface surface-body"), html.Div(id=ExplorerId.DISTRIBUTION_TABLE)]
    return html.Div([bar, build_area(ExplorerId.DISTRIBUTION, ExplorerId.DISTRIBUTION_SHOWN, shown)])


def _build_projection(method: str) -> Component:
    options = [{"value": key, "label": label} for key, label in METHODS]
    radio = dbc.RadioItems(id=ExplorerId.METHOD, options=options, value=method, inline=True)
    bar = html.Div(build_group("Projection", radio), className="filter-bar")
    offer = html.Div(
        build_button("Lay out by t-SNE", ExplorerId.PROJECT, icon="play", tone="primary"),
        id=ExplorerId.PROJECT_OFFER,
        className="feature-offer",
        hidden=True,
    )
    plot = build_plot(
        ExplorerId.PROJECTION_PLOT,
        "Windows in two dimensions",
        responsive=True,
        height="560px",
        note=html.Span(id=ExplorerId.PROJECTION_NOTE),
    )
    point = html.P("Click a point to see its recording.", id=ExplorerId.POINT, role="status")
    shown = [html.Div([plot, point], className="surface surface-body")]
    return html.Div([bar, build_area(ExplorerId.PROJECTION, ExplorerId.PROJECTION_SHOWN, shown), offer])


def _build_spectra() -> Component:
    plot = build_plot(
        ExplorerId.SPECTRA_PLOT,
        "Power density per class",
        responsive=True,
        height="460px",
        note=html.Span(id=ExplorerId.SPECTRA_NOTE),
    )
    shown = [html.Div(plot, className="surface surface-body")]
    return build_area(ExplorerId.SPECTRA, ExplorerId.SPECTRA_SHOWN, shown)


PAGE = PageSpec(
    module="layouts.pages.data_explorer",
    path="/data-explorer",
    title="Data explorer",
    layout=build_layout,
    icon="bar-chart-steps",
)
