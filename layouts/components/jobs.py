"""The running-jobs popover's lines, and a job's progress wherever else it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_job_state_badge
from layouts.components.icons import build_icon
from layouts.components.numbers import format_age, format_duration
from layouts.ids import pattern_id
from layouts.ids.frame import FrameId

ACTIVE_STATES = ("queued", "running", "paused")


def word_wait(health: Mapping[str, Any] | None, queue: str) -> str | None:
    """Return why a job waits for something to come back; None where a worker of its queue lives."""
    if not health or not health["banner"] or (health["broker_alive"] and health["workers"][queue]):
        return None
    banner = str(health["banner"])
    reason = banner.removeprefix("New jobs wait: ").replace("They start by themselves", "It starts by itself")
    return f"Waiting: {reason}"


def build_progress(job: dict[str, Any]) -> html.Div:
    """Return the bar and words of a job under way: percent, counts, time left."""
    percent = round(100 * (job.get("progress") or 0.0))
    words = [f"{percent} %", job.get("progress_text") or ""]
    if job.get("eta_s") is not None:
        words.append(f"about {format_duration(job['eta_s'])} left")
    bar = html.Div(
        html.Div(className="meter-fill", style={"width": f"{percent}%"}),
        className="meter",
        role="progressbar",
        **{
            "aria-label": f"Progress of {job['title']}",
            "aria-valuenow": str(percent),
            "aria-valuemin": "0",
            "aria-valuemax": "100",
        },
    )
    return html.Div([bar, html.Span(" · ".join(word for word in words if word), className="meter-words")])


def build_job_row(job: dict[str, Any], *, with_cancel: bool = True) -> html.Li:
    """Return one job: title, state, progress or error, and Cancel where it can be cancelled."""
    title = dcc.Link(job["title"], href=job["link"]) if job.get("link") else html.Span(job["title"])
    head = html.Div([html.Span(title, className="job-title"), build_job_state_badge(job["state"])])
    parts: list[Component] = [html.Div(head.children, className="job-head")]
    if job["state"] in ACTIVE_STATES:
        parts.append(_build_active_part(job, with_cancel=with_cancel))
    else:
        when = format_age(job.get("finished_at"))
        parts.append(
            html.Div(f"{job['error']} · {when}" if job.get("error") else when, className="job-detail")
        )
    return html.Li(parts, className="job-row")


def _build_active_part(job: dict[str, Any], *, with_cancel: bool) -> html.Div:
    if job["state"] == "queued":
        progress: Component = html.Span(
            job.get("progress_text") or "waits for a worker", className="job-detail"
        )
    else:
        progress = build_progress(job)
    asked = job.get("command")
    if asked:
        return html.Div(
            [progress, html.Span(f"{asked} requested", className="job-detail")], className="job-body"
        )
    shown = with_cancel and job.get("can_cancel")
    return html.Div([progress, *([_build_cancel(job)] if shown else [])], className="job-body")


def _build_cancel(job: dict[str, Any]) -> dbc.Button:
    return dbc.Button(
        "Cancel",
        id=pattern_id(FrameId.CANCEL_JOB, job["id"]),
        color="light",
        size="sm",
        title=f"Cancel {job['title']}; it leaves no result",
    )


def build_job_list(active: Sequence[dict[str, Any]], finished: Sequence[dict[str, Any]]) -> list[Component]:
    """Return the popover's content: what runs, then what ended lately."""
    if not active and not finished:
        return [html.P([build_icon("check2-circle"), " Nothing runs."], className="jobs-empty")]
    parts: list[Component] = [html.H2("Running", className="jobs-heading")]
    if active:
        parts.append(html.Ul([build_job_row(job) for job in active], className="job-list"))
    else:
        parts.append(html.P("Nothing runs.", className="jobs-empty"))
    if finished:
        parts.append(html.H2("Lately", className="jobs-heading"))
        parts.append(html.Ul([build_job_row(job) for job in finished], className="job-list"))
    return parts
