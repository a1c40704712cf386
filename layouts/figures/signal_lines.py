"""Fault lines over a spectrum: kinds with names and colours, slip bands, labels that keep apart."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, Final

import plotly.graph_objects as go

from layouts.figures.signal_axes import QUIET, tone
from layouts.figures.theme import OKABE_ITO, class_style, escape_markup

Line = dict[str, Any]

_LABEL_COLOURS: Final = MappingProxyType({"light": "#1B2430", "dark": "#E4E9EF"})

# Lines of a kind: a short name and what it points to.
LINE_KINDS: Final = MappingProxyType(
    {
        "shaft": "1X – 3X (shaft)",
        "outer_race": "BPFO (outer race)",
        "inner_race": "BPFI (inner race)",
        "ball": "2×BSF (ball)",
        "cage": "FTF (cage)",
        "journal": "Journal bearing",
        "gear": "Gear mesh",
        "blade": "Blade pass",
        "motor": "Motor",
        "mains": "Mains",
    }
)
_COLOURS: Final = MappingProxyType(
    {
        "journal": OKABE_ITO["sky_blue"],
        "gear": OKABE_ITO["green"],
        "blade": OKABE_ITO["yellow"],
        "motor": OKABE_ITO["purple"],
    }
)
_DASHES: Final = MappingProxyType({"mains": "dash", "motor": "dashdot", "gear": "longdash"})
# Where there is no room for all labels, the first of these have them.
_LABEL_RANKS: Final = (
    *("outer_race", "inner_race", "ball", "gear", "blade", "journal", "shaft", "motor", "cage", "mains"),
)
# Labels stand in rows above the plot; one of `_LABEL_SHARE` of the width for each of them keeps them apart.
_N_LABEL_ROWS: Final = 4
LABEL_ROW_PX: Final = 14
_LABEL_SHARE: Final = 0.1


def kind_of(line: Line) -> str:
    """Return the kind under which a line is shown or hidden: all bands of a journal bearing are one."""
    return line["kind"] if line["kind"] in LINE_KINDS else str(line.get("family"))


def line_colour(kind: str, theme: str) -> str:
    """Return the colour of a kind of line; the bearing's parts have those of their fault classes."""
    if kind in ("shaft", "mains"):
        return tone(QUIET, theme)
    return _COLOURS.get(kind) or class_style(kind).colour


def place_labels(positions: Sequence[float], span: tuple[float, float]) -> list[int | None]:
    """Give each position, the most important first, a row for its label, or None where none has room.

    Labels in a row keep apart, and no leader down from a higher row runs through a label below it.
    """
    room = (span[1] - span[0]) * _LABEL_SHARE
    placed: list[tuple[float, int]] = []
    rows: list[int | None] = []
    for position in positions:
        row = next((row for row in range(_N_LABEL_ROWS) if _has_room(position, row, placed, room)), None)
        if row is not None:
            placed.append((position, row))
        rows.append(row)
    return rows


def _has_room(position: float, row: int, placed: Sequence[tuple[float, int]], room: float) -> bool:
    return all(
        abs(position - other) >= (room if other_row == row else 0.3 * room) for other, other_row in placed
    )


def draw_lines(
    figure: go.Figure, lines: Sequence[Line], factor: float, span: tuple[float, float], theme: str
) -> None:
    """Draw every line in view with its slip band, label those that have room, and make room for the labels.

    ``factor`` takes hertz to the axis. The figure's ``meta`` then names the lines for the cursors.
    """
    shown = [line for line in lines if span[0] <= line["frequency_hz"] * factor <= span[1]]
    ranked = sorted(shown, key=lambda line: (line["harmonic"], _LABEL_RANKS.index(kind_of(line))))
    positions = [line["frequency_hz"] * factor for line in ranked]
    rows = place_labels(positions, span)
    bands = [_build_band(line, factor, theme) for line in ranked if _has_band(line)]
    pairs = list(zip(ranked, positions, strict=True))
    labelled = [(line, at, row) for (line, at), row in zip(pairs, rows, strict=True) if row is not None]
    n_rows = max((row + 1 for _line, _at, row in labelled), default=0)
    figure.update_layout(
        shapes=[*bands, *(_build_line(line, at, theme) for line, at in pairs)],
        annotations=[_build_label(line, at, row, theme) for line, at, row in labelled],
        margin={"t": 12 + n_rows * LABEL_ROW_PX, "r": 12},
        meta={**(figure.layout.meta or {}), "lines": [_tell(line, factor) for line in shown]},
    )


def _tell(line: Line, factor: float) -> dict[str, Any]:
    edges = (line["low_hz"], line["high_hz"]) if _has_band(line) else (line["frequency_hz"],) * 2
    return {
        "label": line["label"],
        "x": line["frequency_hz"] * factor,
        "low": edges[0] * factor,
        "high": edges[1] * factor,
    }


def _has_band(line: Line) -> bool:
    low, high = line.get("low_hz"), line.get("high_hz")
    return low is not None and high is not None and high > low


def _build_band(line: Line, factor: float, theme: str) -> dict[str, Any]:
    return {
        "type": "rect",
        "x0": line["low_hz"] * factor,
        "x1": line["high_hz"] * factor,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "layer": "below",
        "line": {"width": 0},
        "fillcolor": line_colour(kind_of(line), theme),
        "opacity": 0.13,
    }


def _build_line(line: Line, position: float, theme: str) -> dict[str, Any]:
    first = line["harmonic"] == 1
    return {
        "type": "line",
        "x0": position,
        "x1": position,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "layer": "below",
        "line": {
            "color": line_colour(kind_of(line), theme),
            "width": 1.5 if first else 1,
            "dash": _DASHES.get(kind_of(line), "solid") if first else "dot",
        },
        "opacity": 0.8,
    }


def _build_label(line: Line, position: float, row: int, theme: str) -> dict[str, Any]:
    """A label above the plot with a leader down to its line."""
    return {
        "x": position,
        "y": 1,
        "yref": "paper",
        "text": escape_markup(line["label"]),
        "ax": 0,
        "ay": -(8 + row * LABEL_ROW_PX),
        "arrowhead": 0,
        "arrowwidth": 1,
        "arrowcolor": line_colour(kind_of(line), theme),
        "standoff": 0,
        "borderpad": 0,
        "font": {"size": 11, "color": tone(_LABEL_COLOURS, theme)},
    }
