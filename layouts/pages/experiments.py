"""The list of experiments."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.cards import build_card
from layouts.components.forms import build_field, build_select
from layouts.components.header import build_page_header
from layouts.components.states import build_button_link, build_empty_state
from layouts.components.tables import Column, build_column_menu, build_table
from layouts.components.url import build_url_store
from layouts.ids.experiments import ExperimentsId
from layouts.page_spec import NavGroup, PageSpec

NEW_PATH = "/experiment/new"
STATES = ("queued", "running", "paused", "done", "failed", "cancelled", "dead")
COLUMNS = (
    Column("name", "Name", kind="link", width=210, pinned=True, filterable=False),
    Column("status", "Status", kind="training", width=215, filterable=False),
    Column(
        "test_recording_accuracy", "Test, recording-level", kind="accuracy", width=225, filterable=False
    ),
    Column(
        "test_window_accuracy", "Test, window-level", kind="accuracy", width=225, sortable=False,
        filterable=False,
    ),
    Column("network", "Network", width=135, filterable=False),
    Column("dataset", "Dataset", width=160, filterable=False),
    Column("split", "Split", kind="split", width=190, filterable=False),
    Column("seed", "Seed", kind="number", width=90, filterable=False),
    Column("train_cpu_s", "Training", unit="CPU s", kind="number", digits=3, width=140, filterable=False),
    Column("created_at", "Created", kind="moment", width=170, filterable=False),
)  # fmt: skip


def build_layout(q: str = "", status: str = "", **_query: Any) -> Component:
    """Return the page."""
    search = dbc.Input(
        id=ExperimentsId.SEARCH,
        type="search",
        value=q,
        placeholder="Name, network, dataset, split",
        debounce=0.3,
        class_name="search-field",
    )
    label = dbc.Label("Search experiments", html_for=ExperimentsId.SEARCH, class_name="visually-hidden")
    states = build_select(
        ExperimentsId.STATUS,
        [("", "All"), *((state, state) for state in STATES)],
        status if status in STATES else "",
    )
    table = build_table(ExperimentsId.TABLE, COLUMNS, label="Experiments", height="calc(100vh - 250px)")
    return html.Div(
        [
            dcc.Store(id=ExperimentsId.PAGE, data={}),
            build_url_store(ExperimentsId.URL, "q", "status"),
            build_page_header(
                "Experiments",
                "Every training with its split and how it did on recordings it had not seen.",
                actions=[build_button_link("New experiment", NEW_PATH, icon="plus-lg")],
            ),
            html.Div(
                [
                    label,
                    search,
                    build_field("Status", states),
                    html.Span(id=ExperimentsId.COUNT, className="filter-count", role="status"),
                    build_column_menu(ExperimentsId.TABLE, COLUMNS),
                ],
                className="filter-bar",
            ),
            html.Div(id=ExperimentsId.NOTHING),
            html.Div(build_card(None, table, flush=True), id=ExperimentsId.TABLE_AREA),
        ],
        className="page",
    )


def build_row(experiment: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the table."""
    job, test = experiment["job"], experiment["test"]
    levels = {} if test is None else test
    return {
        **{key: experiment[key] for key in ("name", "status", "seed", "split", "split_colour", "created_at")},
        "href": f"/experiment/{experiment['experiment_id']}{'?tab=results' if test else ''}",
        "network": experiment["network_title"],
        "dataset": f"{experiment['dataset']} · v{experiment['dataset_version']}",
        "train_cpu_s": experiment["train_cpu_s"],
        "percent": round(100 * (job["progress"] or 0)),
        "asked": job["command"],
        "stopped_early": experiment["stopped_early"],
        **_spread_accuracy("test_recording_accuracy", levels.get("recording_level"), "recordings"),
        **_spread_accuracy("test_window_accuracy", levels.get("window_level"), "windows"),
    }


def _spread_accuracy(field: str, level: dict[str, Any] | None, noun: str) -> dict[str, Any]:
    if level is None:
        return {field: None}
    return {
        field: level["accuracy"],
        f"{field}_n": level["n"],
        f"{field}_interval": level["accuracy_interval"],
        f"{field}_noun": noun,
    }


def build_nothing(*, filtered: bool, viewer_only: bool) -> Component:
    """Return why the list is empty, and the next step."""
    if filtered:
        state = build_empty_state(
            "No experiment matches", "Change the search or the status to see others.", icon="search"
        )
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
