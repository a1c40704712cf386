"""Explanations that are asked for and worked out in this process."""

from __future__ import annotations

from typing import Any

from services.jobs import board
from services.xai_service import XAIService

FOREST = {"n_trees": 20, "window_s": 0.5}


def work_out(asked: dict[str, Any]) -> dict[str, Any]:
    """Run the job of an explanation that was asked for, and return it with its curves."""
    assert asked["success"], asked["error"]
    assert asked["explanation"] is None
    state = XAIService.run_explanation_job(asked["job_id"], "w")
    job = board.get_job(asked["job_id"])
    assert job is not None
    assert state == "done", job["error"]
    found = XAIService.get_explanation(job["result"]["explanation_id"])
    assert found is not None
    return found


def explain(experiment_id: int, signal_id: int, method: str = "occlusion", **options: Any) -> dict[str, Any]:
    """Ask for an explanation without checks of its worth and work it out."""
    return work_out(XAIService.explain(experiment_id, signal_id, method, **{"trust": False, **options}))
