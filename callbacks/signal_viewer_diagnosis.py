"""Diagnose the recording in the viewer; its latest answer stands beside its views."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output, State
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    may_write,
    parse_id,
    require_id,
    requires_role,
    unwrap,
    watch_jobs,
)
from layouts.components import signal_diagnosis as parts
from layouts.components.diagnosis import complete_answer
from layouts.components.diagnosis_form import build_classifier_options
from layouts.components.forms import VIEWER_REASON
from layouts.ids.frame import FrameId
from layouts.ids.signal_viewer import ViewerId
from services.experiment_service import ExperimentService
from utils.clock import monotonic_s

_MOST_LISTED = 200
_OPEN_STATES = ("queued", "running", "paused")


def list_classifiers(_page: Any) -> tuple[list[dict[str, str]], str]:
    """Offer the trained classifiers, the newest chosen; without any the lines are asked alone."""
    found = ExperimentService.list_experiments(per_page=_MOST_LISTED, status="done", actor=current_actor())
    trained = [each for each in found["items"] if each["classifier_sha256"]]
    options = build_classifier_options(trained)
    return options, options[min(1, len(options) - 1)]["value"]


@fills_area
def show_latest(signal: str | None, _states: Any, _stamp: Any) -> tuple[Any, bool, str | None]:
    """Show the latest answer for the signal, or that there is none."""
    signal_id = require_id(signal)
    reason = None if may_write() else VIEWER_REASON
    actor = current_actor()
    latest = ExperimentService.list_diagnoses(per_page=1, filters={"signal_id": signal_id}, actor=actor)
    if not latest["items"]:
        return parts.build_never_asked(), reason is not None, reason
    found = ExperimentService.get_diagnosis(latest["items"][0]["diagnosis_id"], actor=actor)
    if found is None:  # deleted in between
        return parts.build_never_asked(), reason is not None, reason
    if found["state"] in _OPEN_STATES:
        return parts.build_open(found), True, "A diagnosis of this recording is on its way."
    if found["answer"] is None:
        return parts.build_failed(found), reason is not None, reason
    answer = complete_answer(found["answer"])
    return parts.build_latest({**found, "answer": answer}), reason is not None, reason


@requires_role("engineer")
def start(clicks: int | None, signal: str | None, experiment: str | None) -> float:
    """Ask for a diagnosis of the signal."""
    if not clicks:
        raise PreventUpdate
    unwrap(
        ExperimentService.request_diagnosis(
            experiment_id=parse_id(experiment), signal_id=require_id(signal), actor=current_actor()
        )
    )
    watch_jobs()
    return monotonic_s()


def register(app: dash.Dash) -> None:
    """Wire the card."""
    signal = Input(ViewerId.CHANNEL, "value")
    app.callback(
        Output(ViewerId.DIAGNOSIS_CLASSIFIER, "options"),
        Output(ViewerId.DIAGNOSIS_CLASSIFIER, "value"),
        Input(ViewerId.PAGE, "data"),
    )(list_classifiers)
    app.callback(
        Output(ViewerId.DIAGNOSIS, "children"),
        Output(ViewerId.DIAGNOSIS_START, "disabled"),
        Output(ViewerId.DIAGNOSIS_START, "title"),
        signal,
        Input(FrameId.JOBS, "data"),
        Input(ViewerId.DIAGNOSIS_STAMP, "data"),
    )(show_latest)
    app.callback(
        Output(ViewerId.DIAGNOSIS_STAMP, "data"),
        Input(ViewerId.DIAGNOSIS_START, "n_clicks"),
        State(ViewerId.CHANNEL, "value"),
        State(ViewerId.DIAGNOSIS_CLASSIFIER, "value"),
        prevent_initial_call=True,
    )(start)
