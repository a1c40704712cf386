"""Tables of what stands out in a view: peaks with the fault line near each, bands of a kurtogram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from layouts.components.icons import build_icon
from layouts.components.numbers import format_number
from layouts.components.tables import build_plain_table
from layouts.figures.signal_axes import FrequencyAxis

# How far a peak may lie beside a line that does not slip.
_SAME_SHARE: Final = 0.005


def build_peaks(found: Mapping[str, Any], lines: Sequence[dict[str, Any]], axis: FrequencyAxis) -> Component:
    """Return the highest peaks in words: where, how high, which line is near, and what belongs together."""
    if not found["peaks"]:
        return html.P("No peak stands out in view.", className="muted tight")
    factor = 1.0 if axis.key == "orders" else axis.factor
    rows = [
        [
            _number(format_number(round(peak["frequency_hz"] * factor, 3), 6)),
            _number(_write_order(peak["frequency_hz"], axis.shaft_frequency_hz)),
            _number(f"{peak['amplitude']:.4g}"),
            _join(*_name_peak(found, index, lines, axis)),
        ]
        for index, peak in enumerate(found["peaks"])
    ]
    heads = [
        f"Frequency ({'Hz' if axis.key == 'orders' else axis.unit})",
        "Order",
        f"Amplitude ({found['unit'] or 'unit unknown'})",
    ]
    return build_plain_table([*map(_number, heads), "What it may be"], rows, caption="Highest peaks in view")


def _name_peak(
    found: Mapping[str, Any], index: int, lines: Sequence[dict[str, Any]], axis: FrequencyAxis
) -> list[str]:
    """The fault line, mains, harmonic family and carrier that a peak may belong to."""
    peak = found["peaks"][index]
    words = [name_nearest(peak["frequency_hz"], lines)]
    if peak["mains_hz"]:
        words.append(f"mains {peak['mains_hz']:g} Hz")
    if peak["family"] is not None:
        base_hz = found["families"][peak["family"]]["fundamental_hz"]
        words.append(f"{peak['harmonic']} × {_write_place(base_hz, axis)}")
    words += [
        f"{_write_place(side['carrier_hz'], axis)} ± k × {_write_place(side['spacing_hz'], axis)}"
        for side in found["sidebands"]
        if index in side["members"]
    ]
    return words


def _write_place(frequency_hz: float, axis: FrequencyAxis) -> str:
    return f"{format_number(round(frequency_hz * axis.factor, 2), 5)} {axis.short_unit}"


def build_order_peaks(
    peaks: Sequence[Mapping[str, Any]], lines: Sequence[dict[str, Any]], unit: str | None
) -> Component | None:
    """Return the highest peaks of an order spectrum with the fault line near each."""
    in_orders = [
        {**line, "frequency_hz": line["order"], **_scale_band(line)} for line in lines if line["order"]
    ]
    rows = [
        [
            _number(f"{peak['order']:.3f}"),
            _number(f"{peak['amplitude']:.4g}"),
            name_nearest(peak["order"], in_orders),
        ]
        for peak in peaks
    ]
    if not rows:
        return None
    heads = [_number(head) for head in ("Order", f"Amplitude ({unit or 'unit unknown'})")]
    table = build_plain_table([*heads, "What it may be"], rows, caption="Highest peaks")
    return build_more("Highest peaks", table)


def _scale_band(line: Mapping[str, Any]) -> dict[str, float]:
    ratio = line["order"] / line["frequency_hz"]
    return {key: line[key] * ratio for key in ("low_hz", "high_hz") if line.get(key) is not None}


def build_ellipses(ellipses: Sequence[Mapping[str, Any]], unit: str | None) -> Component | None:
    """Return how the shaft moves at each order: size, inclination, and which way round."""
    rows = [
        [
            _number(f"{each['order']:g}X"),
            _number(f"{each['semi_major']:.4g}"),
            _number(f"{each['semi_minor']:.4g}"),
            _number(f"{round(each['inclination_deg'])}°"),
            each["precession"],
        ]
        for each in ellipses
    ]
    if not rows:
        return None
    size = unit or "unit unknown"
    heads = ("Order", f"Half the long axis ({size})", f"Half the short axis ({size})", "Inclination")
    return build_plain_table([*map(_number, heads), "Precession"], rows, caption="Ellipses of the orbit")


def build_delay_peaks(
    peaks: Sequence[Mapping[str, Any]], lines: Sequence[dict[str, Any]], axis: FrequencyAxis
) -> Component | None:
    """Return where a cepstrum stands out, as a period and as the spacing of its family."""
    rows = [
        [
            _number(f"{1000 * peak['quefrency_s']:.4g}"),
            _number(format_number(round(peak["frequency_hz"], 3), 6)),
            _number(_write_order(peak["frequency_hz"], axis.shaft_frequency_hz)),
            _number(f"{peak['value']:.4g}"),
            name_nearest(peak["frequency_hz"], lines),
        ]
        for peak in peaks
    ]
    if not rows:
        return None
    heads = [_number(head) for head in ("Period (ms)", "Spacing (Hz)", "Order", "Height")]
    table = build_plain_table([*heads, "What it may be"], rows, caption="Families of lines")
    return build_more("Families of lines", table)


def build_best_bands(cells: Sequence[Mapping[str, Any]]) -> Component:
    """Return the bands of the highest kurtosis, each with a button that takes it."""
    rows = [
        [
            _number(format_number(round(cell["low_hz"], 1), 6)),
            _number(format_number(round(cell["high_hz"], 1), 6)),
            _number(f"{cell['kurtosis']:.3g}"),
            _build_take(cell),
        ]
        for cell in cells
    ]
    heads = [_number(head) for head in ("From (Hz)", "to (Hz)", "Kurtosis (noise: 0)")]
    return build_plain_table([*heads, "Band"], rows, caption="Best bands")


def _build_take(cell: Mapping[str, Any]) -> html.Button:
    low, high = round(cell["low_hz"], 1), round(cell["high_hz"], 1)
    return html.Button(
        [build_icon("crop"), html.Span("Take")],
        type="button",
        className="btn btn-light btn-sm action",
        title=f"Take {low:g} to {high:g} Hz as the band of the envelope",
        **{"data-action": "take-band", "data-low": f"{low:g}", "data-high": f"{high:g}"},
    )


def build_more(summary: str, body: Component) -> Component:
    """Return what opens on a click."""
    return html.Details([html.Summary(summary), body], className="viewer-more")


def name_nearest(frequency_hz: float, lines: Sequence[dict[str, Any]]) -> str:
    """Name the line in whose slip band the frequency lies, with the distance to it; else "–"."""
    near = [line for line in lines if _is_near(frequency_hz, line)]
    nearest = min(near, key=lambda line: abs(frequency_hz / line["frequency_hz"] - 1.0), default=None)
    if nearest is None:
        return "–"
    share = frequency_hz / nearest["frequency_hz"] - 1.0
    sign = "−" if share < 0 else "+"
    return f"{nearest['label']} {sign}{abs(100 * share):.1f} %"


def _is_near(frequency_hz: float, line: Mapping[str, Any]) -> bool:
    low, high = line.get("low_hz"), line.get("high_hz")
    if low is not None and high is not None and high > low:
        return bool(low <= frequency_hz <= high)
    return bool(abs(frequency_hz / line["frequency_hz"] - 1.0) <= _SAME_SHARE)


def _join(*words: str) -> str:
    known = [word for word in words if word and word != "–"]
    return ", ".join(known) or "–"


def _write_order(frequency_hz: float, shaft_hz: float | None) -> str:
    return f"{frequency_hz / shaft_hz:.3f}" if shaft_hz else "–"


def _number(text: str) -> html.Span:
    return html.Span(text, className="number-cell")
