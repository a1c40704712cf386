"""Experiments on both databases: creation, training, commands, results."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select, update

from database.connection import get_db_session
from models.experiment import Prediction
from models.job import Job
from models.recording import Signal
from models.user import Role
from services.experiment_service import ExperimentService
from services.jobs import board, queue
from tests.factories.datasets import SmallDataset, add_small_dataset
from tests.factories.experiments import TINY_NETWORK, count_rows, create, train
from tests.factories.jobs import add_person


@pytest.fixture
def small(each_database: object) -> SmallDataset:
    return add_small_dataset()


@pytest.fixture
def trained(small: SmallDataset) -> int:
    return train(small)


def test_a_forest_learns_and_is_judged_at_both_levels(small: SmallDataset) -> None:
    experiment_id = train(small)
    experiment = ExperimentService.get_experiment(experiment_id)
    results = ExperimentService.get_results(experiment_id)
    assert experiment is not None
    assert results is not None
    assert experiment["status"] == "done"
    assert experiment["test_evaluations"] == 1
    assert results["test"]["recording_level"]["n"] == 2
    assert results["test"]["recording_level"]["accuracy"] == 1.0
    assert results["test"]["window_level"]["n"] == 2 * 19
    assert results["split_colour"] == "amber"
    assert results["split_accepted_reason"] == "known"
    predictions = ExperimentService.list_predictions(experiment_id, "test")
    assert {row["recording"] for row in predictions} == {"healthy_3", "inner_race_3"}
    assert all(row["correct"] for row in predictions)
    wrong = ExperimentService.list_predictions(
        experiment_id, "test", target="healthy", predicted="inner_race"
    )
    assert wrong == []


def test_a_training_that_was_judged_is_not_done_again_when_its_worker_died_late(small: SmallDataset) -> None:
    created = create(small)
    experiment_id, job_id = created["experiment_ids"][0], created["job_ids"][0]
    assert ExperimentService.run_training_job(job_id, "w") == "done"
    before = ExperimentService.get_results(experiment_id)
    with get_db_session() as session:
        session.execute(update(Job).where(Job.id == job_id).values(state="queued", result=None))
        session.commit()
    assert ExperimentService.run_training_job(job_id, "w") == "done"
    experiment, job = ExperimentService.get_experiment(experiment_id), board.get_job(job_id)
    assert experiment is not None
    assert job is not None
    assert experiment["test_evaluations"] == 1
    assert job["result"] == ExperimentService.get_results(experiment_id) == before


@pytest.mark.parametrize(("n_windows", "cell"), [(3, "healthy"), (60, "inner_race")])
def test_a_cell_opens_whole_recordings_by_their_pooled_answer(
    trained: int, small: SmallDataset, n_windows: int, cell: str
) -> None:
    """A second channel says inner race with 0.9; it turns the recording only with enough windows."""
    with get_db_session() as session:
        first = session.get_one(Signal, small.signal_ids["healthy", 3])
        facts = {
            name: getattr(first, name) for name in ("recording_id", "sample_rate_hz", "n_samples", "shard")
        }
        second = Signal(channel="FE", sha256="f" * 64, **facts)
        session.add(second)
        session.flush()
        known = session.scalars(select(Prediction).where(Prediction.signal_id == first.id)).one()
        known.probabilities, known.n_windows = [0.9, 0.1], 20
        session.add(
            Prediction(
                experiment_id=trained,
                signal_id=second.id,
                part="test",
                target="healthy",
                predicted="inner_race",
                probabilities=[0.1, 0.9],
                n_windows=n_windows,
                n_windows_correct=0,
            )
        )
        session.commit()
    for answer in ("healthy", "inner_race"):
        found = ExperimentService.list_predictions(trained, "test", target="healthy", predicted=answer)
        assert [row["channel"] for row in found] == (["DE", "FE"] if answer == cell else [])


def test_a_network_leaves_one_history_row_per_epoch(small: SmallDataset) -> None:
    experiment_id = train(small, "cnn_lstm")
    history = ExperimentService.get_training_history(experiment_id)
    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert all(np.isfinite(row["train_loss"]) for row in history)
    assert ExperimentService.get_training_history(experiment_id, since_epoch=2) == history[2:]


def test_seeds_make_a_group_in_one_transaction(small: SmallDataset) -> None:
    created = create(small, seeds=[0, 1, 2])
    for job_id in created["job_ids"]:
        ExperimentService.run_training_job(job_id, "w")
    group = ExperimentService.get_group_summary(str(created["group_key"]))
    assert group is not None
    assert (group["n_seeds"], group["n_finished"]) == (3, 3)
    low, high = group["test_recording_accuracy_interval"]
    assert low <= group["test_recording_accuracy_mean"] <= high


def test_the_job_of_a_named_experiment_has_its_name(small: SmallDataset) -> None:
    ids = create(small, name="After the repair", seeds=[3])["job_ids"] + create(small)["job_ids"]
    titles = [job["title"] for job in map(board.get_job, ids) if job]
    assert titles == ["Train After the repair (seed 3)", "Train Random forest on Small rig (seed 0)"]


def test_too_few_seeds_get_no_interval(small: SmallDataset) -> None:
    created = create(small, seeds=[0])
    group = ExperimentService.get_group_summary(str(created["group_key"]))
    assert group is not None
    assert group["test_recording_accuracy_interval"] is None
    assert "too few seeds" in group["note"]


@pytest.mark.parametrize(
    ("change", "code", "word"),
    [
        ({"network": "resnet999"}, "unknown_network", "cnn_lstm"),
        ({"options": {"n_treees": 3}}, "unknown_option", "n_trees"),
        ({"options": {"n_trees": 0}}, "invalid_input", "n_trees"),
        ({"options": {"window_s": 5.0}}, "recording_too_short", "shorter than one window"),
        ({"options": {"analysis_rate_hz": 50_000.0}}, "sample_rate_too_low", "50000 Hz"),
        ({"split_id": 999_999}, "not_found", "split"),
        ({"split_id": None}, "invalid_input", "split"),
        ({"channel": "FE"}, "class_without_training", "channel"),
        ({"seeds": []}, "invalid_input", "seeds"),
        ({"seeds": ["x"]}, "invalid_input", "Seeds"),
        ({"colour": "blue"}, "invalid_input", "colour"),
    ],
)
def test_what_cannot_be_trained_is_refused_and_nothing_is_written(
    small: SmallDataset, change: dict[str, object], code: str, word: str
) -> None:
    config = {"network": "random_forest", "split_id": small.split_id, **change}
    answer = ExperimentService.create_experiment(config)
    assert (answer["success"], answer["error_code"]) == (False, code)
    assert word in answer["error"]
    assert count_rows() == (0, 0)


def test_viewers_may_look_but_not_train(trained: int, small: SmallDataset) -> None:
    viewer = add_person(Role.VIEWER)
    assert ExperimentService.get_experiment(trained, actor=viewer) is not None
    config = {"network": "random_forest", "split_id": small.split_id}
    assert ExperimentService.create_experiment(config, actor=viewer)["error_code"] == "forbidden"
    assert ExperimentService.stop(trained, actor=viewer)["error_code"] == "forbidden"


def test_pause_and_resume_end_in_the_same_weights_as_an_undisturbed_run(small: SmallDataset) -> None:
    options = {**TINY_NETWORK, "epochs": 8}
    calm = train(small, "cnn_lstm", options=options)
    created = create(small, "cnn_lstm", options=options)
    experiment_id, job_id = created["experiment_ids"][0], created["job_ids"][0]
    thread = threading.Thread(target=ExperimentService.run_training_job, args=(job_id, "w"))
    thread.start()
    while not ExperimentService.get_training_history(experiment_id):
        time.sleep(0.02)
    assert ExperimentService.pause(experiment_id)["success"]
    thread.join(timeout=10)
    paused = ExperimentService.get_experiment(experiment_id)
    assert paused is not None
    assert paused["status"] in {"paused", "done"}
    if paused["status"] == "paused":
        assert ExperimentService.resume(experiment_id)["success"]
        assert ExperimentService.run_training_job(job_id, "w") == "done"
    strip = [
        [
            {key: value for key, value in row.items() if key not in ("duration_s", "waiting_s")}
            for row in ExperimentService.get_training_history(number)
        ]
        for number in (calm, experiment_id)
    ]
    assert strip[0] == strip[1]


def test_stop_ends_with_the_best_checkpoint_and_says_so(small: SmallDataset) -> None:
    created = create(small, "cnn_lstm", options={**TINY_NETWORK, "epochs": 2000, "patience": 2000})
    experiment_id, job_id = created["experiment_ids"][0], created["job_ids"][0]
    thread = threading.Thread(target=ExperimentService.run_training_job, args=(job_id, "w"))
    thread.start()
    while not ExperimentService.get_training_history(experiment_id):
        time.sleep(0.02)
    started = time.monotonic()
    assert ExperimentService.stop(experiment_id)["success"]
    thread.join(timeout=20)
    assert time.monotonic() - started < 5
    experiment = ExperimentService.get_experiment(experiment_id)
    assert experiment is not None
    assert (experiment["status"], experiment["stopped_early"]) == ("done", True)
    assert experiment["test"] is not None


def test_cancel_leaves_no_result_and_no_folder(small: SmallDataset, each_database: object) -> None:
    created = create(small, "cnn_lstm", options={**TINY_NETWORK, "epochs": 2000, "patience": 2000})
    experiment_id, job_id = created["experiment_ids"][0], created["job_ids"][0]
    thread = threading.Thread(target=ExperimentService.run_training_job, args=(job_id, "w"))
    thread.start()
    while not ExperimentService.get_training_history(experiment_id):
        time.sleep(0.02)
    assert ExperimentService.cancel(experiment_id)["success"]
    thread.join(timeout=20)
    experiment = ExperimentService.get_experiment(experiment_id)
    assert experiment is not None
    assert experiment["status"] == "cancelled"
    assert ExperimentService.get_results(experiment_id) is None
    folders = list(Path(each_database.experiments_dir).glob("*"))  # type: ignore[attr-defined]
    assert folders == []


def test_an_attempt_that_was_given_up_writes_no_results(small: SmallDataset) -> None:
    created = create(small, "cnn_lstm", options={**TINY_NETWORK, "epochs": 2000, "patience": 2000})
    experiment_id, job_id = created["experiment_ids"][0], created["job_ids"][0]
    ended: list[str | None] = []
    thread = threading.Thread(
        target=lambda: ended.append(ExperimentService.run_training_job(job_id, "frozen"))
    )
    thread.start()
    while not ExperimentService.get_training_history(experiment_id):
        time.sleep(0.02)
    queue.give_up_claim(job_id)
    thread.join(timeout=20)
    assert ended == [None]
    job = board.get_job(job_id)
    assert job is not None
    assert job["state"] == "queued"
    assert ExperimentService.get_results(experiment_id) is None


def test_deleting_takes_the_classifier_along_but_not_while_it_trains(
    small: SmallDataset, each_database: object
) -> None:
    created = create(small)
    experiment_id = created["experiment_ids"][0]
    assert ExperimentService.delete_experiment(experiment_id)["error_code"] == "job_state"
    ExperimentService.run_training_job(created["job_ids"][0], "w")
    assert ExperimentService.delete_experiment(experiment_id)["success"]
    assert ExperimentService.get_experiment(experiment_id) is None
    assert list(Path(each_database.experiments_dir).glob("*")) == []  # type: ignore[attr-defined]


def test_the_list_filters_sorts_and_pages_in_a_fixed_number_of_statements(
    small: SmallDataset, count_statements: object
) -> None:
    create(small, seeds=list(range(12)), name="Many seeds")
    create(small, name="Another")
    ExperimentService.list_experiments()
    with count_statements() as few:  # type: ignore[operator]
        page = ExperimentService.list_experiments(per_page=2)
    with count_statements() as many:  # type: ignore[operator]
        ExperimentService.list_experiments(per_page=13)
    assert page["total"] == 13
    assert len(few) == len(many) <= 9
    named = ExperimentService.list_experiments("many rig", sort="seed", per_page=3)
    assert [item["seed"] for item in named["items"]] == [0, 1, 2]
    assert ExperimentService.list_experiments(status="done")["total"] == 0


def test_a_clone_repeats_the_request(trained: int, small: SmallDataset) -> None:
    config = ExperimentService.clone(trained)["config"]
    again = ExperimentService.create_experiment(config)
    assert again["success"], again["error"]
