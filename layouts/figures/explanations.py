"""Plots of what a classifier looked at: over the waveform, over frequency or orders, over features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from layouts.components.badges import format_class
from layouts.figures.theme import OKABE_ITO, build_figure, escape_markup

Plain = Mapping[str, Any]
RELATIVE_METHOD: Final = "gradcam"
_FOR: Final = OKABE_ITO["vermillion"]
# The deep blue can't be seen on the dark ground.
_AGAINST = {"light": OKABE_ITO["blue"], "dark": OKABE_ITO["sky_blue"]}
_TRACES = {"light": "#46515F", "dark": "#B9C1CC"}
_SHADES = {"light": "rgba(0,158,115,0.16)", "dark": "rgba(0,158,115,0.30)"}
_ORDER_UNIT = "multiples of shaft speed"
_MOST_SHADED: Final = 60
_MOST_FEATURES: Final = 20
_ROOM_BEYOND: Final = 1.25
_MARGIN: Final = 0.06


def _look(theme: str) -> str:
    return "dark" if theme == "dark" else "light"


def place_points(curves: Plain, step: float, start: float = 0.0) -> NDArray[np.float64]:
    """Return where the points of a group of thinned curves lie; a point stands for the stretch after it."""
    names = [name for name, values in curves.items() if isinstance(values, list)]
    n_points = len(curves[names[0]]) if names else 0
    return start + np.arange(n_points, dtype=np.float64) * curves["samples_per_point"] * step


def name_attribution(method: str) -> tuple[str, str]:
    """Return quantity and unit of a method's attribution: Grad-CAM tells places, not amounts."""
    return ("Attribution", "relative") if method == RELATIVE_METHOD else ("Attribution", "log-probability")


def build_waveform_figure(explanation: Plain, theme: str) -> go.Figure:
    """Return the explained window above what in it speaks for and against the class, over the same time."""
    summary, curves = explanation["summary"], explanation["curves"]["time"]
    quantity, unit = name_attribution(explanation["method"])
    figure = build_figure(
        theme,
        x=("Time in the recording", "s"),
        y=("Signal", "standard deviations"),
        uirevision="xai-waveform",
        showlegend=True,
        margin={"l": 64, "r": 16, "t": 28, "b": 44},
    )
    figure.update_layout(
        yaxis={"domain": [0.5, 1.0]},
        yaxis2={"domain": [0.0, 0.42], "anchor": "x", "title": {"text": f"{quantity} ({unit})"}},
        xaxis={"anchor": "y2"},
    )
    time_s = place_points(curves, curves["step_s"], curves["start_s"])
    figure.add_trace(
        go.Scatter(
            x=time_s,
            y=curves["waveform"],
            mode="lines",
            line={"color": _TRACES[_look(theme)], "width": 1},
            name="signal",
            showlegend=False,
            hovertemplate="%{x:.4f} s: %{y:.3~g} standard deviations<extra>signal</extra>",
        )
    )
    _add_signed(figure, theme, time_s, curves["attribution"], summary["target_class"], "s", yaxis="y2")
    return figure


def _add_signed(
    figure: go.Figure,
    theme: str,
    x: NDArray[np.float64],
    attribution: Sequence[float],
    target: str,
    unit: str,
    *,
    yaxis: str = "y",
) -> None:
    """Add what speaks for the class above zero, and what speaks against it below."""
    values = np.asarray(attribution, dtype=np.float64)
    name = escape_markup(format_class(target))
    for sign, colour, words in (
        (1.0, _FOR, f"speaks for {name}"),
        (-1.0, _AGAINST[_look(theme)], f"speaks against {name}"),
    ):
        heights = np.clip(sign * values, 0.0, None) * sign
        figure.add_trace(
            go.Scatter(
                x=x,
                y=heights,
                mode="lines",
                line={"color": colour, "width": 0.8, "shape": "hv"},
                fill="tozeroy",
                fillcolor=colour,
                name=words,
                yaxis=yaxis,
                hovertemplate=f"%{{x:.5~g}} {unit}: %{{y:.3~g}}<extra>{words}</extra>",
            )
        )


