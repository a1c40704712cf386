"""The button that deletes a diagnosis, and the question before: what goes with it, and what stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.forms import build_button
from layouts.components.numbers import count_of
from layouts.ids.diagnose import DiagnoseId


def build_removal_button() -> html.Span:
    """Return the button; hidden until there is a diagnosis to delete."""
    button = build_button("Delete", DiagnoseId.REMOVE, icon="trash")
    return html.Span(
        html.Span(button, id=DiagnoseId.REMOVE_AREA, hidden=True, className="page-actions"),
        className="needs-engineer",
    )


def build_removal_dialog() -> dbc.Modal:
    """Return the dialog that names what goes."""
    title = dbc.ModalTitle("Delete this diagnosis?", id=DiagnoseId.REMOVAL_TITLE, class_name="card-heading")
    return dbc.Modal(
        [
            dbc.ModalHeader(title, close_button=False),
            dbc.ModalBody(html.Div(id=DiagnoseId.REMOVAL_WORDS)),
            dbc.ModalFooter(
                [
                    build_button("Leave it", DiagnoseId.REMOVAL_BACK),
                    build_button("Delete for good", DiagnoseId.REMOVAL_CONFIRM, icon="trash", tone="danger"),
                ]
            ),
        ],
        id=DiagnoseId.REMOVAL,
        is_open=False,
        labelledby=DiagnoseId.REMOVAL_TITLE,
        centered=True,
    )


def build_removal_words(found: Mapping[str, Any]) -> Component:
    """Return what goes with a diagnosis for good, and what stays."""
    said = [each for each in found["feedback"] if not each["dataset_version"]]
    taken = len(found["feedback"]) - len(said)
    what = "its answer and its report" if found["answer"] else "what is known of why it has no answer"
    words = [
        f"The diagnosis of “{found['source_name']}” is deleted now with {what}, and nobody can bring it "
        "back. It is no longer found as a similar past case."
    ]
    if said:
        words.append(f"Lost too: {count_of(len(said), 'opinion')} on it that no dataset version took up.")
    if taken:
        words.append("Labels that feedback on it has already changed stay as they are.")
    words.append(
        "The stored recording stays."
        if found["signal_id"]
        else "The samples that were kept for it go too, unless another diagnosis stands on them."
    )
    return html.Div([html.P(sentence) for sentence in words])
