"""Ensembles on both databases: combined, judged, used for a diagnosis, and refused with the reason."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from database.connection import get_db_session
from models.experiment import Experiment
from models.recording import Signal
from models.user import Role
from services.experiment_service import ExperimentService
from services.experiments.runs import get_run_folder
from tests.factories.datasets import SmallDataset, add_small_dataset
from tests.factories.experiments import TINY_NETWORK, create, train
from tests.factories.jobs import add_person


@pytest.fixture
def small(each_database: object) -> SmallDataset:
    return add_small_dataset()


def combine(ids: list[int]) -> int:
    made = ExperimentService.create_ensemble(ids)
    assert made["success"], made["error"]
    assert ExperimentService.run_training_job(made["job_id"], "w") == "done"
    return int(made["experiment_id"])


def test_finished_experiments_vote_as_one_and_diagnose(small: SmallDataset) -> None:
    members = [train(small), train(small, "cnn_lstm", options=TINY_NETWORK)]
    ensemble_id = combine(members)
    found = ExperimentService.get_experiment(ensemble_id)
    results = ExperimentService.get_results(ensemble_id)
    assert found is not None and results is not None
    assert (found["status"], found["network_title"]) == ("done", "Soft-vote ensemble")
    assert found["members"] == members
    assert found["train_cpu_s"] == pytest.approx(
        sum((ExperimentService.get_experiment(each) or {})["train_cpu_s"] for each in members)
    )
    assert results["test"]["recording_level"]["n"] == 2
    assert found["test_evaluations"] == 1
    with get_db_session(read_only=True) as session:
        signal_id = session.scalar(select(Signal.id).order_by(Signal.id.desc()).limit(1))
    asked = ExperimentService.request_diagnosis(experiment_id=ensemble_id, signal_id=signal_id)
    assert asked["success"], asked["error"]
    assert ExperimentService.run_diagnosis_job(asked["job_id"], "w") == "done"
    diagnosis = ExperimentService.get_diagnosis(asked["diagnosis_id"])
    assert diagnosis is not None
    assert sum(diagnosis["answer"]["probabilities"].values()) == pytest.approx(1.0, abs=1e-5)


def test_members_that_cannot_vote_together_are_refused_with_the_reason(small: SmallDataset) -> None:
    first, second = train(small), train(small, seeds=[1])
    waiting = create(small, seeds=[2])["experiment_ids"][0]
    ensemble_id = combine([first, second])
    for ids, words in (
        ([first], "2 to 20"),
        ([first, 99_999], "no experiment 99999"),
        ([first, waiting], "no classifier yet"),
        ([first, ensemble_id], "is an ensemble itself"),
    ):
        refused = ExperimentService.create_ensemble(ids)
        assert not refused["success"] and words in refused["error"], refused
    with get_db_session() as session:
        session.execute(update(Experiment).where(Experiment.id == second).values(channel="FE"))
        session.commit()
    assert "do not share their channel" in ExperimentService.create_ensemble([first, second])["error"]
    viewer = add_person(Role.VIEWER)
    assert ExperimentService.create_ensemble([first, second], actor=viewer)["error_code"] == "forbidden"


def test_a_member_whose_files_changed_fails_the_job_with_the_reason(small: SmallDataset) -> None:
    members = [train(small), train(small, seeds=[1])]
    made = ExperimentService.create_ensemble(members)
    with get_db_session(read_only=True) as session:
        folder = session.get_one(Experiment, members[1]).folder
    card = get_run_folder(folder) / "classifier" / "classifier.json"
    card.write_text(card.read_text().replace("random_forest", "cnn_lstm"))
    assert ExperimentService.run_training_job(made["job_id"], "w") == "failed"
    found = ExperimentService.get_experiment(made["experiment_id"])
    assert found is not None and "hash" in found["job"]["error"]
