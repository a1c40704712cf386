"""Figures of the signal viewer: waveform, spectra, fault lines. Plain data in, figure out.

Every figure says in its ``meta`` what ``assets/signal_viewer.js`` needs for the cursor read-out: names and
units of both axes, the factor between the axis and its base unit, the whole extent, and the lines drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from layouts.figures.theme import build_figure, class_style, escape_markup

Line = dict[str, Any]

_TRACE_COLOURS: Final = MappingProxyType({"light": "#1D5FAE", "dark": "#7DB4F5"})
_LABEL_COLOURS: Final = MappingProxyType({"light": "#1B2430", "dark": "#E4E9EF"})

# Lines of a kind: a short name and what it points to.
LINE_KINDS: Final = MappingProxyType(
    {
        "shaft": "1X – 3X (shaft)",
        "outer_race": "BPFO (outer race)",
        "inner_race": "BPFI (inner race)",
        "ball": "2×BSF (ball)",
        "cage": "FTF (cage)",
    }
)
# Where there is no room for all labels, the first of these have them.
_LABEL_RANKS: Final = ("outer_race", "inner_race", "ball", "shaft", "cage")
_SHAFT_COLOUR: Final = MappingProxyType({"light": "#5B6675", "dark": "#A3AFBD"})

# Labels stand in rows above the plot; one of `_LABEL_SHARE` of the width for each of them keeps them apart.
_N_LABEL_ROWS: Final = 4
_LABEL_ROW_PX: Final = 14
_LABEL_SHARE: Final = 0.1

# A logarithmic axis shows at most so many decades below its highest point.
_DECADES: Final = 6

# A zoom stops here: below it there is nothing to compute a spectrum from, or no curve.
_LEAST_SAMPLES: Final = 32
_LEAST_LINES: Final = 8

_QUANTITIES: Final = (
    ("acceleration", ("g", "m/s²", "m/s2", "m/s^2", "mg", "mm/s²")),
    ("velocity", ("mm/s", "m/s", "in/s", "ips")),
    ("displacement", ("µm", "μm", "um", "mm", "mil", "mils")),
)


@dataclass(frozen=True, slots=True)
class FrequencyAxis:
    """How frequencies are shown: hertz times ``factor`` is the axis value."""

    key: str
    name: str
    unit: str
    factor: float
    shaft_frequency_hz: float | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """How a spectral view is drawn; ``span_hz`` is what of it is in view."""

    theme: str
    axis: FrequencyAxis
    span_hz: tuple[float, float]
    logarithmic: bool = False


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


def line_colour(kind: str, theme: str) -> str:
    """Return the colour of a kind of line; the bearing's parts have those of their fault classes."""
    if kind == "shaft":
        return _SHAFT_COLOUR["dark" if theme == "dark" else "light"]
    return class_style(kind).colour


def build_blank() -> dict[str, Any]:
    """Return a figure that shows nothing and has no ground of its own, for before the first answer."""
    hidden = {"visible": False, "fixedrange": True}
    clear = "rgba(0,0,0,0)"
    layout = {"xaxis": hidden, "yaxis": hidden, "paper_bgcolor": clear, "plot_bgcolor": clear}
    return {"data": [], "layout": layout}


def build_waveform(view: dict[str, Any], theme: str) -> go.Figure:
    """Return the waveform of the visible stretch."""
    unit, start_s, stop_s = view["unit"], view["start_s"], view["stop_s"]
    quantity = name_quantity(unit)
    figure = build_figure(
        theme, x=("Time", "s"), y=(quantity, unit), uirevision=f"{start_s}-{stop_s}", hovermode="x"
    )
    digits = _time_digits(stop_s - start_s)
    figure.add_trace(
        _build_trace(view["time_s"], view["values"], theme, _word_hover(f".{digits}f", "s", unit), width=1)
    )
    _set_axes(figure, (start_s, stop_s), theme)
    figure.update_layout(
        margin={"t": 10, "r": 12},
        meta={
            "xName": "Time",
            "xUnit": "s",
            "yUnit": unit or "",
            "factor": 1.0,
            "full": [0.0, view["duration_s"]],
            "shown": list(round_stretch(view)),
            "digits": digits,
            "least": _LEAST_SAMPLES / view["sample_rate_hz"],
            "lines": [],
        },
    )
    return figure


