"""List of experiments: rows, filters, columns, and what is done with the selected ones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import wraps
from typing import Any
from urllib.parse import urlencode

import dash
from dash import ClientsideFunction, Input, Output, State, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from flask import g

from callbacks.context import (
    current_actor,
    keep_in_url,
    may_write,
    navigate,
    requires_role,
    show_toast,
    unwrap,
    watch_jobs,
)
from callbacks.tables import build_response, read_request
from layouts.components import experiment_actions as actions
from layouts.components import experiment_rows as table
from layouts.components.forms import ALL
from layouts.components.numbers import count_of
from layouts.components.tables import PAGE_SIZE, build_column
from layouts.ids.experiments import ExperimentsId
from layouts.ids.frame import FrameId
from layouts.pages import Layout
from layouts.pages import experiments as page
from services.experiment_service import ExperimentService
from utils.exceptions import ServiceUnavailableError

_NEWEST_FIRST = "-created_at"
_FILTERS = (
    ("query", ExperimentsId.SEARCH),
    ("status", ExperimentsId.STATUS),
    ("network", ExperimentsId.NETWORK),
    ("dataset_id", ExperimentsId.DATASET),
    ("shelf", ExperimentsId.SHELF),
)
_SELECTABLE_AT_ONCE = 500
_WITH_BASELINE = ("experiment_ids", "baseline_ids")


def read_filters(values: Sequence[Any]) -> dict[str, Any]:
    """Return the filters that are set, from the controls' values in the order of the filters."""
    given = {name: value for (name, _), value in zip(_FILTERS, values, strict=True)}
    given["query"] = str(given["query"] or "").strip()
    if not str(given["dataset_id"] or "").isdigit():
        given["dataset_id"] = None
    return {name: value for name, value in given.items() if value not in (None, "", ALL)}


def list_experiments(
    request: dict[str, Any] | None, rows: str | None, expanded: list[str] | None, *filters: Any
) -> tuple[dict[str, Any], str]:
    """Answer the table's wish for rows."""
    if request is None:
        raise PreventUpdate
    wish = read_request(request)
    found = ExperimentService.list_experiment_rows(
        read_filters(filters),
        sort=wish["sort"] or _NEWEST_FIRST,
        page=wish["page"],
        per_page=wish["per_page"],
        grouped=rows != page.SINGLE,
        expanded=expanded or [],
        actor=current_actor(),
    )
    words = count_of(found["n_experiments"], "training")
    if rows != page.SINGLE:
        words = f"{count_of(found['n_groups'], 'group')}, {words}"
    return build_response([table.build_row(row) for row in found["items"]], found["total"]), words


def say_empty(_jobs: Any, _changed: Any, _purged: Any, *filters: Any) -> tuple[Any, bool]:
    """Say why there are no rows, where there are none."""
    found = ExperimentService.list_experiment_rows(read_filters(filters), per_page=1, actor=current_actor())
    return _explain(found["total"], filters)


def _explain(total: int, filters: Sequence[Any]) -> tuple[Any, bool]:
    if total:
        return None, False
    chosen = read_filters(filters)
    shelf = chosen.pop("shelf", page.ACTIVE)
    nothing = page.build_nothing(filtered=bool(chosen), viewer_only=not may_write(), shelf=shelf)
    return nothing, True


def list_choices(
    _jobs: Any, _changed: Any, _purged: Any, network: str | None, dataset: str | None
) -> tuple[list[dict[str, str]], list[dict[str, str]], list[dict[str, str]]]:
    """Offer the networks and datasets in use; one that is chosen stays."""
    found = ExperimentService.list_experiment_choices(actor=current_actor())
    networks = [(each["name"], each["title"]) for each in found["networks"]]
    datasets = [(str(each["dataset_id"]), each["name"]) for each in found["datasets"]]
    shelves = [(key, f"{title} ({found['shelves'].get(key, 0)})") for key, title in page.SHELVES]
    return _offer(networks, network), _offer(datasets, dataset), _offer(shelves, None)[1:]


def _offer(options: Sequence[tuple[str, str]], chosen: str | None) -> list[dict[str, str]]:
    kept = [(chosen, chosen)] if chosen and chosen != ALL and chosen not in dict(options) else []
    return [{"value": value, "label": label} for value, label in ((ALL, "All"), *options, *kept)]


