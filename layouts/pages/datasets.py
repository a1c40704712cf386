"""The list of datasets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, build_class_badge
from layouts.components.cards import build_card
from layouts.components.header import build_page_header
from layouts.components.numbers import count_of, format_age, format_moment
from layouts.components.states import build_button_link, build_empty_state, build_partial_note, build_skeleton
from layouts.components.url import build_url_store
from layouts.ids.datasets import DatasetsId
from layouts.page_spec import NavGroup, PageSpec

IMPORT_PATH = "/data-generation"
_MANY_CLASSES = 6


def build_layout(q: str = "", archived: str = "", **_query: Any) -> Component:
    """Return the page."""
    search = dbc.Input(
        id=DatasetsId.SEARCH,
        type="search",
        value=q,
        placeholder="Name or description",
        debounce=0.3,
        class_name="search-field",
    )
    with_archived = dbc.Switch(id=DatasetsId.ARCHIVED, label="Archived too", value=archived == "True")
    label = dbc.Label("Search datasets", html_for=DatasetsId.SEARCH, class_name="visually-hidden")
    return html.Div(
        [
            dcc.Store(id=DatasetsId.PAGE, data={}),
            build_url_store(DatasetsId.URL, "q", "archived"),
            build_page_header(
                "Datasets",
                "Recordings with their labels, sample rates and operating conditions.",
                actions=[
                    build_button_link("Import", IMPORT_PATH, icon="box-arrow-in-down", needs="engineer")
                ],
            ),
            html.Div([label, search, with_archived], className="filter-bar"),
            build_card(None, html.Div(build_skeleton(height="220px"), id=DatasetsId.CONTENT), flush=True),
        ],
        className="page",
    )


def build_list(datasets: Sequence[dict[str, Any]], *, total: int, search_query: str) -> Component:
    """Return the table of datasets, or why there is none."""
    if not datasets:
        return _build_nothing(search_query)
    heads = ["Name", "Classes", "Recordings", "Signals", "Version", "Imported"]
    head = html.Thead(html.Tr([_build_head(text) for text in heads]))
    body = html.Tbody([_build_row(dataset) for dataset in datasets])
    caption = html.Caption("Datasets, newest first", className="visually-hidden")
    table = html.Table([caption, head, body], className="plain-table dataset-list")
    frame = html.Div(table, className="plain-table-frame")
    if total <= len(datasets):
        return frame
    note = f"{count_of(len(datasets), 'dataset')} of {total} are shown; narrow the search to see the others."
    return html.Div([build_partial_note(note), frame])


_NUMERIC = ("Recordings", "Signals", "Version")


def _build_head(text: str) -> html.Th:
    return html.Th(text, scope="col", className="number" if text in _NUMERIC else None)


def _build_row(dataset: dict[str, Any]) -> html.Tr:
    link = dcc.Link(dataset["name"], href=f"/datasets/{dataset['dataset_id']}", className="row-title")
    archived = [build_badge("archived", icon="archive")] if dataset["archived"] else []
    words = html.Div(dataset["description"], className="row-detail clamp") if dataset["description"] else None
    return html.Tr(
        [
            html.Td([link, " ", *archived, words]),
            html.Td(_build_classes(dataset["classes"])),
            html.Td(f"{dataset['n_recordings']:,}", className="number"),
            html.Td(f"{dataset['n_signals']:,}", className="number"),
            html.Td(str(dataset["version"]), className="number"),
            html.Td(
                format_age(dataset["created_at"]),
                title=format_moment(dataset["created_at"]),
                className="no-break",
            ),
        ]
    )


def _build_classes(classes: dict[str, int]) -> html.Div:
    names = list(classes)
    shown = [build_class_badge(name, classes[name]) for name in names[:_MANY_CLASSES]]
    rest = len(names) - _MANY_CLASSES
    more = [html.Span(f"and {rest} more", className="muted")] if rest > 0 else []
    return html.Div([*shown, *more], className="badge-row")


def _build_nothing(search_query: str) -> Component:
    if search_query:
        return build_empty_state(
            "No dataset matches", f"Nothing is called or described “{search_query}”.", icon="search"
        )
    return build_empty_state(
        "No datasets yet",
        "Import recordings from MAT, HDF5 or CSV files. The sample rate is read or asked, never guessed.",
        action=build_button_link(
            "Import recordings", IMPORT_PATH, icon="box-arrow-in-down", needs="engineer"
        ),
        icon="database",
    )


PAGE = PageSpec(
    module="layouts.pages.datasets",
    path="/datasets",
    title="Datasets",
    layout=build_layout,
    nav_group=NavGroup.DATA,
    icon="database",
)
