"""Curves of a training: loss, accuracy, F1 per class, learning rate, gradient norm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import plotly.graph_objects as go

from layouts.components.badges import format_class
from layouts.figures.theme import OKABE_ITO, build_figure, class_style, escape_markup

Epoch = Mapping[str, Any]
Points = Sequence[tuple[float, float]]
_TRAIN = {"color": OKABE_ITO["sky_blue"], "dash": "dot", "width": 2}
_VALIDATION = {"color": OKABE_ITO["blue"], "dash": "solid", "width": 2}
_RECORDINGS = {"color": OKABE_ITO["vermillion"], "dash": "solid", "width": 2}
_MARKED_EPOCHS = 60
_EVERY_TICK = 10
_MINUTE_S = 60.0
_FAINT = 0.28


@dataclass(frozen=True, slots=True)
class CurveLook:
    """How curves are drawn.

    ``step`` names what an epoch is. ``over`` is "epoch" or "time" (of training, without pauses), ``scale``
    "linear" or "log" (of losses and norms), ``smoothing`` the weight of what came before, 0 for none.
    """

    theme: str = "light"
    step: str = "Epoch"
    over: str = "epoch"
    scale: str = "linear"
    smoothing: float = 0.0
    best_epoch: int | None = None

    @property
    def revision(self) -> str:
        """What a zoom belongs to: it stays while the curves grow, and goes with another axis."""
        return f"{self.over}-{self.scale}"


def smooth(values: Sequence[float], weight: float) -> list[float]:
    """Return the exponential moving average, freed of its start at zero.

    >>> [round(value, 3) for value in smooth([1.0, 1.0, 4.0], 0.5)]
    [1.0, 1.0, 2.714]
    """
    smoothed, total, share = [], 0.0, 0.0
    for value in values:
        total = weight * total + (1.0 - weight) * value
        share = weight * share + (1.0 - weight)
        smoothed.append(total / share)
    return smoothed


def build_loss_figure(history: Sequence[Epoch], look: CurveLook) -> go.Figure:
    """Return training and validation loss."""
    figure = _build(history, look, "Loss", "nats", "loss", log=True)
    _add(figure, history, look, "train_loss", "training", _TRAIN, "nats")
    _add(figure, history, look, "validation_loss", "validation", _VALIDATION, "nats")
    _mark_best(figure, history, look, height=1.0)
    return figure


def build_accuracy_figure(history: Sequence[Epoch], look: CurveLook) -> go.Figure:
    """Return accuracies in percent, each with its level in its name."""
    figure = _build(history, look, "Accuracy", "%", "accuracy")
    for field, name, line in (
        ("train_accuracy", "training, window-level", _TRAIN),
        ("validation_window_accuracy", "validation, window-level", _VALIDATION),
        ("validation_recording_accuracy", "validation, recording-level", _RECORDINGS),
    ):
        _add(figure, history, look, field, name, line, "%", factor=100.0)
    figure.update_yaxes(rangemode="tozero", range=[0, 103])
    _mark_best(figure, history, look, height=0.1)
    return figure


def build_class_figure(history: Sequence[Epoch], look: CurveLook) -> go.Figure:
    """Return the F1 of every class on the validation part, in percent, in the colours of the classes."""
    figure = _build(history, look, "F1 on validation", "%", "classes")
    names = list(
        dict.fromkeys(name for each in history for name in each.get("validation_window_class_f1") or {})
    )
    for name in names:
        points = [
            (x, 100.0 * each["validation_window_class_f1"][name])
            for x, each in zip(_place(history, look), history, strict=True)
            if (each.get("validation_window_class_f1") or {}).get(name) is not None
        ]
        style = class_style(name)
        line = {"color": style.colour, "dash": style.dash, "width": 2}
        _draw(figure, points, look, escape_markup(format_class(name)), line, "%", marker=style.marker)
    figure.update_yaxes(rangemode="tozero", range=[0, 103])
    _mark_best(figure, history, look, height=0.1)
    return figure


def build_learning_rate_figure(history: Sequence[Epoch], look: CurveLook) -> go.Figure:
    """Return the learning rate that each epoch ended with."""
    figure = _build(history, look, "Learning rate", None, "learning-rate", log=True)
    _add(figure, history, look, "learning_rate", "learning rate", _VALIDATION, "", smoothed=False)
    figure.update_yaxes(exponentformat="e")
    return figure


def build_gradient_norm_figure(history: Sequence[Epoch], look: CurveLook) -> go.Figure:
    """Return the mean gradient norm of each epoch."""
    figure = _build(history, look, "Gradient norm", None, "gradient-norm", log=True)
    _add(figure, history, look, "gradient_norm", "gradient norm", _VALIDATION, "")
    return figure


def _place(history: Sequence[Epoch], look: CurveLook) -> list[float]:
    if look.over == "time":
        return [seconds / _MINUTE_S for seconds in accumulate(each["duration_s"] for each in history)]
    return [each["epoch"] for each in history]


def _build(
    history: Sequence[Epoch],
    look: CurveLook,
    quantity: str,
    unit: str | None,
    name: str,
    *,
    log: bool = False,
) -> go.Figure:
    over_time = look.over == "time"
    figure = build_figure(
        look.theme,
        x=("Time of training", "min") if over_time else (look.step, "1"),
        y=(quantity, unit),
        uirevision=f"{name}-{look.revision}",
        hovermode="x unified",
        meta={"epochs": [each["epoch"] for each in history], "step": look.step},
    )
    figure.update_xaxes(rangemode="tozero")
    if not over_time:
        figure.update_xaxes(title_text=look.step, tickformat="d")
        if history and history[-1]["epoch"] <= _EVERY_TICK:
            figure.update_xaxes(dtick=1)
    if unit is None:
        figure.update_yaxes(title_text=quantity)
    if log and look.scale == "log":
        figure.update_yaxes(type="log")
    elif log:
        figure.update_yaxes(rangemode="tozero")
    return figure


def _add(
    figure: go.Figure,
    history: Sequence[Epoch],
    look: CurveLook,
    field: str,
    name: str,
    line: Mapping[str, Any],
    unit: str,
    *,
    factor: float = 1.0,
    smoothed: bool = True,
) -> None:
    points = [
        (x, factor * each[field])
        for x, each in zip(_place(history, look), history, strict=True)
        if each.get(field) is not None
    ]
    _draw(figure, points, look, name, line, unit, smoothed=smoothed)


def _draw(
    figure: go.Figure,
    points: Points,
    look: CurveLook,
    name: str,
    line: Mapping[str, Any],
    unit: str,
    *,
    smoothed: bool = True,
    marker: str = "circle",
) -> None:
    """Draw one curve; where it is smoothed, what was measured stays visible behind it."""
    if not points:
        return
    xs, ys = [x for x, _ in points], [y for _, y in points]
    if smoothed and look.smoothing > 0:
        figure.add_trace(
            go.Scatter(
                x=xs,
                y=ys,
                name=f"{name}, as measured",
                mode="lines",
                line={**line, "width": 1},
                opacity=_FAINT,
                showlegend=False,
                hoverinfo="skip",
            )
        )
        ys, name = smooth(ys, look.smoothing), f"{name}, smoothed"
    figure.add_trace(
        go.Scatter(
            x=xs,
            y=ys,
            name=name,
            mode="lines+markers" if len(points) <= _MARKED_EPOCHS else "lines",
            marker={"size": 4 if marker == "circle" else 6, "symbol": marker},
            line=dict(line),
            hovertemplate=f"%{{y:.4g}} {unit}<extra>{name}</extra>",
        )
    )


def _mark_best(figure: go.Figure, history: Sequence[Epoch], look: CurveLook, *, height: float) -> None:
    places = dict(zip((each["epoch"] for each in history), _place(history, look), strict=True))
    x = places.get(look.best_epoch) if look.best_epoch is not None else None
    if x is None:
        return
    figure.add_vline(x=x, line={"dash": "dash", "width": 1, "color": OKABE_ITO["green"]})
    figure.add_annotation(
        x=x,
        yref="paper",
        y=height,
        text="best",
        showarrow=False,
        xanchor="left",
        xshift=4,
        font={"size": 11},
    )
