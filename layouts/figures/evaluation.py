"""Plots that judge a classifier: ROC, PR, reliability, coverage, robustness, cost against accuracy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from layouts.components.badges import format_class
from layouts.figures.theme import COLOURWAY, OKABE_ITO, build_figure, class_style, escape_markup

Plain = Mapping[str, Any]
MACRO = "macro"
_REFERENCE = {"color": "#8A94A3", "dash": "dot", "width": 1}
_BAND_OPACITY = 0.18
_MARKERS = ("circle", "square", "diamond", "triangle-up", "cross", "star")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_LEVEL_WORDS = {"recording_level": "recording-level", "window_level": "window-level"}
_UNIT = [0.0, 1.02]
_MOST_NAMED = 6


def build_roc_figure(judged: Plain, theme: str, shown: str = MACRO) -> go.Figure:
    """Return the ROC curves of every class; ``shown`` (a class, or the mean) carries its 95 % band."""
    figure = _build_curves(
        judged, theme, shown, "roc", x=("False alarms", "share"), y=("Found (recall)", "share")
    )
    _add_reference(figure, [0.0, 1.0], [0.0, 1.0], "guessing")
    return figure


def build_pr_figure(judged: Plain, theme: str, shown: str = MACRO) -> go.Figure:
    """Return the precision-recall curves of every class; ``shown`` carries its 95 % band."""
    return _build_curves(judged, theme, shown, "pr", x=("Found (recall)", "share"), y=("Precision", "share"))


def _build_curves(
    judged: Plain, theme: str, shown: str, kind: str, *, x: tuple[str, str], y: tuple[str, str]
) -> go.Figure:
    # the table below has a line and a colour for each class; so many names would take the plot's room
    legend = len(judged["per_class"]) <= _MOST_NAMED
    figure = build_figure(theme, x=x, y=y, uirevision=kind, hovermode="closest", showlegend=legend)
    entries = [(each["class_name"], each) for each in judged["per_class"]]
    for name, curves in [*entries, (MACRO, judged["macro"])]:
        colour, dash, title = _style_curve(name, theme)
        if name == shown:
            _add_band(figure, curves.get(f"{kind}_band"), colour)
        _add_curve(figure, curves.get(kind), title, colour, dash, width=3 if name == shown else 1.6)
    figure.update_xaxes(range=[-0.02, 1.02])
    figure.update_yaxes(range=_UNIT)
    return figure


def _style_curve(name: str, theme: str) -> tuple[str, str, str]:
    if name == MACRO:
        return ("#E4E9EF" if theme == "dark" else "#1B2430"), "dash", "mean of the classes"
    style = class_style(name)
    return style.colour, style.dash, escape_markup(format_class(name))


def _add_curve(
    figure: go.Figure, points: Plain | None, title: str, colour: str, dash: str, *, width: float
) -> None:
    if points is None:
        return
    x_title, y_title = (figure.layout[axis].title.text for axis in ("xaxis", "yaxis"))
    figure.add_trace(
        go.Scatter(
            x=points["x"],
            y=points["y"],
            name=title,
            mode="lines",
            line={"color": colour, "dash": dash, "width": width},
            hovertemplate=f"{x_title} %{{x:.3f}}<br>{y_title} %{{y:.3f}}<extra>{title}</extra>",
        )
    )


def _add_band(figure: go.Figure, band: Plain | None, colour: str) -> None:
    if band is None:
        return
    figure.add_trace(
        go.Scatter(
            x=[*band["x"], *reversed(band["x"])],
            y=[*band["high"], *reversed(band["low"])],
            fill="toself",
            fillcolor=colour,
            opacity=_BAND_OPACITY,
            line={"width": 0},
            mode="lines",
            name="95 % band",
            hoverinfo="skip",
        )
    )


def _add_reference(figure: go.Figure, x: Sequence[float], y: Sequence[float], name: str) -> None:
    figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=_REFERENCE, name=name, hoverinfo="skip"))


def build_reliability_figure(calibration: Plain, theme: str) -> go.Figure:
    """Return accuracy against confidence, before and (where it was scaled) after temperature scaling."""
    figure = build_figure(
        theme, x=("Confidence", "share"), y=("Right", "share"), uirevision="reliability", hovermode="closest"
    )
    _add_reference(figure, [0.0, 1.0], [0.0, 1.0], "as good as it says")
    looks = (
        ("before", "before scaling", OKABE_ITO["orange"], "square", "dot"),
        ("after", "after scaling", OKABE_ITO["blue"], "circle", "solid"),
    )
    for field, name, colour, marker, dash in looks:
        if calibration[field] is not None:
            _add_bins(figure, calibration[field]["bins"], name, colour, marker, dash)
    figure.update_xaxes(range=[-0.02, 1.04])
    figure.update_yaxes(range=[-0.02, 1.04])
    return figure


def _add_bins(
    figure: go.Figure, bins: Sequence[Plain], name: str, colour: str, marker: str, dash: str
) -> None:
    figure.add_trace(
        go.Scatter(
            x=[each["confidence"] for each in bins],
            y=[each["accuracy"] for each in bins],
            error_y=_draw_errors([(each["accuracy"], each["interval"]) for each in bins], colour),
            customdata=[[each["n"], each["low"], each["high"]] for each in bins],
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 1.6},
            marker={"symbol": marker, "size": 7},
            name=name,
            hovertemplate=(
                "confidence %{x:.3f} (bin %{customdata[1]:.2f} to %{customdata[2]:.2f})"
                f"<br>right %{{y:.3f}}, n = %{{customdata[0]}}<extra>{name}</extra>"
            ),
        )
    )


def _draw_errors(values: Sequence[tuple[float, Sequence[float] | None]], colour: str) -> dict[str, Any]:
    """Return error bars that reach to both ends of each interval."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [0.0 if interval is None else max(interval[1] - value, 0.0) for value, interval in values],
        "arrayminus": [
            0.0 if interval is None else max(value - interval[0], 0.0) for value, interval in values
        ],
        "color": colour,
        "thickness": 1.2,
        "width": 3,
    }


