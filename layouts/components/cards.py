"""Cards, key figures and definition lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component


def build_card(
    title: str | None,
    body: Any,
    *,
    actions: Sequence[Component] = (),
    class_name: str = "",
    flush: bool = False,
) -> html.Section:
    """Return a titled surface. ``flush`` lets a table or list reach the card's edges."""
    head = [
        html.Div(
            [html.H2(title, className="card-heading"), html.Div(list(actions), className="card-tools")],
            className="surface-head",
        )
    ]
    content = html.Div(body, className="surface-body flush" if flush else "surface-body")
    return html.Section([*(head if title else []), content], className=f"surface {class_name}".strip())


def build_key_figures(figures: Sequence[tuple[str, str, str]]) -> html.Dl:
    """Return (label, value, unit) figures in one row; the unit may be empty."""
    cells = []
    for label, value, unit in figures:
        number = [value, html.Span(f" {unit}", className="unit")] if unit else value
        cells.append(html.Div([html.Dt(label), html.Dd(number)], className="key-figure"))
    return html.Dl(cells, className="key-figures")


def build_definitions(rows: Sequence[tuple[str, Any]]) -> html.Dl:
    """Return labelled values, one per line."""
    cells = [html.Div([html.Dt(label), html.Dd(value)]) for label, value in rows]
    return html.Dl(cells, className="definitions")


def build_hash(sha256: str) -> html.Code:
    """Return a hash shortened for reading, whole on hover and when copied from its title."""
    return html.Code(sha256[:12], title=sha256, className="hash")


def build_link_row(href: str, title: Any, detail: Any, side: Any = None) -> dcc.Link:
    """Return a clickable line of a card's list."""
    words = html.Div([html.Div(title, className="row-title"), html.Div(detail, className="row-detail")])
    return dcc.Link([words, html.Div(side, className="row-side")], href=href, className="link-row")
