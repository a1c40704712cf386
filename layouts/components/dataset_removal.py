"""What a dataset in the trash says, and the question before it is thrown away or deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.forms import build_button
from layouts.components.icons import build_icon
from layouts.components.numbers import count_of, format_bytes, format_moment
from layouts.components.states import build_note
from layouts.ids.dataset import DatasetId

TRASH, PURGE = "trash", "purge"


def build_trash_note() -> html.Div:
    """Return the note above a dataset that is in the trash; hidden for all others."""
    actions = [
        build_button("Restore", DatasetId.RESTORE, icon="arrow-counterclockwise", tone="primary"),
        build_button("Delete for good", DatasetId.PURGE, icon="trash", tone="danger"),
    ]
    note = build_note(html.Span(id=DatasetId.TRASH_WORDS), level="warning", actions=actions)
    return html.Div(note, id=DatasetId.TRASH_NOTE, hidden=True)


def word_trash(details: Mapping[str, Any]) -> str:
    """Return since when a dataset is in the trash and what comes of it."""
    return (
        f"In the trash since {format_moment(details['trashed_at'])}. "
        f"It is deleted for good after {format_moment(details['kept_until'])}; until then it can be restored."
    )


def build_removal_dialog() -> html.Div:
    """Return the dialog that names what goes."""
    dialog = dbc.Modal(
        [
            dbc.ModalHeader(
                dbc.ModalTitle("Delete", id=DatasetId.REMOVAL_TITLE, class_name="card-heading"),
                close_button=False,
            ),
            dbc.ModalBody(html.Div(id=DatasetId.REMOVAL_WORDS)),
            dbc.ModalFooter(
                [
                    build_button("Leave it", DatasetId.REMOVAL_BACK),
                    build_button("Delete", DatasetId.REMOVAL_CONFIRM, icon="trash", tone="danger"),
                ]
            ),
        ],
        id=DatasetId.REMOVAL_DIALOG,
        is_open=False,
        labelledby=DatasetId.REMOVAL_TITLE,
        centered=True,
    )
    return html.Div([dialog, dcc.Store(id=DatasetId.REMOVAL)])


def build_removal_title(found: Mapping[str, Any], mode: str) -> str:
    """Return what is asked."""
    if mode == TRASH:
        return f"Move “{found['name']}” to the trash?"
    return f"Delete “{found['name']}” for good?"


def build_removal_label(mode: str) -> list[Component]:
    """Return what the button that does it says."""
    return [build_icon("trash"), html.Span("Move to the trash" if mode == TRASH else "Delete for good")]


def build_removal_words(found: Mapping[str, Any], mode: str) -> Component:
    """Return what goes, or why nothing can."""
    if found["experiments"]:
        named = ", ".join(f"“{name}”" for name in found["experiments"])
        return build_note(
            f"Experiments use it: {named}. Delete them first, or archive the dataset instead.", level="danger"
        )
    size = f" ({format_bytes(found['n_bytes'])} of samples)" if found["n_bytes"] else ""
    versions, splits = count_of(found["n_versions"], "version"), count_of(found["n_splits"], "split")
    what = f"{count_of(found['n_recordings'], 'recording')}{size}, {versions} and {splits}"
    if mode == TRASH:
        return html.P(
            f"{what} leave the lists. For {found['kept_days']} days they can be restored as they are, then "
            "they are deleted for good. Samples that another dataset shares stay."
        )
    return html.P(
        f"{what} are deleted now, and nobody can bring them back. Samples that another dataset shares stay."
    )
