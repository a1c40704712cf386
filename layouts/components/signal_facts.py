"""What the signal viewer says of a signal in words: facts, quality flags, fault lines, peaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, build_class_badge
from layouts.components.cards import build_definitions, build_hash, build_key_figures
from layouts.components.conditions import list_conditions
from layouts.components.numbers import UNKNOWN, count_of, format_duration, format_moment, format_number
from layouts.components.signal_notes import describe_speed, join
from layouts.components.states import build_note
from layouts.components.tables import build_plain_table
from layouts.figures.signal_axes import FrequencyAxis
from layouts.figures.signal_lines import LINE_KINDS, kind_of, line_colour

_SEVERITY_TONES = {"error": "danger", "warning": "warning", "note": "info", "info": "info"}
# An estimated speed below this may be wrong.
_SURE = 0.5
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
        *list_conditions(signal.get("conditions")),
        ("Acquired", format_moment(signal["acquired_at"])),
        ("File", signal["source_file"] or UNKNOWN),
        ("SHA-256", build_hash(signal["sha256"])),
    ]
    return build_definitions(rows)


def build_levels(found: dict[str, Any]) -> Component:
    """Return how strong and how impulsive the visible stretch is."""
    unit = found["unit"] or "(unit unknown)"
    figures = [
        ("RMS", f"{found['rms']:.4g}", unit),
        ("Peak", f"{found['peak_value']:.4g}", unit),
        ("Peak to peak", f"{found['peak_to_peak']:.4g}", unit),
        ("Crest factor", f"{found['crest_factor']:.2f}", ""),
        ("Kurtosis (Pearson)", f"{found['kurtosis']:.2f}", ""),
        ("Mean", f"{found['mean']:.3g}", unit),
    ]
    note = [html.P(found["note"], className="field-help tight")] if found["limited"] else []
    return html.Div([build_key_figures(figures), *note])


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


def build_lines(
    found: dict[str, Any], axis: FrequencyAxis, estimated: dict[str, Any] | None = None
) -> Component:
    """Return what the lines rest on, what is missing for them, and where they lie."""
    parts: list[Component] = [build_note(sentence, level="warning") for sentence in found["missing"]]
    if estimated:
        parts.append(_build_estimate(estimated))
    if found["shaft_frequency_hz"]:
        parts.append(html.P(_describe_basis(found, estimated), className="field-help tight"))
    if found["lines"]:
        parts.append(_build_line_table(found["lines"], axis))
    if found.get("coincidences"):
        parts.append(_build_coincidences(found["coincidences"]))
    return html.Div(parts, className="stack-tight")


def _build_estimate(estimated: dict[str, Any]) -> Component:
    """The estimated speed is a finding: how, and how sure."""
    sure = estimated["method"] == "tacho" or (estimated["confidence"] or 0.0) >= _SURE
    words = join(describe_speed(estimated), estimated["note"])
    return build_note(words, level="info" if sure else "warning")


def _describe_basis(found: dict[str, Any], estimated: dict[str, Any] | None) -> str:
    origin = "estimated" if estimated else found["speed_origin"]
    speed = f"Shaft {found['shaft_frequency_hz']:.4g} Hz ({origin})"
    if not found["orders"]:
        return f"{speed}."
    bearing = f"{found['bearing']}, " if found["bearing"] else ""
    orders = f"Orders: {bearing}{found['orders_origin']}."
    return f"{speed}. {orders} Lines are drawn without slip; real ones lie within the shaded band."


def _build_coincidences(sentences: Sequence[str]) -> Component:
    """Where one line falls on another it proves nothing by itself."""
    summary = f"{count_of(len(sentences), 'line')} on another's place"
    items = html.Ul([html.Li(sentence) for sentence in sentences], className="field-help")
    return html.Details([html.Summary(summary), items], className="viewer-more")


def _build_line_table(lines: Sequence[dict[str, Any]], axis: FrequencyAxis) -> Component:
    unit = "Hz" if axis.key == "orders" else axis.unit
    factor = 1.0 if axis.key == "orders" else axis.factor
    rows = [
        [
            html.Span(
                [_build_swatch(kind_of(line)), line["label"], *_name_sidebands(line)], className="line-name"
            ),
            _number("–" if line["order"] is None else f"{line['order']:.3f}"),
            _number(format_number(round(line["frequency_hz"] * factor, 2), 6)),
        ]
        for line in sorted(lines, key=lambda line: line["frequency_hz"])
    ]
    return build_plain_table(["Line", _number("Order"), _number(unit)], rows, caption="Fault lines")


def _name_sidebands(line: dict[str, Any]) -> list[Component]:
    """What the sidebands of a line's first harmonic are apart by."""
    if line["harmonic"] != 1 or not line.get("sideband_of"):
        return []
    return [html.Span(f"± {line['sideband_of']}", className="muted")]


def _build_swatch(kind: str) -> html.Span:
    return html.Span(
        className="line-swatch", style={"background": line_colour(kind, "light")}, title=LINE_KINDS[kind]
    )


def _number(text: str) -> html.Span:
    return html.Span(text, className="number-cell")
