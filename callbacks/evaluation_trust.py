"""The evaluation page: calibration, conformal sets, open set."""

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
    show_toast,
    unwrap,
    watch_jobs,
)
from callbacks.evaluation_common import judge, list_of_kind, require_judged, require_tab, show_progress
from layouts.components import evaluation_trust as trust
from layouts.components.forms import VIEWER_REASON
from layouts.components.states import build_empty_state
from layouts.figures import evaluation as figures
from layouts.ids.evaluation import EvaluationId
from layouts.ids.frame import FrameId
from services.evaluation_service import EvaluationService
from utils.exceptions import InvalidInputError

_NOT_TRIED = (
    "Each class is held out in turn, as if it were unknown, to see which score tells it from the known ones. "
    "It runs as a job."
)


@fills_area
def show_calibration(
    tab: str, experiment: str | None, part: str, judged: dict[str, Any] | None, level: str, theme: str | None
) -> tuple[Any, ...]:
    """Show the reliability before and after temperature scaling."""
    number = require_judged(tab, "calibration", experiment, part, judged)
    results, refused = judge(number, "calibration", {"part": part})
    if results is None:
        return refused, True, no_update
    found = results[level]
    figure = figures.build_reliability_figure(found, theme or "light") if found else no_update
    return trust.build_calibration(results), found is None, figure


@fills_area
def show_conformal(
    tab: str,
    experiment: str | None,
    part: str,
    judged: dict[str, Any] | None,
    level: str,
    coverage: str,
    theme: str | None,
) -> tuple[Any, ...]:
    """Show the conformal sets' measured coverage."""
    number = require_judged(tab, "conformal", experiment, part, judged)
    if coverage not in dict(trust.COVERAGES):
        raise InvalidInputError("Choose one of the offered coverages.")
    results, refused = judge(number, "conformal", {"part": part, "coverage": float(coverage)})
    if results is None:
        return refused, True, no_update, no_update, None
    found, look = results[level], theme or "light"
    drawn = found is not None and found["possible"]
    return (
        trust.build_conformal(results, level),
        not drawn,
        figures.build_coverage_figure(results["curve"], look) if drawn else no_update,
        figures.build_sizes_figure(found["sizes"], level, look) if drawn else no_update,
        trust.build_sets(found) if drawn else None,
    )


@fills_area
def show_open_set(
    tab: str, experiment: str | None, level: str, theme: str | None, _jobs: Any, _started: Any
) -> tuple[Any, ...]:
    """Show what the held-out classes taught, and whether diagnoses use it."""
    number = require_tab(tab, "open_set", experiment)
    allowed = None if may_write() else VIEWER_REASON
    found = EvaluationService.get_evaluation(number, "open_set", actor=current_actor())
    if found is None:
        nothing = build_empty_state("Not tried yet", _NOT_TRIED, icon="question-diamond")
        buttons = (bool(allowed), allowed, True, allowed, True, allowed)
        return nothing, True, no_update, None, None, *buttons, None
    results = found["results"]
    applied = EvaluationService.get_applied_open_set(number, actor=current_actor())
    apply_reason = allowed or _refuse_to_apply(results, applied, found["evaluation_id"])
    is_put_to_use = applied is not None and applied["source"] == "evaluation"
    withdraw_reason = allowed or (None if is_put_to_use else "It is not in use.")
    return (
        trust.build_open_set(results, level),
        False,
        figures.build_open_set_figure(results, level, theme or "light"),
        trust.build_folds(results, level),
        trust.describe_applied(applied, found["evaluation_id"]),
        bool(allowed),
        allowed,
        bool(apply_reason),
        apply_reason,
        bool(withdraw_reason),
        withdraw_reason,
        str(found["evaluation_id"]),
    )


def _refuse_to_apply(
    results: dict[str, Any], applied: dict[str, Any] | None, evaluation_id: int
) -> str | None:
    if not results["possible"] or results["threshold"] is None:
        return "There are too few validation recordings for a threshold."
    if applied and applied["evaluation_id"] == evaluation_id:
        return "It is in use already."
    return None


@requires_role("engineer")
def try_open_set(n_clicks: int | None, experiment: str | None, false_alarms: Any) -> Any:
    """Have every class held out in turn."""
    number = parse_id(experiment)
    if not n_clicks or number is None:
        raise PreventUpdate
    try:
        share = float(false_alarms) / 100.0
    except (TypeError, ValueError) as error:
        raise InvalidInputError("Give the share of known ones that may be rejected, in percent.") from error
    asked = unwrap(
        EvaluationService.request_evaluation(
            number, "open_set", {"false_alarms": share}, actor=current_actor()
        )
    )
    watch_jobs()
    return {"job_id": asked["job_id"], "clicks": n_clicks}


