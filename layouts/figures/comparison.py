"""Figures of a comparison: accuracies and recall with intervals, differences, ranks, learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import plotly.graph_objects as go

from layouts.components.badges import format_class
from layouts.figures.theme import COLOURWAY, build_figure, escape_markup

_DASHES = ("solid", "dash")
_MARKERS = ("circle", "square", "diamond", "triangle-up", "cross", "star")
# What curves can show: title, unit, factor.
QUANTITIES = {
    "validation_loss": ("Validation loss", "nats", 1.0),
    "train_loss": ("Training loss", "nats", 1.0),
    "validation_recording_accuracy": ("Validation accuracy, recording-level", "%", 100.0),
    "validation_window_accuracy": ("Validation accuracy, window-level", "%", 100.0),
    "train_accuracy": ("Training accuracy, window-level", "%", 100.0),
    "learning_rate": ("Learning rate", "1", 1.0),
    "gradient_norm": ("Gradient norm", "1", 1.0),
}
AGAINST = {"epoch": ("Epoch, or chunk of trees", "1"), "time": ("Training time", "s")}
_MARKED_EPOCHS = 60
_EVERY_TICK = 10
_SPREAD = 0.7


@dataclass(frozen=True, slots=True)
class ContestantStyle:
    """How a contestant looks in every plot; never by colour alone."""

    colour: str
    dash: str
    marker: str


def style_contestant(letter: str) -> ContestantStyle:
    """Return the look of a contestant by its letter; the second six repeat the colours, dashed."""
    index = ord(letter) - ord("A")
    n = len(COLOURWAY)
    return ContestantStyle(COLOURWAY[index % n], _DASHES[index // n % 2], _MARKERS[index % len(_MARKERS)])


def build_accuracies(contestants: Sequence[Mapping[str, Any]], theme: str) -> go.Figure:
    """Return recording-level accuracy with its interval over recordings, and each seed as a small ring."""
    figure = build_figure(
        theme, x=("Accuracy, recording-level", "%"), y=("Training", "letter"), showlegend=False
    )
    letters = [each["letter"] for each in contestants]
    for each in contestants:
        level, style = each["recording_level"], style_contestant(each["letter"])
        share, (low, high) = level["accuracy"], level["interval"]
        figure.add_trace(
            go.Scatter(
                x=[100 * share],
                y=[each["letter"]],
                error_x=_error(share, low, high, style.colour),
                mode="markers",
                marker={"size": 11, "color": style.colour, "symbol": style.marker},
                name=escape_markup(each["label"]),
                hovertemplate=(
                    f"%{{x:.1f}} %, 95 % interval {100 * low:.1f} to {100 * high:.1f} %<extra>%{{y}}</extra>"
                ),
            )
        )
        if len(level["per_seed"]) > 1:
            figure.add_trace(_build_seeds(each["letter"], level["per_seed"], style))
    figure.update_yaxes(title_text="", categoryorder="array", categoryarray=letters[::-1])
    return figure


def _build_seeds(letter: str, seeds: Sequence[Mapping[str, Any]], style: ContestantStyle) -> go.Scatter:
    return go.Scatter(
        x=[100 * seed["accuracy"] for seed in seeds],
        y=[letter] * len(seeds),
        mode="markers",
        marker={"size": 7, "color": style.colour, "symbol": "circle-open"},
        customdata=[seed["seed"] for seed in seeds],
        hovertemplate="seed %{customdata}: %{x:.1f} %<extra>%{y}</extra>",
    )


def _error(share: float, low: float, high: float, colour: str) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [100 * max(high - share, 0.0)],
        "arrayminus": [100 * max(share - low, 0.0)],
        "color": colour,
        "thickness": 1.6,
    }


def build_classes(contestants: Sequence[Mapping[str, Any]], theme: str) -> go.Figure:
    """Return the recall of every class, contestants one below the other within the class."""
    names = list(dict.fromkeys(row["class_name"] for each in contestants for row in each["per_class"]))
    figure = build_figure(theme, x=("Recall, recording-level", "%"), y=("Class", "name"))
    for place, each in enumerate(contestants):
        style = style_contestant(each["letter"])
        rows = [row for row in each["per_class"] if row["recall"] is not None]
        offset = _SPREAD * ((place + 0.5) / len(contestants) - 0.5)
        ends = [row["recall_interval"] for row in rows]
        figure.add_trace(
            go.Scatter(
                x=[100 * row["recall"] for row in rows],
                y=[names.index(row["class_name"]) + offset for row in rows],
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [100 * (end[1] - row["recall"]) for row, end in zip(rows, ends, strict=True)],
                    "arrayminus": [
                        100 * (row["recall"] - end[0]) for row, end in zip(rows, ends, strict=True)
                    ],
                    "color": style.colour,
                    "thickness": 1.2,
                    "width": 2,
                },
                mode="markers",
                marker={"size": 8, "color": style.colour, "symbol": style.marker},
                name=each["letter"],
                customdata=[format_class(row["class_name"]) for row in rows],
                hovertemplate=f"{each['letter']}, %{{customdata}}: %{{x:.1f}} %<extra></extra>",
            )
        )
    figure.update_yaxes(
        title_text="",
        tickvals=list(range(len(names))),
        ticktext=[escape_markup(format_class(name)) for name in names],
        range=[len(names) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
    )
    return figure


def build_curves(
    histories: Sequence[Mapping[str, Any]], theme: str, quantity: str, against: str
) -> go.Figure | None:
    """Return one line per experiment, seeds in their contestant's colour; None where nobody has it."""
    title, unit, factor = QUANTITIES[quantity]
    figure = build_figure(theme, x=AGAINST[against], y=(title, unit), hovermode="closest")
    named: set[str] = set()
    for each in histories:
        places = list(accumulate(row.get("duration_s") or 0.0 for row in each["epochs"]))
        points = [
            (row["epoch"] if against == "epoch" else place, factor * row[quantity])
            for row, place in zip(each["epochs"], places, strict=True)
            if row.get(quantity) is not None
        ]
        if points:
            figure.add_trace(_build_curve(each, points, named))
    if not figure.data:
        return None
    if against == "epoch":
        last = max(trace.x[-1] for trace in figure.data)
        figure.update_xaxes(title_text=AGAINST["epoch"][0], tickformat="d", rangemode="tozero")
        figure.update_xaxes(dtick=1 if last <= _EVERY_TICK else None)
    if unit == "1":
        figure.update_yaxes(title_text=title, exponentformat="e")
    return figure


