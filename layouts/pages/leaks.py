"""The leak report: what a split shares between its parts, or what a dataset's splits must keep together."""

from __future__ import annotations

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.cards import build_card
from layouts.components.forms import build_button, build_field, build_select
from layouts.components.header import build_page_header
from layouts.components.states import build_skeleton
from layouts.components.url import build_url_store
from layouts.ids.leaks import LeaksId
from layouts.page_spec import PageSpec

WHOLE = "dataset"


def build_layout(
    dataset_id: str | None = None, split_id: str = WHOLE, version: str = "", **_query: Any
) -> Component:
    """Return the page; without a split it speaks of the version before any split."""
    return html.Div(
        [
            dcc.Store(id=LeaksId.PAGE, data={"dataset_id": dataset_id, "version": version}),
            dcc.Store(id=LeaksId.STARTED),
            build_url_store(LeaksId.URL, "split_id", split_id=WHOLE),
            build_page_header(
                html.Span("Leak report", id=LeaksId.TITLE),
                "Which recordings share a vibration, a bearing or a machine, and what it means for a result.",
                crumbs=[
                    ("Datasets", "/datasets"),
                    ("Dataset", f"/datasets/{dataset_id}?tab=splits" if dataset_id else "/datasets"),
                ],
                actions=[
                    build_field("Report on", build_select(LeaksId.SUBJECT, [(split_id, "Loading")], split_id))
                ],
            ),
            build_card(
                "Comparison of the signals",
                [
                    html.Div(build_skeleton(1), id=LeaksId.COMPARISON),
                    html.Div(id=LeaksId.PROGRESS, **{"aria-live": "polite"}),
                    html.Div(
                        build_button("Compare the signals", LeaksId.START, icon="play", tone="primary"),
                        id=LeaksId.OFFER,
                        hidden=True,
                        className="form-gap",
                    ),
                ],
            ),
            html.Div(build_skeleton(height="320px"), id=LeaksId.REPORT, className="form-gap"),
        ],
        className="page",
    )


PAGE = PageSpec(
    module="layouts.pages.leaks",
    path="/datasets/none/leaks",
    path_template="/datasets/<dataset_id>/leaks",
    title="Leak report",
    layout=build_layout,
    icon="shield-check",
)
