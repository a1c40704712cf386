"""Diagnose: one recording, its lines, a classifier where one is chosen, an answer with its limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components import diagnosis as parts
from layouts.components import diagnosis_evidence as evidence
from layouts.components.cards import build_card
from layouts.components.diagnosis_attribution import build_attribution_card
from layouts.components.diagnosis_feedback import build_feedback_card
from layouts.components.diagnosis_form import build_form
from layouts.components.diagnosis_removal import build_removal_button, build_removal_dialog
from layouts.components.forms import build_field, build_select
from layouts.components.header import build_page_header
from layouts.components.numbers import format_number
from layouts.components.plots import build_plot
from layouts.components.report import build_file_links
from layouts.components.states import build_button_link, build_empty_state, build_skeleton
from layouts.components.url import build_url_store
from layouts.ids.diagnose import DiagnoseId
from layouts.page_spec import NavGroup, PageSpec

POLL_MS = 1000


def build_layout(
    experiment: str | None = None, signal: str | None = None, diagnosis: str | None = None, **_query: Any
) -> Component:
    """Return the page; the address may name a classifier's experiment, a stored signal, a past diagnosis."""
    wished = {"experiment": experiment, "signal": signal, "diagnosis": diagnosis}
    return html.Div(
        [
            dcc.Store(id=DiagnoseId.PAGE, data=wished),
            dcc.Store(id=DiagnoseId.CURRENT, data=_read_number(diagnosis)),
            dcc.Interval(id=DiagnoseId.POLL, interval=POLL_MS, disabled=True),
            build_url_store(DiagnoseId.URL, "experiment", "signal", "diagnosis"),
            dcc.Store(id=DiagnoseId.DONE),
            dcc.Store(id=DiagnoseId.SAID_STAMP),
            build_page_header(
                "Diagnose",
                "What the lines of one recording show, and what a trained classifier makes of it.",
                actions=[
                    html.Div(id=DiagnoseId.ACTIONS, className="page-actions"),
                    build_removal_button(),
                ],
            ),
            build_removal_dialog(),
            html.Div([build_form(), _build_answer()], className="diagnose-grid"),
            html.Div(
                build_card("Past diagnoses", html.Div(build_skeleton(4), id=DiagnoseId.HISTORY), flush=True),
                className="history",
            ),
        ],
        className="page",
    )


def _read_number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else None


def _build_answer() -> html.Div:
    shares = html.Div(id=DiagnoseId.PROBABILITIES)
    parts = [
        _build_views(),
        build_card("Probabilities, recording-level", shares),
        _build_timeline(),
        build_attribution_card(),
        html.Div(build_skeleton(3), id=DiagnoseId.SIMILAR),
        build_feedback_card(),
        html.Div(id=DiagnoseId.DETAILS),
    ]
    return html.Div(
        [
            html.Div(build_skeleton(height="180px"), id=DiagnoseId.RESULT, **{"aria-live": "polite"}),
            html.Div(parts, id=DiagnoseId.ANSWERED, className="stack drawn", hidden=True),
        ],
        className="stack",
    )


def _build_views() -> html.Section:
    plot = build_plot(
        DiagnoseId.VIEW_FIGURE,
        "The recording, with the lines that were looked for",
        note=html.Span(id=DiagnoseId.VIEW_NOTE),
        height="300px",
    )
    choice = build_field("Shown", build_select(DiagnoseId.VIEW, []))
    body = [html.Div(choice, className="view-choice"), plot]
    return build_card(
        "Spectra and lines",
        [html.Div(id=DiagnoseId.VIEWS_MISSING), html.Div(body, id=DiagnoseId.VIEWS)],
    )


def _build_timeline() -> html.Div:
    timeline = build_plot(
        DiagnoseId.TIMELINE,
        "The classifier, window by window",
        note="window-level probabilities",
        height="230px",
    )
    return html.Div(build_card(None, timeline), id=DiagnoseId.TIMELINE_CARD, hidden=True)


def build_nothing_asked() -> Component:
    """Return what stands in place of an answer before the first question."""
    state = build_empty_state(
        "No question asked yet",
        "Choose a recording. The answer says which lines were found, which are missing, and how sure it is.",
        icon="activity",
    )
    return html.Section(state, className="surface")


def build_no_such_diagnosis() -> Component:
    """Return what an unknown diagnosis shows."""
    state = build_empty_state(
        "There is no such diagnosis", "It may have been deleted.", icon="question-circle"
    )
    return html.Section(state, className="surface")


def build_answer(answer: Mapping[str, Any], label: str | None) -> Component:
    """Return verdict, contradictions, both sides, limits, and every line, in this order."""
    return html.Div(
        [
            parts.build_verdict(answer, label),
            evidence.build_contradictions(answer["contradictions"]),
            evidence.build_sides(answer),
            parts.build_limits(answer["limits"]),
            parts.build_notes(answer["notes"]),
            evidence.build_faults(answer),
        ],
        className="stack",
    )


def build_view_options(views: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, str]], str | None]:
    """Return the curves to choose from, and the one to begin with.

    That is the likeliest fault's, whose curve comes first, if lines of it were found. Where one curve has
    the lines of several faults, it is the curve with the most lines found.
    """
    options = [{"value": view["key"], "label": view["title"]} for view in views]
    if not views:
        return options, None
    counts = {view["key"]: sum(line["is_found"] for line in view["lines"]) for view in views}
    if not any(counts[view["key"]] for view in views if view["fault_class"] is None):
        likeliest = next((key for key, count in counts.items() if count), None)
        return options, likeliest or options[0]["value"]
    return options, max(counts, key=lambda key: counts[key])


def build_view_note(view: Mapping[str, Any]) -> str:
    """Return resolution, and how much of the recording is shown."""
    words = [f"Δf = {format_number(view['resolution_hz'])} Hz"] if view["resolution_hz"] else []
    if view["duration_s"] is not None:
        words.append(f"the first {format_number(view['duration_s'])} s")
    if view["lines"]:
        words.append("solid: found, dotted: missing")
    return "; ".join(words)


def build_actions(diagnosis_id: int) -> list[Component]:
    """Return the ways to the report."""
    return [
        build_button_link("Report", f"/reports/{diagnosis_id}", icon="file-earmark-text"),
        *build_file_links(diagnosis_id),
    ]


PAGE = PageSpec(
    module="layouts.pages.diagnose",
    path="/diagnose",
    title="Diagnose",
    layout=build_layout,
    nav_group=NavGroup.INSIGHT,
    icon="activity",
)
