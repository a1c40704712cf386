"""Figures of the signal viewer: waveform, spectra, envelope spectra. Plain data in, figure out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from layouts.figures.signal_axes import (
    TRACE,
    FrequencyAxis,
    Look,
    build_blank,
    build_curve,
    build_trace,
    choose_axis,
    choose_scale,
    describe_frequency_axis,
    name_amplitude,
    name_quantity,
    scale_values,
    set_amplitude_axis,
    set_x_axis,
    tone,
    word_hover,
)
from layouts.figures.signal_lines import LINE_KINDS, Line, draw_lines, kind_of, line_colour, place_labels
from layouts.figures.theme import build_figure

__all__ = [
    "LINE_KINDS",
    "FrequencyAxis",
    "Look",
    "build_blank",
    "build_envelope",
    "build_psd",
    "build_spectrum",
    "build_waveform",
    "choose_axis",
    "choose_scale",
    "kind_of",
    "line_colour",
    "name_quantity",
    "place_labels",
    "round_stretch",
    "suggest_envelope_span",
]

# A zoom stops here: below it there is no curve to draw.
_LEAST_SAMPLES: Final = 32


def build_waveform(view: dict[str, Any], theme: str) -> go.Figure:
    """Return the waveform of the visible stretch."""
    unit, start_s, stop_s = view["unit"], view["start_s"], view["stop_s"]
    figure = build_figure(
        theme,
        x=("Time", "s"),
        y=(name_quantity(unit), unit),
        uirevision=f"{start_s}-{stop_s}",
        hovermode="x",
    )
    digits = _time_digits(stop_s - start_s)
    hover = word_hover(f".{digits}f", "s", unit)
    figure.add_trace(build_trace(view["time_s"], view["values"], tone(TRACE, theme), hover, width=1))
    set_x_axis(figure, (start_s, stop_s), theme)
    meta = {
        "view": "waveform",
        "name": "Waveform",
        "domain": "s",
        "zoom": "time",
        "xName": "Time",
        "xUnit": "s",
        "yUnit": unit or "",
        "factor": 1.0,
        "full": [0.0, view["duration_s"]],
        "shown": list(round_stretch(view)),
        "digits": digits,
        "least": _LEAST_SAMPLES / view["sample_rate_hz"],
        "reach": 0.0,
        "lines": [],
    }
    figure.update_layout(margin={"t": 10, "r": 12}, meta=meta)
    return figure


def build_spectrum(view: dict[str, Any], lines: Sequence[Line], look: Look) -> go.Figure:
    """Return the amplitude spectrum of the visible stretch with its fault lines."""
    y = (f"{name_quantity(view['unit'])}, {view['scaling']}", view["unit"])
    return _build_spectral(view, view["amplitudes"], y, lines, look, ("spectrum", "Spectrum", "hz"))


def build_psd(view: dict[str, Any], lines: Sequence[Line], look: Look) -> go.Figure:
    """Return the power spectral density of the visible stretch with its fault lines."""
    unit = view["density_unit"] if view["unit"] else None
    what = ("psd", "Power spectral density", "hz")
    return _build_spectral(view, view["density"], ("PSD", unit), lines, look, what, power=True)


def build_envelope(view: dict[str, Any], lines: Sequence[Line], look: Look) -> go.Figure:
    """Return the envelope spectrum of a band of the visible stretch with its fault lines."""
    y = (f"{_ENVELOPES.get(view.get('demodulation'), 'Envelope')}, {view['scaling']}", view["unit"])
    what = ("envelope", "Envelope spectrum", "envelope")
    return _build_spectral(view, view["amplitudes"], y, lines, look, what)


_ENVELOPES: Final = {"squared": "Squared envelope", "logarithmic": "Logarithm of the envelope"}


def suggest_envelope_span(
    lines: Sequence[Line], band_hz: Sequence[float] | None = None
) -> tuple[float, float] | None:
    """Return where an envelope spectrum says something: up to a little above the highest fault line.

    Never beyond the width of the band, above which its lines mean nothing. None where neither is known.
    """
    ends = [band_hz[1] - band_hz[0]] if band_hz else []
    found = [line["frequency_hz"] for line in lines if kind_of(line) in _SLOW_KINDS]
    if found:
        ends.append(1.08 * max(found))
    return (0.0, min(ends)) if ends else None


# What an envelope is looked at for; gear mesh and motor slots lie far above.
_SLOW_KINDS: Final = ("shaft", "outer_race", "inner_race", "ball", "cage")


def _build_spectral(
    view: dict[str, Any],
    values: npt.ArrayLike,
    y: tuple[str, str | None],
    lines: Sequence[Line],
    look: Look,
    what: tuple[str, str, str],
    *,
    power: bool = False,
) -> go.Figure:
    axis = look.axis
    heights = scale_values(values, look.scale, power=power)
    meta = {
        **dict(zip(("view", "name", "zoom"), what, strict=True)),
        **describe_frequency_axis(axis, view["sample_rate_hz"] / 2.0, view["resolution_hz"]),
        "db": "level" if look.scale == "db" else "power" if power else "amplitude",
    }
    figure = build_curve(
        view,
        look.theme,
        x=(axis.name, axis.unit),
        y=(y[0], name_amplitude(y[1], look.scale)),
        span=look.span,
        meta=meta,
        values=(_times(view["frequencies_hz"], axis.factor), heights),
    )
    figure.update_layout(uirevision=f"{what[0]}-{axis.key}-{look.span}-{look.scale}")
    set_amplitude_axis(figure, heights, look.scale)
    draw_lines(figure, lines, axis.factor, look.span, look.theme)
    return figure


def _times(values: Sequence[float], factor: float) -> npt.NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64) * factor


def round_stretch(view: dict[str, Any]) -> tuple[float, float]:
    """Return both ends of the visible stretch with as many digits as the time axis tells apart."""
    digits = _time_digits(view["stop_s"] - view["start_s"])
    return round(view["start_s"], digits), round(view["stop_s"], digits)


def _time_digits(span_s: float) -> int:
    """Digits after the point so that neighbouring points of the stretch differ."""
    return 4 if span_s >= 1.0 else 6
