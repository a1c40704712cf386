"""Figures of the signal viewer beside the spectra: orders, delays, turns, orbits, and two recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from layouts.figures.signal_axes import (
    QUIET,
    SECOND,
    TRACE,
    Look,
    build_curve,
    build_trace,
    describe_frequency_axis,
    name_amplitude,
    name_quantity,
    scale_values,
    set_amplitude_axis,
    set_x_axis,
    tone,
)
from layouts.figures.signal_lines import Line, draw_lines
from layouts.figures.theme import build_figure, escape_markup

_LEAST_POINTS: Final = 16
_LEAST_ORDER_LINES: Final = 8
# Around no delay at all everything is like itself: so much of the axis does not decide the heights shown.
_NO_DELAY_SHARE: Final = 0.01


def build_order_spectrum(
    view: Mapping[str, Any], lines: Sequence[Line], theme: str, span: Sequence[float] | None, scale: str
) -> go.Figure:
    """Return amplitude over order with the fault lines where they lie at this speed."""
    orders = np.asarray(view["orders"], dtype=np.float64)
    heights = scale_values(view["amplitudes"], scale, power=False)
    full = [0.0, float(orders.max(initial=1.0))]
    shown = tuple(span or full)
    resolution = float(view["resolution_orders"])
    meta = {
        "view": "orders",
        "name": "Order spectrum",
        "domain": "order",
        "zoom": "order",
        "xName": "Order",
        "xUnit": "X",
        "factor": 1.0,
        "full": full,
        "shaft": 1.0,
        "least": _LEAST_ORDER_LINES * resolution,
        "reach": resolution,
        "db": "level" if scale == "db" else "amplitude",
    }
    figure = build_curve(
        view,
        theme,
        x=("Order", "multiples of shaft speed"),
        y=(name_quantity(view["unit"]), name_amplitude(view["unit"], scale)),
        span=shown,
        meta=meta,
        values=(orders, heights),
    )
    set_amplitude_axis(figure, heights, scale)
    known = [_in_orders(line) for line in lines if line.get("order")]
    draw_lines(figure, known, 1.0, (shown[0], shown[1]), theme)
    return figure


def _in_orders(line: Line) -> Line:
    """A line whose hertz are orders, so that it stands right at any speed."""
    ratio = line["order"] / line["frequency_hz"]
    edges = {key: line[key] * ratio for key in ("low_hz", "high_hz") if line.get(key) is not None}
    return {**line, "frequency_hz": line["order"], **edges}


def build_cepstrum(view: Mapping[str, Any], theme: str, span: Sequence[float] | None) -> go.Figure:
    """Return the cepstrum: a family of harmonics or sidebands is one line at its period."""
    what = ("cepstrum", "Cepstrum", "Quefrency")
    return _build_delays(view, theme, span, what, view["quefrencies_s"], ("Cepstrum", view["unit"]))


def build_autocorrelation(view: Mapping[str, Any], theme: str, span: Sequence[float] | None) -> go.Figure:
    """Return how alike the signal is to itself some time later."""
    what = ("autocorrelation", "Autocorrelation", "Lag")
    figure = _build_delays(view, theme, span, what, view["lags_s"], ("Correlation", "1 = identical"))
    return figure.update_layout(meta={**figure.layout.meta, "yUnit": "of 1"})


def _build_delays(
    view: Mapping[str, Any],
    theme: str,
    span: Sequence[float] | None,
    what: tuple[str, str, str],
    delays: Sequence[float],
    y: tuple[str, str | None],
) -> go.Figure:
    places, values = np.asarray(delays, dtype=np.float64), np.asarray(view["values"], dtype=np.float64)
    end = float(places.max(initial=0.0)) or 1.0
    shown = span or (0.0, end)
    meta = {
        "view": what[0],
        "name": what[1],
        "domain": "delay",
        "zoom": "delay",
        "xName": what[2],
        "xUnit": "s",
        "factor": 1.0,
        "full": [0.0, max(end, (view["stop_s"] - view["start_s"]) / 2.0)],
        "digits": 6,
        "reach": 0.0,
        "least": _LEAST_POINTS / view["sample_rate_hz"],
    }
    figure = build_curve(
        view,
        theme,
        x=(what[2], "s"),
        y=y,
        span=shown,
        meta=meta,
        values=(places, values),
        x_format=".6f",
    )
    inside = values[(places >= max(shown[0], _NO_DELAY_SHARE * shown[1])) & (places <= shown[1])]
    if inside.size:
        low, high = float(inside.min()), float(inside.max())
        figure.update_yaxes(range=[low - 0.06 * (high - low), high + 0.06 * (high - low)])
    return figure


def build_average(view: Mapping[str, Any], theme: str) -> go.Figure:
    """Return what repeats with every turn of the shaft: its time-synchronous average."""
    turns = view["angle_turns"]
    end = float(max(turns, default=1.0))
    meta = {
        "view": "average",
        "name": "Synchronous average",
        "domain": "turn",
        "zoom": None,
        "xName": "Angle",
        "xUnit": "turns",
        "factor": 1.0,
        "full": [0.0, end],
        "reach": 0.0,
    }
    return build_curve(
        view,
        theme,
        x=("Angle", "turns of the shaft"),
        y=(name_quantity(view["unit"]), view["unit"]),
        span=(0.0, end),
        meta=meta,
        values=(turns, view["values"]),
        x_format=".4f",
    )


def build_orbit(view: Mapping[str, Any], theme: str) -> go.Figure:
    """Return the path of the shaft's centre between two probes; a dot marks where each turn begins."""
    unit = view["unit"]
    x, y = (
        f"{side} probe {escape_markup(view[key])}" for side, key in (("X", "x_channel"), ("Y", "y_channel"))
    )
    figure = build_figure(theme, x=(x, unit), y=(y, unit), hovermode="closest")
    hover = f"X %{{x:.4~g}}, Y %{{y:.4~g}} {escape_markup(unit or '')}<extra></extra>"
    figure.add_trace(build_trace(view["x"], view["y"], tone(TRACE, theme), hover))
    marks = [at for at in view["turn_marks"] if at < len(view["x"])]
    dots = {"size": 9, "color": tone(SECOND, theme), "line": {"color": "white", "width": 1}}
    figure.add_trace(
        go.Scatter(
            x=[view["x"][at] for at in marks],
            y=[view["y"][at] for at in marks],
            mode="markers",
            marker=dots,
            name="A turn begins",
            showlegend=False,
            hovertemplate="a turn begins<extra></extra>",
        )
    )
    figure.update_yaxes(scaleanchor="x", scaleratio=1)
    meta = {"view": "orbit", "name": "Orbit", "domain": None, "zoom": None, "lines": []}
    figure.update_layout(margin={"t": 12, "r": 12}, uirevision="orbit", meta=meta)
    return figure


