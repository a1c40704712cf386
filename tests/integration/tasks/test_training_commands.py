"""A running training obeys within seconds, however long one of its steps takes."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from dashboard_config import Settings
from services.experiment_service import ExperimentService
from services.jobs import board
from tests.factories.datasets import add_small_dataset
from tests.integration.tasks.conftest import Installation
from utils.processes import wait_until

pytestmark = pytest.mark.slow

# One step of this network takes many seconds on one core.
SLOW = {"epochs": 3, "batch_size": 2048, "window_s": 0.1, "hop_s": 0.001, "n_filters": 512, "hidden_size": 8}
OBEYED_WITHIN_S = 5.0
ENOUGH_S = 240.0  # on a busy machine; nothing waits this long unless it fails


def wait(reached: Callable[[], bool], installation: Installation) -> None:
    assert wait_until(reached, ENOUGH_S), installation.read_log()


def measure(reached: Callable[[], bool], installation: Installation) -> float:
    """Return after how many seconds something became true, had this process a core for itself."""
    began_s = time.monotonic()
    wait(reached, installation)
    waited_s = time.monotonic() - began_s
    began_s, began_cpu_s = time.monotonic(), time.process_time()
    while time.process_time() - began_cpu_s < 0.2:
        pass
    return waited_s * 0.2 / (time.monotonic() - began_s)


def test_pause_and_stop_are_obeyed_within_five_seconds_in_the_middle_of_a_step(
    installation: Installation, sqlite_database: Settings
) -> None:
    small = add_small_dataset()
    created = ExperimentService.create_experiment(
        {"network": "cnn_lstm", "split_id": small.split_id, "options": SLOW, "baseline": False}
    )
    assert created["success"], created["error"]
    experiment_id, job_id = created["experiment_ids"][0], created["job_ids"][0]

    def has_said(text: str) -> bool:
        return any(text in row["text"] for row in ExperimentService.list_training_messages(experiment_id))

    def is_over() -> bool:
        job = board.get_job(job_id)
        assert job is not None
        return job["state"] != "running" or str(job["progress_text"]).startswith("judging")

    installation.start("dispatcher", "worker-train")
    wait(lambda: has_said("Begins with"), installation)
    time.sleep(1.0)  # the first step is going on
    assert ExperimentService.pause(experiment_id)["success"]
    assert measure(is_over, installation) < OBEYED_WITHIN_S
    assert board.get_job(job_id)["state"] == "paused"  # type: ignore[index]
    assert ExperimentService.get_training_history(experiment_id) == []

    assert ExperimentService.resume(experiment_id)["success"]
    wait(lambda: has_said("Resumed in epoch 1 after 0 batches"), installation)
    time.sleep(1.0)
    assert ExperimentService.stop(experiment_id)["success"]
    assert measure(is_over, installation) < OBEYED_WITHIN_S
    assert has_said("Stopped within the first epoch")
