"""Plots of fault bands: their share beside random ones, what if they were weaker, class by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from layouts.components.badges import format_class
from layouts.figures.theme import COLOURWAY, OKABE_ITO, build_figure, class_style, escape_markup

Plain = Mapping[str, Any]
_CONTROLS = {"light": "#1B2430", "dark": "#E4E9EF"}
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_MARKERS = ("circle", "square", "diamond", "triangle-up", "cross", "star")


def build_band_figure(bands: Sequence[Plain], theme: str) -> go.Figure:
    """Return every band's share of the attribution beside that of random bands of equal width."""
    figure = build_figure(
        theme,
        x=("Share of the attribution", "%"),
        y=("Band", "1"),
        uirevision="xai-bands",
        showlegend=True,
        margin={"l": 16, "r": 16, "t": 36, "b": 44},
    )
    rows = list(reversed(bands))
    names = [escape_markup(name_band(each)) for each in rows]
    for above, words in ((True, "in the band, above the control"), (False, "in the band")):
        chosen = [
            (each, name) for each, name in zip(rows, names, strict=True) if each["is_above_control"] is above
        ]
        if chosen:
            _add_band_bars(figure, chosen, words, above=above)
    _add_control(figure, rows, names, theme)
    figure.update_yaxes(title_text="", categoryorder="array", categoryarray=names)
    figure.update_xaxes(rangemode="tozero")
    return figure


def name_band(band: Plain) -> str:
    """Return a band's label with the axis it lies on."""
    label = str(band["label"])
    return label if band["axis"] == "frequency" or "envelope" in label.lower() else f"{label}, envelope"


def _add_band_bars(
    figure: go.Figure, chosen: Sequence[tuple[Plain, str]], words: str, *, above: bool
) -> None:
    figure.add_trace(
        go.Bar(
            x=[100.0 * each["share"] for each, _name in chosen],
            y=[name for _each, name in chosen],
            orientation="h",
            name=words,
            marker={"color": OKABE_ITO["green"], "pattern": {"shape": "" if above else "/"}},
            opacity=0.85 if above else 0.5,
            hovertemplate=f"%{{y}}: %{{x:.2f}} %<extra>{words}</extra>",
        )
    )
    figure.update_layout(barmode="overlay", bargap=0.35)


def _add_control(figure: go.Figure, rows: Sequence[Plain], names: Sequence[str], theme: str) -> None:
    colour = _CONTROLS[theme]
    figure.add_trace(
        go.Scatter(
            x=[100.0 * each["control_share"] for each in rows],
            y=list(names),
            mode="markers",
            name="random bands of equal width (mean, 95 % range)",
            marker={"symbol": "diamond", "size": 8, "color": colour},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [100.0 * (each["control_high"] - each["control_share"]) for each in rows],
                "arrayminus": [100.0 * (each["control_share"] - each["control_low"]) for each in rows],
                "color": colour,
                "thickness": 1.6,
                "width": 5,
            },
            hovertemplate="%{y}: %{x:.2f} %<extra>random bands</extra>",
        )
    )


def build_what_if_figure(summary: Plain, shown: str, theme: str) -> go.Figure:
    """Return how the probabilities move with a band's level.

    ``shown`` is a band's name: then every class has its curve. Else every band has one, of the class that is
    explained.
    """
    band = next((each for each in summary["bands"] if each["name"] == shown), None)
    words = "Probability" if band else f"Probability of {format_class(summary['target_class'])}"
    figure = build_figure(
        theme,
        x=("Level of the band", "dB"),
        y=(words, "%"),
        uirevision=f"xai-what-if-{shown}",
        showlegend=True,
    )
    names = summary["class_names"]
    if band is not None:
        for index, name in enumerate(names):
            style = class_style(name)
            _add_answer(figure, band, index, format_class(name), style.colour, style.dash, style.marker)
    else:
        target = names.index(summary["target_class"])
        for number, each in enumerate(summary["bands"]):
            colour = COLOURWAY[number % len(COLOURWAY)]
            dash, marker = _DASHES[number % len(_DASHES)], _MARKERS[number % len(_MARKERS)]
            _add_answer(figure, each, target, name_band(each), colour, dash, marker)
    figure.add_vline(x=0, line={"color": _CONTROLS[theme], "width": 1, "dash": "dot"})
    figure.update_yaxes(range=[-3, 103])
    return figure


def _add_answer(
    figure: go.Figure, band: Plain, index: int, name: str, colour: str, dash: str, marker: str
) -> None:
    words = escape_markup(name)
    figure.add_trace(
        go.Scatter(
            x=band["gains_db"],
            y=[100.0 * row[index] for row in band["probabilities"]],
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 1.8},
            marker={"symbol": marker, "size": 7},
            name=words,
            hovertemplate=f"%{{x:+g}} dB: %{{y:.1f}} %<extra>{words}</extra>",
        )
    )


def build_atlas_figure(classes: Sequence[Plain], theme: str) -> go.Figure:
    """Return, for every class, the mean share of the attribution in each band with its 95 % interval."""
    figure = build_figure(
        theme,
        x=("Share of the attribution", "%"),
        y=("Band", "1"),
        uirevision="xai-atlas",
        showlegend=True,
        margin={"l": 16, "r": 16, "t": 36, "b": 44},
    )
    order: list[str] = []
    for found in classes:
        order += [name for each in found["bands"] if (name := escape_markup(each["label"])) not in order]
    for found in classes:
        _add_signature(figure, found)
    _add_atlas_control(figure, classes, theme)
    figure.update_layout(barmode="group", bargap=0.3)
    figure.update_yaxes(title_text="", categoryorder="array", categoryarray=order[::-1])
    figure.update_xaxes(rangemode="tozero")
    return figure


def _add_signature(figure: go.Figure, found: Plain) -> None:
    rows = found["bands"]
    means = [100.0 * each["mean"] for each in rows]
    style, words = class_style(found["fault_class"]), escape_markup(format_class(found["fault_class"]))
    highs = [
        mean if each["high"] is None else 100.0 * each["high"] for each, mean in zip(rows, means, strict=True)
    ]
    lows = [
        mean if each["low"] is None else 100.0 * each["low"] for each, mean in zip(rows, means, strict=True)
    ]
    figure.add_trace(
        go.Bar(
            x=means,
            y=[escape_markup(each["label"]) for each in rows],
            orientation="h",
            name=words,
            marker={"color": style.colour},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [max(high - mean, 0.0) for high, mean in zip(highs, means, strict=True)],
                "arrayminus": [max(mean - low, 0.0) for low, mean in zip(lows, means, strict=True)],
                "thickness": 1.2,
                "width": 3,
            },
            hovertemplate=f"%{{y}}: %{{x:.2f}} %<extra>{words}</extra>",
        )
    )


def _add_atlas_control(figure: go.Figure, classes: Sequence[Plain], theme: str) -> None:
    """Add what random bands hold, which differs little from class to class: the largest of them."""
    controls: dict[str, float] = {}
    for found in classes:
        for each in found["bands"]:
            label = escape_markup(each["label"])
            controls[label] = max(controls.get(label, 0.0), 100.0 * each["control"])
    figure.add_trace(
        go.Scatter(
            x=list(controls.values()),
            y=list(controls),
            mode="markers",
            marker={"symbol": "diamond", "size": 8, "color": _CONTROLS[theme]},
            name="random bands of equal width",
            hovertemplate="%{y}: %{x:.2f} %<extra>random bands</extra>",
        )
    )
