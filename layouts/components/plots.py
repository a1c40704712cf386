"""A plot with its title, its downloads and its loading state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import dcc, html

from layouts.components.icons import build_icon
from layouts.figures.theme import GRAPH_CONFIG

_DOWNLOADS = ("png", "svg", "csv")


def build_plot(
    graph_id: Any,
    title: str,
    *,
    height: str = "320px",
    note: Any = None,
    config: Mapping[str, Any] | None = None,
    title_id: str | None = None,
    **graph_props: Any,
) -> html.Figure:
    """Return a graph below its title and download buttons; ``note`` is a line such as the Δf in use.

    ``config`` changes entries of the common `GRAPH_CONFIG`. ``title_id`` lets a callback write the title.

    The downloads are handled by ``assets/plots.js``, from the data that the plot shows.
    """
    buttons = [
        html.Button(
            [build_icon("download"), html.Span(kind.upper())],
            type="button",
            className="plot-download",
            title=f"Download {title} as {kind.upper()}",
            **{"data-action": "download-plot", "data-kind": kind, "data-name": title},
        )
        for kind in _DOWNLOADS
    ]
    caption = html.Figcaption(
        [
            html.Span(title, className="plot-title", **({"id": title_id} if title_id else {})),
            html.Span(note, className="plot-note"),
            html.Span(buttons, className="plot-downloads"),
        ],
        className="plot-caption",
    )
    graph = dcc.Graph(
        id=graph_id,
        config={**GRAPH_CONFIG, **(config or {})},
        style={"height": height},
        className="plot-graph",
        **graph_props,
    )
    return html.Figure([caption, graph], className="plot")
