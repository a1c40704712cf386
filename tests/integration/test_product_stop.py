"""Everything is told to stop in mid-training, and goes on at the next start."""

from __future__ import annotations

import signal

import pytest

from dashboard_config import Settings
from services.experiment_service import ExperimentService
from services.jobs import board
from tests.factories.datasets import add_small_dataset
from tests.servers import Product
from utils.processes import wait_until

OPTIONS = {
    "epochs": 16,
    "patience": 16,
    "window_s": 0.1,
    "hop_s": 0.005,
    "hidden_size": 16,
    "n_filters": 8,
    "batch_size": 16,
}
ENOUGH_S = 240.0  # on a busy machine; nothing waits this long unless it fails


def _create_training(split_id: int) -> tuple[int, int]:
    config = {"network": "cnn_lstm", "split_id": split_id, "options": OPTIONS}
    created = ExperimentService.create_experiment(config)
    assert created["success"], created["error"]
    return created["experiment_ids"][0], created["job_ids"][0]


def _n_epochs(experiment_id: int) -> int:
    return len(ExperimentService.get_training_history(experiment_id))


@pytest.mark.slow
def test_a_stop_in_mid_training_checkpoints_and_the_next_start_goes_on(sqlite_database: Settings) -> None:
    experiment_id, job_id = _create_training(add_small_dataset().split_id)
    product = Product(sqlite_database.data_dir, SHUTDOWN_GRACE_S=60, RUN_MODE="minimal")
    product.start()
    assert wait_until(lambda: _n_epochs(experiment_id) >= 3, ENOUGH_S), board.get_job(job_id)

    assert product.stop(signal.SIGTERM, timeout_s=90) == 0
    assert product.find_processes() == []
    assert not any("did not stop in time" in line for line in product.lines)
    job = board.get_job(job_id)
    assert job is not None
    assert (job["state"], _n_epochs(experiment_id) < OPTIONS["epochs"]) == ("queued", True)

    product.start()
    assert wait_until(lambda: board.get_job(job_id)["state"] == "done", ENOUGH_S), board.get_job(job_id)
    product.stop()
    finished = board.get_job(job_id)
    assert finished is not None
    assert finished["attempt"] == 1
    epochs = [row["epoch"] for row in ExperimentService.get_training_history(experiment_id)]
    assert epochs == list(range(1, len(epochs) + 1))
