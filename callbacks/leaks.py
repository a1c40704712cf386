"""The leak report: choose the split, have the signals compared, read what was found."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output, State, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    keep_in_url,
    may_write,
    parse_id,
    requires_role,
    show_toast,
    unwrap,
    watch_jobs,
)
from layouts.components import leak_report as parts
from layouts.components.forms import VIEWER_REASON
from layouts.components.jobs import ACTIVE_STATES
from layouts.components.states import build_empty_state
from layouts.ids.frame import FrameId
from layouts.ids.leaks import LeaksId
from layouts.pages.leaks import WHOLE
from services.dataset_service import DatasetService
from services.jobs import board


def offer_subjects(place: dict[str, Any]) -> list[dict[str, str]]:
    """Offer the version before any split, and every split of the dataset."""
    dataset_id, actor = parse_id(place["dataset_id"]), current_actor()
    if dataset_id is None:
        raise PreventUpdate
    splits = DatasetService.list_splits(dataset_id, actor=actor)
    version = parse_id(place["version"])
    whole = f"Version {version}, before any split" if version else "Newest version, before any split"
    named = [
        {"value": str(each["split_id"]), "label": f"{each['name']} · version {each['version']}"}
        for each in splits
    ]
    return [{"value": WHOLE, "label": whole}, *named]


@fills_area
def show_report(place: dict[str, Any], subject: str | None, _started: Any, _jobs: Any) -> tuple[Any, ...]:
    """Show what the check finds now, how the signals were compared, or the offer to do it."""
    dataset_id = parse_id(place["dataset_id"])
    actor = current_actor()
    report = dataset_id and DatasetService.get_leak_report(
        dataset_id, parse_id(place["version"]), split_id=parse_id(subject), actor=actor
    )
    if not report:
        gone = build_empty_state(
            "There is no such dataset or split", "It may have been deleted.", icon="question-circle"
        )
        return gone, None, True, "Leak report", no_update, no_update
    subject_name = f"split {report['split']['name']}" if report["split"] else f"version {report['version']}"
    return (
        parts.build_report(report),
        None if report["state"] == "running" else parts.build_comparison(report),
        report["state"] != "missing",
        f"Leak report of {report['dataset_name']}, {subject_name}",
        not may_write(),
        None if may_write() else VIEWER_REASON,
    )


def show_progress(_tick: int | None, _started: Any, _jobs: Any, place: dict[str, Any]) -> Component | None:
    """Move the bar of a comparison that runs."""
    dataset_id = parse_id(place["dataset_id"])
    open_jobs = board.list_jobs(actor=current_actor(), kind="leak_check", states=list(ACTIVE_STATES))
    for job in open_jobs["items"]:
        if dataset_id is not None and (job["link"] or "").startswith(f"/datasets/{dataset_id}/leaks"):
            return parts.build_running(job)
    return None


@requires_role("engineer")
def start(clicks: int | None, place: dict[str, Any], subject: str | None) -> dict[str, Any]:
    """Have the signals of the version compared."""
    dataset_id = parse_id(place["dataset_id"])
    if not clicks or dataset_id is None:
        raise PreventUpdate
    actor = current_actor()
    split_id = parse_id(subject)
    split = DatasetService.get_split(split_id, actor=actor) if split_id else None
    version = split["version"] if split else parse_id(place["version"])
    started = unwrap(DatasetService.start_leak_check(dataset_id, version, actor=actor))
    if started["job_id"] is None:
        show_toast("These signals were compared before", level="success")
    else:
        watch_jobs()
    return {"job_id": started["job_id"], "clicks": clicks}


def register(app: dash.Dash) -> None:
    """Wire the page."""
    place, subject = Input(LeaksId.PAGE, "data"), Input(LeaksId.SUBJECT, "value")
    app.callback(Output(LeaksId.SUBJECT, "options"), place)(offer_subjects)
    app.callback(
        Output(LeaksId.REPORT, "children"),
        Output(LeaksId.COMPARISON, "children"),
        Output(LeaksId.OFFER, "hidden"),
        Output(LeaksId.TITLE, "children"),
        Output(LeaksId.START, "disabled"),
        Output(LeaksId.START, "title"),
        place,
        subject,
        Input(LeaksId.STARTED, "data"),
        Input(FrameId.JOBS, "data"),
    )(show_report)
    app.callback(
        Output(LeaksId.PROGRESS, "children"),
        Input(FrameId.JOBS_INTERVAL, "n_intervals"),
        Input(LeaksId.STARTED, "data"),
        Input(FrameId.JOBS, "data"),
        State(LeaksId.PAGE, "data"),
    )(show_progress)
    app.callback(
        Output(LeaksId.STARTED, "data"),
        Input(LeaksId.START, "n_clicks"),
        State(LeaksId.PAGE, "data"),
        State(LeaksId.SUBJECT, "value"),
        prevent_initial_call=True,
    )(start)
    keep_in_url(app, LeaksId.URL, subject)