def choose_columns(
    mode: str | None, selected: list[dict[str, Any]] | None, known: list[str], *filters: Any
) -> tuple[Any, Any]:
    """Show the options as columns: those that differ among the selected rows, else among all that match."""
    chosen = read_filters(filters)
    if mode == page.DIFFERING and len(selected or []) > 1:
        chosen = {"shelf": chosen.get("shelf", page.ACTIVE), "ids": table.list_ids(selected or [])}
    names: list[str] = []
    if mode == page.DIFFERING:
        names = ExperimentService.list_differing_options(chosen, actor=current_actor())
    elif mode == ALL:
        networks = ExperimentService.list_networks(actor=current_actor())
        names = list(dict.fromkeys(option["name"] for each in networks for option in each["options"]))
    if names == known:
        return no_update, no_update
    return [build_column(column) for column in table.build_columns(names)], names


def link_download(*filters: Any) -> str:
    """Let the CSV button point at what matches."""
    chosen = read_filters(filters)
    if "query" in chosen:
        chosen["q"] = chosen.pop("query")
    return f"/api/v1/experiments.csv{'?' if chosen else ''}{urlencode(chosen)}"


def open_filled(layout: Layout) -> Layout:
    """Let the page come with its first rows and all that its callbacks would say without being asked."""

    @wraps(layout)
    def build(*args: Any, **query: Any) -> Component:
        built = layout(*args, **query)
        if g.get("actor") is None:  # nobody: Dash only learns the ids
            return built
        try:
            _fill(built)
        except ServiceUnavailableError:  # the table asks for itself, and says why it stays empty
            return layout(*args, **query)
        return built

    return build


def _fill(built: Any) -> None:
    filters = [built[each].value for _, each in _FILTERS]
    wish = {"startRow": 0, "endRow": PAGE_SIZE}
    response, built[ExperimentsId.COUNT].children = list_experiments(
        wish, built[ExperimentsId.ROWS].value, [], *filters
    )
    built[ExperimentsId.TABLE].getRowsResponse, built[ExperimentsId.FIRST_FILTERS].data = response, filters
    nothing, built[ExperimentsId.TABLE_AREA].hidden = _explain(response["rowCount"], filters)
    built[ExperimentsId.NOTHING].children = nothing
    chosen = (ExperimentsId.NETWORK, ExperimentsId.DATASET)
    offered = list_choices(None, None, None, *(built[each].value for each in chosen))
    for control, options in zip((*chosen, ExperimentsId.SHELF), offered, strict=True):
        built[control].options = options
    built[ExperimentsId.CSV].href = link_download(*filters)
    columns, names = choose_columns(built[ExperimentsId.OPTIONS].value, None, [], *filters)
    if names is not no_update:
        built[ExperimentsId.TABLE].columnDefs, built[ExperimentsId.OPTION_COLUMNS].data = columns, names


# --- selected rows ---------------------------------------------------------------------------------------


def show_selection(selected: list[dict[str, Any]] | None, shelf: str | None) -> tuple[Any, ...]:
    """Say what is selected and what can be done with it."""
    rows = selected or []
    words = actions.word_selection(len(table.list_ids(rows)), len(rows))
    can_compare = len(table.list_ids(rows, "done_ids")) > 1
    thrown = shelf == page.TRASH
    reason = "Their numbers side by side, with tests" if can_compare else actions.CHOOSE_TWO
    shown = [_class_of(each) for each in (not thrown, thrown, thrown)]
    return not rows, words, not can_compare, reason, *shown


def _class_of(is_shown: bool) -> str:
    return "action" if is_shown else "action d-none"


def compare(clicks: int | None, selected: list[dict[str, Any]] | None) -> None:
    """Go to the comparison of the selected trainings."""
    if not clicks or not selected:
        raise PreventUpdate
    ids = table.list_ids(selected, "done_ids")[:_SELECTABLE_AT_ONCE]
    navigate(f"/compare?ids={','.join(map(str, ids))}")


def offer_combining(selected: list[dict[str, Any]] | None, shelf: str | None) -> tuple[bool, str]:
    """Let finished trainings be combined, or say what is missing."""
    n_chosen = len(table.list_ids(selected or [], "done_ids"))
    if shelf == page.TRASH or not 2 <= n_chosen <= actions.MOST_VOTERS:
        return True, actions.CHOOSE_VOTERS
    return False, f"Let {n_chosen} classifiers vote as one"