def build_full_spectrum(view: Mapping[str, Any], look: Look, span: Sequence[float] | None) -> go.Figure:
    """Return forward and reverse precession: to the left of zero against the shaft's turning."""
    axis = look.axis
    frequencies = np.asarray(view["frequencies_hz"], dtype=np.float64) * axis.factor
    heights = scale_values(view["amplitudes"], look.scale, power=False)
    end = float(np.abs(frequencies).max(initial=1.0))
    meta = {
        **describe_frequency_axis(axis, end / axis.factor, view["resolution_hz"]),
        "view": "full",
        "name": "Full spectrum",
        "zoom": "full",
        "full": [-end, end],
        "db": "level" if look.scale == "db" else "amplitude",
    }
    shown = [edge * axis.factor for edge in span] if span else [-end, end]
    figure = build_curve(
        view,
        look.theme,
        x=(f"{axis.name}, reverse − and forward +", axis.unit),
        y=(name_quantity(view["unit"]), name_amplitude(view["unit"], look.scale)),
        span=shown,
        meta=meta,
        values=(frequencies, heights),
    )
    set_amplitude_axis(figure, heights, look.scale)
    return figure


def build_overlay(
    view: Mapping[str, Any], names: tuple[str, str], look: Look, span: Sequence[float] | None
) -> go.Figure:
    """Return two recordings over one another, and below them what the first has more than the second."""
    in_time, unit = view["view"] == "waveform", view["y_unit"]
    factor = 1.0 if in_time else look.axis.factor
    scale = "linear" if in_time else look.scale
    x = ("Time", "s") if in_time else (look.axis.name, look.axis.unit)
    name = "PSD" if view["view"] == "psd" else name_quantity(unit)
    figure = build_figure(look.theme, x=x, y=(name, name_amplitude(unit, scale)), hovermode="x")
    power = view["view"] == "psd"
    for key, words, colours in (("first", names[0], TRACE), ("second", names[1], SECOND)):
        heights = scale_values(view[key]["y"], scale, power=power)
        figure.add_trace(_build_one(view[key]["x"], heights, factor, tone(colours, look.theme), words))
    difference = view["difference"]
    figure.add_trace(
        _build_one(
            difference["x"], difference["y"], factor, tone(QUIET, look.theme), "Difference", yaxis="y2"
        )
    )
    places = figure.data[0].x
    shown = [edge * factor for edge in span] if span else [float(places.min()), float(places.max())]
    set_x_axis(figure, shown, look.theme)
    if not in_time:
        set_amplitude_axis(figure, np.concatenate([trace.y for trace in figure.data[:2]]), scale)
    figure.update_layout(
        margin={"t": 34, "r": 12},
        uirevision=f"compare-{view['view']}-{tuple(shown)}-{scale}",
        yaxis={"domain": [0.38, 1.0]},
        yaxis2=_build_lower_axis(unit, look.theme),
        xaxis={"anchor": "y2"},
        meta=_describe_overlay(view, look, scale),
    )
    return figure


