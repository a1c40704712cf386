"""Short traces of a class, one below the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from layouts.figures.theme import axis_title, build_template, class_style, escape_markup

PREVIEW_HEIGHT_PX = 120


def build_preview_figure(traces: Sequence[Mapping[str, Any]], fault_class: str, theme: str) -> go.Figure:
    """Return one row per recording over a common time axis."""
    figure = make_subplots(rows=len(traces), cols=1, shared_xaxes=True, vertical_spacing=0.04)
    style = class_style(None if fault_class == "unlabelled" else fault_class)
    for row, trace in enumerate(traces, start=1):
        name = escape_markup(f"{trace['recording']} ({trace['channel']})")
        unit = escape_markup(trace["unit"] or "")
        figure.add_trace(
            go.Scatter(
                x=trace["time_s"],
                y=trace["values"],
                mode="lines",
                name=name,
                line={"color": style.colour, "width": 1},
                hovertemplate=f"%{{x:.5g}} s<br>%{{y:.4g}} {unit}<extra>{name}</extra>",
            ),
            row=row,
            col=1,
        )
        figure.update_yaxes(title_text=unit or "unit unknown", row=row, col=1)
    figure.update_xaxes(title_text=axis_title("Time", "s"), row=len(traces), col=1)
    figure.update_layout(template=build_template(theme), showlegend=False)
    return figure
