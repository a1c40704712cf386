"""The latest diagnosis of the recording in the viewer: its lines and the classifier side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_job_state_badge
from layouts.components.cards import build_card
from layouts.components.diagnosis import build_answer_badge
from layouts.components.diagnosis_evidence import build_contradictions, build_sides
from layouts.components.forms import build_button, build_field, build_select
from layouts.components.numbers import format_age, format_percent
from layouts.components.states import build_error_state, build_skeleton
from layouts.ids.signal_viewer import ViewerId


def build_diagnosis_card() -> html.Section:
    """Return the card: whom to ask, and the latest answer."""
    start = build_button(
        "Diagnose", ViewerId.DIAGNOSIS_START, icon="activity", disabled_because="Choose a recording first."
    )
    ask = html.Div(
        [build_field("Second opinion by", build_select(ViewerId.DIAGNOSIS_CLASSIFIER, [])), start],
        className="filter-bar viewer-ask needs-engineer",
    )
    answer = html.Div(build_skeleton(3), id=ViewerId.DIAGNOSIS, **{"aria-live": "polite"})
    return build_card("Diagnosis", [ask, answer], class_name="viewer-diagnosis")


def build_never_asked() -> Component:
    """Return what stands here before the first diagnosis."""
    words = "This recording has not been diagnosed yet: ask its lines, and a trained classifier beside them."
    return html.P(words, className="muted")


def build_open(found: Mapping[str, Any]) -> Component:
    """Return a diagnosis that is on its way."""
    words = html.Span("The answer stands here when it is there.", className="muted")
    return html.Div([build_job_state_badge(found["state"]), words], className="state-line")


def build_failed(found: Mapping[str, Any]) -> Component:
    """Return why there is no answer."""
    return build_error_state(found["error"] or "There is no answer; ask again.", title="No diagnosis")


def build_latest(found: Mapping[str, Any]) -> Component:
    """Return the verdict in a line, contradictions, and what both sides say."""
    answer, number = found["answer"], found["diagnosis_id"]
    verdict = answer["verdict"]
    sure = [] if verdict["confidence"] is None else [html.Strong(format_percent(verdict["confidence"]))]
    head = html.Div(
        [
            *build_answer_badge(verdict),
            *sure,
            html.Span(format_age(found["created_at"]), className="muted"),
            dcc.Link("All of it", href=f"/diagnose?diagnosis={number}"),
            dcc.Link("Report", href=f"/reports/{number}"),
        ],
        className="viewer-verdict",
    )
    sentence = html.P(verdict["sentence"])
    return html.Div(
        [head, sentence, build_contradictions(answer["contradictions"]), build_sides(answer)],
        className="stack-tight",
    )
