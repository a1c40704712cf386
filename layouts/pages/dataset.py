"""One dataset: card, recordings, splits."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.cards import build_card
from layouts.components.carried_splits import build_carry_dialog
from layouts.components.forms import ALL, LATEST, build_button, build_field, build_select
from layouts.components.header import build_page_header
from layouts.components.splits import build_splits_area
from layouts.components.states import build_skeleton
from layouts.components.tables import Column, build_column_menu, build_table
from layouts.components.tabs import build_tabs
from layouts.components.url import build_url_store
from layouts.figures.theme import class_colour
from layouts.ids.dataset import DatasetId
from layouts.page_spec import PageSpec

TABS = (("overview", "Overview"), ("recordings", "Recordings"), ("splits", "Splits"))

COLUMNS = (
    Column("recording", "Recording", kind="link", width=190, pinned=True, filterable=False),
    Column("channel", "Channel", width=100, filterable=False),
    Column("fault_class", "Class", kind="class", width=140, filterable=False),
    Column("severity", "Severity", width=100, filterable=False),
    Column("sample_rate_hz", "Sample rate", unit="Hz", kind="number", width=160, filterable=False),
    Column(
        "duration_s", "Length", unit="s", kind="number", digits=4, width=110, sortable=False, filterable=False
    ),
    Column("shaft_speed_rpm", "Shaft speed", unit="rpm", kind="number", width=170, filterable=False),
    Column("load", "Load", width=90, filterable=False),
    Column("unit", "Unit", width=90, filterable=False),
    Column("bearing", "Bearing", width=130, filterable=False),
    Column("machine", "Machine", width=130, filterable=False),
    Column("measurement_point", "Measured at", width=130, filterable=False),
    Column("flags", "Quality", width=150, sortable=False, filterable=False),
)


def build_layout(
    dataset_id: str | None = None,
    tab: str = "overview",
    version: str = LATEST,
    q: str = "",
    fault_class: str = ALL,
    channel: str = ALL,
    **_query: Any,
) -> Component:
    """Return the page."""
    contents = {
        "overview": html.Div(build_skeleton(height="320px"), id=DatasetId.CARD),
        "recordings": _build_recordings(q, fault_class, channel),
        "splits": build_splits_area(),
    }
    return html.Div(
        [
            dcc.Store(id=DatasetId.PAGE, data={"dataset_id": dataset_id, "version": version}),
            dcc.Store(id=DatasetId.CHANGED),
            build_url_store(DatasetId.URL, "tab", "q", "fault_class", "channel", "version"),
            build_page_header(
                html.Span("Dataset", id=DatasetId.TITLE),
                html.Span(id=DatasetId.SENTENCE),
                crumbs=[("Datasets", "/datasets")],
                actions=[
                    build_field("Version", build_select(DatasetId.VERSION, [(version, version)], version)),
                    build_button("Archive", DatasetId.ARCHIVE, icon="archive"),
                ],
            ),
            build_tabs(DatasetId.TABS, TABS, contents, tab),
            build_carry_dialog(),
        ],
        className="page",
    )


def _build_recordings(q: str, fault_class: str, channel: str) -> html.Div:
    search = dbc.Input(
        id=DatasetId.SEARCH,
        type="search",
        value=q,
        placeholder="Recording, file, machine",
        debounce=0.3,
        class_name="search-field",
    )
    label = dbc.Label("Search recordings", html_for=DatasetId.SEARCH, class_name="visually-hidden")
    return html.Div(
        [
            html.Div(
                [
                    label,
                    search,
                    build_field(
                        "Class",
                        build_select(DatasetId.CLASS, [(ALL, "All"), *_keep(fault_class)], fault_class),
                    ),
                    build_field(
                        "Channel", build_select(DatasetId.CHANNEL, [(ALL, "All"), *_keep(channel)], channel)
                    ),
                    html.Span(id=DatasetId.COUNT, className="filter-count", role="status"),
                    build_column_menu(DatasetId.TABLE, COLUMNS),
                    build_button("CSV", DatasetId.EXPORT, icon="download"),
                    dcc.Download(id=DatasetId.DOWNLOAD),
                ],
                className="filter-bar",
            ),
            build_card(
                None, build_table(DatasetId.TABLE, COLUMNS, label="Recordings of this dataset"), flush=True
            ),
        ]
    )


def _keep(value: str) -> list[tuple[str, str]]:
    """A value from the address is an option before the real options are here, or the select would drop it."""
    return [(value, value)] if value != ALL else []


CSV_FIELDS = (
    *("recording", "channel", "fault_class", "severity", "group", "sample_rate_hz", "n_samples"),
    *("shaft_speed_rpm", "load", "unit", "machine", "bearing", "measurement_point", "source_file", "sha256"),
)


def build_row(dataset_id: int, row: dict[str, Any]) -> dict[str, Any]:
    """Return one signal as a row of the table."""
    path = f"/signals/{dataset_id}/{row['recording_id']}?{urlencode({'signal': row['signal_id']})}"
    return {
        **{column.field: row.get(column.field) for column in COLUMNS},
        "href": path,
        "class_colour": class_colour(row["fault_class"]),
        "flags": ", ".join(flag["name"].replace("_", " ") for flag in row["quality"]),
    }


PAGE = PageSpec(
    module="layouts.pages.dataset",
    path="/datasets/none",
    path_template="/datasets/<dataset_id>",
    title="Dataset",
    layout=build_layout,
    icon="database",
)
