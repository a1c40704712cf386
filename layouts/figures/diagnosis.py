"""A diagnosis in figures: the classifier's windows over time, and the curves with the lines looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from layouts.components.badges import format_class
from layouts.figures.signal_axes import QUIET, TRACE, build_trace, tone, word_hover
from layouts.figures.signal_lines import LABEL_ROW_PX, place_labels
from layouts.figures.theme import OKABE_ITO, build_figure, class_colour, escape_markup

MOST_COLUMNS = 600
# A band that holds no more than random ones.
_PALE = "#8A94A3"
_SCALES = {
    "light": [[0.0, "#F3F5F8"], [1.0, OKABE_ITO["blue"]]],
    "dark": [[0.0, "#1D252E"], [1.0, OKABE_ITO["sky_blue"]]],
}


def pool_windows(
    start_s: Sequence[float], probabilities: Sequence[Sequence[float]], most: int = MOST_COLUMNS
) -> tuple[list[float], list[list[float]], int]:
    """Return ``(start_s, probabilities, n_pooled)`` with neighbours averaged where there are too many.

    ``probabilities`` has the shape ``(n_windows, n_classes)``.
    """
    n_pooled = max(-(-len(start_s) // most), 1)
    groups = [probabilities[first : first + n_pooled] for first in range(0, len(start_s), n_pooled)]
    means = [[sum(column) / len(group) for column in zip(*group, strict=True)] for group in groups]
    return list(start_s[::n_pooled]), means, n_pooled


def build_timeline_figure(windows: dict[str, Any], theme: str) -> go.Figure:
    """Return a strip per class whose depth is its probability in each window."""
    start_s, probabilities, n_pooled = pool_windows(windows["start_s"], windows["probabilities"])
    names = [format_class(name) for name in windows["class_names"]]
    rows = [list(row) for row in zip(*probabilities, strict=True)]
    figure = build_figure(theme, x=("Start of the window", "s"), y=("Class", "1"), uirevision="timeline")
    what = "window" if n_pooled == 1 else f"mean of {n_pooled} windows"
    figure.add_trace(
        go.Heatmap(
            x=start_s,
            y=names,
            z=rows,
            zmin=0.0,
            zmax=1.0,
            ygap=3,
            colorscale=_SCALES["dark" if theme == "dark" else "light"],
            colorbar={
                "title": {"text": "Probability"},
                "thickness": 10,
                "tickformat": ".0%",
                "outlinewidth": 0,
            },
            hovertemplate=f"%{{y}}: %{{z:.1%}}<br>{what} from %{{x:.3f}} s<extra></extra>",
        )
    )
    figure.update_yaxes(title_text="", autorange="reversed", showgrid=False)
    figure.update_xaxes(showgrid=False)
    return figure


def build_view_figure(view: Mapping[str, Any], theme: str) -> go.Figure:
    """Return one of a diagnosis's curves; lines that were found stand out, missing ones are dotted."""
    quantity = (view["y"]["name"], view["y"]["unit"])
    figure = build_figure(
        theme, x=(view["x"]["name"], view["x"]["unit"]), y=quantity, uirevision=view["key"], hovermode="x"
    )
    hover = word_hover(".5~g", view["x"]["unit"], view["y"]["unit"])
    if view["floor"]:
        floor = build_trace(
            view["x"]["values"],
            view["floor"],
            tone(QUIET, theme),
            "floor " + hover,
            width=1,
            name="Noise floor",
        )
        figure.add_trace(floor.update(line_dash="dot"))
    figure.add_trace(build_trace(view["x"]["values"], view["y"]["values"], tone(TRACE, theme), hover))
    if view["floor"]:
        figure.update_yaxes(rangemode="tozero")
    _draw_looked_for(figure, view, theme)
    return figure


