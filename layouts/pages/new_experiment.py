"""The training wizard in four steps: data, network, options, review."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.cards import build_card
from layouts.components.findings import build_finding_notes
from layouts.components.forms import build_button, build_field, build_group, build_select
from layouts.components.header import build_page_header
from layouts.components.states import build_button_link, build_empty_state, build_note, build_skeleton
from layouts.components.stepper import build_steps
from layouts.components.url import build_url_store
from layouts.ids.new_experiment import NewExperimentId
from layouts.page_spec import NavGroup, PageSpec

IMPORT_PATH = "/data-generation"
DATA, NETWORK, OPTIONS, REVIEW = "data", "network", "options", "review"
_STEPS = (
    (DATA, "Data and split", NewExperimentId.CHOSEN_DATA),
    (NETWORK, "Network or classical model", NewExperimentId.CHOSEN_NETWORK),
    (OPTIONS, "Options", NewExperimentId.CHOSEN_OPTIONS),
    (REVIEW, "Review", NewExperimentId.CHOSEN_REVIEW),
)
DEFAULT_SEEDS = "0, 1, 2"
NEW_WEIGHTS = "new"


def build_layout(
    dataset: str | None = None,
    split: str | None = None,
    split_id: str | None = None,
    network: str | None = None,
    clone: str | None = None,
    parent: str | None = None,
    step: str = DATA,
    **_query: Any,
) -> Component:
    """Return the page; ``clone`` names an experiment to repeat, ``parent`` one to begin with."""
    wished = {
        "dataset": dataset,
        "split": split or split_id,
        "network": network,
        "clone": clone,
        "parent": parent,
    }
    contents = {
        DATA: _build_data(),
        NETWORK: _build_network(),
        OPTIONS: _build_options(),
        REVIEW: _build_review(),
    }
    start = build_button(
        "Start training",
        NewExperimentId.START,
        icon="play-fill",
        tone="primary",
        disabled_because="The check has not run yet.",
    )
    return html.Div(
        [
            dcc.Store(id=NewExperimentId.PAGE, data=wished),
            dcc.Store(id=NewExperimentId.PREFILL),
            build_url_store(
                NewExperimentId.URL, "dataset", "split", "network", "parent", "step",
                parent=NEW_WEIGHTS, step=DATA,
            ),
            build_page_header(
                "New experiment",
                "Choose data and a network. What can't work is said before anything starts.",
                crumbs=[("Experiments", "/experiments")],
            ),
            build_steps(NewExperimentId.STEPS, _STEPS, contents, step, start),
        ],
        className="page",
    )  # fmt: skip


def _build_data() -> html.Section:
    accept = dbc.Checkbox(
        id=NewExperimentId.ACCEPT,
        value=False,
        label="I know of this and train on it all the same; every result says so.",
    )
    parts = [
        html.Div(id=NewExperimentId.DATASET_NOTE),
        html.Div(
            [
                build_field("Dataset", build_select(NewExperimentId.DATASET, [])),
                build_field(
                    "Channel",
                    build_select(NewExperimentId.CHANNEL, [("", "Every labelled channel")]),
                    help_text="Which measured channel of each recording is learned from.",
                ),
            ],
            className="grid-2",
        ),
        build_group("Split", dbc.RadioItems(id=NewExperimentId.SPLIT, options=[], class_name="choices")),
        html.Div(id=NewExperimentId.SPLIT_NOTE),
        html.Div(build_skeleton(2), id=NewExperimentId.FINDINGS, className="stack-tight"),
        html.Div(accept, id=NewExperimentId.ACCEPT_AREA, hidden=True),
    ]
    return build_card("Which recordings train, and which test", html.Div(parts, className="stack-form"))


def _build_network() -> html.Section:
    choices = dbc.RadioItems(id=NewExperimentId.NETWORK, options=[], class_name="choices choices-wide")
    extras = html.Div(
        [
            build_field(
                "Begin with",
                build_select(NewExperimentId.PARENT, [(NEW_WEIGHTS, "New weights")], NEW_WEIGHTS),
                help_text="Or with what a finished training of the same classes has learned (fine-tuning).",
            ),
            dbc.Switch(
                id=NewExperimentId.BASELINE,
                value=True,
                label="Train a classical baseline beside it, to see what the network adds",
            ),
        ],
        id=NewExperimentId.NETWORK_EXTRAS,
        className="form-grid",
        hidden=True,
    )
    return build_card(
        "What to train", html.Div([build_group("Model", choices), extras], className="stack-form")
    )


def _build_options() -> html.Section:
    first = html.Div(
        [
            build_field(
                "Seeds",
                dbc.Input(id=NewExperimentId.SEEDS, value=DEFAULT_SEEDS, debounce=0.4, autocomplete="off"),
                help_text="One training each. From three on, results have an interval.",
            ),
            build_field(
                "Name",
                dbc.Input(id=NewExperimentId.NAME, maxlength=160, debounce=0.4, autocomplete="off"),
                help_text="Empty: network and dataset.",
            ),
            build_field(
                "Notes", dbc.Textarea(id=NewExperimentId.NOTES, rows=1, maxlength=4000, debounce=0.4)
            ),
        ],
        className="form-grid",
    )
    options = html.Div(build_skeleton(6), id=NewExperimentId.OPTIONS)
    return build_card("Seeds and options", html.Div([first, options], className="stack-form"))


def _build_review() -> html.Section:
    body = html.Div(
        build_skeleton(5), id=NewExperimentId.REVIEW, className="stack", **{"aria-live": "polite"}
    )
    return build_card("Review", body)


def build_no_dataset() -> Component:
    """Return what stands in place of the choice while there is nothing to choose."""
    return build_empty_state(
        "No datasets yet",
        "A training needs labelled recordings. Import some, then split them.",
        action=build_button_link("Import recordings", IMPORT_PATH, icon="box-arrow-in-down"),
        icon="database",
    )


def build_no_split(dataset_id: int) -> Component:
    """Return why nothing can be trained on a dataset without splits."""
    return build_empty_state(
        "This dataset has no split yet",
        "A split decides which recordings train and which test; its leak check keeps the result honest.",
        action=build_button_link("Make a split", f"/datasets/{dataset_id}?tab=splits", icon="scissors"),
        icon="scissors",
    )


def build_findings(split: dict[str, Any]) -> list[Component]:
    """Return what the leak check found in the chosen split, and where another one is made."""
    shown = build_finding_notes(split["findings"])
    if not shown:
        shown = [build_note("The leak check found nothing.", level="success")]
    if split["accepted_reason"]:
        shown.append(html.P(["Accepted because: ", html.Q(split["accepted_reason"])], className="muted"))
    another = html.A("Make another split", href=f"/datasets/{split['dataset_id']}?tab=splits")
    return [*shown, html.P(another, className="muted")]


def build_refusal(sentence: str) -> Component:
    """Return why the training can't start."""
    return build_note(sentence, level="danger")


def build_not_accepted(sentence: str) -> Component:
    """Return what keeps an amber split from being trained on, with the way to its tick."""
    back = html.Button(
        "Go to step 1",
        type="button",
        className="btn btn-light action",
        **{"data-action": "go-to-tab", "data-tab": f"{NewExperimentId.STEPS}-tab-{DATA}"},
    )
    return build_note(sentence, level="warning", actions=[back])


def build_waiting(sentence: str) -> Component:
    """Return what is still to be chosen."""
    return build_note(sentence)


PAGE = PageSpec(
    module="layouts.pages.new_experiment",
    path="/experiment/new",
    title="New experiment",
    layout=build_layout,
    role="engineer",
    nav_group=NavGroup.LEARNING,
    icon="plus-circle",
)
