"""Atlas of the classes: in which bands a classifier looks for each of them, over a part of the split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, build_class_badge, format_class
from layouts.components.cards import build_card
from layouts.components.evaluation_parts import build_notes, build_table
from layouts.components.forms import build_button, build_field, build_select
from layouts.components.numbers import count_of, format_number, format_percent
from layouts.components.plots import build_plot
from layouts.components.states import build_empty_state, build_note, build_skeleton
from layouts.components.xai_what_if import build_sentences, describe_band
from layouts.ids.xai import XaiId

Plain = Mapping[str, Any]
_MOST_GROUPS = 6
PARTS = (("test", "Test"), ("validation", "Validation"))


def build_atlas_tab(part: str) -> html.Div:
    """Return the form of an atlas, its progress, and where it is drawn."""
    part = part if part in dict(PARTS) else PARTS[0][0]
    most = dbc.Input(id=XaiId.ATLAS_MOST, type="number", min=1, step=1, placeholder="100")
    form = html.Div(
        [
            build_field("Part of the split", build_select(XaiId.ATLAS_PART, PARTS, part)),
            build_field("Method", build_select(XaiId.ATLAS_METHOD, [])),
            build_field("At most so many recordings", most),
            build_button(
                "Explain every recording",
                XaiId.ATLAS_START,
                icon="play",
                tone="primary",
                disabled_because="Choose an experiment first.",
            ),
        ],
        className="filter-bar",
    )
    plot = build_plot(
        XaiId.ATLAS_PLOT,
        "Where each class is looked for",
        note="mean share of the attribution; bars: 95 % intervals",
        height="520px",
        responsive=True,
    )
    return html.Div(
        [
            dcc.Store(id=XaiId.ATLAS_ASKED),
            form,
            html.Div(id=XaiId.ATLAS_JOB, **{"aria-live": "polite"}),
            html.Div(build_skeleton(height="320px"), id=XaiId.ATLAS),
            html.Div(
                [build_card(None, plot), html.Div(id=XaiId.ATLAS_TABLE, className="stack")],
                id=XaiId.ATLAS_SHOWN,
                className="stack drawn",
                hidden=True,
            ),
        ],
        className="stack",
    )


def build_no_atlas(part: str) -> Component:
    """Return what stands where no atlas was made yet."""
    state = build_empty_state(
        "No atlas yet",
        f"Explaining every recording of the {part} part shows in which bands the classifier looks for each "
        "class. It runs as a job: seconds for a few recordings, minutes for many.",
        icon="map",
    )
    return html.Div(state, className="surface")


def build_atlas_words(explanation: Plain) -> Component:
    """Return the gist of an atlas and what has to be known of it."""
    summary = explanation["summary"]
    words = f"{count_of(summary['n_recordings'], 'recording')} of the {summary['part']} part explained"
    if summary["n_left_out"]:
        words += f", {format_number(summary['n_left_out'])} left out"
    notes = [*summary["notes"], *(f"{each['recording']}: {each['reason']}" for each in summary["left_out"])]
    parts: list[Component | None] = [
        html.Div(f"{words}.", className="row-detail"),
        build_sentences(summary["sentences"]),
        None
        if explanation["current"]
        else build_note("The experiment has another classifier by now.", level="warning"),
        build_notes(notes),
    ]
    return html.Div([each for each in parts if each is not None], className="stack-tight")


def build_atlas_tables(explanation: Plain) -> list[Component]:
    """Return a table of every class's bands, and one of the recordings behind them."""
    summary = explanation["summary"]
    cards: list[Component] = [_build_class(each) for each in summary["classes"]]
    recordings = build_card("The recordings", _build_recordings(explanation), flush=True)
    return [html.Div(cards, className="grid-2"), recordings]


def _build_class(found: Plain) -> Component:
    rows = [
        [each["label"], _say_mean(each), f"{100 * each['control']:.2f}", _say_above(each["is_above_control"])]
        for each in found["bands"]
    ]
    title = f"Answered {format_class(found['fault_class'])}: {count_of(found['n_recordings'], 'recording')}"
    heads = ("Band", "Mean share (%)", "Random bands (%)", "Against chance")
    table = build_table(heads, rows, f"Bands of {format_class(found['fault_class'])}", numeric=(1, 2))
    words = [found["note"], _say_features(found["features"])]
    note = [html.Div(each, className="row-detail slice-note") for each in words if each]
    return build_card(title, html.Div([*note, table]), class_name="slice-card", flush=True)


def _say_features(features: Sequence[Plain]) -> str:
    """Return what groups of features add to the score, in log-probability."""
    if not features:
        return ""
    named = ", ".join(f"{each['group']} {each['attribution']:+.3g}" for each in features[:_MOST_GROUPS])
    return f"Features, mean attribution (log-probability): {named}."


def _say_mean(band: Plain) -> str:
    mean = f"{100 * band['mean']:.2f}"
    if band["low"] is None or band["high"] is None:
        return mean
    return f"{mean} ({100 * band['low']:.2f} to {100 * band['high']:.2f})"


def _say_above(above: bool | None) -> Component:
    if above is None:
        return html.Span("too few", className="muted")
    if above:
        return build_badge("above the control", tone="success", icon="check-lg")
    return build_badge("no more than chance", icon="dash-lg")


def _build_recordings(explanation: Plain) -> Component:
    rows = [_build_recording(explanation, each) for each in explanation["summary"]["recordings"]]
    heads = ("Recording", "Label", "Answer", "Confidence", "Agreement with physics", "Top band")
    return build_table(heads, rows, "Recordings of the atlas", numeric=(3,))


def _build_recording(explanation: Plain, recording: Plain) -> Sequence[Any]:
    query = f"experiment={explanation['experiment_id']}&signal={recording['signal_id']}"
    link = dcc.Link(recording["recording"], href=f"/xai?{query}&method={explanation['method']}")
    mark = build_badge(
        "right" if recording["correct"] else "wrong",
        tone="success" if recording["correct"] else "danger",
        icon="check-lg" if recording["correct"] else "x-lg",
    )
    return [
        link,
        build_class_badge(recording["target"]),
        html.Div([build_class_badge(recording["predicted"]), mark], className="badge-row"),
        format_percent(recording["confidence"]),
        _say_agreement(recording),
        describe_band(recording["top_band"]),
    ]


def _say_agreement(recording: Plain) -> Component:
    score = recording["agreement"]
    if score is None:
        return html.Span("–", className="muted")
    words = format_number(score, 3)
    if recording["passes"] is None:
        return build_badge(words)
    passes = recording["passes"]
    tone, icon = ("success", "check-lg") if passes else ("danger", "x-lg")
    return build_badge(
        words, tone=tone, icon=icon, title="above the control" if passes else "like the control"
    )