def build_coverage_figure(curve: Sequence[Plain], theme: str) -> go.Figure:
    """Return the measured coverage of conformal sets against the wanted one, inside its binomial band."""
    figure = build_figure(
        theme,
        x=("Coverage wanted", "%"),
        y=("Coverage measured", "%"),
        uirevision="coverage",
        hovermode="closest",
    )
    possible = [each for each in curve if each["possible"] and each["coverage"] is not None]
    x = [100.0 * each["coverage_wanted"] for each in possible]
    bands = [each["band"] for each in possible]
    if bands:
        band = {"x": x, "low": [100.0 * low for low, _ in bands], "high": [100.0 * high for _, high in bands]}
        _add_band(figure, band, OKABE_ITO["sky_blue"])
        figure.data[0].name = "where it falls 95 % of the time"
    _add_reference(figure, x, x, "as wanted")
    figure.add_trace(
        go.Scatter(
            x=x,
            y=[100.0 * each["coverage"] for each in possible],
            customdata=[
                [each["mean_size"], "inside the band" if each["inside"] else "outside the band"]
                for each in possible
            ],
            mode="lines+markers",
            line={"color": OKABE_ITO["blue"], "width": 2},
            marker={
                "size": 9,
                "symbol": ["circle" if each["inside"] else "x" for each in possible],
                "color": [OKABE_ITO["blue" if each["inside"] else "vermillion"] for each in possible],
            },
            name="measured",
            hovertemplate=(
                "wanted %{x:.0f} %<br>measured %{y:.1f} %, %{customdata[1]}"
                "<br>%{customdata[0]:.2f} classes per set<extra></extra>"
            ),
        )
    )
    return figure


