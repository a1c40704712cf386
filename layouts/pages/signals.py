"""Choose a recording to look at."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.cards import build_card
from layouts.components.forms import ALL, build_field, build_select
from layouts.components.header import build_page_header
from layouts.components.states import build_button_link, build_empty_state, build_skeleton
from layouts.components.tables import Column, build_table
from layouts.components.url import build_url_store
from layouts.ids.signals import SignalsId
from layouts.page_spec import NavGroup, PageSpec

COLUMNS = (
    Column("recording", "Recording", kind="link", width=190, pinned=True, filterable=False),
    Column("fault_class", "Class", kind="class", width=150, filterable=False),
    Column("channels", "Channels", width=150, sortable=False, filterable=False),
    Column("shaft_speed_rpm", "Shaft speed", unit="rpm", kind="number", width=172, filterable=False),
    Column("load", "Load", width=110, filterable=False),
    Column("sample_rate_hz", "Sample rate", unit="Hz", kind="number", width=166, filterable=False),
    Column("n_samples", "Samples", kind="number", digits=9, width=120, filterable=False),
    Column(
        "duration_s", "Length", unit="s", kind="number", digits=4, width=115, sortable=False, filterable=False
    ),
    Column("machine", "Machine", width=150, filterable=False),
    Column("bearings", "Bearing", width=150, sortable=False, filterable=False),
    Column("flags", "Quality", width=170, sortable=False, filterable=False, flex=1),
)


def build_layout(dataset: str = "", q: str = "", fault_class: str = ALL, **_query: Any) -> Component:
    """Return the page; without a dataset in the address the newest is shown."""
    search = dbc.Input(
        id=SignalsId.SEARCH,
        type="search",
        value=q,
        placeholder="Recording, file, machine",
        debounce=0.3,
        class_name="search-field",
    )
    return html.Div(
        [
            dcc.Store(id=SignalsId.PAGE, data={"dataset": dataset}),
            build_url_store(SignalsId.URL, "dataset", "q", "fault_class"),
            build_page_header("Signals", "Open a recording to see its waveform, spectra and fault lines."),
            html.Div(build_skeleton(height="420px"), id=SignalsId.AREA),
            html.Div(
                [
                    html.Div(
                        [
                            build_field("Dataset", build_select(SignalsId.DATASET, _keep(dataset), dataset)),
                            build_field(
                                "Class",
                                build_select(
                                    SignalsId.CLASS, [(ALL, "All"), *_keep(fault_class)], fault_class
                                ),
                            ),
                            dbc.Label(
                                "Search recordings", html_for=SignalsId.SEARCH, class_name="visually-hidden"
                            ),
                            search,
                            html.Span(id=SignalsId.COUNT, className="filter-count", role="status"),
                        ],
                        className="filter-bar",
                    ),
                    build_card(
                        None,
                        build_table(
                            SignalsId.TABLE,
                            COLUMNS,
                            label="Recordings",
                            height="640px",
                            nothing="No recording matches",
                        ),
                        flush=True,
                    ),
                ],
                id=SignalsId.CONTENT,
                hidden=True,
            ),
        ],
        className="page",
    )


def _keep(value: str) -> list[tuple[str, str]]:
    """A value from the address is an option before the real options are here, or the select would drop it."""
    return [(value, value)] if value not in ("", ALL) else []


def build_nothing() -> Component:
    """Return what stands here before the first import."""
    state = build_empty_state(
        "No recordings yet",
        "Import recordings (MAT, HDF5, CSV, WAV, TDMS, UFF, …); each can then be looked at here.",
        action=build_button_link("Import recordings", "/data-generation", icon="box-arrow-in-down"),
        icon="soundwave",
    )
    return html.Div(state, className="surface")


PAGE = PageSpec(
    module="layouts.pages.signals",
    path="/signals",
    title="Signals",
    layout=build_layout,
    nav_group=NavGroup.DATA,
    icon="soundwave",
)
