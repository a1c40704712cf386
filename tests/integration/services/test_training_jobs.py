"""What a training job leaves behind: its log, F1 per class, and a fine-tuned network."""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update

from core.training.classifier import Classifier
from core.training.run import CLASSIFIER_FOLDER
from dashboard_config import Settings
from database.connection import get_db_session
from models.experiment import Experiment
from models.job import Job
from services.experiment_service import ExperimentService
from services.experiments import judging
from services.experiments.runs import get_run_folder
from services.jobs import board
from services.jobs.runner import JobHandle
from tests.factories.datasets import SmallDataset, add_small_dataset

TINY: dict[str, Any] = {"epochs": 2, "window_s": 0.1, "hidden_size": 4, "n_filters": 4}


@pytest.fixture
def small(sqlite_database: Settings) -> SmallDataset:
    return add_small_dataset()


def create(small: SmallDataset, options: dict[str, Any] | None = None, **config: Any) -> tuple[int, int]:
    created = ExperimentService.create_experiment(
        {
            "network": "cnn_lstm", "split_id": small.split_id, "baseline": False,
            "options": {**TINY, **(options or {})}, **config,
        }
    )  # fmt: skip
    assert created["success"], created["error"]
    return created["experiment_ids"][0], created["job_ids"][0]


def train(small: SmallDataset, options: dict[str, Any] | None = None, **config: Any) -> int:
    experiment_id, job_id = create(small, options, **config)
    assert ExperimentService.run_training_job(job_id, "w") == "done", board.get_job(job_id)
    return experiment_id


def list_messages(experiment_id: int) -> list[tuple[int | None, str, str]]:
    rows = ExperimentService.list_training_messages(experiment_id)
    return [(row["epoch"], row["level"], row["text"]) for row in rows]


def find_folder(experiment_id: int) -> Any:
    with get_db_session(read_only=True) as session:
        experiment = session.get(Experiment, experiment_id)
        assert experiment is not None
        return get_run_folder(experiment.folder)


def read_weights(experiment_id: int) -> dict[str, np.ndarray]:
    return Classifier.load(find_folder(experiment_id) / CLASSIFIER_FOLDER).model.to_arrays()


def test_what_a_training_says_is_kept_with_epoch_and_level(small: SmallDataset) -> None:
    said = list_messages(
        train(small, {"mixed_precision": True, "patience": 1, "minimum_gain": 1.0, "epochs": 3})
    )
    assert any("mixed_precision needs a GPU" in text for _, _, text in said)
    assert (1, "info", "Begins with 76 training and 38 validation windows of 200 samples.") in said
    assert (2, "info", "Ended: no better than epoch 1 for 1 epochs.") in said


def test_a_warning_is_stored_as_one(small: SmallDataset) -> None:
    said = list_messages(train(small, {"epochs": 5, "learning_rate": 1e-7}))
    assert [(epoch, level) for epoch, level, text in said if "guessing" in text] == [(5, "warning")]


def test_a_line_that_is_told_again_after_a_kill_stands_once(small: SmallDataset) -> None:
    experiment_id, job_id = create(small)
    ExperimentService.pause(experiment_id)
    ExperimentService.resume(experiment_id)
    assert ExperimentService.run_training_job(job_id, "w") == "done"
    texts = [text for _, _, text in list_messages(experiment_id) if text.startswith("Begins with")]
    assert len(texts) == 1


def test_a_worker_that_shuts_down_in_the_last_step_leaves_it_to_the_next_which_ends_the_same(
    small: SmallDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, attempts = judging.keep_rules_of, []

    def keep(run: Any, classifier: Any, validation: Any, handle: JobHandle, progress: float) -> Any:
        attempts.append(read_weights(run.experiment.id))
        if len(attempts) == 1:
            with get_db_session() as session:
                session.execute(update(Job).where(Job.id == handle.job_id).values(command="yield"))
                session.commit()
            handle._exchange()
        return original(run, classifier, validation, handle, progress)

    monkeypatch.setattr(judging, "keep_rules_of", keep)
    experiment_id, job_id = create(small)
    assert ExperimentService.run_training_job(job_id, "w") == "queued"
    trained = ExperimentService.get_training_history(experiment_id)
    assert ExperimentService.run_training_job(job_id, "w") == "done", board.get_job(job_id)
    assert ExperimentService.get_training_history(experiment_id) == trained  # no epoch was trained again
    for again in (attempts[1], read_weights(experiment_id)):
        assert {name: array.tobytes() for name, array in again.items()} == {
            name: array.tobytes() for name, array in attempts[0].items()
        }


def test_the_history_holds_f1_per_class_and_the_time_waited(small: SmallDataset) -> None:
    history = ExperimentService.get_training_history(train(small))
    assert [set(row["validation_window_class_f1"]) for row in history] == [{"healthy", "inner_race"}] * 2
    assert all(0.0 <= row["waiting_s"] <= row["duration_s"] for row in history)


def test_an_experiment_begins_with_the_weights_of_its_parent(small: SmallDataset) -> None:
    parent_id = train(small)
    tuned_id = train(small, {"fine_tune": "head", "epochs": 1}, parent_id=parent_id)
    before, after = read_weights(parent_id), read_weights(tuned_id)
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert changed == {"head.weight", "head.bias"}
    assert any("arrays of classifier" in text for _, _, text in list_messages(tuned_id))
    assert not (find_folder(tuned_id) / "parent").exists()


def test_a_parent_whose_classifier_is_gone_is_said_to_be(small: SmallDataset) -> None:
    parent_id = train(small)
    _, job_id = create(small, parent_id=parent_id)
    shutil.rmtree(find_folder(parent_id))
    assert ExperimentService.run_training_job(job_id, "w") == "failed"
    job = board.get_job(job_id)
    assert job is not None and "no trained classifier" in job["error"]