def build_sizes_figure(sizes: Sequence[Plain], level: str, theme: str) -> go.Figure:
    """Return how many recordings (or windows) got sets of each size."""
    noun = "recordings" if level == "recording_level" else "windows"
    figure = build_figure(
        theme, x=("Classes in the set", "number"), y=(noun.capitalize(), "number"), uirevision="sizes"
    )
    figure.add_trace(
        go.Bar(
            x=[each["size"] for each in sizes],
            y=[each["n"] for each in sizes],
            marker={"color": OKABE_ITO["blue"]},
            hovertemplate=f"%{{y}} {noun} with %{{x}} classes<extra></extra>",
        )
    )
    figure.update_xaxes(dtick=1)
    figure.update_layout(showlegend=False)
    return figure


def build_robustness_figure(sweep: Plain, level: str, theme: str, quantity: str = "accuracy") -> go.Figure:
    """Return accuracy (or macro F1) against the SNR of each disturbance, with the clean value as a line."""
    words = {"accuracy": "Accuracy", "macro_f1": "Macro F1"}[quantity]
    figure = build_figure(
        theme,
        x=("Signal to disturbance", "dB"),
        y=(f"{words}, {_LEVEL_WORDS[level]}", "%"),
        uirevision=f"robustness-{level}-{quantity}",
        hovermode="closest",
    )
    rows = [each for each in sweep["rows"] if each["noise_type"] != "gain"]
    for index, kind in enumerate(dict.fromkeys(each["noise_type"] for each in rows)):
        _add_sweep(figure, [each for each in rows if each["noise_type"] == kind], level, quantity, index)
    _mark_clean(figure, sweep, level, quantity)
    figure.update_xaxes(autorange="reversed")
    figure.update_yaxes(range=[0, 103])
    return figure


def build_gain_figure(sweep: Plain, level: str, theme: str, quantity: str = "accuracy") -> go.Figure:
    """Return accuracy (or macro F1) against the sensor's gain; a level line is what is wanted."""
    words = {"accuracy": "Accuracy", "macro_f1": "Macro F1"}[quantity]
    figure = build_figure(
        theme,
        x=("Gain", "dB"),
        y=(f"{words}, {_LEVEL_WORDS[level]}", "%"),
        uirevision=f"gain-{level}-{quantity}",
        hovermode="closest",
        showlegend=False,
    )
    rows = [each for each in sweep["rows"] if each["noise_type"] == "gain"]
    _add_sweep(figure, rows, level, quantity, 0)
    _mark_clean(figure, sweep, level, quantity)
    figure.update_yaxes(range=[0, 103])
    return figure


def _add_sweep(figure: go.Figure, rows: Sequence[Plain], level: str, quantity: str, index: int) -> None:
    rows = sorted((each for each in rows if each[level] is not None), key=lambda each: each["level_db"])
    if not rows:
        return
    colour = COLOURWAY[index % len(COLOURWAY)]
    values = [100.0 * each[level][quantity] for each in rows]
    intervals = [each[level]["accuracy_interval"] if quantity == "accuracy" else None for each in rows]
    spans = [None if each is None else [100.0 * end for end in each] for each in intervals]
    name = escape_markup(rows[0]["title"])
    figure.add_trace(
        go.Scatter(
            x=[each["level_db"] for each in rows],
            y=values,
            error_y=_draw_errors(list(zip(values, spans, strict=True)), colour),
            customdata=[[each[level]["n"], each[level]["n_changed"]] for each in rows],
            mode="lines+markers",
            line={"color": colour, "dash": _DASHES[index % len(_DASHES)], "width": 1.8},
            marker={"symbol": _MARKERS[index % len(_MARKERS)], "size": 7},
            name=name,
            hovertemplate=(
                "%{x:g} dB: %{y:.1f} % of %{customdata[0]}"
                f"<br>%{{customdata[1]}} answers changed<extra>{name}</extra>"
            ),
        )
    )


def _mark_clean(figure: go.Figure, sweep: Plain, level: str, quantity: str) -> None:
    clean = sweep["clean"][level]
    if clean is not None:
        figure.add_hline(
            y=100.0 * clean[quantity],
            line={"color": _REFERENCE["color"], "dash": "dash", "width": 1},
            annotation={"text": "clean", "xanchor": "right", "yanchor": "bottom", "font": {"size": 11}},
        )


