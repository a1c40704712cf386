"""Figures of a report as SVG: intervals, learning curves, mean ranks with the critical difference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from services.shared.svg import INK, WIDTH, choose_ticks, draw_line, draw_text, wrap_svg
from utils.constants import OKABE_ITO

_COLOURS = tuple(OKABE_ITO[name] for name in ("blue", "orange", "green", "vermillion", "purple", "sky_blue"))
_DASHES = ("", "6 3")
_ROW = 26
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 120, 10, 36
_HEIGHT = 210


def choose_colour(index: int) -> str:
    """Return the colour of a contestant; the second six repeat them, dashed."""
    return _COLOURS[index % len(_COLOURS)]


def _choose_dash(index: int) -> str:
    return _DASHES[index // len(_COLOURS) % len(_DASHES)]


def draw_intervals(contestants: Sequence[Mapping[str, Any]]) -> str:
    """Return one dot with its interval per contestant, from 0 to 100 %."""
    left, right = 40, WIDTH - 20
    height = _ROW * len(contestants) + 44
    lows = [each["recording_level"]["interval"][0] for each in contestants]
    start: float = max(0.0, math.floor(10 * min(lows)) / 10)
    parts = []

    def place(share: float) -> float:
        return left + (right - left) * (share - start) / (1 - start)

    for tick in choose_ticks(start, 1.0):
        parts.append(draw_line(place(tick), 6, place(tick), height - 34))
        parts.append(draw_text(place(tick), height - 20, f"{100 * tick:.0f}", anchor="middle"))
    for index, each in enumerate(contestants):
        level, colour, y = each["recording_level"], choose_colour(index), 18 + _ROW * index
        low, high = level["interval"]
        parts.append(draw_line(place(low), y, place(high), y, stroke=colour, width=2))
        parts += [
            draw_line(place(end), y - 5, place(end), y + 5, stroke=colour, width=2) for end in (low, high)
        ]
        parts.append(f'<circle cx="{place(level["accuracy"]):.1f}" cy="{y}" r="5" fill="{colour}"/>')
        parts += [
            f'<circle cx="{place(seed["accuracy"]):.1f}" cy="{y}" r="2.2" fill="#fff" stroke="{colour}"/>'
            for seed in level["per_seed"]
            if len(level["per_seed"]) > 1
        ]
        parts.append(draw_text(left - 12, y + 4, each["letter"], anchor="end"))
    parts.append(draw_text((left + right) / 2, height - 4, "Accuracy, recording-level (%)", anchor="middle"))
    return wrap_svg(height, parts)


def draw_curves(histories: Sequence[Mapping[str, Any]], quantity: str) -> str | None:
    """Return one line per experiment, coloured by contestant; None where nobody has the quantity."""
    lines = []
    letters = list(dict.fromkeys(each["letter"] for each in histories))
    for each in histories:
        points = [(row["epoch"], row[quantity]) for row in each["epochs"] if row.get(quantity) is not None]
        if points:
            lines.append((letters.index(each["letter"]), each, points))
    if not lines:
        return None
    last = max(points[-1][0] for _, _, points in lines)
    values = [value for _, _, points in lines for _, value in points]
    low, high = min(0.0, *values), max(values)
    high = high if high > low else low + 1
    right, bottom = WIDTH - _RIGHT, _HEIGHT - _BOTTOM

    def place(epoch: float, value: float) -> tuple[float, float]:
        x = _LEFT + (right - _LEFT) * (epoch / last if last else 0)
        return x, bottom - (bottom - _TOP) * (value - low) / (high - low)

    parts = _draw_axes(last, low, high, place)
    for index, _, points in lines:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))
        dash = f' stroke-dasharray="{dash}"' if (dash := _choose_dash(index)) else ""
        pen = f'fill="none" stroke="{choose_colour(index)}" stroke-width="1.5"{dash}'
        parts.append(f'<polyline points="{path}" {pen}/>')
    shown = dict.fromkeys(index for index, _, _ in lines)
    for place_in_legend, index in enumerate(shown):
        y = _TOP + 12 + 16 * place_in_legend
        parts.append(draw_line(right + 14, y - 4, right + 34, y - 4, stroke=choose_colour(index), width=2))
        parts.append(draw_text(right + 40, y, letters[index]))
    return wrap_svg(_HEIGHT, parts)


def _draw_axes(last: float, low: float, high: float, place: Any) -> list[str]:
    parts = []
    for tick in choose_ticks(low, high, 4):
        x, y = place(0, tick)
        parts += [draw_line(x, y, WIDTH - _RIGHT, y), draw_text(x - 6, y + 4, f"{tick:g}", anchor="end")]
    for tick in {round(value) for value in choose_ticks(0, last, 6)}:
        x, y = place(tick, low)
        parts += [draw_line(x, y, x, y + 4, stroke=INK), draw_text(x, y + 16, f"{tick}", anchor="middle")]
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    return [*parts, draw_text(middle, _HEIGHT - 4, "Epoch (chunk of trees for a forest)", anchor="middle")]


def draw_ranks(mean_ranks: Mapping[str, float], critical_difference: float) -> str:
    """Return Demšar's diagram: mean ranks on an axis, bars join those that are not shown to differ."""
    ordered = sorted(mean_ranks.items(), key=lambda pair: pair[1])
    k = len(ordered)
    left, right = 40, WIDTH - 40

    def place(rank: float) -> float:
        return left + (right - left) * (rank - 1) / (k - 1)

    cliques = find_cliques([rank for _, rank in ordered], critical_difference)
    base = 54 + 10 * len(cliques)
    parts = [draw_line(left, 36, right, 36, stroke=INK)]
    for tick in range(1, k + 1):
        parts += [draw_line(place(tick), 31, place(tick), 41, stroke=INK)]
        parts += [draw_text(place(tick), 24, str(tick), anchor="middle")]
    for depth, (first, last) in enumerate(cliques):
        y = 48 + 10 * depth
        parts.append(
            draw_line(place(ordered[first][1]) - 4, y, place(ordered[last][1]) + 4, y, stroke=INK, width=4)
        )
    for index, (letter, rank) in enumerate(ordered):
        foot = base + 16 * (index % 3)
        parts.append(
            draw_line(
                place(rank), 36, place(rank), foot, stroke=choose_colour(ord(letter) - ord("A")), width=1.5
            )
        )
        parts.append(draw_text(place(rank), foot + 12, f"{letter} {rank:.2f}", anchor="middle"))
    width = min((right - left) * critical_difference / (k - 1), right - left)
    parts += [draw_line(left, 8, left + width, 8, stroke=INK, width=2)]
    parts += [draw_text(left + width + 8, 12, f"critical difference {critical_difference:.2f}")]
    return wrap_svg(base + 54, parts)


def find_cliques(ranks: Sequence[float], critical_difference: float) -> list[tuple[int, int]]:
    """Return the longest runs of sorted ranks that lie closer together than the critical difference.

    >>> find_cliques([1.0, 1.5, 2.4, 4.0], 1.0)
    [(0, 1), (1, 2)]
    """
    ends = [
        max(j for j in range(i, len(ranks)) if ranks[j] - ranks[i] < critical_difference)
        for i in range(len(ranks))
    ]
    runs = [(i, end) for i, end in enumerate(ends) if end > i]
    return [run for before, run in pairwise([(-1, -1), *runs]) if run[1] > before[1]]