def show_open_set_jobs(tab: str, experiment: str | None, _tick: int | None, _jobs: Any, _started: Any) -> Any:
    """Show how far the job is."""
    return show_progress(list_of_kind(require_tab(tab, "open_set", experiment), "open_set"))


@requires_role("engineer")
def apply_open_set(
    n_clicks: int | None, n_withdrawn: int | None, experiment: str | None, shown: str | None
) -> Any:
    """Let diagnoses say "unknown" by the evaluation that is shown, or let them no longer."""
    number = parse_id(experiment)
    if number is None or not (n_clicks or n_withdrawn):
        raise PreventUpdate
    applies = dash.ctx.triggered_id == EvaluationId.APPLY
    actor = current_actor()
    if applies:
        unwrap(EvaluationService.apply_open_set(number, parse_id(shown), actor=actor))
        show_toast("Diagnoses may now say “unknown”", level="success", link=f"/diagnose?experiment={number}")
    else:
        unwrap(EvaluationService.withdraw_open_set(number, actor=actor))
        show_toast("Diagnoses no longer follow this evaluation", level="success")
    return {"applied": applies, "clicks": (n_clicks or 0) + (n_withdrawn or 0)}


def register(app: dash.Dash) -> None:
    """Wire the three tabs."""
    tab, chosen = Input(EvaluationId.TABS, "data"), Input(EvaluationId.EXPERIMENT, "value")
    part, level = Input(EvaluationId.PART, "value"), Input(EvaluationId.LEVEL, "value")
    theme = Input(FrameId.THEME, "data")
    judged = (tab, chosen, part, Input(EvaluationId.JUDGED, "data"))
    app.callback(
        Output(EvaluationId.CALIBRATION, "children"),
        Output(EvaluationId.RELIABILITY_SHOWN, "hidden"),
        Output(EvaluationId.RELIABILITY, "figure"),
        *judged,
        level,
        theme,
    )(show_calibration)
    app.callback(
        Output(EvaluationId.CONFORMAL, "children"),
        Output(EvaluationId.CONFORMAL_SHOWN, "hidden"),
        Output(EvaluationId.COVERAGE_PLOT, "figure"),
        Output(EvaluationId.SIZES_PLOT, "figure"),
        Output(EvaluationId.SETS, "children"),
        *judged,
        level,
        Input(EvaluationId.COVERAGE, "value"),
        theme,
    )(show_conformal)
    _register_open_set(app, tab, chosen, level, theme)


def _register_open_set(app: dash.Dash, tab: Input, chosen: Input, level: Input, theme: Input) -> None:
    jobs, started = Input(FrameId.JOBS, "data"), Input(EvaluationId.OPEN_SET_ASKED, "data")
    applied = Input(EvaluationId.OPEN_SET_CHANGED, "data")
    buttons = (EvaluationId.OPEN_SET_START, EvaluationId.APPLY, EvaluationId.WITHDRAW)
    app.callback(
        Output(EvaluationId.OPEN_SET, "children"),
        Output(EvaluationId.OPEN_SET_SHOWN, "hidden"),
        Output(EvaluationId.OPEN_SET_PLOT, "figure"),
        Output(EvaluationId.OPEN_SET_TABLE, "children"),
        Output(EvaluationId.APPLIED, "children"),
        *(Output(button, prop) for button in buttons for prop in ("disabled", "title")),
        Output(EvaluationId.APPLY, "value"),  # which evaluation is shown
        tab,
        chosen,
        level,
        theme,
        jobs,
        applied,
    )(show_open_set)
    app.callback(
        Output(EvaluationId.OPEN_SET_ASKED, "data"),
        Input(EvaluationId.OPEN_SET_START, "n_clicks"),
        State(EvaluationId.EXPERIMENT, "value"),
        State(EvaluationId.FALSE_ALARMS, "value"),
        prevent_initial_call=True,
    )(try_open_set)
    app.callback(
        Output(EvaluationId.OPEN_SET_CHANGED, "data"),
        Input(EvaluationId.APPLY, "n_clicks"),
        Input(EvaluationId.WITHDRAW, "n_clicks"),
        State(EvaluationId.EXPERIMENT, "value"),
        State(EvaluationId.APPLY, "value"),
        prevent_initial_call=True,
    )(apply_open_set)
    app.callback(
        Output(EvaluationId.OPEN_SET_JOBS, "children"),
        tab,
        chosen,
        Input(FrameId.JOBS_INTERVAL, "n_intervals"),
        jobs,
        started,
    )(show_open_set_jobs)
