"""Figures of the signal viewer in colours: spectrogram, order map, kurtogram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from layouts.figures.signal_axes import FrequencyAxis, Look, build_curve, describe_frequency_axis
from layouts.figures.signal_lines import Line, draw_lines
from layouts.figures.theme import build_figure, escape_markup

# Reads the same to everybody, and darkens evenly.
COLOURS: Final = "Cividis"
# Colours span at most so many decibels below the highest level.
_RANGE_DB: Final = 80.0
# … and the faintest cells look alike.
_FAINT_PERCENT: Final = 5.0
_LEAST_TIMES: Final = 16
_N_BANDS: Final = 3

Map = npt.NDArray[np.float32]


def build_spectrogram(view: Mapping[str, Any], look: Look, stretch_s: Sequence[float]) -> go.Figure:
    """Return level over time and frequency; along x it zooms the stretch, along y the frequencies."""
    axis = look.axis
    times, frequencies = np.asarray(view["times_s"]), np.asarray(view["frequencies_hz"]) * axis.factor
    levels = _orient(view["level_db"], (frequencies.size, times.size))
    figure = build_figure(look.theme, x=("Time", "s"), y=(axis.name, axis.unit), hovermode="closest")
    figure.add_trace(
        _build_map(
            times, frequencies, levels, view["level_unit"], ("%{x:.5~g} s", f"%{{y:.5~g}} {axis.short_unit}")
        )
    )
    along = describe_frequency_axis(axis, view["sample_rate_hz"] / 2.0, view["resolution_hz"])
    meta = {
        "view": "spectrogram",
        "name": "Spectrogram",
        "domain": "s",
        "zoom": "time",
        "xName": "Time",
        "xUnit": "s",
        "yUnit": view["level_unit"],
        "factor": 1.0,
        "db": "level",
        "full": [0.0, view["duration_s"]],
        "least": _LEAST_TIMES * view["hop_s"],
        "reach": 0.0,
        "zoomY": "hz",
        "factorY": axis.factor,
        "fullY": along["full"],
        "leastY": along["least"],
        "heightUnit": axis.short_unit,
        "lines": [],
    }
    _set_ranges(figure, stretch_s, look.span, meta)
    return figure


def build_cyclic(view: Mapping[str, Any], lines: Sequence[Line], look: Look) -> go.Figure:
    """Return which frequencies come and go how often, and below it the mean over the band, which reads like
    an envelope spectrum."""
    axis, average = look.axis, view["average"]
    rates = np.asarray(view["cyclic_frequencies_hz"]) * axis.factor
    carriers = np.asarray(view["frequencies_hz"]) * axis.factor
    meta = {
        **describe_frequency_axis(axis, view["sample_rate_hz"] / 8.0, view["cyclic_resolution_hz"]),
        "view": "cyclic",
        "name": "Cyclic coherence",
        "zoom": "envelope",
        "yUnit": "of 1",
    }
    figure = build_curve(
        view,
        look.theme,
        x=(f"Cyclic {axis.name.lower()}", axis.unit),
        y=("Mean", "0 to 1"),
        span=look.span,
        meta=meta,
        values=(np.asarray(average["frequencies_hz"]) * axis.factor, average["values"]),
    )
    words = (f"comes and goes with %{{x:.5~g}} {axis.short_unit}", f"at %{{y:.5~g}} {axis.short_unit}")
    heat = _build_map(
        rates, carriers, _orient(view["coherence"], (carriers.size, rates.size), step=0.0), "", words
    )
    heat.update(
        zmin=0.0,
        zmax=max(float(np.max(heat.z, initial=0.0)), 1e-3),
        hovertemplate=f"{words[0]}<br>{words[1]}<br>%{{z:.3f}}<extra></extra>",
        colorbar={**_build_bar("Coherence"), "y": 0.74, "len": 0.56},
        yaxis="y2",
    )
    figure.add_trace(heat)
    upper = build_figure(look.theme, x=("", None), y=(axis.name, axis.unit)).layout
    figure.update_layout(
        yaxis={"domain": [0.0, 0.36], "rangemode": "tozero", "nticks": 4},
        yaxis2={
            **upper.template.layout.yaxis.to_plotly_json(),
            "domain": [0.46, 1.0],
            "anchor": "x",
            "fixedrange": True,
            "showgrid": False,
            "title": {"text": upper.yaxis.title.text, "font": {"size": 12}},
        },
        hovermode="closest",
    )
    draw_lines(figure, lines, axis.factor, look.span, look.theme)
    return figure


def build_order_map(view: Mapping[str, Any], theme: str, span: Sequence[float] | None) -> go.Figure:
    """Return level over order, and speed or time."""
    by_speed = view["by"] == "speed"
    name, unit = ("Shaft speed", "rpm") if by_speed else ("Time", "s")
    heights = np.asarray(view["speeds_rpm" if by_speed else "times_s"])
    orders = np.asarray(view["orders"])
    levels = _orient(view["level_db"], (heights.size, orders.size))
    figure = build_figure(theme, x=("Order", "multiples of shaft speed"), y=(name, unit), hovermode="closest")
    figure.add_trace(
        _build_map(orders, heights, levels, view["level_unit"], ("order %{x:.4~g}", f"%{{y:.5~g}} {unit}"))
    )
    full = [0.0, float(orders.max(initial=1.0))]
    meta = {
        "view": "order_map",
        "name": "Order map",
        "domain": "order",
        "zoom": "order",
        "xName": "Order",
        "xUnit": "X",
        "yUnit": view["level_unit"],
        "factor": 1.0,
        "db": "level",
        "full": full,
        "least": _least_orders(orders),
        "reach": 0.0,
        "heightUnit": unit,
        "lines": [],
    }
    edges = (float(heights[0]), float(heights[-1])) if heights.size > 1 else (0.0, 1.0)
    if edges[0] >= edges[1]:  # at one speed all along
        edges = (edges[0] - 1.0, edges[0] + 1.0)
    _set_ranges(figure, span or full, edges, meta)
    figure.update_yaxes(fixedrange=True)
    return figure


def _least_orders(orders: npt.NDArray[Any]) -> float:
    return float(8 * (orders[1] - orders[0])) if orders.size > 1 else 0.0


def _orient(levels: Any, shape: tuple[int, int], step: float = 0.5) -> Map:
    """Return the levels, by default to half a decibel, as rows along y and columns along x."""
    values = np.asarray(levels, dtype=np.float32)
    if step:
        values = np.round(values / step) * step
    return values.reshape(shape) if values.shape == shape else values.T.reshape(shape)


def _build_map(
    x: npt.NDArray[Any], y: npt.NDArray[Any], levels: Map, unit: str | None, words: tuple[str, str]
) -> go.Heatmap:
    finite = levels[np.isfinite(levels)]
    top = float(finite.max(initial=-np.inf)) if finite.size else 0.0
    low = max(float(np.percentile(finite, _FAINT_PERCENT)), top - _RANGE_DB) if finite.size else -1.0
    shown_unit = escape_markup(unit or "dB")
    return go.Heatmap(
        x=x,
        y=y,
        z=levels,
        zmin=low,
        zmax=top if top > low else low + 1.0,
        colorscale=COLOURS,
        zsmooth=False,
        hovertemplate=f"{words[0]}<br>{words[1]}<br>%{{z:.1f}} {shown_unit}<extra></extra>",
        colorbar=_build_bar(shown_unit),
    )


def _build_bar(title: str) -> dict[str, Any]:
    return {
        "thickness": 10,
        "outlinewidth": 0,
        "title": {"text": title, "side": "right", "font": {"size": 11}},
        "tickfont": {"size": 10},
        "nticks": 6,
        "x": 1.01,
    }


def _set_ranges(figure: go.Figure, x: Sequence[float], y: Sequence[float], meta: Mapping[str, Any]) -> None:
    figure.update_xaxes(range=list(x), autorange=False, showgrid=False)
    figure.update_yaxes(range=list(y), autorange=False, showgrid=False, nticks=8)
    figure.update_layout(
        margin={"t": 12, "r": 12}, meta=dict(meta), uirevision=f"{meta['view']}-{tuple(x)}-{tuple(y)}"
    )


def build_kurtogram(view: Mapping[str, Any], axis: FrequencyAxis, theme: str) -> go.Figure:
    """Return the kurtosis of every band, one row per level; a click on a cell chooses its band."""
    cells = list_cells(view)
    names = [_name_level(level) for level in view["levels"]]
    figure = build_figure(theme, x=(axis.name, axis.unit), y=("Bandwidth", "Hz"), hovermode="closest")
    figure.add_trace(
        go.Bar(
            orientation="h",
            base=[cell["low_hz"] * axis.factor for cell in cells],
            x=[(cell["high_hz"] - cell["low_hz"]) * axis.factor for cell in cells],
            y=[names[cell["row"]] for cell in cells],
            width=1.0,
            customdata=[[cell["low_hz"], cell["high_hz"], cell["kurtosis"], cell["row"]] for cell in cells],
            marker={
                "color": [cell["kurtosis"] for cell in cells],
                "colorscale": COLOURS,
                "line": {"width": 0.5, "color": "rgba(128,128,128,0.5)"},
                "colorbar": _build_bar("Kurtosis (noise: 0)"),
                "cmin": 0.0,
                "cmax": max([1e-6, *(cell["kurtosis"] for cell in cells)]),
            },
            hovertemplate="%{customdata[0]:.5~g} – %{customdata[1]:.5~g} Hz"
            "<br>kurtosis %{customdata[2]:.3~g}<extra></extra>",
            showlegend=False,
        )
    )
    top = max((cell["high_hz"] for cell in cells), default=1.0) * axis.factor
    figure.update_xaxes(range=[0.0, top], autorange=False, fixedrange=True, showgrid=False)
    figure.update_yaxes(
        fixedrange=True, showgrid=False, type="category", categoryarray=names[::-1], categoryorder="array"
    )
    best = view.get("best")
    figure.update_layout(
        margin={"t": 8, "r": 12},
        bargap=0,
        meta={"view": "kurtogram", "name": "Kurtogram", "best": best, "factor": axis.factor},
        shapes=[_mark_best(view, best, axis)] if best else [],
    )
    return figure


def _mark_best(view: Mapping[str, Any], best: Mapping[str, Any], axis: FrequencyAxis) -> dict[str, Any]:
    """A frame about the best cell."""
    levels = [level["level"] for level in view["levels"]]
    row = len(levels) - 1 - levels.index(best["level"]) if best["level"] in levels else 0
    return {
        "type": "rect",
        "x0": best["low_hz"] * axis.factor,
        "x1": best["high_hz"] * axis.factor,
        "y0": row - 0.5,
        "y1": row + 0.5,
        "line": {"color": "#D55E00", "width": 2.5},
    }


def list_cells(view: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return all cells of a kurtogram with the number of their row."""
    return [
        {**cell, "row": row, "level": level["level"]}
        for row, level in enumerate(view["levels"])
        for cell in level["cells"]
    ]


def list_best_cells(view: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the few cells of the highest kurtosis, highest first."""
    return sorted(list_cells(view), key=lambda cell: -cell["kurtosis"])[:_N_BANDS]


def _name_level(level: Mapping[str, Any]) -> str:
    return f"{level['bandwidth_hz']:.5g} Hz"