def build_open_set_figure(found: Plain, level: str, theme: str) -> go.Figure:
    """Return how well each score tells a class that was held out from the known ones, class by class."""
    figure = build_figure(
        theme,
        x=("Class held out", "1"),
        y=(f"AUROC, {_LEVEL_WORDS[level]}", "share"),
        uirevision=f"open-set-{level}",
        hovermode="closest",
    )
    figure.update_xaxes(title_text="Class held out of the training data of the score")
    folds = [each for each in found["folds"] if each[level]]
    classes = [format_class(each["held_out"]) for each in folds]
    for index, score in enumerate(found["scores"]):
        values = [each[level].get(score["score"]) for each in folds]
        chosen = score["score"] == found["chosen"]
        figure.add_trace(
            go.Scatter(
                x=[escape_markup(name) for name in classes],
                y=[None if each is None else each["auroc"] for each in values],
                mode="markers",
                marker={
                    "symbol": _MARKERS[index % len(_MARKERS)],
                    "size": 12 if chosen else 9,
                    "color": COLOURWAY[index % len(COLOURWAY)],
                },
                name=escape_markup(score["title"]) + (" (chosen)" if chosen else ""),
                hovertemplate="%{x}: AUROC %{y:.3f}",
            )
        )
    figure.add_hline(y=0.5, line=_REFERENCE)
    figure.update_yaxes(range=[0, 1.04])
    return figure


COSTS = {
    "n_parameters": ("Parameters", "number"),
    "n_bytes": ("Size of the classifier", "bytes"),
    "train_cpu_s": ("Training", "CPU s"),
    "latency": ("Latency per recording, median", "ms"),
}


def build_architecture_figure(rows: Sequence[Plain], cost: str, theme: str) -> go.Figure:
    """Return recording-level accuracy against what it costs; those that nothing beats stand out."""
    figure = build_figure(
        theme,
        x=COSTS[cost],
        y=("Accuracy, recording-level", "%"),
        uirevision=f"architectures-{cost}",
        hovermode="closest",
    )
    judged = [(each, read_cost(each, cost)) for each in rows if each["recording_level"] is not None]
    judged = [(each, value) for each, value in judged if value is not None]
    for pareto, name in ((True, "nothing better and smaller"), (False, "others")):
        group = [(each, value) for each, value in judged if bool(each["pareto"]) is pareto]
        if group:
            _add_architectures(figure, group, name, pareto=pareto)
    figure.update_xaxes(type="log")
    costs = [math.log10(cost) for _, cost in judged if cost > 0]
    if costs:  # room for the words beside the outermost marks
        room = max(0.18 * (max(costs) - min(costs)), 0.1)
        figure.update_xaxes(range=[min(costs) - room, max(costs) + room])
    return figure


def read_cost(row: Plain, cost: str) -> float | None:
    """Return what an architecture costs; None where it was not measured."""
    if cost != "latency":
        value: float | None = row[cost]
        return value
    return row["latency"]["recording_ms_p50"] if row["latency"] else None


def _add_architectures(
    figure: go.Figure, group: Sequence[tuple[Plain, float]], name: str, *, pareto: bool
) -> None:
    colour = OKABE_ITO["vermillion" if pareto else "blue"]
    values = [100.0 * each["recording_level"]["accuracy"] for each, _ in group]
    spans = [[100.0 * end for end in each["recording_level"]["interval"]] for each, _ in group]
    titles = [f"{escape_markup(each['network_title'])}, seed {each['seed']}" for each, _ in group]
    figure.add_trace(
        go.Scatter(
            x=[cost for _, cost in group],
            y=values,
            error_y=_draw_errors(list(zip(values, spans, strict=True)), colour),
            text=titles,
            textposition="top center",
            mode="markers+text",
            cliponaxis=False,
            marker={
                "symbol": "diamond" if pareto else "circle",
                "size": 11 if pareto else 9,
                "color": colour,
            },
            name=name,
            hovertemplate="%{text}<br>%{x:.4~g}: %{y:.1f} %<extra></extra>",
        )
    )
