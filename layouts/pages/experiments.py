"""The list of experiments."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.cards import build_card
from layouts.components.experiment_actions import build_purge_dialog, build_selection_bar
from layouts.components.experiment_rows import COLUMNS
from layouts.components.forms import ALL, build_field, build_select
from layouts.components.header import build_page_header
from layouts.components.icons import build_icon
from layouts.components.states import build_button_link, build_empty_state
from layouts.components.tables import build_column_menu, build_table
from layouts.components.url import build_url_store
from layouts.ids.experiments import ExperimentsId
from layouts.page_spec import NavGroup, PageSpec

NEW_PATH = "/experiment/new"
STATES = ("queued", "running", "paused", "done", "failed", "cancelled", "dead")
GROUPS, SINGLE = "groups", "single"
NONE, DIFFERING = "none", "differ"
ACTIVE, TRASH = "active", "trash"
SHELVES = ((ACTIVE, "Active"), (TRASH, "Trash"))
_ROWS = ((GROUPS, "Groups of seeds"), (SINGLE, "Every training"))
_OPTION_COLUMNS = ((NONE, "None"), (DIFFERING, "Those that differ"), (ALL, "All"))
# Short: a key stroke and the table's answer together stay below what feels like waiting.
_SEARCH_DEBOUNCE_S = 0.08


def build_layout(
    q: str = "",
    status: str = ALL,
    network: str = ALL,
    dataset: str = ALL,
    shelf: str = ACTIVE,
    rows: str = GROUPS,
    options: str = NONE,
    **_query: Any,
) -> Component:
    """Return the page."""
    table = build_table(
        ExperimentsId.TABLE,
        COLUMNS,
        label="Experiments",
        height="calc(100vh - 222px)",
        selectable=True,
        row_id="row_id",
        nothing="No experiment matches",
    )
    return html.Div(
        [
            dcc.Store(id=ExperimentsId.FIRST_FILTERS),
            dcc.Store(id=ExperimentsId.ASKED),
            dcc.Store(id=ExperimentsId.TOGGLED),
            dcc.Store(id=ExperimentsId.EXPANDED, data=[]),
            dcc.Store(id=ExperimentsId.OPTION_COLUMNS, data=[]),
            build_url_store(
                ExperimentsId.URL,
                *("q", "status", "network", "dataset", "shelf", "rows", "options"),
                shelf=ACTIVE,
                rows=GROUPS,
                options=NONE,
            ),
            build_page_header(
                "Experiments",
                "Every training with its split and how it did on recordings it had not seen.",
                actions=[build_button_link("New experiment", NEW_PATH, icon="plus-lg", needs="engineer")],
            ),
            _build_filters(q, status, network, dataset, shelf, rows, options),
            build_selection_bar(),
            html.Div(id=ExperimentsId.NOTHING),
            html.Div(build_card(None, table, flush=True), id=ExperimentsId.TABLE_AREA),
            build_purge_dialog(),
        ],
        className="page",
    )


def _build_filters(
    q: str, status: str, network: str, dataset: str, shelf: str, rows: str, options: str
) -> html.Div:
    search = dbc.Input(
        id=ExperimentsId.SEARCH,
        type="search",
        value=q,
        placeholder="Name, network, dataset, split",
        debounce=_SEARCH_DEBOUNCE_S,
        class_name="search-field",
    )
    filters = [
        _build_choice("Network", ExperimentsId.NETWORK, [(ALL, "All"), *_keep(network)], network),
        _build_choice("Dataset", ExperimentsId.DATASET, [(ALL, "All"), *_keep(dataset)], dataset),
        _build_choice("Show", ExperimentsId.SHELF, SHELVES, _among(shelf, SHELVES)),
    ]
    view = [
        _build_choice("Rows", ExperimentsId.ROWS, _ROWS, _among(rows, _ROWS)),
        _build_choice(
            "Columns of options", ExperimentsId.OPTIONS, _OPTION_COLUMNS, _among(options, _OPTION_COLUMNS)
        ),
    ]
    states = [(ALL, "All"), *((state, state) for state in STATES)]
    bar = [
        dbc.Label("Search experiments", html_for=ExperimentsId.SEARCH, class_name="visually-hidden"),
        search,
        _build_choice("Status", ExperimentsId.STATUS, states, _among(status, states)),
        _build_menu("More filters", "funnel", filters),
        _build_menu("View", "eye", view),
        html.Span(id=ExperimentsId.COUNT, className="filter-count", role="status"),
        build_column_menu(ExperimentsId.TABLE, COLUMNS),
        html.A(
            [build_icon("download"), html.Span("CSV")],
            id=ExperimentsId.CSV,
            href="/api/v1/experiments.csv",
            className="btn btn-light action",
            title="Every training that matches, as CSV",
        ),
    ]
    return html.Div(bar, className="filter-bar")


def _build_menu(title: str, icon: str, fields: list[Component]) -> html.Details:
    summary = html.Summary([build_icon(icon), title], className="btn btn-light action")
    panel = html.Div(fields, className="menu-panel filter-panel", role="group", **{"aria-label": title})
    return html.Details([summary, panel], className="menu")


def _among(value: str, options: Any) -> str:
    return value if value in dict(options) else str(options[0][0])


def _keep(value: str) -> list[tuple[str, str]]:
    """A value from the address is an option before the real options are here, or the select would drop it."""
    return [(value, value)] if value not in (ALL, "") else []


def _build_choice(label: str, control_id: ExperimentsId, options: Any, value: str) -> html.Div:
    return build_field(label, build_select(control_id, options, value or ALL))


_NOTHING_IN = {
    TRASH: ("The trash is empty", "What is thrown away waits here for 30 days and can be restored.", "trash"),
}


def build_nothing(*, filtered: bool, viewer_only: bool, shelf: str = ACTIVE) -> Component:
    """Return why the list is empty, and the next step."""
    if filtered:
        state = build_empty_state(
            "No experiment matches", "Change the search or the filters to see others.", icon="search"
        )
    elif shelf in _NOTHING_IN:
        title, why, icon = _NOTHING_IN[shelf]
        state = build_empty_state(title, why, icon=icon)
    else:
        action = None if viewer_only else build_button_link("New experiment", NEW_PATH, icon="plus-lg")
        state = build_empty_state(
            "No experiments yet",
            "An experiment trains one network on one split and judges it on recordings held out of training.",
            action=action,
            icon="graph-up",
        )
    return html.Div(state, className="surface")


PAGE = PageSpec(
    module="layouts.pages.experiments",
    path="/experiments",
    title="Experiments",
    layout=build_layout,
    nav_group=NavGroup.LEARNING,
    icon="graph-up",
)
