"""Band what-if: weaken or strengthen a band of the recording and see the probabilities move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.badges import build_class_badge
from layouts.components.cards import build_card
from layouts.components.evaluation_parts import build_notes, build_table
from layouts.components.forms import build_button, build_field, build_select
from layouts.components.numbers import format_number, format_percent
from layouts.components.plots import build_plot
from layouts.figures.explanation_bands import name_band
from layouts.ids.xai import XaiId

Plain = Mapping[str, Any]
MACHINE, OWN = "machine", "own"
EVERY_BAND = "every"
_SOURCES = ((MACHINE, "The bands of the machine's lines"), (OWN, "A band of my own"))


def build_what_if_card() -> html.Section:
    """Return the form of the question, and where its answer is drawn."""
    fields = [
        build_field("Band", build_select(XaiId.WHAT_BAND, _SOURCES, MACHINE)),
        build_field("From", dbc.Input(id=XaiId.WHAT_LOW, inputmode="decimal", autocomplete="off"), unit="Hz"),
        build_field("To", dbc.Input(id=XaiId.WHAT_HIGH, inputmode="decimal", autocomplete="off"), unit="Hz"),
        build_field(
            "Levels", dbc.Input(id=XaiId.WHAT_GAINS, value="-40, -20, -10, -6, 0, 6, 10, 20"), unit="dB"
        ),
        build_button(
            "Try it", XaiId.WHAT_START, icon="sliders", disabled_because="Choose a recording first."
        ),
    ]
    curves = build_field("Curves", build_select(XaiId.WHAT_CURVES, [(EVERY_BAND, "Every band")], EVERY_BAND))
    plot = build_plot(
        XaiId.WHAT_PLOT,
        "Probabilities as a band's level changes",
        note="0 dB is the recording as it is; probabilities not calibrated",
        height="360px",
        responsive=True,
    )
    body = [
        html.P(
            "A band of the recording is weakened or strengthened, and the classifier judges it again. "
            "Where it rests on the band, its answer moves.",
            className="muted",
        ),
        html.Div(fields, className="filter-bar what-if-fields"),
        html.Div(id=XaiId.WHAT_JOB, **{"aria-live": "polite"}),
        html.Div(id=XaiId.WHAT_STATE, **{"aria-live": "polite"}),
        html.Div(
            [html.Div(curves, className="filter-bar"), plot, html.Div(id=XaiId.WHAT_TABLE)],
            id=XaiId.WHAT_SHOWN,
            className="drawn stack-tight",
            hidden=True,
        ),
    ]
    return build_card("What if a band were weaker?", html.Div(body, className="stack-tight"))


def list_curves(summary: Plain) -> list[dict[str, str]]:
    """Return what can be drawn: a class over every band, or every class over a band."""
    every = {"value": EVERY_BAND, "label": "The class explained, every band"}
    bands = [{"value": each["name"], "label": f"Every class: {name_band(each)}"} for each in summary["bands"]]
    return [every, *bands] if len(bands) > 1 else bands


def build_what_if_words(summary: Plain) -> Component:
    """Return what the levels changed, and what was left out."""
    left = [f"{each['name']}: {each['reason']}" for each in summary["left_out"]]
    return html.Div(
        [build_sentences(summary["sentences"]), build_notes([*summary["notes"], *left])],
        className="stack-tight",
    )


def build_sentences(sentences: Sequence[str]) -> Component:
    """Return what was found, sentence by sentence."""
    return html.Ul([html.Li(each) for each in sentences], className="note-list")


def build_what_if_table(summary: Plain) -> html.Div:
    """Return each band with the probability of the class when weakest, as it is, and when strongest."""
    target = summary["class_names"].index(summary["target_class"])
    rows = [_build_row(each, target) for each in summary["bands"]]
    heads = ("Band", "Range (Hz)", "Weakest", "As it is", "Strongest", "The answer changes")
    return build_table(heads, rows, "Probability of the class explained by band", numeric=(2, 3, 4))


def _build_row(band: Plain, target: int) -> list[Any]:
    shares = [row[target] for row in band["probabilities"]]
    gains = band["gains_db"]
    plain = shares[gains.index(0)] if 0 in gains else None
    flips: list[Any] = []
    for each in band["flips"]:
        flips += [build_class_badge(each["class_name"]), f" at {each['gain_db']:+g} dB "]
    return [
        name_band(band),
        describe_ranges(band["ranges_hz"]),
        f"{format_percent(shares[0])} at {gains[0]:+g} dB",
        "–" if plain is None else format_percent(plain),
        f"{format_percent(shares[-1])} at {gains[-1]:+g} dB",
        html.Div(flips or "no", className="badge-row"),
    ]


def describe_ranges(ranges_hz: Sequence[Sequence[float]]) -> html.Span:
    """Return the first range of a band, how many more it has, and all of them under the pointer."""
    words = [f"{format_number(low)} – {format_number(high)}" for low, high in ranges_hz]
    more = f" and {len(words) - 1} more" if len(words) > 1 else ""
    return html.Span(f"{words[0]}{more}", title=", ".join(words), className="nowrap")


def describe_band(top: Plain | None) -> str:
    """Return the band that stands out most beside its control."""
    if not top:
        return "–"
    return f"{top['label']} {format_percent(top['share'])} (random {format_percent(top['control_share'])})"
