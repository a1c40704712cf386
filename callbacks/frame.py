"""The frame: running jobs, banner, toasts, theme, navigation, and the layout that Dash serves."""

from __future__ import annotations

from typing import Any

import dash
from dash import ALL, ClientsideFunction, Input, Output, State, no_update
from dash.development.base_component import Component
from flask import g, has_request_context

from callbacks.context import (
    current_actor,
    requires_role,
    show_toast,
    show_toasts,
    triggered_index,
    unwrap,
    watch_jobs,
)
from layouts.components.jobs import ACTIVE_STATES
from layouts.ids import pattern_id
from layouts.ids.frame import FrameId
from layouts.shell import JobsShown, Opened, Viewer, build_shell
from services.jobs import board
from services.shared.actors import Actor
from utils.exceptions import ServiceUnavailableError

_FINISHED_STATES = ["done", "failed", "cancelled", "dead"]
_N_FINISHED = 4
_N_ACTIVE = 20
# Of validation: Dash asks for the layout once outside any request, to learn the ids.
_NOBODY = Viewer(name="nobody", role="admin")


def serve_layout(opened: Opened | None = None) -> Component:
    """Return the frame of whoever asks, with the page that they open in it where it is known."""
    actor = g.get("actor") if has_request_context() else None
    if actor is None:
        return build_shell(_NOBODY)
    try:
        jobs = look_at_jobs(actor)
    except ServiceUnavailableError:  # the frame stands without them, and asks again soon
        jobs = JobsShown(toasts_wait=True)
    return build_shell(Viewer(name=actor.name, role=actor.role.value), jobs, opened)


def look_at_jobs(actor: Actor) -> JobsShown:
    """Return what runs, what ended lately, and whether this person is still to be told of something."""
    running = board.list_jobs(actor=actor, states=list(ACTIVE_STATES), per_page=_N_ACTIVE)
    finished = board.list_jobs(actor=actor, states=_FINISHED_STATES, per_page=_N_FINISHED)
    return JobsShown(
        active=running["items"],
        finished=finished["items"],
        n_active=running["total"],
        banner=board.get_queue_health(actor=actor)["banner"],
        toasts_wait=board.has_toasts(actor=actor),
    )


def refresh_jobs(
    _tick: int, _clicks: int | None, _path: str, _cancelled: Any, known: dict[str, str]
) -> tuple:
    """Show what runs; poll only while something does."""
    toasts = board.take_toasts(actor=current_actor())
    if toasts:
        show_toasts(toasts)
    found = look_at_jobs(current_actor())
    return (
        found.build_list(),
        found.count_words,
        found.is_quiet,
        found.build_banner(),
        no_update if found.states == known else found.states,
    )


@requires_role("engineer")
def cancel_job(_clicks: list[int | None]) -> None:
    """Ask a job to stop without a result."""
    job_id = triggered_index()
    if job_id is None:
        return
    job = unwrap(board.cancel_job(int(job_id), actor=current_actor()))["job"]
    watch_jobs()
    if job["state"] != "cancelled":
        show_toast(f"Cancelling {job['title']}", "It stops within a few seconds.")


def register(app: dash.Dash) -> None:
    """Wire the frame."""
    app.callback(
        Output(FrameId.JOBS_LIST, "children"),
        Output(FrameId.JOBS_COUNT, "children"),
        Output(FrameId.JOBS_INTERVAL, "disabled"),
        Output(FrameId.BANNER, "children"),
        Output(FrameId.JOBS, "data"),
        Input(FrameId.JOBS_INTERVAL, "n_intervals"),
        Input(FrameId.JOBS_BUTTON, "n_clicks"),
        Input(FrameId.LOCATION, "pathname"),
        Input(FrameId.JOBS_INTERVAL, "disabled"),
        State(FrameId.JOBS, "data"),
        prevent_initial_call=True,  # the layout came with them
    )(refresh_jobs)
    app.callback(Input(pattern_id(FrameId.CANCEL_JOB, ALL), "n_clicks"), prevent_initial_call=True)(
        cancel_job
    )
    _register_clientside(app)


def _register_clientside(app: dash.Dash) -> None:
    app.clientside_callback(
        ClientsideFunction("pfd", "toggleTheme"),
        Output(FrameId.THEME, "data"),
        Input(FrameId.THEME_TOGGLE, "n_clicks"),
        State(FrameId.THEME, "data"),
    )
    app.clientside_callback(
        ClientsideFunction("pfd", "collapseNav"),
        Output(FrameId.NAV_COLLAPSED, "data"),
        Input(FrameId.NAV_COLLAPSE, "n_clicks"),
        State(FrameId.NAV_COLLAPSED, "data"),
    )
    app.clientside_callback(
        ClientsideFunction("pfd", "openNav"),
        Input(FrameId.NAV_OPEN, "n_clicks"),
        Input(FrameId.NAV_BACKDROP, "n_clicks"),
        Input(FrameId.LOCATION, "pathname"),
    )
    app.clientside_callback(
        ClientsideFunction("pfd", "addToasts"),
        Output(FrameId.TOASTS, "children"),
        Input(FrameId.TOAST_FEED, "data"),
        State(FrameId.TOASTS, "children"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("pfd", "signOut"), Input(FrameId.SIGN_OUT, "n_clicks"), prevent_initial_call=True
    )
