"""Every diagnosis that was asked for, with its answer and what analysts said of it."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.badges import format_class
from layouts.components.cards import build_card
from layouts.components.forms import ALL, build_field, build_select
from layouts.components.header import build_page_header
from layouts.components.states import build_button_link, build_empty_state
from layouts.components.tables import Column, build_column_menu, build_table
from layouts.components.url import build_url_store
from layouts.ids.reports import ReportsId
from layouts.page_spec import PageSpec
from utils.constants import FAULT_CLASSES, ROLLING_FAULT_CLASSES

COLUMNS = (
    Column("source_name", "Recording", kind="link", width=240, pinned=True, sortable=False, filterable=False),
    Column("status", "Status", width=120, sortable=False, filterable=False),
    Column("fault_class", "Class", kind="class", width=160, sortable=False, filterable=False),
    Column(
        "confidence",
        "Confidence",
        unit="%",
        kind="number",
        digits=3,
        width=140,
        sortable=False,
        filterable=False,
    ),
    Column("opinion", "Analyst", width=130, sortable=False, filterable=False),
    Column("machine_kind", "Bearing kind", width=130, sortable=False, filterable=False),
    Column("asked_of", "Asked of", width=150, sortable=False, filterable=False),
    Column("state", "State", kind="state", width=120, sortable=False, filterable=False),
    Column("created_at", "Asked", kind="moment", width=170, sortable=False, filterable=False, flex=1),
)
_STATUSES = ("diagnosed", "undecided", "unknown", "refused")
_OPINIONS = (("none", "none yet"), *((name, name) for name in ("confirmed", "rejected", "relabelled")))


def build_layout(
    q: str = "", status: str = ALL, fault_class: str = ALL, opinion: str = ALL, **_query: Any
) -> Component:
    """Return the page; the address holds the filters."""
    classes = dict.fromkeys((*ROLLING_FAULT_CLASSES, *FAULT_CLASSES))
    search = dbc.Input(
        id=ReportsId.SEARCH,
        type="search",
        value=q,
        placeholder="Recording or file",
        debounce=0.3,
        class_name="search-field",
    )
    bar = [
        build_field("Status", _build_choice(ReportsId.STATUS, [(name, name) for name in _STATUSES], status)),
        build_field(
            "Class",
            _build_choice(ReportsId.CLASS, [(name, format_class(name)) for name in classes], fault_class),
        ),
        build_field("Analyst", _build_choice(ReportsId.OPINION, _OPINIONS, opinion)),
        dbc.Label("Search diagnoses", html_for=ReportsId.SEARCH, class_name="visually-hidden"),
        search,
        build_column_menu(ReportsId.TABLE, COLUMNS),
        html.Span(id=ReportsId.COUNT, className="filter-count", role="status"),
    ]
    table = build_table(
        ReportsId.TABLE, COLUMNS, label="Diagnoses", height="640px", nothing="No diagnosis matches"
    )
    return html.Div(
        [
            build_url_store(ReportsId.URL, "q", "status", "fault_class", "opinion"),
            build_page_header(
                "Diagnoses",
                "Every answer that was given, newest first; each opens its report.",
                actions=[build_button_link("Diagnose", "/diagnose", icon="activity")],
                crumbs=[("Diagnose", "/diagnose")],
            ),
            html.Div(bar, className="filter-bar"),
            html.Div(id=ReportsId.NOTHING),
            html.Div(build_card(None, table, flush=True), id=ReportsId.TABLE_AREA),
        ],
        className="page",
    )


def build_nothing() -> Component:
    """Return what stands here before the first diagnosis."""
    state = build_empty_state(
        "No diagnoses yet",
        "A diagnosis says what is wrong with a bearing, how sure that is, and what speaks for it.",
        action=build_button_link("Diagnose a recording", "/diagnose", icon="activity"),
        icon="activity",
    )
    return html.Div(state, className="surface")


def _build_choice(component_id: str, options: Any, chosen: str) -> dbc.Select:
    known = [ALL, *(value for value, _label in options)]
    return build_select(component_id, [(ALL, "All"), *options], chosen if chosen in known else ALL)


PAGE = PageSpec(
    module="layouts.pages.reports",
    path="/reports",
    title="Diagnoses",
    layout=build_layout,
    icon="file-earmark-text",
)
