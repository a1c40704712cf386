"""What the signal viewer says in words beside its plots: facts, quality, fault lines, peaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, build_class_badge
from layouts.components.cards import build_definitions, build_hash
from layouts.components.numbers import UNKNOWN, count_of, format_duration, format_moment, format_number
from layouts.components.states import build_note
from layouts.components.tables import build_plain_table
from layouts.figures.signals import LINE_KINDS, FrequencyAxis, line_colour

_SEVERITY_TONES = {"error": "danger", "warning": "warning", "note": "info", "info": "info"}
# How far a real line lies beside its kinematic place.
_SLIP = 0.02
_ORDER_NAMES = (("bpfo", "BPFO"), ("bpfi", "BPFI"), ("bsf", "BSF"), ("ftf", "FTF"))


def build_facts(signal: dict[str, Any]) -> Component:
    """Return what is known of the signal; what is not known says so."""
    rows: list[tuple[str, Any]] = [
        ("Class", build_class_badge(signal["fault_class"])),
        ("Severity", signal["severity"] or UNKNOWN),
        ("Channel", signal["channel"]),
        ("Sample rate", _with_unit(signal["sample_rate_hz"], "Hz")),
        ("Samples", format_number(signal["n_samples"])),
        ("Duration", format_duration(signal["duration_s"])),
        ("Unit", signal["unit"] or UNKNOWN),
        ("Shaft speed", _with_unit(signal["shaft_speed_rpm"], "rpm")),
        ("Load", signal["load"] or UNKNOWN),
        ("Machine", signal["machine"] or UNKNOWN),
        ("Measured at", signal["measurement_point"] or UNKNOWN),
        ("Bearing", signal["bearing"] or UNKNOWN),
        ("Fault orders", _format_orders(signal.get("bearing_orders"))),
        ("Acquired", format_moment(signal["acquired_at"])),
        ("File", signal["source_file"] or UNKNOWN),
        ("SHA-256", build_hash(signal["sha256"])),
    ]
    return build_definitions(rows)


def _with_unit(value: float | None, unit: str) -> str:
    return UNKNOWN if value is None else f"{format_number(value, 6)} {unit}"


def _format_orders(orders: dict[str, float] | None) -> str:
    if not orders:
        return UNKNOWN
    return " · ".join(f"{name} {orders[key]:.3f}" for key, name in _ORDER_NAMES)


def build_quality(flags: Sequence[dict[str, Any]]) -> Component:
    """Return the quality flags with what each means."""
    if not flags:
        return html.P("No flag was raised at import.", className="muted tight")
    rows = [
        html.Li(
            [
                build_badge(
                    flag["name"].replace("_", " "), tone=_SEVERITY_TONES.get(flag["severity"], "neutral")
                ),
                html.P(flag["sentence"], className="tight"),
            ]
        )
        for flag in flags
    ]
    return html.Ul(rows, className="viewer-flags")


def describe_stretch(view: dict[str, Any]) -> str:
    """Return what of a signal its waveform shows."""
    drawn = "smallest and largest of every few drawn" if view["decimated"] else "every one drawn"
    length = f"{format_number(view['stop_s'] - view['start_s'])} s"
    whole = view["stop_s"] - view["start_s"] >= view["duration_s"]
    part = ", whole signal" if whole else f" of {format_number(view['duration_s'])} s"
    return f"{length}{part} · {count_of(view['n_samples'], 'sample')}, {drawn}"


def describe_view(view: dict[str, Any], axis: FrequencyAxis) -> str:
    """Return the line above a spectral view: Δf, window, averages, band, and what was left out."""
    parts = [f"Δf = {format_number(view['resolution_hz'])} Hz"]
    if axis.key == "cpm":
        parts[0] += f" ({format_number(60 * view['resolution_hz'])} CPM)"
    parts.append(f"{view['window'].capitalize()} window")
    if "n_segments" in view:
        parts.append(f"mean of {count_of(view['n_segments'], 'segment')}")
    if "band_hz" in view:
        low, high = (format_number(edge) for edge in view["band_hz"])
        why = "suggested from the sample rate" if view["band_origin"] == "suggested" else "chosen"
        parts.append(f"band {low} – {high} Hz ({why})")
    if view["note"]:
        parts.append(view["note"])
    return " · ".join(parts)


def build_lines(found: dict[str, Any], axis: FrequencyAxis) -> Component:
    """Return what the lines rest on, what is missing for them, and where they lie."""
    parts: list[Component] = [build_note(sentence, level="warning") for sentence in found["missing"]]
    if found["shaft_frequency_hz"]:
        parts.append(html.P(_describe_basis(found), className="field-help tight"))
    if found["lines"]:
        parts.append(_build_line_table(found["lines"], axis))
    return html.Div(parts, className="stack-tight")


def _describe_basis(found: dict[str, Any]) -> str:
    speed = f"Shaft {found['shaft_frequency_hz']:.4g} Hz ({found['speed_origin']})"
    if not found["orders"]:
        return f"{speed}."
    bearing = f"{found['bearing']}, " if found["bearing"] else ""
    orders = f"Orders: {bearing}{found['orders_origin']}."
    return f"{speed}. {orders} Lines are drawn without slip; real ones lie up to 2 % beside."


def _build_line_table(lines: Sequence[dict[str, Any]], axis: FrequencyAxis) -> Component:
    unit = "Hz" if axis.key == "orders" else axis.unit
    factor = 1.0 if axis.key == "orders" else axis.factor
    rows = [
        [
            html.Span([_build_swatch(line["kind"]), line["label"]], className="line-name"),
            _number(f"{line['order']:.3f}"),
            _number(format_number(round(line["frequency_hz"] * factor, 2), 6)),
        ]
        for line in sorted(lines, key=lambda line: line["frequency_hz"])
    ]
    return build_plain_table(["Line", _number("Order"), _number(unit)], rows, caption="Fault lines")


def _build_swatch(kind: str) -> html.Span:
    return html.Span(
        className="line-swatch", style={"background": line_colour(kind, "light")}, title=LINE_KINDS[kind]
    )


def _number(text: str) -> html.Span:
    return html.Span(text, className="number-cell")


def build_peaks(
    peaks: Sequence[dict[str, Any]], lines: Sequence[dict[str, Any]], axis: FrequencyAxis, unit: str | None
) -> Component:
    """Return the highest peaks in words: where, how high, and which fault line is near."""
    if not peaks:
        return html.P("No peak stands out in view.", className="muted tight")
    headers = [f"Frequency ({'Hz' if axis.key == 'orders' else axis.unit})"]
    factor = 1.0 if axis.key == "orders" else axis.factor
    shaft_hz = axis.shaft_frequency_hz
    rows = []
    for peak in peaks:
        frequency_hz = peak["frequency_hz"]
        rows.append(
            [
                _number(format_number(round(frequency_hz * factor, 3), 6)),
                _number(f"{frequency_hz / shaft_hz:.3f}" if shaft_hz else "–"),
                _number(f"{peak['amplitude']:.4g}"),
                _name_nearest(frequency_hz, lines),
            ]
        )
    heads = [*headers, "Order", f"Amplitude ({unit or 'unit unknown'})", "Nearest line"]
    return build_plain_table([*map(_number, heads[:3]), heads[3]], rows, caption="Highest peaks in view")


def _name_nearest(frequency_hz: float, lines: Sequence[dict[str, Any]]) -> str:
    """Name the line within the usual slip of 2 %, with the distance to it."""
    nearest = min(lines, key=lambda line: abs(line["frequency_hz"] - frequency_hz), default=None)
    if nearest is None:
        return "–"
    share = frequency_hz / nearest["frequency_hz"] - 1.0
    if abs(share) > _SLIP:
        return "–"
    sign = "−" if share < 0 else "+"
    return f"{nearest['label']} {sign}{abs(100 * share):.1f} %"
