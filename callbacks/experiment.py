"""One experiment: monitor and results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dash
import plotly.graph_objects as go
from dash import ALL, Input, Output, State, ctx, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    keep_in_url,
    may_write,
    parse_id,
    requires_role,
    triggered_index,
    unwrap,
    watch_jobs,
)
from layouts.components import results, training_state
from layouts.components.badges import format_class
from layouts.figures import training as figures
from layouts.ids import pattern_id
from layouts.ids.experiment import ExperimentId
from layouts.ids.frame import FrameId
from layouts.pages import experiment as page
from services.experiment_service import ExperimentService
from services.jobs import board

_NOTHING_ALLOWED = [(True, "There is no such experiment.")] * 4


def show_header(place: dict[str, Any], _seen: Any) -> tuple[Any, ...]:
    """Name the experiment and offer what can be done with it."""
    found = _find(place)
    if found is None:
        return "Experiment not found", "", None, no_update
    links = page.build_links(found, may_write=may_write())
    question = f"Cancel the training of {found['name']} (seed {found['seed']})?"
    return found["name"], page.describe_experiment(found), links, question


def _find(place: dict[str, Any]) -> dict[str, Any] | None:
    number = parse_id(place["experiment_id"])
    return None if number is None else ExperimentService.get_experiment(number, actor=current_actor())


@fills_area
def show_state(
    place: dict[str, Any], _tick: int, _states: Any, _commanded: Any, seen: dict[str, Any] | None
) -> tuple[Any, ...]:
    """Say what is true of the training now; poll only while it is not over."""
    number = parse_id(place["experiment_id"])
    actor = current_actor()
    live = None if number is None else ExperimentService.get_live_metrics(number, actor=actor)
    if live is None:
        return page.build_missing(), True, True, seen, *_spread(_NOTHING_ALLOWED)
    experiment, history = live["experiment"], live["history"]
    over = experiment["status"] in training_state.FINAL_STATES
    health = None if over else board.get_queue_health(actor=actor)
    lost = not over and board.has_lost_worker(experiment["job"]["id"], actor=actor)
    now = {"status": experiment["status"], "last_epoch": history[-1]["epoch"] if history else 0}
    allowed = page.describe_controls(
        experiment["status"], experiment["job"]["command"], may_write=may_write()
    )
    return (
        page.build_status(experiment, history, health, lost_worker=lost),
        over,
        over,
        no_update if now == seen else now,
        *_spread(allowed),
    )


def _spread(allowed: list[tuple[bool, str | None]]) -> list[Any]:
    return [value for pair in allowed for value in pair]


def show_curves(
    _seen: dict[str, Any] | None, theme: str | None, place: dict[str, Any]
) -> tuple[bool, Component | None, go.Figure, go.Figure, go.Figure, go.Figure, Component | None, bool]:
    """Draw what the epochs say so far."""
    number = parse_id(place["experiment_id"])
    if number is None:
        raise PreventUpdate
    live = ExperimentService.get_live_metrics(number, actor=current_actor())
    if live is None:
        raise PreventUpdate
    if not live["history"]:
        return True, page.build_no_curves(live["experiment"]["status"]), *([no_update] * 4), None, True
    history, experiment = live["history"], live["experiment"]
    step, best, look = training_state.name_step(experiment), experiment["best_epoch"], theme or "light"
    return (
        False,
        None,
        figures.build_loss_figure(history, look, step=step, best_epoch=best),
        figures.build_accuracy_figure(history, look, step=step, best_epoch=best),
        figures.build_learning_rate_figure(history, look, step=step),
        figures.build_gradient_norm_figure(history, look, step=step),
        training_state.build_epochs(history, step, best),
        not any(each["learning_rate"] for each in history),
    )


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


@fills_area
def show_results(
    _seen: dict[str, Any] | None, part: str, level: str, cell: str | None, place: dict[str, Any]
) -> tuple[Any, Any, Any, Any, bool]:
    """Show how well the classifier did."""
    experiment, actor = _find(place), current_actor()
    if experiment is None:
        return page.build_missing(), None, None, None, True
    card = page.build_experiment_card(experiment)
    found = ExperimentService.get_results(experiment["experiment_id"], actor=actor)
    if found is None or found[part] is None:
        missing = page.build_no_results(experiment["status"], part if found else None)
        return missing, None, None, card, True
    group = ExperimentService.get_group_summary(experiment["group_key"], actor=actor)
    judged, noun = found[part][level], results.LEVELS[level][1]
    opens = level == "recording_level"
    return (
        page.build_verdict(experiment, found, part, group),
        results.build_confusion(judged, noun, chosen=cell or "", opens=opens),
        results.build_per_class(judged, noun),
        card,
        False,
    )


def choose_cell(_clicks: list[int | None]) -> str:
    """Remember which cell of the confusion matrix was chosen."""
    key = triggered_index()
    if key is None:
        raise PreventUpdate
    return "" if key == "all" else str(key)


@fills_area
def show_recordings(_seen: dict[str, Any] | None, part: str, cell: str | None, place: dict[str, Any]) -> Any:
    """List the judged signals: all of the part, or those of one cell."""
    experiment = _find(place)
    if experiment is None:
        raise PreventUpdate
    if experiment["classifier_sha256"] is None:
        return page.build_no_results(experiment["status"])
    names = experiment["class_names"]
    pair = _read_cell(cell, len(names))
    chosen = {} if pair is None else {"target": names[pair[0]], "predicted": names[pair[1]]}
    found = ExperimentService.list_predictions(
        experiment["experiment_id"], part, actor=current_actor(), **chosen
    )
    title = f"All of the {part} part"
    if pair is not None:
        title = f"Label {format_class(chosen['target'])}, answer {format_class(chosen['predicted'])}"
    return results.build_predictions(found, names, title, chosen=cell if pair else "")


def _read_cell(cell: str | None, n_classes: int) -> tuple[int, int] | None:
    parts = (cell or "").split("-")
    if len(parts) != 2 or not all(part.isdecimal() and int(part) < n_classes for part in parts):
        return None
    return int(parts[0]), int(parts[1])


def register(app: dash.Dash) -> None:
    """Wire the page."""
    place = Input(ExperimentId.PAGE, "data")
    seen = Input(ExperimentId.SEEN, "data")
    app.callback(
        Output(ExperimentId.TITLE, "children"),
        Output(ExperimentId.SENTENCE, "children"),
        Output(ExperimentId.LINKS, "children"),
        Output(ExperimentId.CANCEL_TITLE, "children"),
        place,
        seen,
    )(show_header)
    _register_monitor(app, place, seen)
    _register_results(app, seen)
    keep_in_url(
        app,
        ExperimentId.URL,
        Input(ExperimentId.TABS, "data"),
        Input(ExperimentId.PART, "value"),
        Input(ExperimentId.LEVEL, "value"),
        Input(ExperimentId.CHOSEN_CELL, "data"),
    )


def _register_monitor(app: dash.Dash, place: Input, seen: Input) -> None:
    buttons = (ExperimentId.PAUSE, ExperimentId.RESUME, ExperimentId.STOP, ExperimentId.CANCEL)
    app.callback(
        Output(ExperimentId.STATUS, "children"),
        Output(ExperimentId.CONTROLS, "hidden"),
        Output(ExperimentId.POLL, "disabled"),
        Output(ExperimentId.SEEN, "data"),
        *(Output(button, prop) for button in buttons for prop in ("disabled", "title")),
        place,
        Input(ExperimentId.POLL, "n_intervals"),
        Input(FrameId.JOBS, "data"),
        Input(ExperimentId.COMMANDED, "data"),
        State(ExperimentId.SEEN, "data"),
    )(show_state)
    app.callback(
        Output(ExperimentId.CURVES, "hidden"),
        Output(ExperimentId.NO_CURVES, "children"),
        Output(ExperimentId.LOSS, "figure"),
        Output(ExperimentId.ACCURACY, "figure"),
        Output(ExperimentId.LEARNING_RATE, "figure"),
        Output(ExperimentId.GRADIENT_NORM, "figure"),
        Output(ExperimentId.EPOCHS, "children"),
        Output(ExperimentId.NETWORK_CURVES, "hidden"),
        seen,
        Input(FrameId.THEME, "data"),
        State(ExperimentId.PAGE, "data"),
    )(show_curves)
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


def _register_results(app: dash.Dash, seen: Input) -> None:
    part, cell = Input(ExperimentId.PART, "value"), Input(ExperimentId.CHOSEN_CELL, "data")
    place = State(ExperimentId.PAGE, "data")
    app.callback(
        Output(ExperimentId.VERDICT, "children"),
        Output(ExperimentId.CONFUSION, "children"),
        Output(ExperimentId.PER_CLASS, "children"),
        Output(ExperimentId.CARD, "children"),
        Output(ExperimentId.TABLES, "hidden"),
        seen,
        part,
        Input(ExperimentId.LEVEL, "value"),
        cell,
        place,
    )(show_results)
    app.callback(
        Output(ExperimentId.CHOSEN_CELL, "data"),
        Input(pattern_id(ExperimentId.CELL, ALL), "n_clicks"),
        prevent_initial_call=True,
    )(choose_cell)
    app.callback(Output(ExperimentId.RECORDINGS, "children"), seen, part, cell, place)(show_recordings)
