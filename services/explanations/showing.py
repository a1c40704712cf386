"""One explanation as pages, REST and commands show it."""

from __future__ import annotations

from typing import Any

from database.connection import get_db_session
from models.job import Job
from services.explanations.describing import describe_curves
from services.explanations.storing import describe_row, find_newest_attribution, load_row
from services.jobs.board import describe_job
from utils.exceptions import DataDamagedError, NotFoundError

_FEWEST_POINTS, _MOST_POINTS = 10, 20_000


def show(explanation_id: int, window: int, n_points: int) -> dict[str, Any]:
    """Return an explanation with the curves of one of its windows, and its job.

    Raises:
        NotFoundError: There is none.
        DataDamagedError: Its curves can't be read.
    """
    row, experiment, groups = load_row(explanation_id)
    job = None
    if row.job_id is not None:
        with get_db_session(read_only=True) as session:
            job = session.get(Job, row.job_id)
    described = describe_row(row, experiment)
    points = min(max(n_points, _FEWEST_POINTS), _MOST_POINTS)
    curves = describe_curves(groups, max(window, 0), points) if groups else None
    if curves is not None:
        _place(curves, row.summary or {}, max(window, 0))
    return {**described, "curves": curves, "job": describe_job(job, with_result=False) if job else None}


def show_newest_attribution(
    experiment_id: int, signal_id: int, classifier_sha256: str, n_points: int
) -> dict[str, Any] | None:
    """Return what a classifier looked at in a signal, as kept last; None where nothing (readable) is kept."""
    with get_db_session(read_only=True) as session:
        found = find_newest_attribution(session, experiment_id, signal_id, classifier_sha256)
    try:
        return None if found is None else show(found, 0, n_points)
    except (NotFoundError, DataDamagedError):  # deleted in between, or broken
        return None


def _place(curves: dict[str, Any], summary: dict[str, Any], window: int) -> None:
    """Say where the points of each curve lie."""
    steps = summary.get("steps", {})
    for name, curve in curves.items():
        curve.update(steps.get(name, {}))
    windows = summary.get("windows") or []
    if "time" in curves and windows:
        curves["time"]["start_s"] = windows[min(window, len(windows) - 1)]["start_s"]
