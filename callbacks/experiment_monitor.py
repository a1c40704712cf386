"""The Monitor tab of an experiment: state, curves, log, and what can be asked of the training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dash
from dash import Input, Output, State, ctx, no_update
from dash.dependencies import ClientsideFunction
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    may_write,
    parse_id,
    requires_role,
    unwrap,
    watch_jobs,
)
from callbacks.experiment_common import name_members
from layouts.components import experiment_monitor as monitor
from layouts.components import training_state
from layouts.components.experiment_page import build_missing
from layouts.components.states import build_empty_state
from layouts.figures import training as figures
from layouts.ids.experiment import ExperimentId
from layouts.ids.frame import FrameId
from services.experiment_service import ExperimentService
from services.jobs import board

_NOTHING_ALLOWED = [(True, "There is no such experiment.")] * 4
_MISSING = {"status": "missing", "last_epoch": 0, "last_message": 0}
_PACE_EPOCHS = 5
_N_CURVES = 5


@fills_area
def show_state(
    place: dict[str, Any], _tick: int, _states: Any, _commanded: Any, seen: dict[str, Any] | None
) -> tuple[Any, ...]:
    """Say what is true of the training now; poll only while it is not over."""
    number = parse_id(place["experiment_id"])
    actor = current_actor()
    since = max((seen or {}).get("last_epoch", 0) - _PACE_EPOCHS, 0)
    live = None if number is None else ExperimentService.get_live_metrics(number, since, actor=actor)
    if live is None:
        return build_missing(), True, True, _MISSING, *_spread(_NOTHING_ALLOWED)
    experiment, last = live["experiment"], live["history"][-1] if live["history"] else None
    over = experiment["status"] in training_state.FINAL_STATES
    health = None if over else board.get_queue_health(actor=actor)
    lost = not over and board.has_lost_worker(experiment["job"]["id"], actor=actor)
    now = {
        "status": experiment["status"],
        "last_epoch": last["epoch"] if last else 0,
        "last_message": live["last_message_id"],
    }
    allowed = monitor.describe_controls(
        experiment["status"], experiment["job"]["command"], may_write=may_write()
    )
    return (
        monitor.build_status(experiment, last, live["eta_s"], health, lost_worker=lost),
        over,
        over,
        no_update if now == seen else now,
        *_spread(allowed),
    )


def _spread(allowed: list[tuple[bool, str | None]]) -> list[Any]:
    return [value for pair in allowed for value in pair]


def show_curves(
    seen: dict[str, Any] | None,
    theme: str | None,
    over: str,
    scale: str,
    smoothing: str,
    place: dict[str, Any],
) -> tuple[Any, ...]:
    """Draw what the epochs say so far."""
    number = parse_id(place["experiment_id"])
    if number is None or seen is None:
        raise PreventUpdate
    live = ExperimentService.get_live_metrics(number, actor=current_actor())
    if live is None:
        raise PreventUpdate
    history, experiment = live["history"], live["experiment"]
    if not history:
        nothing = monitor.build_no_curves(experiment["status"], name_members(experiment))
        return True, nothing, *([no_update] * _N_CURVES), None, True, True, True
    look = figures.CurveLook(
        theme=theme or "light",
        step=training_state.name_step(experiment),
        over=over,
        scale=scale,
        smoothing=float(smoothing),
        best_epoch=experiment["best_epoch"],
    )
    return (
        False,
        None,
        figures.build_loss_figure(history, look),
        figures.build_accuracy_figure(history, look),
        *_draw_further(history, look),
        monitor.build_epochs(history, look.step, look.best_epoch),
        *(
            not any(each.get(field) for each in history)
            for field in ("validation_window_class_f1", "learning_rate", "gradient_norm")
        ),
    )


def _draw_further(history: list[dict[str, Any]], look: figures.CurveLook) -> list[Any]:
    """Return the figures that not every training has; nothing is drawn where there is nothing."""
    builders: dict[str, Callable[..., Any]] = {
        "validation_window_class_f1": figures.build_class_figure,
        "learning_rate": figures.build_learning_rate_figure,
        "gradient_norm": figures.build_gradient_norm_figure,
    }
    return [
        build(history, look) if any(each.get(field) for each in history) else no_update
        for field, build in builders.items()
    ]


@fills_area
def show_log(seen: dict[str, Any] | None, level: str, place: dict[str, Any]) -> Component:
    """List what the training said."""
    number = parse_id(place["experiment_id"])
    if seen == _MISSING:
        return build_empty_state("Nothing logged", "There is no such experiment.", icon="journal-text")
    if number is None or seen is None:
        raise PreventUpdate
    messages = ExperimentService.list_training_messages(number, actor=current_actor())
    return monitor.build_log(messages, level, seen["status"])


@requires_role("engineer")
def command(
    _pause: int | None, _resume: int | None, _stop: int | None, _cancel: int | None, place: dict[str, Any]
) -> dict[str, Any]:
    """Ask the training to pause, go on, stop or cancel; the page then shows what is true."""
    number = parse_id(place["experiment_id"])
    if number is None or not ctx.triggered or not ctx.triggered[0]["value"]:
        raise PreventUpdate
    methods: dict[str, Callable[..., Any]] = {
        ExperimentId.PAUSE: ExperimentService.pause,
        ExperimentId.RESUME: ExperimentService.resume,
        ExperimentId.STOP: ExperimentService.stop,
        ExperimentId.CANCEL_CONFIRM: ExperimentService.cancel,
    }
    asked = str(ctx.triggered_id)
    unwrap(methods[asked](number, actor=current_actor()))
    watch_jobs()
    return {"asked": asked, "clicks": ctx.triggered[0]["value"]}


def toggle_cancel_dialog(asked: int | None, _back: int | None, _confirmed: int | None) -> bool:
    """Open the question; close it by either answer."""
    return bool(asked) and ctx.triggered_id == ExperimentId.CANCEL


def register(app: dash.Dash) -> None:
    """Wire the tab."""
    seen, place = Input(ExperimentId.SEEN, "data"), State(ExperimentId.PAGE, "data")
    _register_state(app)
    curves = (
        *(ExperimentId.LOSS, ExperimentId.ACCURACY, ExperimentId.CLASSES),
        *(ExperimentId.LEARNING_RATE, ExperimentId.GRADIENT_NORM),
    )
    app.callback(
        Output(ExperimentId.CURVES, "hidden"),
        Output(ExperimentId.NO_CURVES, "children"),
        *(Output(curve, "figure") for curve in curves),
        Output(ExperimentId.EPOCHS, "children"),
        Output(ExperimentId.CLASS_CURVES, "hidden"),
        Output(ExperimentId.RATE_CURVES, "hidden"),
        Output(ExperimentId.NORM_CURVES, "hidden"),
        seen,
        Input(FrameId.THEME, "data"),
        Input(ExperimentId.OVER, "value"),
        Input(ExperimentId.SCALE, "value"),
        Input(ExperimentId.SMOOTHING, "value"),
        place,
    )(show_curves)
    app.callback(Output(ExperimentId.LOG, "children"), seen, Input(ExperimentId.LOG_LEVEL, "value"), place)(
        show_log
    )
    app.clientside_callback(
        ClientsideFunction("pfd", "linkCurves"),
        Output(ExperimentId.LINKED, "data"),
        *(Input(curve, "figure") for curve in curves),
        State(ExperimentId.READING, "id"),
    )
    _register_commands(app)


def _register_state(app: dash.Dash) -> None:
    buttons = (ExperimentId.PAUSE, ExperimentId.RESUME, ExperimentId.STOP, ExperimentId.CANCEL)
    app.callback(
        Output(ExperimentId.STATUS, "children"),
        Output(ExperimentId.CONTROLS, "hidden"),
        Output(ExperimentId.POLL, "disabled"),
        Output(ExperimentId.SEEN, "data"),
        *(Output(button, prop) for button in buttons for prop in ("disabled", "title")),
        Input(ExperimentId.PAGE, "data"),
        Input(ExperimentId.POLL, "n_intervals"),
        Input(FrameId.JOBS, "data"),
        Input(ExperimentId.COMMANDED, "data"),
        State(ExperimentId.SEEN, "data"),
    )(show_state)


def _register_commands(app: dash.Dash) -> None:
    asks = (ExperimentId.PAUSE, ExperimentId.RESUME, ExperimentId.STOP, ExperimentId.CANCEL_CONFIRM)
    app.callback(
        Output(ExperimentId.COMMANDED, "data"),
        *(Input(button, "n_clicks") for button in asks),
        State(ExperimentId.PAGE, "data"),
        prevent_initial_call=True,
    )(command)
    app.callback(
        Output(ExperimentId.CANCEL_DIALOG, "is_open"),
        Input(ExperimentId.CANCEL, "n_clicks"),
        Input(ExperimentId.CANCEL_BACK, "n_clicks"),
        Input(ExperimentId.CANCEL_CONFIRM, "n_clicks"),
        prevent_initial_call=True,
    )(toggle_cancel_dialog)
