"""The import wizard: from the form to a mapping, its plan, corrections, and the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from glob import escape
from typing import Any

import dash
from dash import ALL, Input, Output, State, ctx, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    keep_in_url,
    requires_role,
    triggered_index,
    unwrap,
    watch_jobs,
)
from layouts.components.import_form import UNLABELLED, Overrides, list_form, read_form
from layouts.components.import_signals import FIELDS, NUMBER_FIELDS, group_corrections
from layouts.components.states import build_note
from layouts.ids import pattern_id
from layouts.ids.data_generation import DataGenerationId
from layouts.pages import data_generation as page
from services.dataset_service import DatasetService

_MAX_CORRECTIONS = 500


# --- the plan ----------------------------------------------------------------------------------------------


@requires_role("engineer")
def show_plan(*form: Any) -> tuple[Any, ...]:
    """Say what the import would do with every signal, and what is wrong with which."""
    upload_ids, mapping, missing = read_form(form)
    if not upload_ids:
        raise PreventUpdate
    if missing:
        return _refuse(missing)
    plan = DatasetService.plan_import(upload_ids, mapping, actor=current_actor())
    if not plan["success"]:
        return _refuse(plan["error"])
    twins = form[0]["problem"]
    return (
        None,
        page.build_problems(plan, twins),
        page.build_rows(plan["rows"]),
        page.build_review(plan),
        {"reason": plan["problem"] or twins},
    )


def _refuse(sentence: str) -> tuple[Any, ...]:
    note = build_note(sentence, level="danger")
    return note, note, [], build_note("What is wrong above has to be put right first."), {"reason": sentence}


def show_label_field(source: str | None) -> bool:
    """Ask for a name where fault classes come from another field."""
    return source != "field"


def show_table_rule(table: str | None) -> tuple[bool, Any]:
    """Say that a metadata table, where there is one, chooses the signals."""
    if not (table or "").strip():
        return False, None
    return True, build_note("The metadata table below chooses the signals and names their channels.")


def offer_table(arrived: dict[str, Any] | None, table: str | None) -> tuple[str, bool]:
    """Offer a table that came along with the files, while there is none."""
    tables = [] if (table or "").strip() else (arrived or {}).get("tables") or []
    words = f"{tables[-1]['file_name']} looks like a table about the recordings." if tables else ""
    return words, not tables


def use_table(clicks: int | None, arrived: dict[str, Any] | None) -> tuple[str, bool]:
    """Take the table that came along, and show it."""
    tables = (arrived or {}).get("tables") or []
    if not clicks or not tables:
        raise PreventUpdate
    return str(tables[-1]["text"]), True


# --- corrections -------------------------------------------------------------------------------------------


@requires_role("engineer")
def correct(
    changed: list[dict[str, Any]] | None,
    _set: int | None,
    _remove: list[int | None],
    field: str,
    value: str | None,
    file_glob: str | None,
    selected: list[dict[str, Any]] | None,
    overrides: Overrides,
) -> tuple[Any, Any]:
    """Keep the corrections: edited cells, fields set for several signals, and those taken back."""
    trigger = ctx.triggered_id
    if trigger == DataGenerationId.GRID:
        return merge_corrections(overrides, [_of_cell(each) for each in changed or []]), ""
    if trigger == DataGenerationId.SET:
        sentence, fresh = _of_setter(field, value, file_glob, selected or [])
        return (no_update if sentence else merge_corrections(overrides, fresh)), sentence
    index, groups = triggered_index(), group_corrections(overrides)
    if index is None or int(index) >= len(groups):
        raise PreventUpdate
    gone = set(groups[int(index)])
    return [each for position, each in enumerate(overrides) if position not in gone], ""


def _of_cell(change: Mapping[str, Any]) -> dict[str, Any]:
    row = change["data"]
    return _of_row(row, change["colId"], row.get(change["colId"]))


def _of_row(row: Mapping[str, Any], field: str, value: Any) -> dict[str, Any]:
    blank = UNLABELLED if field == "fault_class" else ""
    said = blank if value is None or value == "" else value
    return {"file": row["file"], "variable": escape(row["variable"]), field: said}


def _of_setter(
    field: str, value: str | None, file_glob: str | None, selected: Sequence[Mapping[str, Any]]
) -> tuple[str, Overrides]:
    text, glob = (value or "").strip(), (file_glob or "").strip()
    if not text:
        return f"Say what “{FIELDS[field]}” is to be.", []
    if field in NUMBER_FIELDS and not _is_number(text):
        return f"{FIELDS[field]} needs a number; “{text}” is none.", []
    if glob:
        return "", [{"file": glob, field: text}]
    if not selected:
        return "Tick the signals in the table, or name files, for example Normal_*.", []
    return "", [_of_row(row, field, text) for row in selected]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def merge_corrections(overrides: Overrides, fresh: Overrides) -> Overrides:
    """Add corrections, the newest last; those of one signal are one entry, unless a glob came in between."""
    merged = [dict(each) for each in overrides]
    for each in fresh:
        same = _find_entry(merged, each)
        if same is None:
            merged.append(dict(each))
        else:
            same.update(each)
    # A blank takes nothing away: what the mapping says comes back.
    kept = [{key: value for key, value in each.items() if value != ""} for each in merged]
    return [each for each in kept if set(each) - {"file", "variable"}][-_MAX_CORRECTIONS:]


def _find_entry(merged: Overrides, wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    for each in reversed(merged):
        if each["file"] == wanted["file"] and each.get("variable") == wanted.get("variable"):
            return each
        if "variable" not in each:
            return None
    return None


def show_corrections(overrides: Overrides | None) -> list[Component]:
    """List the corrections, each with a way to take it back."""
    return page.build_corrections(overrides or [])


# --- the start ---------------------------------------------------------------------------------------------


def allow_start(plan: dict[str, Any] | None, name: str | None) -> tuple[bool, str | None, Any]:
    """Say what is missing before the import can start, and what an existing name means."""
    wanted = (name or "").strip()
    existing = _find_dataset(wanted) if wanted else None
    reason = None if wanted else "Give the dataset a name."
    if plan is None:
        reason = "The files have not been looked into yet."
    elif plan["reason"]:
        reason = plan["reason"]
    return reason is not None, reason, page.build_name_note(wanted, existing)


def _find_dataset(name: str) -> dict[str, Any] | None:
    found = DatasetService.list_datasets(
        200, search_query=name, include_archived=True, actor=current_actor()
    )["items"]
    return next((each for each in found if each["name"] == name), None)


@requires_role("engineer")
def start(
    clicks: int | None, _again: int | None, name: str | None, description: str | None, *form: Any
) -> str | None:
    """Start the import, or go back to the form after one that failed."""
    if ctx.triggered_id == DataGenerationId.AGAIN:
        return None
    if not clicks:
        raise PreventUpdate
    upload_ids, mapping, _missing = read_form(form)
    result = unwrap(
        DatasetService.import_dataset(
            upload_ids, mapping, name or "", description=description or "", actor=current_actor()
        )
    )
    watch_jobs()
    return str(result["job_id"])


def register(app: dash.Dash) -> None:
    """Wire this part of the page."""
    _register_mapping(app)
    _register_corrections(app)
    app.callback(
        Output(DataGenerationId.START, "disabled"),
        Output(DataGenerationId.START, "title"),
        Output(DataGenerationId.NAME_NOTE, "children"),
        Input(DataGenerationId.PLAN, "data"),
        Input(DataGenerationId.NAME, "value"),
    )(allow_start)
    app.callback(
        Output(DataGenerationId.JOB, "data"),
        Input(DataGenerationId.START, "n_clicks"),
        Input(DataGenerationId.AGAIN, "n_clicks"),
        State(DataGenerationId.NAME, "value"),
        State(DataGenerationId.DESCRIPTION, "value"),
        *list_form(State),
        prevent_initial_call=True,
    )(start)
    keep_in_url(app, DataGenerationId.URL, Input(DataGenerationId.JOB, "data"))


def _register_mapping(app: dash.Dash) -> None:
    app.callback(
        Output(DataGenerationId.MAPPING_PROBLEM, "children"),
        Output(DataGenerationId.PROBLEMS, "children"),
        Output(DataGenerationId.GRID, "rowData"),
        Output(DataGenerationId.REVIEW, "children"),
        Output(DataGenerationId.PLAN, "data"),
        *list_form(Input),
    )(show_plan)
    app.callback(
        Output(DataGenerationId.LABEL_FIELD_AREA, "hidden"), Input(DataGenerationId.LABEL_FROM, "value")
    )(show_label_field)
    app.callback(
        Output(DataGenerationId.RULES_AREA, "hidden"),
        Output(DataGenerationId.RULES_NOTE, "children"),
        Input(DataGenerationId.TABLE, "value"),
    )(show_table_rule)
    app.callback(
        Output(DataGenerationId.TABLE_OFFER_WORDS, "children"),
        Output(DataGenerationId.TABLE_OFFER, "hidden"),
        Input(DataGenerationId.UPLOAD, "data"),
        Input(DataGenerationId.TABLE, "value"),
    )(offer_table)
    app.callback(
        Output(DataGenerationId.TABLE, "value"),
        Output(DataGenerationId.TABLE_AREA, "open"),
        Input(DataGenerationId.USE_TABLE, "n_clicks"),
        State(DataGenerationId.UPLOAD, "data"),
        prevent_initial_call=True,
    )(use_table)


def _register_corrections(app: dash.Dash) -> None:
    app.callback(
        Output(DataGenerationId.OVERRIDES, "data"),
        Output(DataGenerationId.SET_NOTE, "children"),
        Input(DataGenerationId.GRID, "cellValueChanged"),
        Input(DataGenerationId.SET, "n_clicks"),
        Input(pattern_id(DataGenerationId.REMOVE_CORRECTION, ALL), "n_clicks"),
        State(DataGenerationId.SET_FIELD, "value"),
        State(DataGenerationId.SET_VALUE, "value"),
        State(DataGenerationId.SET_FILES, "value"),
        State(DataGenerationId.GRID, "selectedRows"),
        State(DataGenerationId.OVERRIDES, "data"),
        prevent_initial_call=True,
    )(correct)
    app.callback(Output(DataGenerationId.CORRECTIONS, "children"), Input(DataGenerationId.OVERRIDES, "data"))(
        show_corrections
    )
