"""A condition indicator over time, with its reference period, limits, onset and change point."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from layouts.figures.theme import OKABE_ITO, build_figure, escape_markup

_LINE = OKABE_ITO["blue"]
_MARKED_POINTS = 400
_HOUR_S = 3600.0
_AXES = {"date": ("Acquired", "UTC"), "elapsed": ("Elapsed", "h"), "observation": ("Observation", "number")}
_LIMITS = (
    ("alert", "Alert", OKABE_ITO["orange"], "dash", "top"),
    ("alarm", "Alarm", OKABE_ITO["vermillion"], "solid", "bottom"),
)


def build_trend_figure(trend: Mapping[str, Any], theme: str, *, logarithmic: bool = False) -> go.Figure:
    """Return the trend; a point carries the id of its recording as ``customdata``."""
    points, unit = trend["points"], trend["unit"]
    x = [
        place_observation(trend, index, moment)
        for index, moment in zip(points["index"], points["acquired_at"], strict=True)
    ]
    shown_unit = escape_markup(unit or "")
    figure = build_figure(
        theme,
        x=_AXES[trend["axis"]],
        y=(trend["title"], unit or "ratio"),
        uirevision=f"{trend['channel']}-{trend['indicator']}",
        hovermode="closest",
        showlegend=False,
    )
    figure.add_trace(
        go.Scatter(
            x=x,
            y=points["values"],
            customdata=list(
                zip(points["recording_ids"], map(escape_markup, points["recordings"]), strict=True)
            ),
            mode="lines+markers" if len(x) <= _MARKED_POINTS else "lines",
            line={"color": _LINE, "width": 1.2},
            marker={"size": 5, "color": _LINE},
            hovertemplate=f"%{{customdata[1]}}<br>%{{x}}<br>%{{y:.4~g}} {shown_unit}<extra></extra>",
        )
    )
    _shade_reference(figure, trend)
    _draw_limits(figure, trend)
    _mark(figure, trend)
    if logarithmic:
        figure.update_yaxes(type="log")
    else:
        figure.update_yaxes(rangemode="tozero")
    return figure


def place_observation(trend: Mapping[str, Any], index: int, acquired_at: str | None) -> Any:
    """Return where an observation stands on the axis: a date, hours since the first one, or its number."""
    if trend["axis"] == "date":
        return acquired_at
    first = trend["points"]["acquired_at"][0]
    if trend["axis"] == "elapsed" and acquired_at and first:
        elapsed = datetime.fromisoformat(acquired_at) - datetime.fromisoformat(first)
        return elapsed.total_seconds() / _HOUR_S
    return index + 1


def _shade_reference(figure: go.Figure, trend: Mapping[str, Any]) -> None:
    reference = trend["reference"]
    first, last = (
        place_observation(trend, reference[end], reference["acquired_at"][number])
        for number, end in enumerate(("first", "last"))
    )
    figure.add_vrect(
        x0=first, x1=last, fillcolor=OKABE_ITO["green"], opacity=0.12, line_width=0, layer="below"
    )
    figure.add_annotation(
        x=first, y=1, yref="paper", text="reference", showarrow=False, xanchor="left", yanchor="bottom"
    )


def _draw_limits(figure: go.Figure, trend: Mapping[str, Any]) -> None:
    for field, name, colour, dash, side in _LIMITS:
        limit = trend[field]
        figure.add_hline(
            y=limit["value"],
            line={"color": colour, "width": 1.5, "dash": dash},
            annotation={"text": f"{name} {limit['value']:.4g}", "xanchor": "right", "yanchor": side},
        )


def _mark(figure: go.Figure, trend: Mapping[str, Any]) -> None:
    change, onset = trend["change_point"], trend["onset"]
    if change["significant"]:
        _mark_line(
            figure, place_observation(trend, change["index"], change["acquired_at"]), "change", "dot", 0.99
        )
    if onset is not None:
        _mark_line(
            figure, place_observation(trend, onset["index"], onset["acquired_at"]), "onset", "solid", 0.92
        )


def _mark_line(figure: go.Figure, x: Any, name: str, dash: str, height: float) -> None:
    colour = OKABE_ITO["purple"]
    figure.add_shape(
        type="line", x0=x, x1=x, y0=0, y1=1, yref="paper", line={"color": colour, "width": 1.5, "dash": dash}
    )
    figure.add_annotation(
        x=x, y=height, yref="paper", text=name, showarrow=False, xanchor="right", xshift=-3, yanchor="top"
    )
