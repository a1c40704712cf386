"""What all figures of the signal viewer share: frequency axes, amplitude scales, traces, and what they tell.

Every figure says in its ``meta`` what the scripts ``assets/signal_*.js`` need for zooms and cursors:
``view`` and ``name``; ``xName``, ``xUnit``, ``yUnit``; ``domain`` (what x is: s, hz, order, delay, turn);
``factor`` (axis value = base unit times factor), ``full`` (whole extent on the axis), ``least`` (smallest
zoom); ``zoom`` (the key of what a zoom along x sets) and, where y zooms too, ``zoomY`` with ``factorY``,
``fullY``, ``leastY``; ``reach`` (how far beside a cursor its height is looked for); ``shaft`` (one turn per
revolution on the axis), ``lines`` (label, place, low and high edge of the slip band); ``db`` (how decibels
follow from a value: "amplitude", "power", "level" where the values are decibels).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from layouts.figures.theme import build_figure, escape_markup

TRACE: Final = MappingProxyType({"light": "#1D5FAE", "dark": "#7DB4F5"})
SECOND: Final = MappingProxyType({"light": "#B45309", "dark": "#F0A94A"})
QUIET: Final = MappingProxyType({"light": "#5B6675", "dark": "#A3AFBD"})

# A logarithmic axis shows at most so many decades below its highest point.
_DECADES: Final = 6
_LEAST_LINES: Final = 8
_TINY: Final = 1e-30

_QUANTITIES: Final = (
    ("acceleration", ("g", "m/s²", "m/s2", "m/s^2", "mg", "mm/s²")),
    ("velocity", ("mm/s", "m/s", "in/s", "ips")),
    ("displacement", ("µm", "μm", "um", "mm", "mil", "mils")),
)

SCALES: Final = ("linear", "log", "db")


@dataclass(frozen=True, slots=True)
class FrequencyAxis:
    """How frequencies are shown: hertz times ``factor`` is the axis value."""

    key: str
    name: str
    unit: str
    factor: float
    shaft_frequency_hz: float | None = None

    @property
    def short_unit(self) -> str:
        """The unit as it stands behind a number."""
        return "X" if self.key == "orders" else self.unit


@dataclass(frozen=True, slots=True)
class Look:
    """How a spectral view is drawn; ``span_hz`` is what of it is in view."""

    theme: str
    axis: FrequencyAxis
    span_hz: tuple[float, float]
    scale: str = "linear"

    @property
    def span(self) -> tuple[float, float]:
        """What is in view, on the axis."""
        return self.span_hz[0] * self.axis.factor, self.span_hz[1] * self.axis.factor


def choose_axis(key: str | None, shaft_frequency_hz: float | None) -> FrequencyAxis:
    """Return the axis for "hz", "cpm" or "orders"; orders need the shaft frequency and else are hertz."""
    if key == "cpm":
        return FrequencyAxis("cpm", "Frequency", "CPM", 60.0, shaft_frequency_hz)
    if key == "orders" and shaft_frequency_hz:
        return FrequencyAxis(
            "orders", "Order", "multiples of shaft speed", 1.0 / shaft_frequency_hz, shaft_frequency_hz
        )
    return FrequencyAxis("hz", "Frequency", "Hz", 1.0, shaft_frequency_hz)


def name_quantity(unit: str | None) -> str:
    """Return what a signal of this unit measures: Acceleration, Velocity, Displacement, else Amplitude."""
    wanted = (unit or "").strip().lower()
    for name, units in _QUANTITIES:
        if wanted in units:
            return name.capitalize()
    return "Amplitude"


def tone(colours: Mapping[str, str], theme: str) -> str:
    """Return the colour for the theme."""
    return colours["dark" if theme == "dark" else "light"]


def build_blank() -> dict[str, Any]:
    """Return a figure that shows nothing and has no ground of its own, for before the first answer."""
    hidden = {"visible": False, "fixedrange": True}
    clear = "rgba(0,0,0,0)"
    layout = {"xaxis": hidden, "yaxis": hidden, "paper_bgcolor": clear, "plot_bgcolor": clear}
    return {"data": [], "layout": layout}


def word_hover(x_format: str, x_unit: str, y_unit: str | None) -> str:
    """Return the hover text of a curve: both values with their units."""
    return f"%{{x:{x_format}}} {x_unit}<br>%{{y:.4~g}} {escape_markup(y_unit or '')}<extra></extra>"


def build_trace(
    x: npt.ArrayLike, y: npt.ArrayLike, colour: str, hover: str, *, width: float = 1.2, **more: Any
) -> go.Scatter:
    """Return a curve."""
    return go.Scatter(
        # arrays: lists would be walked through number by number, several times
        x=np.asarray(x, dtype=np.float64),
        y=np.asarray(y, dtype=np.float64),
        mode="lines",
        line={"color": colour, "width": width},
        hovertemplate=hover,
        **{"showlegend": False, **more},
    )


def set_x_axis(figure: go.Figure, span: Sequence[float], theme: str) -> None:
    """Zoom goes along x; the amplitude axis follows what is in view."""
    figure.update_xaxes(
        range=list(span),
        autorange=False,
        showspikes=True,
        spikemode="across",
        spikethickness=1,
        spikedash="dot",
        spikecolor=tone(QUIET, theme),
    )
    figure.update_yaxes(fixedrange=True, exponentformat="power", nticks=8)


def choose_scale(asked: str, usual: str = "linear") -> str:
    """Return the scale that was asked for; "auto" is the view's usual one."""
    return asked if asked in SCALES else usual


