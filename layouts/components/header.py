"""Page header: breadcrumbs, title, one sentence, actions at the right."""

from __future__ import annotations

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component


def build_page_header(
    title: str | Component,
    sentence: str | Component = "",
    *,
    actions: Sequence[Component] = (),
    crumbs: Sequence[tuple[str, str]] = (),
) -> html.Header:
    """Return the header of a page.

    ``crumbs`` are (label, path) of the pages above; a detail page's ``title`` is usually a
    ``html.Span(id=…)`` that its callback fills.
    """
    words = [html.H1(title, className="page-title"), html.P(sentence, className="page-sentence")]
    return html.Header(
        [
            *([build_breadcrumbs(crumbs)] if crumbs else []),
            html.Div(
                [html.Div(words, className="page-words"), html.Div(list(actions), className="page-actions")],
                className="page-header-row",
            ),
        ],
        className="page-header",
    )


def build_breadcrumbs(crumbs: Sequence[tuple[str, str]]) -> html.Nav:
    """Return the way back up."""
    items = [html.Li(dcc.Link(label, href=path)) for label, path in crumbs]
    return html.Nav(html.Ol(items), className="crumbs", **{"aria-label": "Breadcrumb"})