@requires_role("engineer")
def combine(clicks: int | None, selected: list[dict[str, Any]] | None) -> None:
    """Make an ensemble of the selected trainings and go to it."""
    if not clicks or not selected:
        raise PreventUpdate
    ids = table.list_ids(selected, "done_ids")
    made = unwrap(ExperimentService.create_ensemble(ids, actor=current_actor()))
    watch_jobs()
    link = f"/experiment/{made['experiment_id']}"
    show_toast("Ensemble queued", f"{len(ids)} classifiers will vote as one.", level="success", link=link)
    navigate(link)


@requires_role("engineer")
def throw_away(
    _trash: int | None, _restore: int | None, selected: list[dict[str, Any]] | None
) -> dict[str, Any]:
    """Move the selected trainings, with what is trained beside them, to the trash or back."""
    trigger = dash.ctx.triggered_id
    if not dash.ctx.triggered or not dash.ctx.triggered[0]["value"] or not selected:
        raise PreventUpdate
    ids = table.list_ids(selected, *_WITH_BASELINE)
    if trigger == ExperimentsId.TRASH:
        moved = unwrap(ExperimentService.trash_experiments(ids, actor=current_actor()))["n_moved"]
        show_toast(
            f"{count_of(moved, 'training')} in the trash",
            "They can be restored for 30 days.",
            level="success",
            link="/experiments?shelf=trash",
        )
    else:
        moved = unwrap(ExperimentService.restore_experiments(ids, actor=current_actor()))["n_moved"]
        show_toast(f"{count_of(moved, 'training')} restored", level="success", link="/experiments")
    return {"ids": ids, "stamp": [_trash, _restore]}


def toggle_dialog(
    _purge: int | None, _back: int | None, _purged: Any, selected: list[dict[str, Any]] | None
) -> tuple[bool, Component | Any]:
    """Ask before the selected trainings are deleted, and name them."""
    if dash.ctx.triggered_id != ExperimentsId.PURGE or not _purge or not selected:
        return False, no_update
    ids = table.list_ids(selected, *_WITH_BASELINE)
    found = ExperimentService.describe_experiment_removal(ids, actor=current_actor())
    return True, actions.build_purge_words(found)


@requires_role("engineer")
def purge(clicks: int | None, selected: list[dict[str, Any]] | None) -> dict[str, Any]:
    """Delete the selected trainings for good."""
    if not clicks or not selected:
        raise PreventUpdate
    ids = table.list_ids(selected, *_WITH_BASELINE)
    deleted = unwrap(ExperimentService.delete_experiments(ids, actor=current_actor()))["n_deleted"]
    show_toast(f"{count_of(deleted, 'training')} deleted", level="success")
    return {"ids": ids}


def deselect(_changed: Any, _purged: Any, _clear: int | None) -> bool:
    """Forget the selection when it is no longer there, or not wanted."""
    return True


def register(app: dash.Dash) -> None:
    """Wire the page."""
    _register_table(app)
    _register_actions(app)


