"""Judging finished experiments: where they err, how robust they are, how far to trust their confidence."""

from __future__ import annotations

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.evaluation_parts import LEVELS
from layouts.components.evaluation_tabs import build_contents
from layouts.components.forms import build_button, build_field, build_select
from layouts.components.header import build_page_header
from layouts.components.states import build_button_link, build_empty_state, build_skeleton
from layouts.components.tabs import build_tabs
from layouts.components.url import build_url_store
from layouts.ids.evaluation import EvaluationId
from layouts.page_spec import NavGroup, PageSpec

TABS = (
    ("roc", "ROC & PR"),
    ("errors", "Errors"),
    ("slices", "Slices"),
    ("robustness", "Robustness"),
    ("calibration", "Calibration"),
    ("conformal", "Conformal sets"),
    ("open_set", "Open set"),
    ("architectures", "Architectures"),
)
PARTS = (("test", "Test"), ("validation", "Validation"))
# What the last clicks asked for, so that what shows it looks again.
_ASKED = (
    *(EvaluationId.WINDOWS_ASKED, EvaluationId.SWEEP_ASKED, EvaluationId.OPEN_SET_ASKED),
    *(EvaluationId.OPEN_SET_CHANGED, EvaluationId.LATENCY_ASKED),
)
_DEFAULTS = {
    "tab": "roc",
    "part": "test",
    "level": "recording_level",
    "band": "macro",
    "coverage": "0.9",
    "quantity": "accuracy",
    "cost": "n_parameters",
}


def build_layout(
    experiment: str = "",
    tab: str = _DEFAULTS["tab"],
    part: str = _DEFAULTS["part"],
    level: str = _DEFAULTS["level"],
    band: str = _DEFAULTS["band"],
    cell: str = "",
    coverage: str = _DEFAULTS["coverage"],
    quantity: str = _DEFAULTS["quantity"],
    cost: str = _DEFAULTS["cost"],
    ids: str = "",
    **_query: Any,
) -> Component:
    """Return the page; without an experiment in the address the newest finished one is judged."""
    asked = {"band": band, "cell": cell, "coverage": coverage, "quantity": quantity, "cost": cost}
    return html.Div(
        [
            dcc.Store(id=EvaluationId.PAGE, data={"experiment": experiment, "ids": ids}),
            *(dcc.Store(id=store) for store in (*_ASKED, EvaluationId.JUDGED)),
            build_url_store(
                EvaluationId.URL,
                *(
                    "experiment",
                    "tab",
                    "part",
                    "level",
                    "band",
                    "cell",
                    "coverage",
                    "quantity",
                    "cost",
                    "ids",
                ),
                **_DEFAULTS,
            ),
            build_page_header(
                "Evaluation",
                "Where a classifier errs, what it withstands, and how far its confidence can be trusted.",
            ),
            html.Div(build_skeleton(height="320px"), id=EvaluationId.AREA),
            html.Div(
                [
                    _build_choice(experiment, part, level),
                    html.Div(build_skeleton(1), id=EvaluationId.STAMP),
                    _build_windows_offer(),
                    build_tabs(EvaluationId.TABS, TABS, build_contents(asked), tab),
                ],
                id=EvaluationId.CONTENT,
                hidden=True,
            ),
        ],
        className="page",
    )


def _build_choice(experiment: str, part: str, level: str) -> html.Div:
    chosen = [(experiment, experiment)] if experiment else []
    return html.Div(
        [
            build_field("Experiment", build_select(EvaluationId.EXPERIMENT, chosen, experiment)),
            build_field(
                "Judged on",
                build_select(EvaluationId.PART, PARTS, part if part in dict(PARTS) else _DEFAULTS["part"]),
            ),
            build_field(
                "Level",
                build_select(
                    EvaluationId.LEVEL, LEVELS, level if level in dict(LEVELS) else _DEFAULTS["level"]
                ),
            ),
        ],
        className="filter-bar evaluation-choice",
    )


def _build_windows_offer() -> html.Div:
    button = build_button(
        "Judge it again",
        EvaluationId.WINDOWS,
        icon="arrow-repeat",
        disabled_because="Choose an experiment first.",
    )
    words = html.Span(
        "What this experiment said of single windows was not kept when it was trained. Judging it once more "
        "counts as another evaluation of the test part."
    )
    return html.Div([words, button], id=EvaluationId.WINDOWS_OFFER, className="windows-offer", hidden=True)


def build_nothing() -> Component:
    """Return what the page shows before anything has been trained."""
    state = build_empty_state(
        "No finished experiment yet",
        "Train a network or a classical model first; its classifier is then judged here.",
        action=build_button_link("New experiment", "/experiment/new", icon="plus-lg", needs="engineer"),
        icon="clipboard-data",
    )
    return html.Div(state, className="surface")


PAGE = PageSpec(
    module="layouts.pages.evaluation",
    path="/evaluation",
    title="Evaluation",
    layout=build_layout,
    nav_group=NavGroup.INSIGHT,
    icon="clipboard-data",
)
