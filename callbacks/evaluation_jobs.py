"""The evaluation page: what takes a job: robustness sweeps, judging again, latencies of architectures."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output, State, no_update
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
from callbacks.evaluation_common import is_active, judge, list_of_kind, require_tab, show_progress
from layouts.components import evaluation_models as models
from layouts.components import evaluation_sweep as sweeps
from layouts.components.forms import VIEWER_REASON
from layouts.figures import evaluation as figures
from layouts.ids.evaluation import EvaluationId
from layouts.ids.frame import FrameId
from services.evaluation_service import EvaluationService
from utils.exceptions import InvalidInputError

_MOST_COMPARED = 40


def offer_sweeps(experiment: str | None, _jobs: Any, current: str | None) -> tuple[Any, ...]:
    """Offer the finished sweeps; the chosen one stays as long as it is there."""
    number = parse_id(experiment)
    listed = [] if number is None else sweeps.list_sweeps(list_of_kind(number, "robustness"))
    options = [{"value": sweeps.NEWEST, "label": "The newest"}, *listed]
    known = {each["value"] for each in options}
    allowed = None if may_write() else VIEWER_REASON
    return options, current if current in known else sweeps.NEWEST, bool(allowed), allowed


@fills_area
def show_sweep(
    tab: str,
    experiment: str | None,
    level: str,
    chosen: str | None,
    quantity: str,
    theme: str | None,
    _jobs: Any,
) -> tuple[Any, ...]:
    """Draw the chosen sweep."""
    number = require_tab(tab, "robustness", experiment)
    found = EvaluationService.get_evaluation(
        number, "robustness", _find_config(number, chosen), actor=current_actor()
    )
    if found is None:
        return sweeps.build_no_sweep(), True, no_update, no_update, None
    results, look = found["results"], theme or "light"
    return (
        sweeps.build_notes_of(found),
        False,
        figures.build_robustness_figure(results, level, look, quantity),
        figures.build_gain_figure(results, level, look, quantity),
        sweeps.build_sweep(results, level),
    )


def _find_config(experiment_id: int, chosen: str | None) -> dict[str, Any] | None:
    """Return what the chosen sweep was asked for; None means the newest."""
    wanted = parse_id(chosen)
    if wanted is None:
        return None
    listed = list_of_kind(experiment_id, "robustness")
    return next((each["config"] for each in listed if each["evaluation_id"] == wanted), None)


def show_sweep_jobs(tab: str, experiment: str | None, _tick: int | None, _jobs: Any, _asked: Any) -> Any:
    """Show how far the sweep is."""
    return show_progress(list_of_kind(require_tab(tab, "robustness", experiment), "robustness"))


@requires_role("engineer")
def run_sweep(
    n_clicks: int | None,
    experiment: str | None,
    part: str,
    kinds: list[str],
    noise_levels: str,
    gain_levels: str,
    most: Any,
) -> Any:
    """Start a sweep; the same one is never run twice."""
    number = parse_id(experiment)
    if not n_clicks or number is None:
        raise PreventUpdate
    config = {
        "noise_types": kinds,
        "noise_levels": _read_levels(noise_levels),
        "gain_levels": _read_levels(gain_levels),
        "max_recordings": int(most) if most else None,
        "part": part,
    }
    asked = unwrap(EvaluationService.request_evaluation(number, "robustness", config, actor=current_actor()))
    watch_jobs()
    return {"job_id": asked["job_id"], "clicks": n_clicks}


def _read_levels(text: str | None) -> list[float]:
    try:
        return [float(part) for part in (text or "").replace(",", " ").split()]
    except ValueError as error:
        raise InvalidInputError(
            "Write the levels in dB as numbers with commas, such as 20, 10, 5."
        ) from error


def offer_windows(
    experiment: str | None, part: str, _jobs: Any, _asked: Any, judged: dict[str, Any] | None
) -> tuple[Any, ...]:
    """Offer to judge again where what was said of single windows is missing."""
    number = parse_id(experiment)
    if number is None:
        raise PreventUpdate
    results, _refused = judge(number, "errors", {"part": part})
    missing = results is None or results["window_level"] is None
    reason = None if may_write() else VIEWER_REASON
    if missing and any(is_active(each) for each in list_of_kind(number, "predictions")):
        reason = "It is being judged."
    now = {"experiment_id": number, "part": part, "missing": missing}
    return not missing, bool(reason), reason, no_update if now == judged else now


@requires_role("engineer")
def judge_again(n_clicks: int | None, experiment: str | None) -> Any:
    """Have every part judged once more, to keep the windows' probabilities."""
    number = parse_id(experiment)
    if not n_clicks or number is None:
        raise PreventUpdate
    asked = unwrap(EvaluationService.request_evaluation(number, "predictions", actor=current_actor()))
    watch_jobs()
    return {"job_id": asked["job_id"], "clicks": n_clicks}


@fills_area
def show_architectures(
    tab: str, ids: list[int] | None, cost: str, theme: str | None, _jobs: Any
) -> tuple[Any, ...]:
    """Put the chosen experiments side by side."""
    if tab != "architectures":
        raise PreventUpdate
    chosen = [number for each in ids or [] if (number := parse_id(each)) is not None][:_MOST_COMPARED]
    if len(chosen) < models.FEWEST:
        return models.build_too_few(), True, no_update, None, True, "Choose experiments first."
    found = unwrap(EvaluationService.compare_architectures(chosen, actor=current_actor()))
    reason = _refuse_to_measure(found["missing_latency"])
    return (
        None,
        False,
        figures.build_architecture_figure(found["rows"], cost, theme or "light"),
        models.build_architectures(found, chosen),
        bool(reason),
        reason,
    )