def build_spectrum(view: dict[str, Any], lines: Sequence[Line], look: Look) -> go.Figure:
    """Return the amplitude spectrum of the visible stretch with its fault lines."""
    title = f"{name_quantity(view['unit'])}, {view['scaling']}"
    return _build_spectral(view, view["amplitudes"], (title, view["unit"]), lines, look)


def build_psd(view: dict[str, Any], lines: Sequence[Line], look: Look) -> go.Figure:
    """Return the power spectral density of the visible stretch with its fault lines."""
    unit = view["density_unit"] if view["unit"] else None
    return _build_spectral(view, view["density"], ("PSD", unit), lines, look)


def build_envelope(view: dict[str, Any], lines: Sequence[Line], look: Look) -> go.Figure:
    """Return the envelope spectrum of a band of the visible stretch with its fault lines."""
    title = f"Envelope, {view['scaling']}"
    return _build_spectral(view, view["amplitudes"], (title, view["unit"]), lines, look)


def suggest_envelope_span(
    lines: Sequence[Line], band_hz: Sequence[float] | None = None
) -> tuple[float, float] | None:
    """Return where an envelope spectrum says something: up to a little above the highest fault line.

    Never beyond the width of the band, above which its lines mean nothing. None where neither is known.
    """
    ends = [band_hz[1] - band_hz[0]] if band_hz else []
    if lines:
        ends.append(1.08 * max(line["frequency_hz"] for line in lines))
    return (0.0, min(ends)) if ends else None


def place_labels(positions: Sequence[float], span: tuple[float, float]) -> list[int | None]:
    """Give each position, the most important first, a row for its label, or None where none has room.

    Labels in a row keep apart, and no leader down from a higher row runs through a label below it.
    """
    room = (span[1] - span[0]) * _LABEL_SHARE
    placed: list[tuple[float, int]] = []
    rows: list[int | None] = []
    for position in positions:
        row = next((row for row in range(_N_LABEL_ROWS) if _has_room(position, row, placed, room)), None)
        if row is not None:
            placed.append((position, row))
        rows.append(row)
    return rows


def _has_room(position: float, row: int, placed: Sequence[tuple[float, int]], room: float) -> bool:
    return all(
        abs(position - other) >= (room if other_row == row else 0.3 * room) for other, other_row in placed
    )


def _build_spectral(
    view: dict[str, Any],
    values: Sequence[float],
    y: tuple[str, str | None],
    lines: Sequence[Line],
    look: Look,
) -> go.Figure:
    axis = look.axis
    span = (look.span_hz[0] * axis.factor, look.span_hz[1] * axis.factor)
    revision = f"{axis.key}-{span}-{look.logarithmic}"
    figure = build_figure(look.theme, x=(axis.name, axis.unit), y=y, uirevision=revision, hovermode="x")
    xs = np.asarray(view["frequencies_hz"]) * axis.factor
    hover = _word_hover(".5~g", _short(axis), y[1])
    figure.add_trace(_build_trace(xs, values, look.theme, hover, width=1.2))
    _set_axes(figure, span, look.theme)
    _set_amplitude_axis(figure, values, logarithmic=look.logarithmic)
    shown = [line for line in lines if look.span_hz[0] <= line["frequency_hz"] <= look.span_hz[1]]
    n_rows = _draw_lines(figure, shown, axis, span, look.theme)
    figure.update_layout(
        margin={"t": 12 + n_rows * _LABEL_ROW_PX, "r": 12}, meta=_describe(view, y[1], shown, axis)
    )
    return figure


def _describe(
    view: dict[str, Any], unit: str | None, lines: Sequence[Line], axis: FrequencyAxis
) -> dict[str, Any]:
    shaft_hz = axis.shaft_frequency_hz
    return {
        "xName": axis.name,
        "xUnit": _short(axis),
        "yUnit": unit or "",
        "factor": axis.factor,
        "full": [0.0, view["sample_rate_hz"] / 2.0 * axis.factor],
        "least": _LEAST_LINES * view["resolution_hz"] * axis.factor,
        "shaft": shaft_hz * axis.factor if shaft_hz and axis.key != "orders" else None,
        "lines": [{"label": line["label"], "x": line["frequency_hz"] * axis.factor} for line in lines],
    }