def build_frequency_figure(explanation: Plain, kind: str, theme: str, *, orders: bool = False) -> go.Figure:
    """Return attribution over frequency (or orders) before the spectrum that it was found in.

    ``kind`` is ``frequency`` or ``envelope``: of the signal, or of its envelope in the demodulation band.
    """
    summary, curves = explanation["summary"], explanation["curves"][kind]
    factor = 1.0 / summary["shaft"]["frequency_hz"] if orders else 1.0
    x = ("Order", _ORDER_UNIT) if orders else ("Frequency", "Hz")
    figure = build_figure(
        theme,
        x=x,
        y=name_attribution(explanation["method"]),
        uirevision=f"xai-{kind}-{orders}",
        showlegend=True,
        margin={"l": 64, "r": 64, "t": 28, "b": 44},
    )
    bands = [each for each in summary["bands"] if each["axis"] == kind]
    _shade_bands(figure, theme, bands, factor)
    places, unit = place_points(curves, curves["step_hz"] * factor), "X" if orders else "Hz"
    _add_spectrum(figure, theme, places, curves["spectrum"], curves["contributions"], unit)
    _add_signed(figure, theme, places, curves["contributions"], summary["target_class"], unit)
    end = float(places[-1]) if len(places) else 1.0
    if kind == "envelope" and bands:  # the lines lie at its low end
        highest = max(high for each in bands for _low, high in each["ranges_hz"])
        end = min(end, _ROOM_BEYOND * highest * factor)
    figure.update_xaxes(range=[0.0, end])
    return figure


def _shade_bands(figure: go.Figure, theme: str, bands: Sequence[Plain], factor: float) -> None:
    """Shade the fault bands, those with most of the attribution first where there are very many."""
    ranked = sorted(bands, key=lambda each: -each["share"])
    shaded = [(each, low, high) for each in ranked for low, high in each["ranges_hz"]][:_MOST_SHADED]
    for _each, low, high in shaded:
        figure.add_shape(
            type="rect",
            x0=low * factor,
            x1=high * factor,
            y0=0,
            y1=1,
            yref="paper",
            line_width=0,
            fillcolor=_SHADES[_look(theme)],
            layer="below",
        )
    if shaded:
        _add_band_names(figure, theme, shaded, factor)


def _add_band_names(
    figure: go.Figure, theme: str, shaded: Sequence[tuple[Plain, float, float]], factor: float
) -> None:
    """Let every shaded band say what it is under the pointer, and the legend what the shade means."""
    figure.add_trace(
        go.Scatter(
            x=[(low + high) / 2 * factor for _each, low, high in shaded],
            y=[0.0] * len(shaded),
            mode="markers",
            marker={"symbol": "square", "size": 9, "color": _SHADES[_look(theme)]},
            text=[escape_markup(each["label"]) for each, _low, _high in shaded],
            name="fault band",
            hovertemplate="%{text}, around %{x:.5~g}<extra>fault band</extra>",
        )
    )


def _align_zero(attribution: Sequence[float], spectrum: Sequence[float]) -> tuple[list[float], list[float]]:
    """Return the ranges of both axes, so that their zeros lie at the same height."""
    highest, lowest = max(0.0, *attribution), min(0.0, *attribution)
    span = (highest - lowest) or 1.0
    high, low = highest + _MARGIN * span, lowest - _MARGIN * span
    top = (1.0 + _MARGIN) * (max(spectrum, default=0.0) or 1.0)
    return [low, high], [top * low / high, top]


def _add_spectrum(
    figure: go.Figure,
    theme: str,
    places: NDArray[np.float64],
    spectrum: Sequence[float],
    attribution: Sequence[float],
    unit: str,
) -> None:
    figure.add_trace(
        go.Scatter(
            x=places,
            y=spectrum,
            mode="lines",
            yaxis="y2",
            name="spectrum",
            line={"color": _TRACES[_look(theme)], "width": 0.8},
            opacity=0.55,
            hovertemplate=f"%{{x:.5~g}} {unit}: %{{y:.3~g}}<extra>spectrum</extra>",
        )
    )
    figure.update_layout(
        yaxis2={
            "overlaying": "y",
            "side": "right",
            "showgrid": False,
            "zeroline": False,
            "tickmode": "auto",
            "range": _align_zero(attribution, spectrum)[1],
            "title": {"text": "Amplitude (standard deviations)"},
        }
    )
    figure.update_yaxes(range=_align_zero(attribution, spectrum)[0], selector={"overlaying": None})


