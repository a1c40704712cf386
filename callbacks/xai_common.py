"""What the explanations' callbacks share: the chosen experiment, its methods, its kept explanations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash.development.base_component import Component

from callbacks.context import current_actor, parse_id, unwrap, watch_jobs
from layouts.components.evaluation_parts import build_jobs
from layouts.components.jobs import ACTIVE_STATES
from services.experiment_service import ExperimentService
from services.xai_service import XAIService

WHAT_IF = "what_if"
_MOST_LOOKED_AT = 50


def find_experiment(experiment: Any) -> dict[str, Any] | None:
    """Return the chosen experiment, or None."""
    number = parse_id(experiment)
    return None if number is None else ExperimentService.get_experiment(number, actor=current_actor())


def find_methods(experiment_id: int) -> dict[str, Any]:
    """Return what explains an experiment's classifier and what can't, with the reasons."""
    found: dict[str, Any] = unwrap(XAIService.list_methods(experiment_id, actor=current_actor()))
    return found


def name_methods(experiment_id: int) -> dict[str, str]:
    """Return the title of every method by its name."""
    return {each["name"]: each["title"] for each in find_methods(experiment_id)["methods"]}


def list_kept(
    experiment_id: int, *, method: str | None = None, signal_id: int | None = None
) -> list[dict[str, Any]]:
    """Return the headers of an experiment's explanations, newest first, those under way too."""
    found = XAIService.list_explanations(
        experiment_id,
        signal_id=signal_id,
        method=method,
        per_page=_MOST_LOOKED_AT,
        actor=current_actor(),
    )
    items: list[dict[str, Any]] = found["items"]
    return items


def follow(
    asked: Mapping[str, Any], experiment_id: int, method: str, signal_id: int | None = None
) -> int | None:
    """Return the explanation that was asked for, also while its job is under way, and watch that job."""
    if asked["explanation"] is not None:
        return int(asked["explanation"]["explanation_id"])
    watch_jobs()
    headers = list_kept(experiment_id, method=method, signal_id=signal_id)
    mine = [each["explanation_id"] for each in headers if each["job_id"] == asked["job_id"]]
    return mine[0] if mine else None


def is_active(header: Mapping[str, Any]) -> bool:
    """Tell whether the job of an explanation is under way."""
    return header["job"] is not None and header["job"]["state"] in ACTIVE_STATES


def choose_kept(headers: Sequence[Mapping[str, Any]], named: int | None = None) -> int | None:
    """Return the explanation to show: the one that is named, else the newest that is there or on its way."""
    if named is not None and any(each["explanation_id"] == named for each in headers):
        return named
    ready = [each for each in headers if is_active(each) or (each["is_done"] and each["current"])]
    chosen = (ready or list(headers))[:1]
    return chosen[0]["explanation_id"] if chosen else None


def show_progress(found: Mapping[str, Any] | None) -> Component | None:
    """Return the job of an explanation while it is under way."""
    return build_jobs([found["job"]]) if found is not None and is_active(found) else None
