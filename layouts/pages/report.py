"""The report of a diagnosis: the same document as its HTML file and its PDF."""

from __future__ import annotations

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.header import build_page_header
from layouts.components.states import build_skeleton
from layouts.ids.report import ReportId
from layouts.page_spec import PageSpec


def build_layout(diagnosis_id: str | None = None, **_query: Any) -> Component:
    """Return the page of one report."""
    return html.Div(
        [
            dcc.Store(id=ReportId.PAGE, data={"diagnosis_id": diagnosis_id}),
            build_page_header(
                html.Span("Report", id=ReportId.TITLE),
                html.Span(id=ReportId.SENTENCE),
                actions=[html.Div(id=ReportId.ACTIONS, className="page-actions")],
                crumbs=[("Diagnose", "/diagnose"), ("Diagnoses", "/reports")],
            ),
            html.Div(build_skeleton(height="420px"), id=ReportId.BODY, className="report"),
        ],
        className="page",
    )


PAGE = PageSpec(
    module="layouts.pages.report",
    path="/reports/none",
    path_template="/reports/<diagnosis_id>",
    title="Report",
    layout=build_layout,
)
