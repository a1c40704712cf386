"""The training wizard: data, network, options, and a review that is always up to date."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components import training_form
from layouts.components.cards import build_card
from layouts.components.forms import build_button, build_field, build_group, build_select
from layouts.components.header import build_page_header
from layouts.components.states import build_button_link, build_empty_state, build_note, build_skeleton
from layouts.components.url import build_url_store
from layouts.ids.new_experiment import NewExperimentId
from layouts.page_spec import NavGroup, PageSpec

IMPORT_PATH = "/data-generation"
build_dataset_options = training_form.build_dataset_options
build_split_options = training_form.build_split_options
build_network_options = training_form.build_network_options
build_option_fields = training_form.build_option_fields
build_review = training_form.build_review


def build_layout(
    dataset: str | None = None,
    split: str | None = None,
    split_id: str | None = None,
    network: str | None = None,
    clone: str | None = None,
    **_query: Any,
) -> Component:
    """Return the page; ``clone`` is an experiment whose choices are taken over."""
    wished = {"dataset": dataset, "split": split or split_id, "network": network, "clone": clone}
    return html.Div(
        [
            dcc.Store(id=NewExperimentId.PAGE, data=wished),
            dcc.Store(id=NewExperimentId.PREFILL),
            build_url_store(NewExperimentId.URL, "dataset", "split", "network"),
            build_page_header(
                "New experiment",
                "Choose data and a network. What can't work is said before anything starts.",
                crumbs=[("Experiments", "/experiments")],
            ),
            html.Div(
                [
                    html.Div([_build_data(), _build_network(), _build_options()], className="stack"),
                    _build_review_card(),
                ],
                className="wizard",
            ),
        ],
        className="page",
    )


def _build_data() -> html.Section:
    return build_card(
        "1 · Data and split",
        html.Div(
            [
                html.Div(id=NewExperimentId.DATASET_NOTE),
                build_field("Dataset", build_select(NewExperimentId.DATASET, [])),
                build_group(
                    "Split",
                    dbc.RadioItems(id=NewExperimentId.SPLIT, options=[], class_name="choices"),
                ),
                html.Div(id=NewExperimentId.SPLIT_NOTE),
            ],
            className="stack-form",
        ),
    )


def _build_network() -> html.Section:
    choices = dbc.RadioItems(id=NewExperimentId.NETWORK, options=[], class_name="choices choices-wide")
    return build_card("2 · Network or classical model", build_group("What to train", choices))


def _build_options() -> html.Section:
    first = html.Div(
        [
            build_field(
                "Channel",
                build_select(NewExperimentId.CHANNEL, [("", "Every labelled channel")]),
                help_text="Which measured channel of each recording is learned from.",
            ),
            build_field(
                "Seeds",
                dbc.Input(id=NewExperimentId.SEEDS, value="0", debounce=0.4, autocomplete="off"),
                help_text="One training each, for example 0, 1, 2.",
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
    more = html.Details(
        [
            html.Summary("Options, set to sensible defaults"),
            html.Div(build_skeleton(3), id=NewExperimentId.OPTIONS, className="details-body"),
        ],
        className="disclosure",
    )
    return build_card("3 · Channel, seeds and options", html.Div([first, more], className="stack-form"))


def _build_review_card() -> html.Div:
    start = build_button(
        "Start training",
        NewExperimentId.START,
        icon="play-fill",
        tone="primary",
        disabled_because="The check has not run yet.",
    )
    body = [
        html.Div(build_skeleton(5), id=NewExperimentId.REVIEW, **{"aria-live": "polite"}),
        html.Div(start, className="form-actions"),
    ]
    return html.Div(build_card("4 · Review", body), className="wizard-review")


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


def build_refusal(sentence: str) -> Component:
    """Return why the training can't start."""
    return build_note(sentence, level="danger")


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
