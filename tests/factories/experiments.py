"""Experiments that are created and trained in this process."""

from __future__ import annotations

from sqlalchemy import func, select

from database.connection import get_db_session
from models.experiment import Experiment
from models.job import Job
from services.experiment_service import ExperimentService
from tests.factories.datasets import SmallDataset

FOREST = {"n_trees": 20, "window_s": 0.1}
TINY_NETWORK = {"epochs": 3, "window_s": 0.1, "hidden_size": 8, "n_filters": 4, "batch_size": 8}


def create(small: SmallDataset, network: str = "random_forest", **more: object) -> dict[str, list[int]]:
    options = FOREST if network == "random_forest" else TINY_NETWORK
    config = {
        "network": network, "split_id": small.split_id, "options": options, "baseline": False, **more,
    }  # fmt: skip
    created = ExperimentService.create_experiment(config)
    assert created["success"], created["error"]
    return created


def train(small: SmallDataset, network: str = "random_forest", **more: object) -> int:
    created = create(small, network, **more)
    assert ExperimentService.run_training_job(created["job_ids"][0], "w") == "done"
    return created["experiment_ids"][0]


def count_rows() -> tuple[int, int]:
    with get_db_session(read_only=True) as session:
        experiments = session.scalar(select(func.count()).select_from(Experiment))
        return int(experiments or 0), int(session.scalar(select(func.count()).select_from(Job)) or 0)
