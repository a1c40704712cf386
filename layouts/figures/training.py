"""Curves of a training: loss, accuracy, learning rate, gradient norm over its epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from layouts.figures.theme import OKABE_ITO, build_figure

Epoch = Mapping[str, Any]
_TRAIN = {"color": OKABE_ITO["sky_blue"], "dash": "dot", "width": 2}
_VALIDATION = {"color": OKABE_ITO["blue"], "dash": "solid", "width": 2}
_RECORDINGS = {"color": OKABE_ITO["vermillion"], "dash": "solid", "width": 2}
_MARKED_EPOCHS = 60
_EVERY_TICK = 10


def build_loss_figure(
    history: Sequence[Epoch], theme: str, *, step: str, best_epoch: int | None = None
) -> go.Figure:
    """Return training and validation loss; ``step`` names what an epoch is."""
    figure = _build(history, theme, step, "Loss", "nats", "loss")
    _add(figure, history, "train_loss", "training", _TRAIN, "nats")
    _add(figure, history, "validation_loss", "validation", _VALIDATION, "nats")
    _mark_best(figure, best_epoch, height=1.0)
    return figure


def build_accuracy_figure(
    history: Sequence[Epoch], theme: str, *, step: str, best_epoch: int | None = None
) -> go.Figure:
    """Return accuracies in percent, each with its level in its name."""
    figure = _build(history, theme, step, "Accuracy", "%", "accuracy")
    for field, name, line in (
        ("train_accuracy", "training, window-level", _TRAIN),
        ("validation_window_accuracy", "validation, window-level", _VALIDATION),
        ("validation_recording_accuracy", "validation, recording-level", _RECORDINGS),
    ):
        _add(figure, history, field, name, line, "%", factor=100.0)
    figure.update_yaxes(rangemode="tozero", range=[0, 103])
    _mark_best(figure, best_epoch, height=0.1)
    return figure


def build_learning_rate_figure(history: Sequence[Epoch], theme: str, *, step: str) -> go.Figure:
    """Return the learning rate that each epoch ended with."""
    figure = _build(history, theme, step, "Learning rate", None, "learning-rate")
    _add(figure, history, "learning_rate", "learning rate", _VALIDATION, "")
    figure.update_yaxes(exponentformat="e", rangemode="tozero")
    return figure


def build_gradient_norm_figure(history: Sequence[Epoch], theme: str, *, step: str) -> go.Figure:
    """Return the mean gradient norm of each epoch."""
    figure = _build(history, theme, step, "Gradient norm", None, "gradient-norm")
    _add(figure, history, "gradient_norm", "gradient norm", _VALIDATION, "")
    figure.update_yaxes(rangemode="tozero")
    return figure


def _build(
    history: Sequence[Epoch], theme: str, step: str, quantity: str, unit: str | None, revision: str
) -> go.Figure:
    last_epoch = history[-1]["epoch"] if history else 0
    figure = build_figure(
        theme, x=(step, "1"), y=(quantity, unit), uirevision=revision, hovermode="x unified"
    )
    figure.update_xaxes(title_text=step, rangemode="tozero", tickformat="d")
    if last_epoch <= _EVERY_TICK:
        figure.update_xaxes(dtick=1)
    if unit is None:
        figure.update_yaxes(title_text=quantity)
    return figure


def _add(
    figure: go.Figure,
    history: Sequence[Epoch],
    field: str,
    name: str,
    line: Mapping[str, Any],
    unit: str,
    *,
    factor: float = 1.0,
) -> None:
    points = [(each["epoch"], factor * each[field]) for each in history if each.get(field) is not None]
    if not points:
        return
    figure.add_trace(
        go.Scatter(
            x=[epoch for epoch, _ in points],
            y=[value for _, value in points],
            name=name,
            mode="lines+markers" if len(points) <= _MARKED_EPOCHS else "lines",
            marker={"size": 4},
            line=dict(line),
            hovertemplate=f"%{{y:.4g}} {unit}<extra>{name}</extra>",
        )
    )


def _mark_best(figure: go.Figure, best_epoch: int | None, *, height: float) -> None:
    if best_epoch is None:
        return
    figure.add_vline(x=best_epoch, line={"dash": "dash", "width": 1, "color": OKABE_ITO["green"]})
    figure.add_annotation(
        x=best_epoch,
        yref="paper",
        y=height,
        text="best",
        showarrow=False,
        xanchor="left",
        xshift=4,
        font={"size": 11},
    )