def _build_curve(
    each: Mapping[str, Any], points: Sequence[tuple[float, float]], named: set[str]
) -> go.Scatter:
    style, letter = style_contestant(each["letter"]), each["letter"]
    first = letter not in named
    named.add(letter)
    words = f"{letter}, seed {each['seed']}"
    return go.Scatter(
        x=[x for x, _ in points],
        y=[y for _, y in points],
        mode="lines+markers" if len(points) <= _MARKED_EPOCHS else "lines",
        marker={"size": 4, "symbol": style.marker},
        line={"color": style.colour, "dash": style.dash, "width": 2 if first else 1.2},
        opacity=1.0 if first else 0.65,
        legendgroup=letter,
        showlegend=first,
        name=letter,
        hovertemplate=f"%{{x:.4g}}: %{{y:.4g}}<extra>{words}</extra>",
    )


def build_gaps(found: Mapping[str, Any], theme: str) -> go.Figure:
    """Return the difference of each pair in points with its interval; zero is no difference."""
    figure = build_figure(theme, x=("Difference, recording-level", "points"), y=("Pair", "letters"))
    labels = {each["letter"]: escape_markup(each["label"]) for each in found["contestants"]}
    pairs = found["statistics"]["pairs"]
    for pair in pairs:
        figure.add_trace(_build_gap(pair, labels))
    figure.add_vline(x=0, line={"width": 1, "dash": "dot", "color": COLOURWAY[0]})
    names = [_name_pair(pair) for pair in pairs]
    figure.update_yaxes(title_text="", categoryorder="array", categoryarray=names[::-1])
    return figure


def _name_pair(pair: Mapping[str, Any]) -> str:
    return f"{pair['first']} − {pair['second']}"


def _build_gap(pair: Mapping[str, Any], labels: Mapping[str, str]) -> go.Scatter:
    gap = pair["bootstrap" if pair["has_repeats"] else "risk_difference"]
    colour, marker = (COLOURWAY[3], "diamond") if pair["differ"] else (COLOURWAY[0], "circle-open")
    ends = f"95 % interval {100 * gap['low']:+.1f} to {100 * gap['high']:+.1f}"
    names = f"{labels[pair['first']]}<br>less {labels[pair['second']]}"
    return go.Scatter(
        x=[100 * gap["value"]],
        y=[_name_pair(pair)],
        error_x=_error(gap["value"], gap["low"], gap["high"], colour),
        mode="markers",
        marker={"size": 10, "color": colour, "symbol": marker},
        showlegend=False,
        hovertemplate=f"%{{x:+.1f}} points, {ends}<br>{names}<extra></extra>",
    )


def build_test_sets(found: Mapping[str, Any], theme: str) -> go.Figure:
    """Return the difference of two trainings on each test set."""
    figure = build_figure(
        theme,
        x=("Difference, recording-level", "points"),
        y=("Test set", "name"),
        showlegend=False,
    )
    one, other = found["statistics"]["letters"]
    figure.add_trace(
        go.Scatter(
            x=[100 * (row[0] - row[1]) for row in found["statistics"]["accuracies"]],
            y=[escape_markup(each["name"]) for each in found["test_sets"]],
            mode="markers",
            marker={"size": 10, "color": COLOURWAY[0]},
            hovertemplate=f"{one} − {other}: %{{x:+.1f}} points<extra>%{{y}}</extra>",
        )
    )
    figure.add_vline(x=0, line={"width": 1, "dash": "dot", "color": COLOURWAY[0]})
    figure.update_yaxes(title_text="")
    return figure


def build_ranks(friedman: Mapping[str, Any], theme: str) -> go.Figure:
    """Return mean ranks with half the critical difference on either side; what overlaps is not told apart."""
    ranks = friedman["mean_ranks"]
    figure = build_figure(theme, x=("Mean rank (1 is best)", "1"), y=("Training", "letter"), showlegend=False)
    half = friedman["critical_difference"] / 2
    for letter, rank in ranks.items():
        style = style_contestant(letter)
        figure.add_trace(
            go.Scatter(
                x=[rank],
                y=[letter],
                error_x={"type": "constant", "value": half, "color": style.colour, "thickness": 1.6},
                mode="markers",
                marker={"size": 10, "color": style.colour, "symbol": style.marker},
                hovertemplate="mean rank %{x:.2f}<extra>%{y}</extra>",
            )
        )
    figure.update_yaxes(title_text="", categoryorder="array", categoryarray=list(ranks)[::-1])
    figure.update_xaxes(title_text="Mean rank (1 is best)", dtick=1)
    return figure
