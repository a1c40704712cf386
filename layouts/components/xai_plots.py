"""Where an explanation is drawn: a card per view, each with what says whether it can be trusted."""

from __future__ import annotations

from typing import Any

from dash import html

from layouts.components.cards import build_card
from layouts.components.forms import build_field, build_select
from layouts.components.plots import build_plot
from layouts.components.states import build_skeleton
from layouts.components.xai_what_if import build_what_if_card
from layouts.ids.xai import XaiId

HERTZ, ORDERS = "hz", "orders"
AXES = ((HERTZ, "Hz"), (ORDERS, "Orders of the shaft speed"))


def _build_view(
    ids: tuple[XaiId, XaiId, XaiId], title: str, *, height: str = "340px", note: Any = None
) -> html.Div:
    """Return a plot with its trust numbers; it is in the page from the start, so that it knows its width."""
    shown, graph, trust = ids
    plot = build_plot(graph, title, height=height, note=note, responsive=True)
    strip = html.Div(id=trust, className="trust-strip")
    return html.Div(build_card(None, html.Div([plot, strip])), id=shown, className="drawn", hidden=True)


def build_answer_area(axis: str) -> html.Div:
    """Return what the answer is drawn into; ``axis`` is Hz or orders."""
    axis = axis if axis in dict(AXES) else HERTZ
    choices = [
        build_field("Window", build_select(XaiId.WINDOW, [("0", "The first")], "0")),
        build_field("Frequency axis", build_select(XaiId.AXIS, AXES, axis)),
    ]
    waveform = (XaiId.WAVEFORM_SHOWN, XaiId.WAVEFORM, XaiId.WAVEFORM_TRUST)
    features = (XaiId.FEATURES_SHOWN, XaiId.FEATURES, XaiId.FEATURES_TRUST)
    frequency = (XaiId.FREQUENCY_SHOWN, XaiId.FREQUENCY, XaiId.FREQUENCY_TRUST)
    envelope = (XaiId.ENVELOPE_SHOWN, XaiId.ENVELOPE, XaiId.ENVELOPE_TRUST)
    bands = (XaiId.BANDS_SHOWN, XaiId.BANDS, XaiId.BANDS_TRUST)
    removal = (XaiId.REMOVAL_SHOWN, XaiId.REMOVAL, XaiId.REMOVAL_TRUST)
    return html.Div(
        [
            html.Div(id=XaiId.JOB, **{"aria-live": "polite"}),
            html.Div(build_skeleton(height="180px"), id=XaiId.RESULT, **{"aria-live": "polite"}),
            html.Div(choices, id=XaiId.CHOICES, className="filter-bar", hidden=True),
            _build_view(waveform, "Over the waveform", height="470px"),
            _build_view(features, "Over the features", height="480px"),
            _build_view(frequency, "Over frequency", note=html.Span(id=XaiId.FREQUENCY_NOTE)),
            _build_view(envelope, "Over the envelope's frequency", note=html.Span(id=XaiId.ENVELOPE_NOTE)),
            _build_view(bands, "Per fault band", height="460px", note="bars: 95 % range of random bands"),
            _build_view(removal, "When the attributed parts are taken away, or put back", height="520px"),
            html.Div(id=XaiId.DETAILS, className="stack"),
            build_what_if_card(),
        ],
        className="stack xai-answer",
    )
