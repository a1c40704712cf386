"""The tab Explain of an experiment: what can explain its classifier, and what is explained already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, build_class_badge
from layouts.components.cards import build_card
from layouts.components.evaluation_parts import build_table
from layouts.components.numbers import format_age
from layouts.components.states import build_button_link, build_empty_state, build_skeleton
from layouts.components.xai_kept import link_explanation, name_method, say_trust
from layouts.components.xai_what_if import describe_band
from layouts.ids.experiment import ExperimentId

Plain = Mapping[str, Any]


def build_explain() -> html.Div:
    """Return the tab before it is filled."""
    return html.Div(build_skeleton(height="240px"), id=ExperimentId.EXPLAIN)


def build_not_trained(status: str) -> Component:
    """Return why nothing can be explained yet."""
    why = "It is still being trained." if status in ("queued", "running", "paused") else f"It is {status}."
    return html.Div(
        build_empty_state("No classifier to explain", f"{why} What it looks at can be seen once it is done."),
        className="surface",
    )


def build_content(experiment_id: int, methods: Sequence[Plain], kept: Sequence[Plain]) -> html.Div:
    """Return the ways to an explanation, what is explained already, and which methods apply."""
    ways = [
        build_button_link("Explain a recording", f"/xai?experiment={experiment_id}", icon="eye"),
        build_button_link(
            "Where each class is looked for",
            f"/xai?experiment={experiment_id}&tab=classes",
            icon="map",
            primary=False,
        ),
        build_button_link(
            "Errors, to explain them",
            f"/evaluation?experiment={experiment_id}&tab=errors",
            icon="clipboard-data",
            primary=False,
        ),
    ]
    intro = html.P(
        "An explanation says which parts of a recording speak for the answer, over time, frequency and fault "
        "bands, and whether that can be trusted."
    )
    return html.Div(
        [
            build_card("What it looks at", html.Div([intro, html.Div(ways, className="form-actions")])),
            build_card("Explained already", _build_kept(kept, methods), flush=True),
            build_card("Methods", _build_methods(experiment_id, methods), flush=True),
        ],
        className="stack",
    )


def _build_kept(kept: Sequence[Plain], methods: Sequence[Plain]) -> Component:
    done = [each for each in kept if each["is_done"]]
    if not done:
        return build_empty_state("Nothing yet", "What is explained once is kept and listed here.", icon="eye")
    titles = {each["name"]: each["title"] for each in methods}
    rows = [
        [
            dcc.Link(each["recording"] or f"the {each['part']} part", href=link_explanation(each)),
            name_method(each, titles),
            build_class_badge(each["headline"]["target_class"]) if each["headline"]["target_class"] else "–",
            describe_band(each["headline"]["top_band"]),
            say_trust(each["headline"]["trusted"], each["headline"]["failed"]),
            format_age(each["created_at"]),
        ]
        for each in done
    ]
    return build_table(
        ("Explained", "Method", "Class", "Top band", "Trust", "Made"), rows, "Kept explanations"
    )


def _build_methods(experiment_id: int, methods: Sequence[Plain]) -> Component:
    rows = []
    for each in methods:
        link = dcc.Link(each["title"], href=f"/xai?experiment={experiment_id}&method={each['name']}")
        offered = each["is_offered"]
        mark = build_badge("yes", tone="success", icon="check-lg")
        rows.append(
            [
                link if offered else each["title"],
                mark if offered else build_badge("no", icon="slash-circle"),
                each["description"] if offered else each["reason"],
            ]
        )
    return build_table(
        ("Method", "Applies", "What it does, or why it can't apply"), rows, "Methods of explanation"
    )
