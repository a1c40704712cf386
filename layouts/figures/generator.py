"""Figures of the generator: waveform and spectrum of one made record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from layouts.figures.theme import COLOURWAY, build_figure, escape_markup

Channels = Sequence[Mapping[str, Any]]


def build_waveform(channels: Channels, unit: str | None, theme: str) -> go.Figure:
    """Return the record over time."""
    figure = _build(theme, ("Time", "s"), unit, "waveform")
    for index, channel in enumerate(channels):
        _add(figure, channel["times_s"], channel["values"], channel["channel"], index, "s")
    return figure


def build_spectrum(channels: Channels, unit: str | None, theme: str) -> go.Figure:
    """Return the record's amplitude spectrum."""
    figure = _build(theme, ("Frequency", "Hz"), unit, "spectrum")
    for index, channel in enumerate(channels):
        _add(figure, channel["frequencies_hz"], channel["amplitudes"], channel["channel"], index, "Hz")
    return figure


def build_blank(theme: str, x: tuple[str, str]) -> go.Figure:
    """Return the axes without a record, where the form makes none."""
    return _build(theme, x, None, x[0])


def _build(theme: str, x: tuple[str, str], unit: str | None, revision: str) -> go.Figure:
    return build_figure(theme, x=x, y=("Amplitude", unit or "no unit"), uirevision=revision)


def _add(figure: go.Figure, x: Sequence[float], y: Sequence[float], name: str, index: int, unit: str) -> None:
    shown = escape_markup(name)
    figure.add_trace(
        go.Scatter(
            x=x,
            y=y,
            name=shown,
            mode="lines",
            line={"width": 1, "color": COLOURWAY[index % len(COLOURWAY)]},
            hovertemplate=f"{shown}: %{{y:.4g}} at %{{x:.5g}} {unit}<extra></extra>",
        )
    )
