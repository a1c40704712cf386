"""Requests for trainings: baselines, fine-tuning, what is needed of the machine, what was measured."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from database.connection import get_db_session
from models.experiment import Experiment
from models.machine import Bearing
from models.recording import Recording
from services.dataset_service import DatasetService
from services.experiment_service import ExperimentService
from tests.factories.datasets import SmallDataset, add_small_dataset
from tests.factories.experiments import FOREST, TINY_NETWORK, count_rows, create, train

NETWORK = {"network": "cnn_lstm", "options": TINY_NETWORK}
ORDERS = {"network": "order_net", "options": {"window_s": 0.7}}


@pytest.fixture
def small(database: object) -> SmallDataset:
    return add_small_dataset()


def check(small: SmallDataset, **config: Any) -> dict[str, Any]:
    return ExperimentService.check_experiment({"split_id": small.split_id, **config})


def split_by_load(small: SmallDataset, test: str) -> int:
    split = DatasetService.create_split(
        small.dataset_id, f"test {test}", "load", [test], accept_amber="known", validation_fraction=0.3
    )
    assert split["success"], split["error"]
    return int(split["split_id"])


# --- baselines -------------------------------------------------------------------------------------------


def test_a_classical_baseline_is_queued_beside_every_network(small: SmallDataset) -> None:
    config = {"split_id": small.split_id, "channel": "DE", "seeds": [3, 4], **NETWORK}
    created = ExperimentService.create_experiment(config)
    assert created["success"], created["error"]
    assert len(created["experiment_ids"]) == 2
    beside = created["baseline"]
    (found,) = [ExperimentService.get_experiment(each) for each in beside["experiment_ids"]]
    assert found is not None
    assert (found["network"], found["seed"], found["channel"]) == ("random_forest", 3, "DE")
    assert found["options"]["window_s"] == TINY_NETWORK["window_s"]
    assert found["baseline_of"] == created["group_key"] != found["group_key"]
    assert found["name"].endswith(", baseline (Random forest)")
    (row,) = ExperimentService.list_experiment_rows()["items"]
    assert row["experiment_ids"] == created["experiment_ids"]
    assert row["baseline_ids"] == beside["experiment_ids"]
    assert ExperimentService.run_training_job(beside["job_ids"][0], "w") == "done"
    (row,) = ExperimentService.list_experiment_rows()["items"]
    assert row["baseline_accuracy"] == 1.0


def test_a_baseline_can_be_switched_off_and_none_stands_beside_a_classical_model(small: SmallDataset) -> None:
    assert check(small, **NETWORK)["baseline"]["title"] == "Random forest"
    assert check(small, **NETWORK, baseline=False)["baseline"] is None
    assert check(small, network="random_forest", options=FOREST)["baseline"] is None
    assert check(small, **NETWORK, baseline="perhaps")["error_code"] == "invalid_input"


# --- windows ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{}, {"hop_s": 0.03}, {"analysis_rate_hz": 1500.0, "hop_s": 0.2}, {"analysis_rate_hz": 777.0}]
)
def test_the_review_counts_the_windows_that_are_then_judged(
    database: object, options: dict[str, Any]
) -> None:
    small = add_small_dataset()
    chosen = {**FOREST, **options}
    windows = check(small, network="random_forest", options=chosen)["windows"]
    results = ExperimentService.get_results(train(small, options=chosen))
    assert results is not None
    for part in ("test", "validation"):
        assert windows[part] == results[part]["window_level"]["n"], part


# --- what is needed of the machine -----------------------------------------------------------------------


def test_a_network_that_needs_the_machine_is_refused_where_it_is_not_known(small: SmallDataset) -> None:
    assert check(small, **ORDERS)["success"]
    with get_db_session() as session:
        session.execute(update(Bearing).values(designation="handmade", orders=None))
        session.commit()
    answer = check(small, **ORDERS)
    assert answer["error_code"] == "invalid_input"
    assert "8 of 8 signals" in answer["error"]
    assert "'handmade'" in answer["error"]
    with get_db_session() as session:
        chosen = update(Recording).where(Recording.name == "healthy_3")
        session.execute(chosen.values(shaft_speed_rpm=None))
        session.commit()
    answer = check(small, **ORDERS)
    assert "needs the shaft speed" in answer["error"]
    assert "1 of 8 signals" in answer["error"]
    assert "healthy_3" in answer["error"]
    missing = ExperimentService.count_missing_conditions(small.split_id)
    assert missing == {"shaft_speed": 1, "fault_orders": 8, "n_signals": 8}
    assert check(small, **NETWORK)["success"]


def test_features_that_need_the_shaft_speed_are_refused_without_it(small: SmallDataset) -> None:
    with get_db_session() as session:
        session.execute(update(Recording).values(shaft_speed_rpm=None))
        session.commit()
    forest = {"network": "random_forest", "options": {**FOREST, "use_shaft_speed": True}}
    assert "needs the shaft speed" in check(small, **forest)["error"]


# --- fine-tuning -----------------------------------------------------------------------------------------


def test_a_fine_tuning_begins_with_what_was_learned(small: SmallDataset) -> None:
    parent = train(small, "cnn_lstm")
    asked = check(small, **NETWORK, parent_id=parent)
    assert (asked["parent_id"], asked["cautions"]) == (parent, [])
    child = train(small, "cnn_lstm", parent_id=parent)
    found = ExperimentService.get_experiment(child)
    assert found is not None
    assert (found["status"], found["parent_id"]) == ("done", parent)
    assert ExperimentService.clone(child)["config"]["parent_id"] == parent


def test_what_cannot_be_a_start_is_refused_with_the_reason(small: SmallDataset) -> None:
    parent = train(small, "cnn_lstm")
    forest, waiting = train(small), create(small, "cnn_lstm")["experiment_ids"][0]
    other = add_small_dataset("Other rig", ("healthy", "outer_race"))
    more_filters = {**TINY_NETWORK, "n_filters": 8}
    refused = [
        ("not_found", "no experiment 4711", small, {**NETWORK, "parent_id": 4711}),
        ("conflict", "not finished", small, {**NETWORK, "parent_id": waiting}),
        ("invalid_input", "of the kind Random forest", small, {**NETWORK, "parent_id": forest}),
        ("invalid_input", "outer_race", other, {**NETWORK, "parent_id": parent}),
        ("invalid_input", "n_filters = 4, not 8", small,
         {"network": "cnn_lstm", "options": more_filters, "parent_id": parent}),
        ("invalid_input", "grown from features", small,
         {"network": "random_forest", "options": FOREST, "parent_id": forest}),
        ("invalid_input", "number of the experiment", small, {**NETWORK, "parent_id": "first"}),
    ]  # fmt: skip
    before = count_rows()
    for code, words, dataset, config in refused:
        answer = check(dataset, **config)
        assert (answer["success"], answer["error_code"]) == (False, code), words
        assert words in answer["error"]
    assert count_rows() == before


def test_a_start_that_knows_the_test_recordings_is_refused_down_the_whole_line(each_database: object) -> None:
    small = add_small_dataset()
    first = train(small, "cnn_lstm")  # tested on load 3: it has learned from 0, 1 and 2
    second = train(small, "cnn_lstm", parent_id=first)
    elsewhere = split_by_load(small, "1")
    answer = ExperimentService.check_experiment({"split_id": elsewhere, **NETWORK, "parent_id": second})
    assert answer["error_code"] == "conflict"
    assert "learned from 2 of the test recordings" in answer["error"]
    assert ExperimentService.delete_experiment(first)["success"]
    answer = ExperimentService.check_experiment({"split_id": small.split_id, **NETWORK, "parent_id": second})
    assert "has been deleted" in answer["error"]


# --- what was measured -----------------------------------------------------------------------------------


def test_networks_show_measured_accuracies_only(small: SmallDataset) -> None:
    measured = {each["name"]: each["measured"] for each in ExperimentService.list_networks()}
    assert not any(measured.values())
    created = create(small, seeds=[0, 1, 2])
    for job_id in created["job_ids"]:
        ExperimentService.run_training_job(job_id, "w")
    with get_db_session() as session:
        chosen = update(Experiment).where(Experiment.id == created["experiment_ids"][0])
        session.execute(chosen.values(test_recording_accuracy=0.7))
        session.commit()
    measured = {each["name"]: each["measured"] for each in ExperimentService.list_networks()}
    (shown,) = measured.pop("random_forest")
    assert shown["test_recording_accuracy_mean"] == pytest.approx(0.9)
    assert shown["n_seeds"] == shown["n_finished"] == 3
    assert (shown["dataset"], shown["split"], shown["split_colour"]) == ("Small rig", "by load", "amber")
    assert shown["finished_at"] is not None
    assert not any(measured.values())
    later = train(small, seeds=[7])
    (shown,) = ExperimentService.list_networks()[0]["measured"]
    assert (shown["experiment_ids"], shown["note"][:13]) == ([later], "too few seeds")
    ExperimentService.trash_experiments([later])
    (shown,) = ExperimentService.list_networks()[0]["measured"]
    assert shown["n_seeds"] == 3


def test_every_option_belongs_to_a_group_with_a_title(database: object) -> None:
    for network in ExperimentService.list_networks():
        groups = [option["group"] for option in network["options"]]
        assert "windows" in groups
        assert all(option["group_title"] for option in network["options"])
