"""Experiments with errors to evaluate: three classes, sixteen recordings each, faint faults."""

from __future__ import annotations

from services.dataset_service import DatasetService
from services.evaluation_service import EvaluationService
from services.experiment_service import ExperimentService
from services.jobs import board
from tests.factories.datasets import SmallDataset, add_small_dataset

CLASSES = ("healthy", "inner_race", "outer_race")
OPTIONS = {"n_trees": 20, "window_s": 0.25}


def add_faint_dataset(name: str = "Faint rig", n_loads: int = 16) -> tuple[SmallDataset, int]:
    """Store the recordings; return them with the id of a split by recording."""
    small = add_small_dataset(name, CLASSES, n_loads=n_loads, strength=0.06)
    split = DatasetService.create_split(
        small.dataset_id, "by recording", "recording", accept_amber="one rig",
        validation_fraction=0.35, test_fraction=0.35,
    )  # fmt: skip
    assert split["success"], split["error"]
    return small, split["split_id"]


def train_forest(split_id: int, **options: object) -> int:
    """Train a small forest on a split and return the experiment's id."""
    config = {"network": "random_forest", "split_id": split_id, "options": {**OPTIONS, **options}}
    created = ExperimentService.create_experiment(config)
    assert created["success"], created["error"]
    assert ExperimentService.run_training_job(created["job_ids"][0], "w") == "done"
    return int(created["experiment_ids"][0])


def evaluate(experiment_id: int, kind: str, config: dict[str, object] | None = None) -> dict[str, object]:
    """Ask for an evaluation, run its job in this process, and return it."""
    asked = EvaluationService.request_evaluation(experiment_id, kind, config)
    assert asked["success"], asked["error"]
    if asked["evaluation"] is not None:
        return dict(asked["evaluation"])
    state = EvaluationService.run_evaluation_job(asked["job_id"], "w")
    job = board.get_job(asked["job_id"])
    assert job is not None
    assert state == "done", job["error"]
    found = EvaluationService.get_evaluation(experiment_id, kind, config)
    assert found is not None
    return found
