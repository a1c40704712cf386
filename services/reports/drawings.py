"""The curves of a diagnosis as SVG: lines that were found stand out, those that are missing are dashed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from services.shared.svg import GRID, INK, WIDTH, choose_ticks, draw_line, draw_text, wrap_svg
from utils.constants import OKABE_ITO

_HEIGHT = 214
_LEFT, _RIGHT, _BOTTOM = 62, 14, 38
_ROW, _N_ROWS, _CHARACTER = 13, 4, 6.0
_FOR, _AGAINST, _LEAST_SHARE = OKABE_ITO["orange"], OKABE_ITO["sky_blue"], 0.02
_QUIET, _CURVE = "#56616F", "#1D5FAE"
_COLOURS: Final = MappingProxyType(
    {
        "inner_race": OKABE_ITO["vermillion"],
        "outer_race": OKABE_ITO["blue"],
        "ball": OKABE_ITO["purple"],
        "cage": OKABE_ITO["orange"],
    }
)

Place = Callable[[float, float], tuple[float, float]]


def choose_colour(fault_class: str | None) -> str:
    """Return the colour of a fault's lines; the bearing's parts have those of their classes."""
    return _COLOURS.get(fault_class or "", OKABE_ITO["vermillion"])


def draw_view(view: Mapping[str, Any]) -> str:
    """Return one of `services.reports.views.build_views` as a drawing."""
    xs, ys = view["x"]["values"], view["y"]["values"]
    low_x, high_x = 0.0, xs[-1]
    low_y, high_y = _choose_span(view)
    labels = _place_labels(view["lines"], low_x, high_x)
    top = 8 + _ROW * (1 + max((row for _, row in labels), default=-1))
    right, bottom = WIDTH - _RIGHT, _HEIGHT - _BOTTOM + top

    def place(x: float, y: float) -> tuple[float, float]:
        at = _LEFT + (right - _LEFT) * (x - low_x) / (high_x - low_x)
        return at, bottom - (bottom - top) * (min(max(y, low_y), high_y) - low_y) / (high_y - low_y)

    parts = [_draw_band(band, place, low_y, high_y) for band in view["bands"]]
    parts += _draw_axes(view, place, (low_x, high_x), (low_y, high_y))
    parts += [_draw_mark(line, place, low_y, high_y) for line in view["lines"]]
    if view["floor"]:
        parts.append(_draw_curve(xs, view["floor"], place, _QUIET, 'stroke-dasharray="3 2"'))
    parts.append(_draw_curve(xs, ys, place, _CURVE))
    parts += [_draw_leader(line, row, place, low_y, top) for line, row in labels if row]
    parts += [_draw_label(line, row, place, low_y, top) for line, row in labels]
    return wrap_svg(bottom + _BOTTOM, parts)


def _choose_span(view: Mapping[str, Any]) -> tuple[float, float]:
    values = view["y"]["values"]
    low, high = min(values), max(values)
    if view["key"] == "waveform":
        reach = max(abs(low), abs(high)) or 1.0
        return -1.05 * reach, 1.05 * reach
    if view["y"]["unit"] is not None and str(view["y"]["unit"]).startswith("dB"):
        return max(low, high - 100.0) - 2.0, high + 4.0
    return 0.0, 1.05 * high or 1.0


def _draw_curve(xs: Sequence[float], ys: Sequence[float], place: Place, stroke: str, more: str = "") -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, xs, ys))
    return f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="0.9" {more}/>'


def _draw_band(band: Mapping[str, Any], place: Place, low: float, high: float) -> str:
    left, y_top = place(band["low_hz"], high)
    right, y_base = place(band["high_hz"], low)
    return (
        f'<rect x="{left:.1f}" y="{y_top:.1f}" width="{right - left:.1f}" height="{y_base - y_top:.1f}" '
        f'fill="{choose_colour(band["fault_class"])}" fill-opacity="0.12"/>'
    )


def _draw_mark(line: Mapping[str, Any], place: Place, low: float, high: float) -> str:
    """Return an upright at a line's place: where it was found, else dashed where it was expected."""
    x, y_top = place(_locate(line), high)
    _, y_base = place(0.0, low)
    if line["is_found"]:
        colour = choose_colour(line["fault_class"])
        return f'<g stroke-opacity="0.45">{draw_line(x, y_top, x, y_base, stroke=colour, width=2.2)}</g>'
    return draw_line(x, y_top, x, y_base, stroke=_QUIET, width=0.8, dash="2 3")


def _draw_leader(line: Mapping[str, Any], row: int, place: Place, low: float, top: float) -> str:
    x, _ = place(_locate(line), low)
    return draw_line(x, top - 2 - _ROW * row, x, top, stroke=_choose_label_colour(line), width=0.6)


def _draw_label(line: Mapping[str, Any], row: int, place: Place, low: float, top: float) -> str:
    """Return a line's name on a ground that covers the leaders of the rows above."""
    x, _ = place(_locate(line), low)
    y = top - 4 - _ROW * row
    width = _CHARACTER * len(line["label"])
    left = x - width if x > WIDTH - 60 else x - width / 2
    ground = (
        f'<rect x="{left:.1f}" y="{y - 10:.1f}" width="{width:.1f}" height="12" fill="#FFFFFF" '
        f'fill-opacity="0.85"/>'
    )
    anchor = "end" if x > WIDTH - 60 else "middle"
    return ground + draw_text(x, y, line["label"], anchor=anchor, fill=_choose_label_colour(line))


