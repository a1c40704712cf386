"""Figures of features: distributions, projections, class spectra, importance, correlation."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from layouts.components.badges import format_class
from layouts.figures.theme import build_figure, class_style, escape_markup

MOST_BARS = 30
# Room for a legend above the plot.
_LEGEND_MARGIN = {"t": 48}
_BAR_COLOURS = {"light": "#1D5FAE", "dark": "#7DB4F5"}
# Blue over white (or the dark ground) to vermillion: safe for colour-blind eyes.
_SCALES = {
    "light": [[0.0, "#0072B2"], [0.5, "#FFFFFF"], [1.0, "#D55E00"]],
    "dark": [[0.0, "#56B4E9"], [0.5, "#161C24"], [1.0, "#E8792B"]],
}


def _shade(theme: str) -> str:
    return "dark" if theme == "dark" else "light"


def build_distribution(found: Mapping[str, Any], theme: str) -> go.Figure:
    """Return one step line per class: the share of its windows per bin."""
    feature, edges = found["feature"], found["edges"]
    figure = build_figure(
        theme,
        x=(feature["name"], feature["unit"] or "pure number"),
        y=("Share of the class's windows", "%"),
        uirevision=feature["name"],
        hovermode="x unified",
        margin=_LEGEND_MARGIN,
    )
    middles = [(low + high) / 2 for low, high in itertools.pairwise(edges)]
    for each in found["classes"]:
        style = class_style(each["fault_class"])
        figure.add_trace(
            go.Scatter(
                x=middles,
                y=[100 * share for share in each["shares"]],
                name=f"{escape_markup(format_class(each['fault_class']))} ({each['n_windows']:,})",
                mode="lines",
                line={"shape": "hvh", "color": style.colour, "dash": style.dash, "width": 1.8},
                hovertemplate="%{y:.1f} %",
            )
        )
    figure.update_yaxes(rangemode="tozero")
    return figure


def build_projection(found: Mapping[str, Any], theme: str) -> go.Figure:
    """Return a point per window, coloured and marked by class."""
    if found["method"] == "pca":
        names = [
            (f"Component {index}", f"{100 * share:.1f} % of the variance")
            for index, share in enumerate(found["explained"], start=1)
        ]
    else:
        names = [("t-SNE 1", "no unit"), ("t-SNE 2", "no unit")]
    figure = build_figure(theme, x=names[0], y=names[1], uirevision=found["method"], margin=_LEGEND_MARGIN)
    for fault_class in sorted(set(found["fault_class"])):
        rows = [index for index, name in enumerate(found["fault_class"]) if name == fault_class]
        style = class_style(fault_class)
        figure.add_trace(
            go.Scatter(
                x=[found["x"][index] for index in rows],
                y=[found["y"][index] for index in rows],
                name=escape_markup(format_class(fault_class)),
                mode="markers",
                marker={"symbol": style.marker, "color": style.colour, "size": 6, "opacity": 0.75},
                customdata=[
                    [
                        found["href"][index],
                        found["recording"][index],
                        found["channel"][index],
                        found["start_s"][index],
                    ]
                    for index in rows
                ],
                text=[escape_markup(f"{found['recording'][i]} ({found['channel'][i]})") for i in rows],
                hovertemplate="%{text}, window at %{customdata[3]:.4g} s",
            )
        )
    return figure


def build_spectra(found: Mapping[str, Any], theme: str) -> go.Figure:
    """Return the median spectrum of every class in its band from the 10th to the 90th percentile."""
    unit = f"dB re 1 ({found['unit']})²/Hz" if found["unit"] else "dB, unit unknown"
    figure = build_figure(
        theme,
        x=("Frequency", "Hz"),
        y=("Power density", unit),
        uirevision="spectra",
        hovermode="x unified",
        margin=_LEGEND_MARGIN,
        legend={"y": 1.09},  # Plotly counts the bands' hidden entries in, and would lay it over the curves
    )
    frequencies = found["frequencies_hz"]
    for each in found["classes"]:
        style = class_style(each["fault_class"])
        name = escape_markup(format_class(each["fault_class"]))
        figure.add_trace(
            go.Scatter(
                x=[*frequencies, *reversed(frequencies)],
                y=[*each["p90_db"], *reversed(each["p10_db"])],
                fill="toself",
                fillcolor=_fade(style.colour),
                line={"width": 0},
                hoverinfo="skip",
                legendgroup=name,
                showlegend=False,
            )
        )
        figure.add_trace(
            go.Scatter(
                x=frequencies,
                y=each["p50_db"],
                name=f"{name} ({each['n_signals']:,} signals)",
                mode="lines",
                line={"color": style.colour, "dash": style.dash, "width": 1.6},
                legendgroup=name,
                hovertemplate="%{y:.1f} dB",
            )
        )
    return figure


def _fade(colour: str) -> str:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.16)"


def build_importance(ranking: Mapping[str, Any], method: str, theme: str) -> go.Figure:
    """Return bars of the features that tell most, the highest at the top."""
    units = {
        "mutual_info": ("Mutual information with the class", "nats"),
        "random_forest": ("Mean decrease of impurity", "share"),
        "permutation": ("Probability of the true class lost when mixed up", "window-level"),
    }
    items = list(reversed(ranking["items"][:MOST_BARS]))
    spread = [item["spread"] or 0.0 for item in items]
    figure = build_figure(
        theme, x=units[method], y=("Feature", f"the {len(items)} highest"), uirevision=f"{method}"
    )
    figure.add_trace(
        go.Bar(
            x=[item["score"] for item in items],
            y=[item["feature"] for item in items],
            orientation="h",
            marker={"color": _BAR_COLOURS[_shade(theme)]},
            error_x={"type": "data", "array": spread, "visible": any(spread), "thickness": 1},
            hovertemplate="%{y}: %{x:.4g}<extra></extra>",
        )
    )
    figure.update_layout(bargap=0.35)
    figure.update_yaxes(tickfont={"size": 11}, showgrid=False, dtick=1)
    return figure


def build_correlation(found: Mapping[str, Any], theme: str) -> go.Figure:
    """Return the matrix of correlations as a map."""
    names: Sequence[str] = found["feature_names"]
    figure = build_figure(
        theme, x=("Feature", f"{len(names)}"), y=("Feature", f"{len(names)}"), uirevision="correlation"
    )
    figure.add_trace(
        go.Heatmap(
            z=found["correlation"],
            x=list(names),
            y=list(names),
            zmin=-1,
            zmax=1,
            colorscale=_SCALES[_shade(theme)],
            colorbar={"title": {"text": "r"}, "thickness": 12},
            hovertemplate="%{y} and %{x}: %{z:.2f}<extra></extra>",
        )
    )
    shown = len(names) <= 45
    figure.update_xaxes(showticklabels=shown, tickangle=-60, tickfont={"size": 9}, showgrid=False)
    figure.update_yaxes(showticklabels=shown, tickfont={"size": 9}, showgrid=False, autorange="reversed")
    return figure
