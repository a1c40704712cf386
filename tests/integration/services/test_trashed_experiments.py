"""Experiments in the trash: nothing new is asked of them, and nothing under way is thrown away."""

from __future__ import annotations

import pytest

from database.connection import get_db_session
from models.job import Job
from services.evaluation_service import EvaluationService
from services.experiment_service import ExperimentService
from services.jobs import board
from tests.factories.datasets import SmallDataset, add_small_dataset
from tests.factories.experiments import TINY_NETWORK, train


@pytest.fixture
def small(each_database: object) -> SmallDataset:
    return add_small_dataset()


@pytest.mark.parametrize("state", ["queued", "running"])
def test_an_experiment_goes_neither_into_the_trash_nor_away_while_it_is_evaluated(
    small: SmallDataset, state: str
) -> None:
    other, evaluated = train(small), train(small, name="Under a stopwatch")
    job_id = EvaluationService.request_evaluation(evaluated, "latency")["job_id"]
    with get_db_session() as session:
        session.get_one(Job, job_id).state = state
        session.commit()
    for action in (ExperimentService.trash_experiments, ExperimentService.delete_experiments):
        refused = action([other, evaluated])
        assert refused["error_code"] == "job_state"
        assert refused["error"] == "An evaluation is not over: 'Under a stopwatch'. Cancel it first."
    assert ExperimentService.delete_experiment(evaluated)["error_code"] == "job_state"
    with get_db_session() as session:
        session.get_one(Job, job_id).state = "queued"
        session.commit()
    assert board.cancel_job(job_id)["success"]
    assert ExperimentService.delete_experiments([other, evaluated])["n_deleted"] == 2
    job = board.get_job(job_id)
    assert job is not None
    assert job["link"] is None  # it would lead nowhere


def test_nothing_new_is_asked_of_an_experiment_in_the_trash(small: SmallDataset) -> None:
    experiment_id = train(small, name="Thrown away")
    assert EvaluationService.request_evaluation(experiment_id, "errors")["success"]
    assert ExperimentService.trash_experiments([experiment_id])["success"]
    for kind in ("errors", "roc", "latency"):
        refused = EvaluationService.request_evaluation(experiment_id, kind)
        assert (refused["success"], refused["error_code"]) == (False, "conflict"), kind
        assert refused["error"] == "'Thrown away' is in the trash; restore it first."
    assert EvaluationService.get_evaluation(experiment_id, "errors") is not None
    assert ExperimentService.restore_experiments([experiment_id])["success"]
    assert EvaluationService.request_evaluation(experiment_id, "latency")["job_id"]


def test_no_training_begins_with_an_experiment_in_the_trash(small: SmallDataset) -> None:
    parent = train(small, "cnn_lstm", name="Thrown away")
    config = {
        "network": "cnn_lstm", "options": TINY_NETWORK, "split_id": small.split_id, "parent_id": parent,
    }  # fmt: skip
    assert ExperimentService.check_experiment(config)["success"]
    ExperimentService.trash_experiments([parent])
    refused = ExperimentService.check_experiment(config)
    assert refused["error_code"] == "conflict"
    assert refused["error"] == "'Thrown away' is in the trash; restore it first."
