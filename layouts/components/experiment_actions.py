"""What can be done with selected experiments, and the question before they are deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.forms import build_button
from layouts.components.numbers import count_of
from layouts.ids.experiments import ExperimentsId

CHOOSE_TWO = "Choose two finished trainings or more: select their rows; a group counts with all its seeds."

MOST_VOTERS = 20
CHOOSE_VOTERS = "Choose 2 to 20 finished trainings of one split and channel: their classifiers vote as one."


def build_selection_bar() -> html.Div:
    """Return the bar that shows while rows are selected."""
    return html.Div(
        [
            html.Span(id=ExperimentsId.SELECTED, className="selection-words", role="status"),
            build_button(
                "Compare", ExperimentsId.COMPARE, icon="layout-split", tone="primary",
                disabled_because=CHOOSE_TWO,
            ),
            _for_engineers(
                build_button(
                    "Combine", ExperimentsId.COMBINE, icon="collection", disabled_because=CHOOSE_VOTERS
                )
            ),
            _for_engineers(build_button("Move to trash", ExperimentsId.TRASH, icon="trash")),
            _for_engineers(build_button("Restore", ExperimentsId.RESTORE, icon="arrow-counterclockwise")),
            _for_engineers(
                build_button("Delete for good", ExperimentsId.PURGE, icon="trash", tone="danger")
            ),
            build_button("Clear selection", ExperimentsId.CLEAR, icon="x-lg"),
        ],
        id=ExperimentsId.SELECTION,
        className="selection-bar surface",
        hidden=True,
    )  # fmt: skip


def _for_engineers(button: Component) -> html.Span:
    return html.Span(button, className="needs-engineer")


def word_selection(n_experiments: int, n_rows: int) -> str:
    """Return how much is selected."""
    rows = count_of(n_rows, "row")
    return f"{rows} selected: {count_of(n_experiments, 'training')}"


def build_purge_dialog() -> html.Div:
    """Return the dialog that names what is deleted for good."""
    dialog = dbc.Modal(
        [
            dbc.ModalHeader(
                dbc.ModalTitle("Delete for good", id=ExperimentsId.DIALOG_TITLE, class_name="card-heading"),
                close_button=False,
            ),
            dbc.ModalBody(html.Div(id=ExperimentsId.DIALOG_WORDS)),
            dbc.ModalFooter(
                [
                    build_button("Leave them", ExperimentsId.DIALOG_BACK),
                    build_button("Delete", ExperimentsId.DIALOG_CONFIRM, icon="trash", tone="danger"),
                ]
            ),
        ],
        id=ExperimentsId.DIALOG,
        is_open=False,
        labelledby=ExperimentsId.DIALOG_TITLE,
        centered=True,
    )
    return html.Div([dialog, dcc.Store(id=ExperimentsId.CHANGED), dcc.Store(id=ExperimentsId.PURGED)])


def build_purge_words(found: Mapping[str, Any]) -> Component:
    """Return what goes for good with the selected experiments."""
    names = ", ".join(f"“{name}”" for name in dict.fromkeys(found["names"]))
    more = found["n_experiments"] - len(found["names"])
    what = f"{names}{f' and {more} more' if more > 0 else ''}"
    words = [
        f"{what}: {count_of(found['n_experiments'], 'training')} with their classifiers and results are "
        "deleted now, and nobody can bring them back."
    ]
    if found["n_diagnoses"]:
        words.append(
            f"{count_of(found['n_diagnoses'], 'diagnosis', 'diagnoses')} made with them stay, as they are."
        )
    if found["n_offspring"]:
        words.append(
            f"{count_of(found['n_offspring'], 'training')} began with them and stay, but can no longer be a "
            "start for others: what they learned from could not be checked."
        )
    return html.Div([html.P(sentence) for sentence in words])
