"""What the classifier looked at: the gist of a kept explanation, and the way to the whole of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_badge
from layouts.components.cards import build_card
from layouts.components.plots import build_plot
from layouts.components.states import build_note
from layouts.ids.diagnose import DiagnoseId

_MOST_BANDS = 8


def build_attribution_card() -> html.Div:
    """Return the card; it shows once a classifier was asked."""
    plot = build_plot(
        DiagnoseId.ATTRIBUTION_BANDS,
        "Attribution by band",
        note="beside random bands of equal width; grey: no more than those",
        height="260px",
    )
    body = [html.Div(id=DiagnoseId.ATTRIBUTION), html.Div(plot, id=DiagnoseId.ATTRIBUTION_PLOT, hidden=True)]
    return html.Div(
        build_card("What the classifier looked at", body), id=DiagnoseId.ATTRIBUTION_CARD, hidden=True
    )


def choose_bands(bands: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the bands that hold most of the attribution, the largest first."""
    return sorted(bands, key=lambda band: -band["share"])[:_MOST_BANDS]


def build_words(experiment_id: int, signal_id: int | None, kept: Mapping[str, Any] | None) -> Component:
    """Return the gist of an explanation with its trust checks, or how to get one."""
    if signal_id is None:
        words = "An explanation needs a stored recording: import the file, then diagnose it there."
        return html.P(words, className="muted")
    query: dict[str, Any] = {"experiment": experiment_id, "signal": signal_id}
    if kept is None:
        link = dcc.Link("Explain the answer", href=f"/xai?{urlencode(query)}")
        return html.P(["No explanation of this answer is kept. ", link], className="muted")
    summary = kept["summary"]
    query |= {"method": kept["method"], "explanation": kept["explanation_id"]}
    link = dcc.Link("All of the explanation", href=f"/xai?{urlencode(query)}")
    return html.Div(
        [
            *(html.P(sentence) for sentence in summary["sentences"]),
            html.P([_build_trust(summary["trust"]), " ", kept["method"].replace("_", " "), " · ", link]),
            *(
                build_note(f"{check['title']}: {check['reason'] or check['rule']}", level="danger")
                for check in summary["trust"]
                if check["passes"] is False
            ),
        ],
        className="stack-tight",
    )


def _build_trust(checks: Sequence[Mapping[str, Any]]) -> html.Span:
    ran = [check for check in checks if check["passes"] is not None]
    if not ran:
        return build_badge("trust not checked", tone="warning", icon="question-lg")
    passed = sum(1 for check in ran if check["passes"])
    tone, icon = ("success", "check-lg") if passed == len(ran) else ("danger", "x-lg")
    return build_badge(f"{passed} of {len(ran)} trust checks passed", tone=tone, icon=icon)
