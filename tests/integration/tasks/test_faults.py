"""Nothing lost, nothing twice: a training survives what can happen to the processes around it."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from dashboard_config import Settings
from services.experiment_service import ExperimentService
from services.jobs import board
from services.shared.compute import limit_compute_threads
from tests.factories.datasets import SmallDataset, add_small_dataset
from tests.integration.tasks.conftest import Installation
from utils.processes import wait_until

pytestmark = pytest.mark.slow

OPTIONS = {
    "epochs": 12,
    "patience": 12,
    "window_s": 0.1,
    "hop_s": 0.005,
    "hidden_size": 16,
    "n_filters": 8,
    "batch_size": 16,
}
IN_MID_TRAINING = 3  # epochs done when something happens
ENOUGH_S = 240.0  # on a busy machine; nothing waits this long unless it fails


_small: dict[Path, SmallDataset] = {}


@pytest.fixture
def small(installation: Installation) -> SmallDataset:
    """One dataset in each installation."""
    folder = installation.settings.data_dir
    if folder not in _small:
        _small[folder] = add_small_dataset()
    return _small[folder]


def create(small: SmallDataset, **options: Any) -> tuple[int, int]:
    config = {
        "network": "cnn_lstm",
        "split_id": small.split_id,
        "options": {**OPTIONS, **options},
        "baseline": False,
    }
    created = ExperimentService.create_experiment(config)
    assert created["success"], created["error"]
    return created["experiment_ids"][0], created["job_ids"][0]


def get_state(job_id: int) -> str:
    job = board.get_job(job_id)
    assert job is not None
    return str(job["state"])


def wait_for_epoch(installation: Installation, experiment_id: int, epoch: int) -> None:
    def reached() -> bool:
        return len(ExperimentService.get_training_history(experiment_id)) >= epoch

    assert wait_until(reached, ENOUGH_S), installation.read_log()


def wait_for_state(installation: Installation, job_id: int, state: str) -> dict[str, Any]:
    assert wait_until(lambda: get_state(job_id) == state, ENOUGH_S), (
        board.get_job(job_id),
        installation.read_log(),
    )
    job = board.get_job(job_id)
    assert job is not None
    return job


def get_weights(settings: Settings, experiment_id: int) -> bytes:
    """Return the weights that experiment left behind."""
    experiment = ExperimentService.get_experiment(experiment_id)
    assert experiment is not None
    found = [
        path.read_bytes()
        for path in settings.experiments_dir.glob("*/classifier/weights-*")
        if f'"experiment_id": {experiment_id},' in (path.parent / "classifier.json").read_text()
    ]
    assert len(found) == 1
    return found[0]


def freeze_between_writes(installation: Installation, process: psutil.Process) -> None:
    """Freeze a process while it holds no lock of SQLite, which nobody could take from it."""
    path = installation.settings.data_dir / "lstm_pfd.sqlite3"
    for _ in range(50):
        process.suspend()
        with closing(sqlite3.connect(path, timeout=0.2, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                connection.rollback()
                return
            except sqlite3.OperationalError:
                process.resume()
                time.sleep(0.05)
    raise AssertionError("the process was never found between two writes")


_calm: dict[str, tuple[bytes, float]] = {}


@pytest.fixture
def calm(installation: Installation, small: SmallDataset) -> tuple[bytes, float]:
    """Weights and length in seconds of a training that nothing disturbed, run once in this process."""
    if not _calm:
        if "dispatcher" in installation.processes:
            installation.stop("dispatcher")  # else a worker could come first
        limit_compute_threads()
        experiment_id, job_id = create(small)
        began_s = time.monotonic()
        assert ExperimentService.run_training_job(job_id, "calm") == "done"
        _calm["found"] = get_weights(installation.settings, experiment_id), time.monotonic() - began_s
    return _calm["found"]


@pytest.fixture
def calm_weights(calm: tuple[bytes, float]) -> bytes:
    return calm[0]


@pytest.mark.parametrize("n_kills", [1, pytest.param(20, marks=pytest.mark.soak)])
def test_trainings_killed_at_random_are_taken_up_again_and_end_in_the_same_weights(
    n_kills: int, installation: Installation, small: SmallDataset, calm: tuple[bytes, float]
) -> None:
    calm_weights, calm_s = calm
    installation.start("dispatcher", "worker-train")
    n_killed = 0
    while n_killed < n_kills:
        experiment_id, job_id = create(small)
        wait_for_state(installation, job_id, "running")
        time.sleep(random.uniform(0.0, calm_s))
        installation.find_child("worker-train").send_signal(signal.SIGKILL)
        n_killed += wait_for_state(installation, job_id, "done")["attempt"] > 1  # else it had ended by then
        assert get_weights(installation.settings, experiment_id) == calm_weights
        history = ExperimentService.get_training_history(experiment_id)
        assert [row["epoch"] for row in history] == list(range(1, len(history) + 1))


def test_another_worker_takes_over_from_one_that_was_killed_whole(
    installation: Installation, small: SmallDataset, calm_weights: bytes
) -> None:
    installation.start("dispatcher", "worker-train")
    experiment_id, job_id = create(small)
    wait_for_epoch(installation, experiment_id, IN_MID_TRAINING)
    installation.kill("worker-train")
    wait_for_state(installation, job_id, "queued")
    installation.start("worker-train")
    wait_for_state(installation, job_id, "done")
    assert get_weights(installation.settings, experiment_id) == calm_weights


def test_redis_that_comes_back_empty_loses_no_job(
    installation: Installation, small: SmallDataset, calm_weights: bytes
) -> None:
    installation.start("dispatcher", "worker-train")
    experiment_id, job_id = create(small)
    _, waiting_id = create(small, epochs=2)
    wait_for_epoch(installation, experiment_id, IN_MID_TRAINING)
    installation.redis.kill()
    assert wait_until(lambda: not board.get_queue_health()["broker_alive"], ENOUGH_S)
    assert "Redis" in board.get_queue_health()["banner"]
    for file in installation.redis.folder.rglob("*.aof*"):
        file.unlink()
    installation.redis.start()
    assert wait_for_state(installation, job_id, "done")["attempt"] == 1
    wait_for_state(installation, waiting_id, "done")
    assert get_weights(installation.settings, experiment_id) == calm_weights


def test_a_job_made_while_redis_is_down_waits_and_then_runs(
    installation: Installation, small: SmallDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.start("dispatcher", "worker-train")
    installation.redis.stop()
    with monkeypatch.context() as patch:
        patch.delattr(redis.connection.AbstractConnection, "connect")  # who makes a job never asks Redis
        _, job_id = create(small, epochs=2)
    assert wait_until(lambda: "Redis" in board.get_queue_health()["banner"], ENOUGH_S)
    assert get_state(job_id) == "queued"
    installation.redis.start()
    wait_for_state(installation, job_id, "done")


def test_a_worker_that_shuts_down_checkpoints_and_the_next_one_goes_on(
    installation: Installation, small: SmallDataset, calm_weights: bytes
) -> None:
    installation.start("dispatcher", "worker-train")
    experiment_id, job_id = create(small)
    wait_for_epoch(installation, experiment_id, IN_MID_TRAINING)
    installation.stop("worker-train")
    assert get_state(job_id) == "queued", installation.read_log()
    installation.start("worker-train")
    assert wait_for_state(installation, job_id, "done")["attempt"] == 1
    assert get_weights(installation.settings, experiment_id) == calm_weights


def test_a_frozen_training_that_wakes_up_late_changes_nothing(
    installation: Installation, small: SmallDataset, calm_weights: bytes
) -> None:
    installation.start("dispatcher", "worker-train")
    experiment_id, job_id = create(small)
    wait_for_epoch(installation, experiment_id, IN_MID_TRAINING)
    frozen = installation.find_child("worker-train")
    freeze_between_writes(installation, frozen)
    wait_for_state(installation, job_id, "queued")
    frozen.resume()
    assert wait_for_state(installation, job_id, "done")["attempt"] == 2
    assert get_weights(installation.settings, experiment_id) == calm_weights


def test_a_job_that_kills_its_process_every_time_is_buried_and_the_next_one_runs(
    installation: Installation, small: SmallDataset
) -> None:
    installation.start("dispatcher", "worker-train")
    experiment_id, job_id = create(small, epochs=10_000, patience=10_000)
    _, next_id = create(small, epochs=2)
    for attempt in (1, 2, 3):

        def running(number: int = attempt) -> bool:
            job = board.get_job(job_id)
            return job is not None and job["attempt"] == number and job["state"] == "running"

        assert wait_until(running, ENOUGH_S), installation.read_log()
        installation.find_child("worker-train").send_signal(signal.SIGKILL)
    job = wait_for_state(installation, job_id, "dead")
    assert "lost 3 times" in job["error"]
    wait_for_state(installation, next_id, "done")
    assert ExperimentService.get_results(experiment_id) is None
