"""The import wizard: its files, and the import itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash
from dash import ALL, Input, Output, State, ctx, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    parse_id,
    requires_role,
    show_toast,
    triggered_index,
    unwrap,
    watch_jobs,
)
from layouts.components.import_mapping import key_of, read_rules
from layouts.components.import_review import OPEN_STATES
from layouts.components.numbers import count_of
from layouts.ids import pattern_id
from layouts.ids.data_generation import DataGenerationId
from layouts.ids.frame import FrameId
from layouts.pages import data_generation as page
from services.dataset_service import DatasetService
from services.jobs import board
from services.signal_service import SignalService

_HASH_DIGITS = 16
Items = list[dict[str, Any]]


# --- files -------------------------------------------------------------------------------------------------


@requires_role("engineer")
def change_files(
    _page: Any,
    arrived: dict[str, Any] | None,
    _use: int | None,
    _discard: int | None,
    _remove_all: int | None,
    _remove: list[int | None],
    job: str | None,
    items: Items | None,
) -> Items:
    """Keep the list of uploaded files: those of this import, and those that wait from before."""
    trigger = ctx.triggered_id
    if trigger == DataGenerationId.JOB and job is not None and items is not None:
        raise PreventUpdate  # the import has them now
    if items is None or trigger in (DataGenerationId.PAGE, DataGenerationId.JOB):
        return _reload(items or [])
    if trigger == DataGenerationId.UPLOAD:
        return _add(items, (arrived or {}).get("uploads") or [])
    if trigger == DataGenerationId.USE_WAITING:
        return [{**item, "used": True} for item in items]
    if trigger == DataGenerationId.DISCARD_WAITING:
        return _discard_some(items, [item["upload_id"] for item in items if not item["used"]])
    if trigger == DataGenerationId.REMOVE_ALL:
        return _discard_some(items, [item["upload_id"] for item in items if item["used"]])
    upload_id = triggered_index()
    if upload_id is None:
        raise PreventUpdate
    return _discard_some(items, [upload_id])


def _describe(upload: dict[str, Any], *, used: bool) -> dict[str, Any]:
    kept = {name: upload[name] for name in ("upload_id", "file_name", "n_bytes")}
    return {**kept, "sha256": upload["sha256"][:_HASH_DIGITS], "used": used}


def _reload(items: Items) -> Items:
    used = {item["upload_id"] for item in items if item["used"]}
    uploads = DatasetService.list_uploads(actor=current_actor())
    return [_describe(upload, used=upload["upload_id"] in used) for upload in uploads]


def _add(items: Items, uploads: Items) -> Items:
    """Add what has arrived; a file that is already here under the same name is not kept twice."""
    known = {(item["file_name"], item["sha256"]): item for item in items}
    doubles = []
    for upload in uploads:
        item = _describe(upload, used=True)
        same = known.setdefault((item["file_name"], item["sha256"]), item)
        if same is not item:
            known[(item["file_name"], item["sha256"])] = {**same, "used": True}
            doubles.append(item["upload_id"])
    for upload_id in doubles:
        DatasetService.discard_upload(upload_id, actor=current_actor())
    if doubles:
        show_toast(f"{count_of(len(doubles), 'file')} already here", "Nothing was stored twice.")
    return list(known.values())


def _discard_some(items: Items, upload_ids: Sequence[str]) -> Items:
    """Delete uploads; one that is gone already is as good as deleted."""
    for upload_id in upload_ids:
        result = DatasetService.discard_upload(upload_id, actor=current_actor())
        if not result["success"] and result["error_code"] != "not_found":
            unwrap(result)
    return [item for item in items if item["upload_id"] not in set(upload_ids)]


def show_waiting(items: Items | None) -> tuple[str, bool]:
    """Offer files that were uploaded before and are not part of this import."""
    waiting = [item for item in items or [] if not item["used"]]
    return page.build_waiting_words(waiting), not waiting


@fills_area
@requires_role("engineer")
def show_files(
    items: Items | None,
    arrangement: str | None,
    before: dict[str, Any] | None,
    rule_ids: list[dict[str, str]],
    rule_values: list[Any],
    chosen: list[str],
) -> tuple[Any, ...]:
    """Look into the files: what each holds, which channels and values they have in common."""
    if items is None:
        raise PreventUpdate
    used = [item for item in items if item["used"]]
    channels: Items = []
    values: Items = []
    templates: Items = []
    previews: Items = []
    problem = None
    if used:
        found = DatasetService.preview_import(
            [item["upload_id"] for item in used], arrangement=arrangement or "auto", actor=current_actor()
        )
        if found["success"]:
            previews, channels, values = found["files"], found["channels"], found["values"]
            templates = found["templates"]
        else:
            problem = found["error"]
    known = _keep_rules((before or {}).get("found") or [], rule_ids, rule_values)
    return (
        page.build_file_list(used, previews, problem) if used else None,
        {
            "upload_ids": [item["upload_id"] for item in used],
            "found": channels,
            "problem": page.find_twins(used),
            "templates": [{key: each[key] for key in ("template_id", "fits")} for each in templates],
        },
        page.build_rules(channels, known),
        not used,
        [page.build_value_options(values, value) for value in chosen],
    )


def _keep_rules(
    before: Items, ids: Sequence[dict[str, str]], values: Sequence[Any]
) -> dict[str, dict[str, Any]]:
    """Keep what was entered; a glob that was only proposed follows the files."""
    proposed = {key_of(channel): channel["glob"] for channel in before}
    known = read_rules(ids, values)
    for key, rule in known.items():
        if rule.get("variable") == proposed.get(key):
            rule.pop("variable", None)
    return known


def list_bearings(_page: Any) -> list[Component]:
    """Suggest the bearings whose geometry is known."""
    found = SignalService.list_bearings(actor=current_actor())
    return [html.Option(value=each["designation"]) for each in found]


# --- the import under way ----------------------------------------------------------------------------------


@fills_area
def show_job(job: str | None, _tick: Any, _states: Any) -> tuple[Any, bool, bool, bool]:
    """Show the import of this page, or the form: what it is, whether form, Cancel and Back are hidden."""
    if job is None:
        if ctx.triggered_id != DataGenerationId.JOB:
            raise PreventUpdate
        return None, False, True, True
    job_id = parse_id(job)
    found = board.get_job(job_id, actor=current_actor()) if job_id is not None else None
    if found is None or found["kind"] != "import":
        return page.build_no_job(), True, True, False
    is_open = found["state"] in OPEN_STATES
    if is_open:
        watch_jobs()
    return page.build_job(found), True, not found["can_cancel"], is_open or found["state"] == "done"


@requires_role("engineer")
def cancel(clicks: int | None, job: str | None) -> None:
    """Ask the import to stop; it leaves nothing."""
    job_id = parse_id(job)
    if not clicks or job_id is None:
        raise PreventUpdate
    unwrap(board.cancel_job(job_id, actor=current_actor()))
    watch_jobs()


def register(app: dash.Dash) -> None:
    """Wire the page."""
    _register_files(app)
    _register_job(app)


def _register_files(app: dash.Dash) -> None:
    app.callback(
        Output(DataGenerationId.FILES, "data"),
        Input(DataGenerationId.PAGE, "data"),
        Input(DataGenerationId.UPLOAD, "data"),
        Input(DataGenerationId.USE_WAITING, "n_clicks"),
        Input(DataGenerationId.DISCARD_WAITING, "n_clicks"),
        Input(DataGenerationId.REMOVE_ALL, "n_clicks"),
        Input(pattern_id(DataGenerationId.REMOVE_FILE, ALL), "n_clicks"),
        Input(DataGenerationId.JOB, "data"),
        State(DataGenerationId.FILES, "data"),
    )(change_files)
    files = Input(DataGenerationId.FILES, "data")
    app.callback(
        Output(DataGenerationId.WAITING_WORDS, "children"), Output(DataGenerationId.WAITING, "hidden"), files
    )(show_waiting)
    app.callback(
        Output(DataGenerationId.FILE_LIST, "children"),
        Output(DataGenerationId.CHANNELS, "data"),
        Output(DataGenerationId.RULES, "children"),
        Output(DataGenerationId.BODY, "hidden"),
        Output(pattern_id(DataGenerationId.VALUE, ALL), "options"),
        files,
        Input(DataGenerationId.ARRANGEMENT, "value"),
        State(DataGenerationId.CHANNELS, "data"),
        State(pattern_id(DataGenerationId.RULE, ALL), "id"),
        State(pattern_id(DataGenerationId.RULE, ALL), "value"),
        State(pattern_id(DataGenerationId.VALUE, ALL), "value"),
    )(show_files)
    app.callback(Output(DataGenerationId.BEARINGS, "children"), Input(DataGenerationId.PAGE, "data"))(
        list_bearings
    )


def _register_job(app: dash.Dash) -> None:
    app.callback(
        Output(DataGenerationId.JOB_AREA, "children"),
        Output(DataGenerationId.FORM, "hidden"),
        Output(DataGenerationId.CANCEL_AREA, "hidden"),
        Output(DataGenerationId.AGAIN_AREA, "hidden"),
        Input(DataGenerationId.JOB, "data"),
        Input(FrameId.JOBS_INTERVAL, "n_intervals"),
        Input(FrameId.JOBS, "data"),
    )(show_job)
    app.callback(
        Input(DataGenerationId.CANCEL, "n_clicks"),
        State(DataGenerationId.JOB, "data"),
        prevent_initial_call=True,
    )(cancel)