def list_removals(summary: Plain) -> list[str]:
    """Return the axes over which parts were taken away and put back."""
    return list(dict.fromkeys(each["axis"] for each in summary["trust"] if each["curve"]))


def build_removal_figure(summary: Plain, theme: str) -> go.Figure:
    """Return the probability as parts are taken away, and put back, most attributed first."""
    target = format_class(summary["target_class"])
    figure = build_figure(
        theme,
        x=("Parts taken away or put back", "%"),
        y=(f"P({target})", "%"),
        uirevision="xai-removal",
        showlegend=True,
    )
    axes = list_removals(summary)
    for row, axis in enumerate(axes):
        _add_removal(figure, theme, [each for each in summary["trust"] if each["axis"] == axis], row)
        _place_removal(figure, row, len(axes), f"P({target}) (%), over {axis}")
    figure.update_layout(xaxis={"anchor": f"y{len(axes)}" if len(axes) > 1 else "y"})
    return figure


def _place_removal(figure: go.Figure, row: int, n_rows: int, title: str) -> None:
    """Stack the axes, the first on top."""
    height, gap = 1.0 / n_rows, 0.06 if n_rows > 1 else 0.0
    top = 1.0 - row * height
    domain = [max(top - height + (gap if row < n_rows - 1 else 0.0), 0.0), top]
    name = "yaxis" if row == 0 else f"yaxis{row + 1}"
    figure.update_layout(
        {name: {"domain": domain, "range": [-3, 103], "anchor": "x", "title": {"text": escape_markup(title)}}}
    )


def _add_removal(figure: go.Figure, theme: str, checks: Sequence[Plain], row: int) -> None:
    looks = {"deletion": (_FOR, "taken away"), "insertion": (_AGAINST[_look(theme)], "put back")}
    for check in checks:
        if check["name"] not in looks or not check["curve"]:
            continue
        colour, words = looks[check["name"]]
        for curve, dash, order in (
            (check["curve"], "solid", "most attributed first"),
            (check["control_curve"], "dot", "in random order"),
        ):
            figure.add_trace(
                go.Scatter(
                    x=np.linspace(0.0, 100.0, len(curve)),
                    y=[100.0 * each for each in curve],
                    mode="lines",
                    line={"color": colour, "dash": dash, "width": 1.8},
                    name=f"{words}, {order}",
                    showlegend=row == 0,
                    yaxis="y" if row == 0 else f"y{row + 1}",
                    hovertemplate=f"%{{x:.0f}} % {words}: %{{y:.1f}} %<extra>{order}</extra>",
                )
            )


def build_feature_figure(summary: Plain, theme: str) -> go.Figure:
    """Return the features that move the score most, the largest on top."""
    rows = list(reversed(summary["features"]["rows"][:_MOST_FEATURES]))
    figure = build_figure(
        theme,
        x=("Attribution", "log-probability"),
        y=("Feature", "1"),
        uirevision="xai-features",
        showlegend=True,
        margin={"l": 16, "r": 16, "t": 36, "b": 44},
    )
    target = escape_markup(format_class(summary["target_class"]))
    names = [escape_markup(each["name"]) for each in rows]
    for sign, colour, words in (
        (1, _FOR, f"speaks for {target}"),
        (-1, _AGAINST[_look(theme)], f"speaks against {target}"),
    ):
        chosen = [
            (each, name) for each, name in zip(rows, names, strict=True) if sign * each["attribution"] > 0
        ]
        figure.add_trace(
            go.Bar(
                x=[each["attribution"] for each, _name in chosen],
                y=[name for _each, name in chosen],
                customdata=[[escape_markup(str(each["group"]))] for each, _name in chosen],
                orientation="h",
                name=words,
                marker={"color": colour},
                hovertemplate="%{y} (%{customdata[0]}): %{x:.3~g}<extra>" + words + "</extra>",
            )
        )
    figure.update_layout(barmode="relative", bargap=0.3)
    figure.update_yaxes(title_text="", categoryorder="array", categoryarray=names)
    return figure
