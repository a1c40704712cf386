"""Import templates: those that fit the files, all of them, and a place to keep what was said now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.forms import build_button, build_field, build_select
from layouts.components.icons import build_icon
from layouts.ids import pattern_id
from layouts.ids.data_generation import DataGenerationId

_MOST_OFFERED = 3
ARRANGEMENT_LABELS = (
    ("auto", "As their shape tells"),
    ("channels_in_columns", "A channel in each column"),
    ("channels_in_rows", "A channel in each row"),
    ("recordings_in_rows", "A recording in each row"),
    ("recordings_in_columns", "A recording in each column"),
)


def build_arrangement() -> html.Div:
    """Return what a person can say about files that do not tell it themselves."""
    return html.Div(
        [
            build_field(
                "Tables of numbers hold",
                build_select(DataGenerationId.ARRANGEMENT, ARRANGEMENT_LABELS, "auto"),
                help_text="For matrices in MATLAB, HDF5 and NumPy files.",
            ),
            build_field(
                "Beginning of a series",
                dbc.Input(
                    id=DataGenerationId.START_TIME,
                    debounce=0.5,
                    autocomplete="off",
                    placeholder="2026-03-01T10:00",
                    maxlength=40,
                ),
                help_text="Where the times in the files carry no date.",
            ),
        ],
        className="form-grid",
    )


def build_offers(templates: Sequence[Mapping[str, Any]]) -> list[Component]:
    """Return a note for each template of these files' layout, with the one click that applies it."""
    return [
        html.Div(
            [
                html.Span(
                    ["These files have the layout of the template ", html.Strong(template["name"]), "."],
                    className="note-words",
                ),
                build_button(
                    "Use the template",
                    pattern_id(DataGenerationId.USE_TEMPLATE, template["template_id"]),
                    icon="check2",
                    tone="primary",
                ),
            ],
            className="note note-info import-waiting",
        )
        for template in [each for each in templates if each["fits"]][:_MOST_OFFERED]
    ]


def build_template_list(templates: Sequence[Mapping[str, Any]]) -> list[Component]:
    """Return every template with what can be done with it."""
    if not templates:
        return [html.P("None yet. The review below keeps what you said under a name.", className="muted")]
    return [html.Ul([_build_template(template) for template in templates], className="template-list")]


def _build_template(template: Mapping[str, Any]) -> html.Li:
    index, name = template["template_id"], template["name"]
    title = dbc.Input(
        id=pattern_id(DataGenerationId.TEMPLATE_TITLE, index), value=name, maxlength=120, autocomplete="off"
    )
    label = html.Span(f"Name of the template {name}", className="visually-hidden")

    def button(kind: DataGenerationId, words: str, icon: str) -> dbc.Button:
        return dbc.Button(
            [build_icon(icon), html.Span(words), html.Span(f" {name}", className="visually-hidden")],
            id=pattern_id(kind, index),
            color="light",
            size="sm",
            class_name="action",
        )

    return html.Li(
        [
            html.Label([label, title], className="template-title"),
            button(DataGenerationId.PICK_TEMPLATE, "Use", "check2"),
            button(DataGenerationId.RENAME_TEMPLATE, "Rename", "pencil"),
            button(DataGenerationId.DELETE_TEMPLATE, "Delete", "trash"),
        ],
        className="template-row",
    )


def build_save() -> html.Div:
    """Return where what was said about the files is kept under a name."""
    return html.Div(
        [
            build_field(
                "Keep what you said as a template",
                dbc.Input(
                    id=DataGenerationId.TEMPLATE_NAME,
                    maxlength=120,
                    autocomplete="off",
                    placeholder="For example: logger on rig 3",
                ),
                help_text="The next files of this layout then need one click. Corrections and the metadata "
                "table belong to these files and are not kept.",
            ),
            html.Div(
                [
                    build_button("Keep", DataGenerationId.SAVE_TEMPLATE, icon="bookmark-plus"),
                    html.Span(id=DataGenerationId.TEMPLATE_NOTE, className="muted", role="status"),
                ],
                className="form-actions",
            ),
        ],
        className="stack-form import-keep",
    )