def _refuse_to_measure(missing: list[int]) -> str | None:
    if not may_write():
        return VIEWER_REASON
    return None if missing else "Every latency is measured."


@requires_role("engineer")
def measure_latencies(n_clicks: int | None, ids: list[int] | None) -> Any:
    """Have the missing latencies measured, one job each."""
    chosen = [number for each in ids or [] if (number := parse_id(each)) is not None][:_MOST_COMPARED]
    if not n_clicks or not chosen:
        raise PreventUpdate
    actor = current_actor()
    found = unwrap(EvaluationService.compare_architectures(chosen, actor=actor))
    for number in found["missing_latency"]:
        unwrap(EvaluationService.request_evaluation(number, "latency", actor=actor))
    watch_jobs()
    return {"measured": found["missing_latency"], "clicks": n_clicks}


def show_latency_jobs(tab: str, ids: list[int] | None, _tick: int | None, _jobs: Any, _asked: Any) -> Any:
    """Show the measurements under way."""
    if tab != "architectures":
        raise PreventUpdate
    listed = [each for number in (ids or [])[:_MOST_COMPARED] for each in list_of_kind(number, "latency")]
    return show_progress(listed)


def register(app: dash.Dash) -> None:
    """Wire the tabs that take jobs."""
    tab, chosen = Input(EvaluationId.TABS, "data"), Input(EvaluationId.EXPERIMENT, "value")
    level, jobs = Input(EvaluationId.LEVEL, "value"), Input(FrameId.JOBS, "data")
    part, tick = Input(EvaluationId.PART, "value"), Input(FrameId.JOBS_INTERVAL, "n_intervals")
    _register_sweep(app, tab, chosen, level, jobs, tick)
    app.callback(
        Output(EvaluationId.WINDOWS_OFFER, "hidden"),
        Output(EvaluationId.WINDOWS, "disabled"),
        Output(EvaluationId.WINDOWS, "title"),
        Output(EvaluationId.JUDGED, "data"),
        chosen,
        part,
        jobs,
        Input(EvaluationId.WINDOWS_ASKED, "data"),
        State(EvaluationId.JUDGED, "data"),
    )(offer_windows)
    app.callback(
        Output(EvaluationId.WINDOWS_ASKED, "data"),
        Input(EvaluationId.WINDOWS, "n_clicks"),
        State(EvaluationId.EXPERIMENT, "value"),
        prevent_initial_call=True,
    )(judge_again)
    _register_architectures(app, tab, jobs, tick)


def _register_sweep(
    app: dash.Dash, tab: Input, chosen: Input, level: Input, jobs: Input, tick: Input
) -> None:
    app.callback(
        Output(EvaluationId.SWEEPS, "options"),
        Output(EvaluationId.SWEEPS, "value"),
        Output(EvaluationId.SWEEP, "disabled"),
        Output(EvaluationId.SWEEP, "title"),
        chosen,
        jobs,
        State(EvaluationId.SWEEPS, "value"),
    )(offer_sweeps)
    app.callback(
        Output(EvaluationId.SWEEP_STATE, "children"),
        Output(EvaluationId.SWEEP_SHOWN, "hidden"),
        Output(EvaluationId.NOISE_PLOT, "figure"),
        Output(EvaluationId.GAIN_PLOT, "figure"),
        Output(EvaluationId.SWEEP_TABLE, "children"),
        tab,
        chosen,
        level,
        Input(EvaluationId.SWEEPS, "value"),
        Input(EvaluationId.QUANTITY, "value"),
        Input(FrameId.THEME, "data"),
        jobs,
    )(show_sweep)
    app.callback(
        Output(EvaluationId.SWEEP_ASKED, "data"),
        Input(EvaluationId.SWEEP, "n_clicks"),
        State(EvaluationId.EXPERIMENT, "value"),
        State(EvaluationId.PART, "value"),
        State(EvaluationId.KINDS, "value"),
        State(EvaluationId.NOISE_LEVELS, "value"),
        State(EvaluationId.GAIN_LEVELS, "value"),
        State(EvaluationId.MOST_RECORDINGS, "value"),
        prevent_initial_call=True,
    )(run_sweep)
    app.callback(
        Output(EvaluationId.SWEEP_JOBS, "children"),
        tab,
        chosen,
        tick,
        jobs,
        Input(EvaluationId.SWEEP_ASKED, "data"),
    )(show_sweep_jobs)


def _register_architectures(app: dash.Dash, tab: Input, jobs: Input, tick: Input) -> None:
    ids = Input(EvaluationId.OTHERS, "value")
    app.callback(
        Output(EvaluationId.ARCHITECTURES, "children"),
        Output(EvaluationId.ARCHITECTURES_SHOWN, "hidden"),
        Output(EvaluationId.ARCHITECTURES_PLOT, "figure"),
        Output(EvaluationId.ARCHITECTURES_TABLE, "children"),
        Output(EvaluationId.MEASURE, "disabled"),
        Output(EvaluationId.MEASURE, "title"),
        tab,
        ids,
        Input(EvaluationId.COST, "value"),
        Input(FrameId.THEME, "data"),
        jobs,
    )(show_architectures)
    app.callback(
        Output(EvaluationId.LATENCY_ASKED, "data"),
        Input(EvaluationId.MEASURE, "n_clicks"),
        State(EvaluationId.OTHERS, "value"),
        prevent_initial_call=True,
    )(measure_latencies)
    app.callback(
        Output(EvaluationId.LATENCY_JOBS, "children"),
        tab,
        ids,
        tick,
        jobs,
        Input(EvaluationId.LATENCY_ASKED, "data"),
    )(show_latency_jobs)