def scale_values(values: npt.ArrayLike, scale: str, *, power: bool) -> npt.NDArray[np.float64]:
    """Return the values in decibels re one unit where that is the scale, never less than 140 dB below the
    highest."""
    numbers = np.asarray(values, dtype=np.float64)
    if scale != "db" or not numbers.size:
        return numbers
    floor = max(float(numbers.max(initial=0.0)), _TINY)
    factor = 10.0 if power else 20.0
    floor *= 10.0 ** (-140.0 / factor)
    return factor * np.log10(np.maximum(numbers, floor))


def name_amplitude(unit: str | None, scale: str) -> str | None:
    """Return the unit of the amplitude axis."""
    return f"dB re 1 {unit or 'unit'}" if scale == "db" else unit


def set_amplitude_axis(figure: go.Figure, values: npt.ArrayLike, scale: str) -> None:
    """Let a linear axis begin at zero, and a logarithmic one at most six decades below its top."""
    if scale == "linear":
        figure.update_yaxes(rangemode="tozero")
    if scale == "db":
        numbers = np.asarray(values, dtype=np.float64)
        if numbers.size:
            top = float(numbers.max())
            low = max(float(numbers.min()), top - 100.0)
            figure.update_yaxes(range=[low - 3.0, top + 6.0])
    if scale == "log":
        numbers = np.asarray(values, dtype=np.float64)
        positive = numbers[numbers > 0.0]
        figure.update_yaxes(type="log", dtick=1)
        if positive.size:
            top = float(positive.max())
            floor = max(float(positive.min()), top / 10**_DECADES)
            figure.update_yaxes(range=[math.log10(floor) - 0.1, math.log10(top) + 0.15])


def describe_frequency_axis(axis: FrequencyAxis, top_hz: float, resolution_hz: float) -> dict[str, Any]:
    """Return what the scripts need to know of a frequency axis."""
    shaft_hz = axis.shaft_frequency_hz
    return {
        "domain": "hz",
        "xName": axis.name,
        "xUnit": axis.short_unit,
        "factor": axis.factor,
        "full": [0.0, top_hz * axis.factor],
        "least": _LEAST_LINES * resolution_hz * axis.factor,
        "reach": resolution_hz * axis.factor,
        "shaft": shaft_hz * axis.factor if shaft_hz else None,
    }


def build_curve(
    view: Mapping[str, Any],
    theme: str,
    *,
    x: tuple[str, str | None],
    y: tuple[str, str | None],
    span: Sequence[float],
    meta: Mapping[str, Any],
    values: tuple[npt.ArrayLike, npt.ArrayLike],
    colour: str | None = None,
    x_format: str = ".5~g",
) -> go.Figure:
    """Return a figure of one curve with its axes and what the scripts need to know of them."""
    revision = f"{meta['view']}-{view.get('start_s')}-{view.get('stop_s')}-{tuple(span)}"
    figure = build_figure(theme, x=x, y=y, uirevision=revision, hovermode="x")
    hover = word_hover(x_format, str(meta["xUnit"]), y[1])
    figure.add_trace(build_trace(values[0], values[1], colour or tone(TRACE, theme), hover))
    set_x_axis(figure, span, theme)
    figure.update_layout(margin={"t": 12, "r": 12}, meta={"yUnit": y[1] or "", "lines": [], **meta})
    return figure
