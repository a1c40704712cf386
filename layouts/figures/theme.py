"""One look for all plots: slim templates, class colours, axes with units."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import plotly.graph_objects as go

from utils.constants import OKABE_ITO

_GREY: Final = "#8A94A3"
_FONT: Final = 'system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif'


@dataclass(frozen=True, slots=True)
class ClassStyle:
    """How a fault class looks in every plot: colour, and a dash and marker for where colour is not enough."""

    colour: str
    dash: str
    marker: str


# Seven colours; the second seven classes repeat them with another dash and marker.
_CLASS_STYLES: Final = MappingProxyType(
    {
        "healthy": ClassStyle(OKABE_ITO["green"], "solid", "circle"),
        "inner_race": ClassStyle(OKABE_ITO["vermillion"], "solid", "square"),
        "outer_race": ClassStyle(OKABE_ITO["blue"], "solid", "diamond"),
        "ball": ClassStyle(OKABE_ITO["purple"], "solid", "triangle-up"),
        "cage": ClassStyle(OKABE_ITO["orange"], "solid", "cross"),
        "misalignment": ClassStyle(OKABE_ITO["vermillion"], "solid", "square"),
        "imbalance": ClassStyle(OKABE_ITO["blue"], "solid", "diamond"),
        "clearance": ClassStyle(OKABE_ITO["purple"], "solid", "triangle-up"),
        "lubrication": ClassStyle(OKABE_ITO["orange"], "solid", "cross"),
        "cavitation": ClassStyle(OKABE_ITO["sky_blue"], "solid", "star"),
        "wear": ClassStyle(OKABE_ITO["yellow"], "solid", "hexagon"),
        "oil_whirl": ClassStyle(OKABE_ITO["sky_blue"], "dash", "star-open"),
        "misalignment_imbalance": ClassStyle(OKABE_ITO["vermillion"], "dash", "square-open"),
        "wear_lubrication": ClassStyle(OKABE_ITO["orange"], "dash", "cross-open"),
        "cavitation_clearance": ClassStyle(OKABE_ITO["purple"], "dash", "triangle-up-open"),
    }
)


def class_style(fault_class: str | None) -> ClassStyle:
    """Return the style of a fault class; one of the user's own always gets the same, by its name."""
    if not fault_class:
        return ClassStyle(_GREY, "dot", "circle-open")
    known = _CLASS_STYLES.get(fault_class)
    if known is not None:
        return known
    number = hashlib.sha256(fault_class.encode()).digest()[0]
    colours = tuple(OKABE_ITO.values())
    return ClassStyle(colours[number % len(colours)], "dashdot", "pentagon")


def class_colour(fault_class: str | None) -> str:
    """Return the colour of a fault class, the same on every page."""
    return class_style(fault_class).colour


@dataclass(frozen=True, slots=True)
class _Ink:
    text: str
    muted: str
    grid: str
    line: str
    hover: str


_INKS = {
    "light": _Ink("#1B2430", "#56616F", "#E6E9EE", "#B9C1CC", "#FFFFFF"),
    "dark": _Ink("#E4E9EF", "#9BA7B5", "#252D37", "#46515F", "#1D252E"),
}
COLOURWAY: Final = tuple(
    OKABE_ITO[name] for name in ("blue", "orange", "green", "vermillion", "purple", "sky_blue")
)


def _axis(ink: _Ink) -> dict[str, Any]:
    return {
        "gridcolor": ink.grid,
        "linecolor": ink.line,
        "tickcolor": ink.line,
        "zerolinecolor": ink.line,
        "zerolinewidth": 1,
        "showline": True,
        "ticks": "outside",
        "ticklen": 4,
        "automargin": True,
        "title": {"standoff": 8, "font": {"size": 12, "color": ink.muted}},
        "tickfont": {"size": 11, "color": ink.muted},
    }


@lru_cache(maxsize=2)
def build_template(theme: str) -> go.layout.Template:
    """Return the slim template of ``theme``: "light" or "dark"."""
    ink = _INKS["dark" if theme == "dark" else "light"]
    layout = {
        "font": {"family": _FONT, "size": 12, "color": ink.text},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": list(COLOURWAY),
        "margin": {"l": 56, "r": 16, "t": 16, "b": 44},
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": ink.hover,
            "bordercolor": ink.line,
            "font": {"size": 12, "color": ink.text},
        },
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
        "xaxis": _axis(ink),
        "yaxis": _axis(ink),
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": ink.muted, "activecolor": ink.text},
    }
    return go.layout.Template(layout=layout)


def escape_markup(text: str) -> str:
    """Return ``text`` so that Plotly shows it as it is: no tags, links or template fields of a user's.

    >>> escape_markup("<b>g</b> %{x}")
    '&lt;b&gt;g&lt;/b&gt; &#37;{x}'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("%{", "&#37;{")


def axis_title(quantity: str, unit: str | None) -> str:
    """Return an axis title with its unit; a unit that nobody knows is said to be unknown."""
    return f"{quantity} ({escape_markup(unit or 'unit unknown')})"


def build_figure(
    theme: str,
    *,
    x: tuple[str, str | None],
    y: tuple[str, str | None],
    uirevision: str | None = None,
    **layout: Any,
) -> go.Figure:
    """Return an empty figure with (quantity, unit) on both axes; builders add their traces.

    ``uirevision`` keeps a user's zoom as long as it stays the same.
    """
    figure = go.Figure()
    figure.update_layout(
        template=build_template(theme),
        xaxis_title_text=axis_title(*x),
        yaxis_title_text=axis_title(*y),
        uirevision=uirevision,
        **layout,
    )
    return figure


GRAPH_CONFIG: Final = MappingProxyType(
    {
        "displaylogo": False,
        "showSendToCloud": False,  # a button of Plotly's that would send the figure to its makers
        "responsive": True,
        "showTips": False,  # Plotly's own tips would cover what is at the top right of the page
        "doubleClick": "reset",
        "modeBarButtonsToRemove": ["lasso2d", "select2d", "toImage", "autoScale2d"],
    }
)
