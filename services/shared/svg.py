"""Pieces of drawings for reports: SVG of our own making, with text that stays text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

WIDTH = 680
INK, GRID = "#1B2430", "#D5DAE1"
_FONT = "font-family: 'Liberation Sans', 'DejaVu Sans', sans-serif; font-size: 11px"


def wrap_svg(height: float, parts: Sequence[str], *, width: float = WIDTH) -> str:
    """Return a drawing of these parts."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" style="{_FONT}">{"".join(parts)}</svg>'
    )


def draw_line(
    x1: float, y1: float, x2: float, y2: float, *, stroke: str = GRID, width: float = 1, dash: str = ""
) -> str:
    """Return a straight line."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" '
        f'stroke-width="{width:g}"{dashed}/>'
    )


def draw_text(x: float, y: float, words: str, *, anchor: str = "start", fill: str = INK) -> str:
    """Return words at a place; whatever they hold is shown as it is."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}">{escape(words)}</text>'


def choose_ticks(low: float, high: float, n: int = 5) -> list[float]:
    """Return round numbers from ``low`` to ``high``.

    >>> choose_ticks(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    step = (high - low) / n
    scale = 10.0 ** float(math.floor(math.log10(step)))
    step = next(factor * scale for factor in (1, 2, 5, 10) if factor * scale >= step * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]