def _register_table(app: dash.Dash) -> None:
    filters = [Input(each, "value") for _, each in _FILTERS]
    states = [State(each, "value") for _, each in _FILTERS]
    jobs, table_id = Input(FrameId.JOBS, "data"), State(ExperimentsId.TABLE, "id")
    happened = [Input(each, "data") for each in (ExperimentsId.CHANGED, ExperimentsId.PURGED)]
    rows = Input(ExperimentsId.ROWS, "value")
    expanded, options = Input(ExperimentsId.EXPANDED, "data"), Input(ExperimentsId.OPTIONS, "value")
    app.clientside_callback(
        ClientsideFunction("pfd", "askForRows"),
        Output(ExperimentsId.ASKED, "data"),
        Input(ExperimentsId.TABLE, "getRowsRequest"),
        State(ExperimentsId.TABLE, "id"),
        State(ExperimentsId.TABLE, "getRowsResponse"),
        State(ExperimentsId.FIRST_FILTERS, "data"),
        *states,
        prevent_initial_call=True,
    )
    app.callback(
        Output(ExperimentsId.TABLE, "getRowsResponse"),
        Output(ExperimentsId.COUNT, "children"),
        Input(ExperimentsId.ASKED, "data"),
        State(ExperimentsId.ROWS, "value"),
        State(ExperimentsId.EXPANDED, "data"),
        *states,
        prevent_initial_call=True,
    )(list_experiments)
    app.callback(
        Output(ExperimentsId.NOTHING, "children"),
        Output(ExperimentsId.TABLE_AREA, "hidden"),
        *(jobs, *happened, *filters),
        prevent_initial_call=True,
    )(say_empty)
    app.callback(
        Output(ExperimentsId.NETWORK, "options"),
        Output(ExperimentsId.DATASET, "options"),
        Output(ExperimentsId.SHELF, "options"),
        *(jobs, *happened),
        State(ExperimentsId.NETWORK, "value"),
        State(ExperimentsId.DATASET, "value"),
        prevent_initial_call=True,
    )(list_choices)
    app.callback(
        Output(ExperimentsId.TABLE, "columnDefs"),
        Output(ExperimentsId.OPTION_COLUMNS, "data"),
        options,
        Input(ExperimentsId.TABLE, "selectedRows"),
        State(ExperimentsId.OPTION_COLUMNS, "data"),
        *filters,
        prevent_initial_call=True,
    )(choose_columns)
    app.callback(Output(ExperimentsId.CSV, "href"), *filters, prevent_initial_call=True)(link_download)
    app.clientside_callback(
        ClientsideFunction("pfd", "reloadTable"), *filters, rows, *happened, table_id,
        prevent_initial_call=True,
    )  # fmt: skip
    app.clientside_callback(
        ClientsideFunction("pfd", "refreshTable"),
        Output(ExperimentsId.TABLE_AREA, "title"),  # never written: it ties the callback to this page
        jobs,
        Input(FrameId.JOBS_INTERVAL, "n_intervals"),
        expanded,
        table_id,
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("pfd", "toggleGroup"),
        Output(ExperimentsId.EXPANDED, "data"),
        Input(ExperimentsId.TOGGLED, "data"),
        State(ExperimentsId.EXPANDED, "data"),
        prevent_initial_call=True,
    )
    keep_in_url(app, ExperimentsId.URL, *filters, rows, options)


def _register_actions(app: dash.Dash) -> None:
    selected = State(ExperimentsId.TABLE, "selectedRows")
    happened = [Input(each, "data") for each in (ExperimentsId.CHANGED, ExperimentsId.PURGED)]
    app.callback(
        Output(ExperimentsId.SELECTION, "hidden"),
        Output(ExperimentsId.SELECTED, "children"),
        Output(ExperimentsId.COMPARE, "disabled"),
        Output(ExperimentsId.COMPARE, "title"),
        Output(ExperimentsId.TRASH, "class_name"),
        Output(ExperimentsId.RESTORE, "class_name"),
        Output(ExperimentsId.PURGE, "class_name"),
        Input(ExperimentsId.TABLE, "selectedRows"),
        Input(ExperimentsId.SHELF, "value"),
        prevent_initial_call=True,
    )(show_selection)
    app.callback(Input(ExperimentsId.COMPARE, "n_clicks"), selected, prevent_initial_call=True)(compare)
    app.callback(
        Output(ExperimentsId.COMBINE, "disabled"),
        Output(ExperimentsId.COMBINE, "title"),
        Input(ExperimentsId.TABLE, "selectedRows"),
        Input(ExperimentsId.SHELF, "value"),
        prevent_initial_call=True,
    )(offer_combining)
    app.callback(Input(ExperimentsId.COMBINE, "n_clicks"), selected, prevent_initial_call=True)(combine)
    app.callback(
        Output(ExperimentsId.CHANGED, "data"),
        Input(ExperimentsId.TRASH, "n_clicks"),
        Input(ExperimentsId.RESTORE, "n_clicks"),
        selected,
        prevent_initial_call=True,
    )(throw_away)
    app.callback(
        Output(ExperimentsId.DIALOG, "is_open"),
        Output(ExperimentsId.DIALOG_WORDS, "children"),
        Input(ExperimentsId.PURGE, "n_clicks"),
        Input(ExperimentsId.DIALOG_BACK, "n_clicks"),
        Input(ExperimentsId.PURGED, "data"),
        selected,
        prevent_initial_call=True,
    )(toggle_dialog)
    app.callback(
        Output(ExperimentsId.PURGED, "data"),
        Input(ExperimentsId.DIALOG_CONFIRM, "n_clicks"),
        selected,
        prevent_initial_call=True,
    )(purge)
    app.callback(
        Output(ExperimentsId.TABLE, "deselectAll"),
        *happened,
        Input(ExperimentsId.CLEAR, "n_clicks"),
        prevent_initial_call=True,
    )(deselect)
