"""A condition indicator over time: run to failure, or a machine under watch."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.cards import build_card
from layouts.components.forms import LATEST, build_button, build_field, build_select
from layouts.components.header import build_page_header
from layouts.components.plots import build_plot
from layouts.components.states import build_skeleton
from layouts.components.url import build_url_store
from layouts.ids.condition_trend import TrendId
from layouts.page_spec import PageSpec

# What the series is before the dataset's own are known.
LOADING = "loading"
_DEFAULTS = {"indicator": "rms", "start": "0", "end": "20", "alert": "1", "alarm": "0.1", "scale": "linear"}


def build_layout(
    dataset_id: str | None = None,
    version: str = LATEST,
    channel: str = "",
    group: str = "",
    series: str = "",
    indicator: str = _DEFAULTS["indicator"],
    start: str = _DEFAULTS["start"],
    end: str = _DEFAULTS["end"],
    alert: str = _DEFAULTS["alert"],
    alarm: str = _DEFAULTS["alarm"],
    scale: str = _DEFAULTS["scale"],
    **_query: Any,
) -> Component:
    """Return the page; ``channel`` and ``group`` name a series as the job's link does."""
    place = {
        "dataset_id": dataset_id,
        "version": version,
        "series": series,
        "channel": channel,
        "group": group,
        "indicator": indicator,
    }
    return html.Div(
        [
            dcc.Store(id=TrendId.PAGE, data=place),
            dcc.Store(id=TrendId.ASKED),
            build_url_store(
                TrendId.URL, "series", "indicator", "start", "end", "alert", "alarm", "scale", **_DEFAULTS
            ),
            build_page_header(
                html.Span("Condition trend", id=TrendId.TITLE),
                "A condition indicator over time, with limits learned from a reference period.",
                crumbs=[
                    ("Datasets", "/datasets"),
                    ("Dataset", f"/datasets/{dataset_id}" if dataset_id else "/datasets"),
                ],
            ),
            build_card("What to follow", _build_controls(indicator, start, end, alert, alarm, scale)),
            html.Div(id=TrendId.PROBLEM),
            html.Div(build_skeleton(height="320px"), id=TrendId.STATE),
            html.Div(
                build_button("Compute the indicators", TrendId.COMPUTE, icon="play", tone="primary"),
                id=TrendId.OFFER,
                className="trend-offer",
                hidden=True,
            ),
            html.Div(
                [
                    build_card(
                        None,
                        build_plot(
                            TrendId.PLOT,
                            "Condition trend",
                            height="420px",
                            note=html.Span(id=TrendId.NOTE),
                        ),
                    ),
                    html.Div(id=TrendId.FACTS),
                ],
                id=TrendId.SHOWN,
                className="stack drawn trend-shown",
                hidden=True,
            ),
        ],
        className="page",
    )


def _build_controls(indicator: str, start: str, end: str, alert: str, alarm: str, scale: str) -> Component:
    return html.Div(
        [
            build_field("Series", build_select(TrendId.SERIES, [(LOADING, "Loading")], LOADING)),
            build_field("Indicator", build_select(TrendId.INDICATOR, [(indicator, indicator)], indicator)),
            build_field(
                "Reference from", _build_percent(TrendId.REFERENCE_FROM, start), unit="% of the series"
            ),
            build_field("Reference to", _build_percent(TrendId.REFERENCE_TO, end), unit="% of the series"),
            build_field(
                "False alerts",
                _build_percent(TrendId.ALERT_RATE, alert, step="any"),
                unit="% per observation",
            ),
            build_field(
                "False alarms",
                _build_percent(TrendId.ALARM_RATE, alarm, step="any"),
                unit="% per observation",
            ),
            build_field(
                "Scale",
                build_select(TrendId.SCALE, [("linear", "Linear"), ("log", "Logarithmic")], scale),
            ),
        ],
        className="form-grid trend-form",
    )


def _build_percent(component_id: TrendId, value: str, *, step: Any = 1) -> dbc.Input:
    return dbc.Input(id=component_id, type="number", value=value, min=0, max=100, step=step, debounce=0.4)


PAGE = PageSpec(
    module="layouts.pages.condition_trend",
    path="/datasets/none/trend",
    path_template="/datasets/<dataset_id>/trend",
    title="Condition trend",
    layout=build_layout,
    icon="graph-up",
)
