"""The list of datasets."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import format_class
from layouts.components.cards import build_card
from layouts.components.forms import build_field, build_select
from layouts.components.header import build_page_header
from layouts.components.states import build_button_link, build_empty_state
from layouts.components.tables import Column, build_column_menu, build_table
from layouts.components.url import build_url_store
from layouts.figures.theme import class_colour
from layouts.ids.datasets import DatasetsId
from layouts.page_spec import NavGroup, PageSpec

IMPORT_PATH = "/data-generation"
_MANY_CLASSES = 6
COLUMNS = (
    Column("name", "Name", kind="link", width=230, pinned=True, filterable=False),
    Column("classes", "Classes", kind="classes", width=400, sortable=False, filterable=False),
    Column("n_recordings", "Recordings", kind="number", width=125, filterable=False),
    Column("n_signals", "Signals", kind="number", width=110, filterable=False),
    Column("version", "Version", kind="number", width=110, filterable=False),
    Column("n_bytes", "Storage", unit="MB", kind="number", width=140, sortable=False, filterable=False),
    Column("created_at", "Made", kind="moment", width=170, filterable=False),
    Column("description", "Description", width=280, sortable=False, filterable=False),
)


SHELVES = (
    ("active", "Active"),
    ("archived", "Archived"),
    ("trash", "Trash"),
    ("all", "Active and archived"),
)
_ACTIVE = "active"


def build_layout(q: str = "", shelf: str = _ACTIVE, **_query: Any) -> Component:
    """Return the page."""
    search = dbc.Input(
        id=DatasetsId.SEARCH,
        type="search",
        value=q,
        placeholder="Name or description",
        debounce=0.3,
        class_name="search-field",
    )
    chosen = shelf if shelf in dict(SHELVES) else _ACTIVE
    shelves = build_field("Show", build_select(DatasetsId.SHELF, SHELVES, chosen))
    table = build_table(
        DatasetsId.TABLE,
        COLUMNS,
        label="Datasets",
        height="calc(100vh - 250px)",
        nothing="No dataset matches",
    )
    label = dbc.Label("Search datasets", html_for=DatasetsId.SEARCH, class_name="visually-hidden")
    return html.Div(
        [
            dcc.Store(id=DatasetsId.PAGE, data={}),
            build_url_store(DatasetsId.URL, "q", "shelf", shelf=_ACTIVE),
            build_page_header(
                "Datasets",
                "Recordings with their labels, sample rates and operating conditions.",
                actions=[
                    build_button_link("Import", IMPORT_PATH, icon="box-arrow-in-down", needs="engineer")
                ],
            ),
            html.Div(
                [
                    label,
                    search,
                    shelves,
                    html.Span(id=DatasetsId.COUNT, className="filter-count", role="status"),
                    build_column_menu(DatasetsId.TABLE, COLUMNS),
                ],
                className="filter-bar",
            ),
            html.Div(id=DatasetsId.NOTHING),
            html.Div(build_card(None, table, flush=True), id=DatasetsId.TABLE_AREA),
        ],
        className="page",
    )


def build_row(dataset: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the table."""
    names = list(dataset["classes"])
    return {
        **{key: dataset[key] for key in ("name", "n_recordings", "n_signals", "version", "created_at")},
        "href": f"/datasets/{dataset['dataset_id']}",
        "n_bytes": None if dataset["n_bytes"] is None else dataset["n_bytes"] / 1e6,
        "tag": _name_tag(dataset),
        "classes": ", ".join(f"{format_class(name)} {dataset['classes'][name]}" for name in names),
        "class_list": [
            {"words": format_class(name), "colour": class_colour(name), "count": dataset["classes"][name]}
            for name in names[:_MANY_CLASSES]
        ],
        "n_more_classes": max(len(names) - _MANY_CLASSES, 0),
        "description": dataset["description"],
    }


def _name_tag(dataset: dict[str, Any]) -> str | None:
    """Return the word that stands beside a dataset's name."""
    tags = (
        ("damaged", dataset["damaged"]),
        (f"until {str(dataset['kept_until'])[:10]}", dataset["trashed_at"]),
        ("archived", dataset["archived"]),
    )
    return next((word for word, holds in tags if holds), None)


_NOTHING = {
    "archived": (
        "Nothing is archived",
        "An archived dataset is left out of lists and stays as it is.",
        "archive",
    ),
    "trash": ("The trash is empty", "What is deleted waits here for 30 days and can be restored.", "trash"),
}


def build_nothing(shelf: str, *, filtered: bool) -> Component:
    """Return why the list is empty, and the next step."""
    if filtered:
        state = build_empty_state(
            "No dataset matches", "Change the search, or look among the archived too.", icon="search"
        )
    elif shelf in _NOTHING:
        title, why, icon = _NOTHING[shelf]
        state = build_empty_state(title, why, icon=icon)
    else:
        state = build_empty_state(
            "No datasets yet",
            "Import recordings (MAT, HDF5, CSV, WAV, TDMS, UFF, …). The sample rate is never guessed.",
            action=build_button_link(
                "Import recordings", IMPORT_PATH, icon="box-arrow-in-down", needs="engineer"
            ),
            icon="database",
        )
    return html.Div(state, className="surface")


PAGE = PageSpec(
    module="layouts.pages.datasets",
    path="/datasets",
    title="Datasets",
    layout=build_layout,
    nav_group=NavGroup.DATA,
    icon="database",
)
