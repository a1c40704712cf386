"""What a classifier said of each window of a recording, over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from layouts.components.badges import format_class
from layouts.figures.theme import OKABE_ITO, build_figure

MOST_COLUMNS = 600
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