def _short(axis: FrequencyAxis) -> str:
    return "X" if axis.key == "orders" else axis.unit


def _word_hover(x_format: str, x_unit: str, y_unit: str | None) -> str:
    return f"%{{x:{x_format}}} {x_unit}<br>%{{y:.4~g}} {escape_markup(y_unit or '')}"


def _build_trace(x: ArrayLike, y: ArrayLike, theme: str, hover: str, *, width: float) -> go.Scatter:
    colour = _TRACE_COLOURS["dark" if theme == "dark" else "light"]
    return go.Scatter(
        # arrays: lists would be walked through number by number, several times
        x=np.asarray(x, dtype=np.float64),
        y=np.asarray(y, dtype=np.float64),
        mode="lines",
        line={"color": colour, "width": width},
        hovertemplate=f"{hover}<extra></extra>",
        showlegend=False,
    )


def _set_axes(figure: go.Figure, span: tuple[float, float], theme: str) -> None:
    """Zoom goes along x; the amplitude axis follows what is in view."""
    figure.update_xaxes(
        range=list(span),
        autorange=False,
        showspikes=True,
        spikemode="across",
        spikethickness=1,
        spikedash="dot",
        spikecolor=line_colour("shaft", theme),
    )
    figure.update_yaxes(fixedrange=True, exponentformat="power", nticks=8)


def _set_amplitude_axis(figure: go.Figure, values: Sequence[float], *, logarithmic: bool) -> None:
    if not logarithmic:
        figure.update_yaxes(rangemode="tozero")
        return
    top = max(values, default=0.0)
    figure.update_yaxes(type="log", dtick=1)
    if top > 0.0:
        floor = max(min((value for value in values if value > 0.0), default=top), top / 10**_DECADES)
        figure.update_yaxes(range=[math.log10(floor) - 0.1, math.log10(top) + 0.15])


def _draw_lines(
    figure: go.Figure, lines: Sequence[Line], axis: FrequencyAxis, span: tuple[float, float], theme: str
) -> int:
    """Draw every line, label those that have room, and return how many rows the labels take."""
    ranked = sorted(lines, key=lambda line: (line["harmonic"], _LABEL_RANKS.index(line["kind"])))
    positions = [line["frequency_hz"] * axis.factor for line in ranked]
    rows = place_labels(positions, span)
    figure.update_layout(
        shapes=[_build_line(line, position, theme) for line, position in zip(ranked, positions, strict=True)],
        annotations=[
            _build_label(line, position, row, theme)
            for line, position, row in zip(ranked, positions, rows, strict=True)
            if row is not None
        ],
    )
    return max((row + 1 for row in rows if row is not None), default=0)


def _build_line(line: Line, position: float, theme: str) -> dict[str, Any]:
    first = line["harmonic"] == 1
    return {
        "type": "line",
        "x0": position,
        "x1": position,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "layer": "below",
        "line": {
            "color": line_colour(line["kind"], theme),
            "width": 1.5 if first else 1,
            "dash": "solid" if first else "dot",
        },
        "opacity": 0.8,
    }


def _build_label(line: Line, position: float, row: int, theme: str) -> dict[str, Any]:
    """A label above the plot with a leader down to its line."""
    return {
        "x": position,
        "y": 1,
        "yref": "paper",
        "text": line["label"],
        "ax": 0,
        "ay": -(8 + row * _LABEL_ROW_PX),
        "arrowhead": 0,
        "arrowwidth": 1,
        "arrowcolor": line_colour(line["kind"], theme),
        "standoff": 0,
        "borderpad": 0,
        "font": {"size": 11, "color": _LABEL_COLOURS["dark" if theme == "dark" else "light"]},
    }


def round_stretch(view: dict[str, Any]) -> tuple[float, float]:
    """Return both ends of the visible stretch with as many digits as the time axis tells apart."""
    digits = _time_digits(view["stop_s"] - view["start_s"])
    return round(view["start_s"], digits), round(view["stop_s"], digits)


def _time_digits(span_s: float) -> int:
    """Digits after the point so that neighbouring points of the stretch differ."""
    return 4 if span_s >= 1.0 else 6
