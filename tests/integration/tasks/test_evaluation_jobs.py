"""Evaluations in a real worker, published by a real dispatcher."""

from __future__ import annotations

import pytest

from dashboard_config import Settings
from services.evaluation_service import EvaluationService
from services.jobs import board
from tests.factories.evaluations import add_faint_dataset, train_forest
from tests.integration.tasks.conftest import Installation
from utils.processes import wait_until

pytestmark = pytest.mark.slow

ENOUGH_S = 240.0  # on a busy machine; nothing waits this long unless it fails


def get_state(job_id: int) -> str:
    job = board.get_job(job_id)
    assert job is not None
    return str(job["state"])


def test_a_worker_holds_classes_out_and_obeys_a_cancellation(
    installation: Installation, sqlite_database: Settings
) -> None:
    experiment_id = train_forest(add_faint_dataset(n_loads=9)[1])
    installation.start("dispatcher", "worker-train")
    asked = EvaluationService.request_evaluation(experiment_id, "open_set")
    job_id = asked["job_id"]
    assert wait_until(lambda: get_state(job_id) == "done", ENOUGH_S), installation.read_log()
    found = EvaluationService.get_evaluation(experiment_id, "open_set")
    assert found is not None
    assert len(found["results"]["folds"]) == 3
    job = board.get_job(job_id)
    assert job is not None
    assert job["result"]["evaluation_id"] == found["evaluation_id"]
    assert job["link"] == f"/evaluation?experiment={experiment_id}&tab=open_set"

    levels = [float(level) for level in range(1, 21)]
    long = EvaluationService.test_robustness(experiment_id, levels, gain_levels=levels)["job_id"]

    def is_under_way() -> bool:
        running = board.get_job(long)
        return running is not None and running["progress"] > 0.01

    assert wait_until(is_under_way, ENOUGH_S), installation.read_log()
    assert board.cancel_job(long)["success"]
    assert wait_until(lambda: get_state(long) == "cancelled", ENOUGH_S), installation.read_log()
    assert EvaluationService.get_evaluation(experiment_id, "robustness") is None
