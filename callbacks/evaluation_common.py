"""What the evaluation's callbacks share: the chosen experiment, its evaluations, the jobs behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import current_actor, may_write, parse_id
from layouts.components.evaluation_parts import build_failure, build_jobs, build_refused
from layouts.components.jobs import ACTIVE_STATES
from services.evaluation_service import EvaluationService
from services.experiment_service import ExperimentService


def require_tab(tab: str, wanted: str, experiment: Any) -> int:
    """Return the chosen experiment's id where its tab is open; nothing is worked out for a closed one."""
    number = parse_id(experiment)
    if tab != wanted or number is None:
        raise PreventUpdate
    return number


def require_judged(
    tab: str, wanted: str, experiment: Any, part: str, judged: Mapping[str, Any] | None
) -> int:
    """Return the chosen experiment's id where its tab is open and its predictions have been looked for.

    Until then nothing is worked out, so that nothing is worked out twice at once.
    """
    number = require_tab(tab, wanted, experiment)
    if judged is None or (judged["experiment_id"], judged["part"]) != (number, part):
        raise PreventUpdate
    return number


def judge(
    experiment_id: int, kind: str, config: Mapping[str, Any]
) -> tuple[Mapping[str, Any] | None, Component | None]:
    """Return the results of a quick evaluation, or the reason why there are none."""
    found = EvaluationService.get_evaluation(experiment_id, kind, dict(config), actor=current_actor())
    if found is not None:
        return found["results"], None
    if not may_write():
        return None, build_refused("Not worked out yet: it is when an engineer opens this page.")
    asked = EvaluationService.request_evaluation(experiment_id, kind, dict(config), actor=current_actor())
    if not asked["success"]:
        return None, build_refused(asked["error"])
    evaluation = asked["evaluation"]
    if evaluation is None:
        return None, build_refused("It is being worked out. Come back in a moment.")
    return evaluation["results"], None


def list_of_kind(experiment_id: int, kind: str) -> list[dict[str, Any]]:
    """Return an experiment's evaluations of a kind, newest first, jobs under way too."""
    listed = EvaluationService.list_evaluations(experiment_id, actor=current_actor())
    return [each for each in listed if each["kind"] == kind]


def show_progress(evaluations: Sequence[Mapping[str, Any]]) -> Component | None:
    """Return the jobs under way; where none is, why the newest gave nothing."""
    active = [each["job"] for each in evaluations if is_active(each)]
    if active:
        return build_jobs(active)
    newest = evaluations[0]["job"] if evaluations else None
    return build_failure(newest)


def is_active(evaluation: Mapping[str, Any]) -> bool:
    """Tell whether the job of a listed evaluation is under way."""
    return evaluation["job"] is not None and evaluation["job"]["state"] in ACTIVE_STATES


def find_experiment(experiment: Any) -> dict[str, Any] | None:
    """Return the chosen experiment, or None."""
    number = parse_id(experiment)
    return None if number is None else ExperimentService.get_experiment(number, actor=current_actor())


def read_cell(cell: str | None, n_classes: int) -> tuple[int, int] | None:
    """Return (label, answer) of a confusion cell's key, or None."""
    parts = (cell or "").split("-")
    if len(parts) != 2 or not all(part.isdecimal() and int(part) < n_classes for part in parts):
        return None
    return int(parts[0]), int(parts[1])