def _draw_looked_for(figure: go.Figure, view: Mapping[str, Any], theme: str) -> None:
    ordered = sorted(view["lines"], key=lambda line: (not line["is_found"], line["expected_hz"]))
    positions = [_locate(line) for line in ordered]
    span = (0.0, float(view["x"]["values"][-1]))
    rows = place_labels(positions, span)
    pairs = list(zip(ordered, positions, rows, strict=True))
    shown = [(line, at, row) for line, at, row in pairs if row is not None]
    figure.update_layout(
        shapes=[
            *(_build_band(band) for band in view["bands"]),
            *(_build_upright(line, at, theme) for line, at, _row in pairs),
        ],
        annotations=[_build_label(line, at, row, theme) for line, at, row in shown],
        margin={"t": 14 + LABEL_ROW_PX * max((row + 1 for _line, _at, row in shown), default=0), "r": 14},
    )


def _locate(line: Mapping[str, Any]) -> float:
    found = line["found_hz"] if line["is_found"] else None
    return float(line["expected_hz"] if found is None else found)


def _build_band(band: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "rect",
        "x0": band["low_hz"],
        "x1": band["high_hz"],
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "layer": "below",
        "line": {"width": 0},
        "fillcolor": class_colour(band["fault_class"]),
        "opacity": 0.13,
    }


def _build_upright(line: Mapping[str, Any], position: float, theme: str) -> dict[str, Any]:
    found = line["is_found"]
    pen = {
        "color": class_colour(line["fault_class"]) if found else tone(QUIET, theme),
        "width": 2 if found else 1,
        "dash": "solid" if found else "dot",
    }
    edges = {"x0": position, "x1": position, "y0": 0, "y1": 1, "yref": "paper"}
    return {"type": "line", "layer": "below", "line": pen, "opacity": 0.75, **edges}


def _build_label(line: Mapping[str, Any], position: float, row: int, theme: str) -> dict[str, Any]:
    words = line["label"] if line["is_found"] else f"{line['label']} ?"
    return {
        "x": position,
        "y": 1,
        "yref": "paper",
        "text": escape_markup(words),
        "ax": 0,
        "ay": -(8 + row * LABEL_ROW_PX),
        "arrowhead": 0,
        "arrowwidth": 1,
        "arrowcolor": tone(QUIET, theme),
        "standoff": 0,
        "borderpad": 0,
        "font": {"size": 11},
    }


def build_band_figure(bands: Sequence[Mapping[str, Any]], theme: str) -> go.Figure:
    """Return the share of the attribution in each band beside that of random bands of equal width."""
    names = [escape_markup(band["label"]) for band in bands]
    figure = build_figure(
        theme, x=("Share of the attribution", "%"), y=("Band", "1"), uirevision="bands", barmode="overlay"
    )
    figure.add_trace(
        go.Bar(
            y=names,
            x=[100 * band["share"] for band in bands],
            orientation="h",
            name="this band",
            marker={"color": [OKABE_ITO["blue"] if band["is_above_control"] else _PALE for band in bands]},
            hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
            showlegend=False,
        )
    )
    middles = [100 * band["control_share"] for band in bands]
    lows = [100 * (band["control_share"] - (band["control_low"] or 0.0)) for band in bands]
    highs = [100 * ((band["control_high"] or 0.0) - band["control_share"]) for band in bands]
    error = {"type": "data", "array": highs, "arrayminus": lows, "thickness": 1.5, "width": 5}
    figure.add_trace(
        go.Scatter(
            y=names,
            x=middles,
            error_x={**error, "color": tone(QUIET, theme)},
            mode="markers",
            marker={"symbol": "diamond", "size": 7, "color": tone(QUIET, theme)},
            name="random bands of equal width, mean and 95 %",
            hovertemplate="random bands: %{x:.1f} %<extra></extra>",
        )
    )
    figure.update_yaxes(title_text="", autorange="reversed", showgrid=False)
    figure.update_layout(showlegend=True, margin={"t": 30})
    return figure