def _build_one(
    x: Sequence[float], heights: Any, factor: float, colour: str, name: str, **more: Any
) -> go.Scatter:
    places = np.asarray(x, dtype=np.float64) * factor
    shown = escape_markup(name)
    hover = f"%{{y:.4~g}}<extra>{shown}</extra>"
    return build_trace(places, heights, colour, hover, name=shown, showlegend=True, width=1.1, **more)


def _build_lower_axis(unit: str | None, theme: str) -> dict[str, Any]:
    axis = build_figure(theme, x=("", None), y=("Difference", unit)).layout
    return {
        **axis.template.layout.yaxis.to_plotly_json(),
        "domain": [0.0, 0.28],
        "anchor": "x",
        "fixedrange": True,
        "nticks": 4,
        "title": {"text": axis.yaxis.title.text, "font": {"size": 12}},
    }


def _describe_overlay(view: Mapping[str, Any], look: Look, scale: str) -> dict[str, Any]:
    common = {"view": "compare", "name": "Comparison", "lines": [], "yUnit": view["y_unit"] or ""}
    if view["view"] == "waveform":
        return {
            **common,
            "domain": "s",
            "zoom": "time",
            "xName": "Time",
            "xUnit": "s",
            "factor": 1.0,
            "full": [0.0, view["duration_s"]],
            "least": _LEAST_POINTS / view["sample_rate_hz"],
            "digits": 6,
            "reach": 0.0,
        }
    zoom = "envelope" if view["view"] == "envelope_spectrum" else "hz"
    along = describe_frequency_axis(look.axis, view["sample_rate_hz"] / 2.0, view["resolution_hz"])
    decibels = "level" if scale == "db" else "power" if view["view"] == "psd" else "amplitude"
    return {**along, **common, "zoom": zoom, "db": decibels}


def build_coherence(view: Mapping[str, Any], look: Look, span: Sequence[float] | None) -> go.Figure:
    """Return how much of one signal follows from the other, with the level that chance reaches."""
    axis = look.axis
    end_hz = float(max(view["frequencies_hz"], default=1.0))
    shown = [edge * axis.factor for edge in span] if span else [0.0, end_hz * axis.factor]
    meta = {
        **describe_frequency_axis(axis, end_hz, view["resolution_hz"]),
        "view": "compare",
        "name": "Coherence",
        "zoom": "hz",
        "yUnit": "of 1",
    }
    places = np.asarray(view["frequencies_hz"], dtype=np.float64) * axis.factor
    figure = build_curve(
        view, look.theme, x=(axis.name, axis.unit), y=("Coherence", "0 to 1"), span=shown, meta=meta,
        values=(places, view["coherence"]),
    )  # fmt: skip
    figure.update_yaxes(range=[0.0, 1.02])
    level = view["significance_95"]
    figure.add_hline(
        y=level,
        line={"color": tone(SECOND, look.theme), "width": 1.5, "dash": "dash"},
        annotation={"text": f"chance, 95 %: {level:.2f}", "font": {"size": 11}, "xanchor": "right"},
    )
    return figure