def _choose_label_colour(line: Mapping[str, Any]) -> str:
    return choose_colour(line["fault_class"]) if line["is_found"] else _QUIET


def _locate(line: Mapping[str, Any]) -> float:
    found: float | None = line["found_hz"] if line["is_found"] else None
    return float(line["expected_hz"]) if found is None else found


def _place_labels(
    lines: Sequence[Mapping[str, Any]], low: float, high: float
) -> list[tuple[Mapping[str, Any], int]]:
    """Give each line, the found ones first, a row above the drawing in which its label has room, or none."""
    ends: list[list[tuple[float, float]]] = [[] for _ in range(_N_ROWS)]
    placed = []
    for line in sorted(lines, key=lambda line: (not line["is_found"], line["expected_hz"])):
        at = _LEFT + (WIDTH - _RIGHT - _LEFT) * (_locate(line) - low) / (high - low)
        reach = _CHARACTER * len(line["label"]) / 2 + 2
        row = next((row for row in range(_N_ROWS) if _has_room(at, reach, ends, row)), None)
        if row is not None and _LEFT <= at <= WIDTH - _RIGHT:
            ends[row].append((at - reach, at + reach))
            placed.append((line, row))
    return placed


def _has_room(at: float, reach: float, ends: Sequence[Sequence[tuple[float, float]]], row: int) -> bool:
    """Tell whether a label keeps apart from those in its row."""
    return all(at + reach < low or at - reach > high for low, high in ends[row])


def _draw_axes(
    view: Mapping[str, Any], place: Place, x_span: tuple[float, float], y_span: tuple[float, float]
) -> list[str]:
    parts = []
    for tick in choose_ticks(*y_span, 6):
        x, y = place(x_span[0], tick)
        parts += [draw_line(x, y, WIDTH - _RIGHT, y), draw_text(x - 6, y + 4, f"{tick:g}", anchor="end")]
    for tick in choose_ticks(*x_span, 8):
        x, y = place(tick, y_span[0])
        parts += [
            draw_line(x, y, x, y + 4, stroke=INK),
            draw_text(x, y + 16, f"{tick:g}", anchor="middle", fill=_QUIET),
        ]
    x0, y0 = place(x_span[0], y_span[0])
    parts.append(draw_line(x0, y0, WIDTH - _RIGHT, y0, stroke=GRID))
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    parts.append(draw_text(middle, y0 + 32, word_axis(view["x"]), anchor="middle"))
    y_middle = (y0 + place(x_span[0], y_span[1])[1]) / 2
    words = draw_text(0, 0, word_axis(view["y"]), anchor="middle")
    parts.append(f'<g transform="translate(12 {y_middle:.1f}) rotate(-90)">{words}</g>')
    return parts


def draw_attribution(curve: Mapping[str, Any]) -> str:
    """Return the waveform of an explained window, each stretch coloured by what it spoke for."""
    values, shares = curve["waveform"], curve["attribution"]
    top, bottom, right = 8.0, 150.0, WIDTH - _RIGHT
    reach = max(map(abs, values), default=1.0) or 1.0
    most = max(map(abs, shares), default=1.0) or 1.0
    middle, half = (top + bottom) / 2, (bottom - top) / 2 - 2
    width = (right - _LEFT) / max(len(values), 1)
    xs = [_LEFT + width * (index + 0.5) for index in range(len(values))]
    ys = [middle - half * value / reach for value in values]
    bars = [
        f'<rect x="{x - width / 2:.1f}" y="{top:.0f}" width="{width:.2f}" height="{bottom - top:.0f}" '
        f'fill="{_FOR if share > 0 else _AGAINST}" fill-opacity="{0.75 * abs(share) / most:.2f}"/>'
        for x, share in zip(xs, shares, strict=True)
        if abs(share) > _LEAST_SHARE * most
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
    trace = f'<polyline points="{path}" fill="none" stroke="{INK}" stroke-width="0.6"/>'
    return wrap_svg(bottom + _BOTTOM, [*bars, trace, *_draw_times(curve, len(values), right, bottom)])


def _draw_times(curve: Mapping[str, Any], n_points: int, right: float, bottom: float) -> list[str]:
    start_s = float(curve["start_s"])
    length_s = n_points * float(curve["samples_per_point"]) * float(curve["step_s"])
    parts = [draw_line(_LEFT, bottom, right, bottom)]
    for tick in choose_ticks(start_s, start_s + length_s, 8):
        x = _LEFT + (right - _LEFT) * (tick - start_s) / length_s
        parts += [
            draw_line(x, bottom, x, bottom + 4, stroke=INK),
            draw_text(x, bottom + 16, f"{tick:g}", anchor="middle", fill=_QUIET),
        ]
    parts.append(draw_text((_LEFT + right) / 2, bottom + 32, "Time (s)", anchor="middle"))
    return parts


def word_axis(axis: Mapping[str, Any]) -> str:
    """Return an axis title with its unit; an unknown one is said to be unknown."""
    return f"{axis['name']} ({axis['unit'] or 'unit unknown'})"
