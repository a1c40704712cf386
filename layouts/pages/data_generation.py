"""Data comes in here: the generator, and the import wizard: files, what they are, signals, review."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components import (
    import_files,
    import_mapping,
    import_review,
    import_signals,
    import_templates,
)
from layouts.components.cards import build_card
from layouts.components.forms import build_button, build_field
from layouts.components.generator_form import build_generator_tab
from layouts.components.header import build_page_header
from layouts.components.states import build_skeleton
from layouts.components.tabs import build_tabs
from layouts.components.uploads import build_upload_zone
from layouts.components.url import build_url_store
from layouts.ids.data_generation import DataGenerationId
from layouts.ids.generator import GeneratorId
from layouts.page_spec import NavGroup, PageSpec
from utils.constants import RECORDING_ENDINGS

TABS = (("generate", "Generate"), ("import", "Import"))
ENDINGS = RECORDING_ENDINGS
build_file_list = import_files.build_file_list
find_twins = import_files.find_twins
build_waiting_words = import_files.build_waiting_words
build_rules = import_mapping.build_rules
build_value_options = import_mapping.build_value_options
build_rows = import_signals.build_rows
build_problems = import_signals.build_problems
build_corrections = import_signals.build_corrections
build_review = import_review.build_review
build_name_note = import_review.build_name_note
build_job = import_review.build_job
build_no_job = import_review.build_no_job
build_offers = import_templates.build_offers
build_template_list = import_templates.build_template_list


def build_layout(
    job: str | None = None, tab: str = "import", generation: str | None = None, **_query: Any
) -> Component:
    """Return the page; ``job`` is an import and ``generation`` a dataset that is being made.

    Both are in the address, so that a reload shows them again.
    """
    contents = {"generate": build_generator_tab(generation), "import": _build_import(job)}
    header = build_page_header(
        "Generate & import",
        "Synthetic data of known conditions, or recordings from files. Nothing is guessed: what neither the "
        "files nor you say is marked unknown.",
        crumbs=[("Datasets", "/datasets")],
    )
    return html.Div([header, build_tabs(GeneratorId.TABS, TABS, contents, tab)], className="page")


def _build_import(job: str | None) -> html.Div:
    return html.Div(
        [
            dcc.Store(id=DataGenerationId.PAGE, data={"job": job}),
            dcc.Store(id=DataGenerationId.JOB, data=job),
            build_url_store(DataGenerationId.URL, "job"),
            html.Div(
                [
                    html.Div(build_skeleton(4) if job else None, id=DataGenerationId.JOB_AREA),
                    _build_job_action(
                        DataGenerationId.CANCEL_AREA,
                        build_button(
                            "Cancel import",
                            DataGenerationId.CANCEL,
                            icon="x-lg",
                            title="Stop the import; it leaves nothing behind",
                        ),
                    ),
                    _build_job_action(
                        DataGenerationId.AGAIN_AREA,
                        build_button("Back to the form", DataGenerationId.AGAIN, icon="arrow-left"),
                    ),
                ],
                className="import-job",
            ),
            html.Div(_build_steps(), id=DataGenerationId.FORM, hidden=bool(job), className="stack"),
        ]
    )


def _build_job_action(area_id: str, button: Component) -> html.Div:
    return html.Div(html.Div(button, className="form-actions"), id=area_id, hidden=True)


def _build_steps() -> list[Component]:
    return [
        dcc.Store(id=DataGenerationId.FILES),
        dcc.Store(id=DataGenerationId.CHANNELS),
        dcc.Store(id=DataGenerationId.OVERRIDES, data=[]),
        dcc.Store(id=DataGenerationId.PLAN),
        _build_files(),
        html.Div(
            [_build_mapping(), _build_signals(), _build_review()],
            id=DataGenerationId.BODY,
            hidden=True,
            className="stack",
        ),
    ]


def _build_files() -> html.Section:
    zone = build_upload_zone(
        DataGenerationId.UPLOAD,
        DataGenerationId.UPLOAD_STATUS,
        "Choose files",
        many=True,
        endings=ENDINGS,
        keep_tables=True,
        help_text="MATLAB, HDF5, CSV and text, NumPy, WAV, FLAC, Parquet, TDMS and UFF 58. They stay on the "
        "server until they are imported or removed.",
    )
    waiting = html.Div(
        [
            html.Span(id=DataGenerationId.WAITING_WORDS, className="note-words"),
            build_button("Use them", DataGenerationId.USE_WAITING, icon="plus-lg"),
            build_button(
                "Delete them",
                DataGenerationId.DISCARD_WAITING,
                icon="trash",
                title="Delete these uploaded copies; the files on your computer stay",
            ),
        ],
        id=DataGenerationId.WAITING,
        hidden=True,
        className="note note-info import-waiting",
    )
    remove = build_button(
        "Remove all",
        DataGenerationId.REMOVE_ALL,
        icon="trash",
        title="Delete the uploaded copies; the files on your computer stay",
        size="sm",
    )
    listed = html.Div(
        [html.Div(id=DataGenerationId.FILE_LIST), html.Div(remove, className="form-actions")],
        className="import-listed",
    )
    return build_card("1 · Files", html.Div([waiting, zone, listed], className="stack-form"))


def _build_mapping() -> html.Section:
    offer = html.Div(
        [
            html.Span(id=DataGenerationId.TABLE_OFFER_WORDS, className="note-words"),
            build_button("Use as metadata table", DataGenerationId.USE_TABLE, icon="table"),
        ],
        id=DataGenerationId.TABLE_OFFER,
        hidden=True,
        className="note note-info import-waiting",
    )
    parts = [
        html.Div(id=DataGenerationId.TEMPLATE_OFFERS, **{"aria-live": "polite"}),
        offer,
        _build_disclosure(
            "Templates", html.Div(id=DataGenerationId.TEMPLATE_LIST), DataGenerationId.TEMPLATE_AREA
        ),
        _build_part("Layout", import_templates.build_arrangement()),
        _build_part(
            "Channels",
            [
                html.Div(id=DataGenerationId.RULES_NOTE),
                html.Div(
                    html.Div(build_skeleton(3), id=DataGenerationId.RULES, className="stack-tight"),
                    id=DataGenerationId.RULES_AREA,
                ),
            ],
        ),
        _build_part("The same for every signal", import_mapping.build_defaults()),
        _build_part("From single values in the files", import_mapping.build_values()),
        _build_part("From the files' names", import_mapping.build_labels()),
        _build_disclosure("Metadata table", import_mapping.build_table_field(), DataGenerationId.TABLE_AREA),
        html.Div(id=DataGenerationId.MAPPING_PROBLEM, **{"aria-live": "polite"}),
    ]
    return build_card("2 · What the files hold", html.Div(parts, className="import-parts"))


def _build_part(title: str, content: Any) -> html.Section:
    return html.Section(
        [html.H3(title, className="part-heading"), html.Div(content)], className="import-part"
    )


def _build_disclosure(title: str, content: Component, component_id: str) -> html.Details:
    return html.Details(
        [html.Summary(title, className="part-heading"), html.Div(content, className="details-body")],
        id=component_id,
        className="disclosure import-part",
    )


def _build_signals() -> html.Section:
    body = html.Div(
        [
            html.Div(id=DataGenerationId.PROBLEMS, **{"aria-live": "polite"}),
            html.Div(
                [
                    import_signals.build_setter(),
                    html.Div(id=DataGenerationId.CORRECTIONS, className="import-corrections"),
                ],
                className="import-correct",
            ),
            import_signals.build_grid(),
        ],
        className="import-signals",
    )
    return build_card("3 · Signals", body, flush=True)


def _build_review() -> html.Section:
    start = build_button(
        "Import",
        DataGenerationId.START,
        icon="box-arrow-in-down",
        tone="primary",
        disabled_because="The files have not been looked into yet.",
    )
    form = html.Div(
        [
            build_field(
                "Name of the dataset",
                dbc.Input(id=DataGenerationId.NAME, maxlength=120, debounce=0.4, autocomplete="off"),
                help_text="An existing name makes the next version of that dataset.",
            ),
            build_field(
                "Description",
                dbc.Textarea(id=DataGenerationId.DESCRIPTION, rows=2, maxlength=2000, debounce=0.4),
            ),
            html.Div(id=DataGenerationId.NAME_NOTE),
            html.Div(start, className="form-actions"),
            import_templates.build_save(),
        ],
        className="stack-form",
    )
    review = html.Div(build_skeleton(5), id=DataGenerationId.REVIEW)
    return build_card("4 · Review", html.Div([review, form], className="grid-wide"))


PAGE = PageSpec(
    module="layouts.pages.data_generation",
    path="/data-generation",
    title="Generate & import",
    layout=build_layout,
    role="engineer",
    nav_group=NavGroup.DATA,
    icon="box-arrow-in-down",
)
