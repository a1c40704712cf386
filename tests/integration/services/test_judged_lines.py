"""Evaluation on other recordings: what anything in an experiment's line has learned from is left out."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from database.connection import get_db_session
from models.split import SplitMember
from services.experiment_service import ExperimentService
from tests.factories.datasets import SmallDataset, add_small_dataset
from tests.factories.evaluations import evaluate
from tests.factories.experiments import train

LEARNED = "The classifier was trained on them or chosen by them."


@pytest.fixture
def other(database: object) -> SmallDataset:
    return add_small_dataset("Other rig", first_seed=500)


def judge_on(other: SmallDataset, experiment_id: int) -> dict[str, Any]:
    found: Any = evaluate(experiment_id, "recordings", {"dataset_id": other.dataset_id})
    return {**found["results"], "n_passes": found["n_test_evaluations"]}


def check_only_the_parents_test_is_judged(found: dict[str, Any]) -> None:
    assert {row["recording"] for row in found["recordings"]} == {"healthy_3", "inner_race_3"}
    assert [(row["reason"], row["n"]) for row in found["left_out"]] == [(LEARNED, 6)]
    assert found["n_passes"] == 0


def test_what_any_parent_or_member_learned_from_is_left_out(other: SmallDataset) -> None:
    small = add_small_dataset()
    first = train(other, "cnn_lstm")
    second = train(small, "cnn_lstm", parent_id=first)
    third = train(small, "cnn_lstm", parent_id=second)
    check_only_the_parents_test_is_judged(judge_on(other, third))

    forest = train(small)
    assert judge_on(other, forest)["left_out"] == []
    made = ExperimentService.create_ensemble([forest, third])
    assert ExperimentService.run_training_job(made["job_id"], "w") == "done"
    check_only_the_parents_test_is_judged(judge_on(other, made["experiment_id"]))

    assert ExperimentService.delete_experiment(first)["success"]
    again: Any = judge_on(add_small_dataset("Third rig", first_seed=900), made["experiment_id"])
    assert [note for note in again["notes"] if "can't be checked any more" in note and "began with" in note]
    assert ExperimentService.delete_experiment(third)["success"]
    again = judge_on(add_small_dataset("Fourth rig", first_seed=1300), made["experiment_id"])
    assert any(f"Experiment {third}, a member, has been deleted" in note for note in again["notes"])


def test_every_part_that_tests_counts_as_met_once_more(other: SmallDataset) -> None:
    forest = train(other)
    with get_db_session() as session:
        session.execute(update(SplitMember).where(SplitMember.part == "test").values(part="test_new_rig"))
        session.commit()
    found = judge_on(other, forest)
    assert found["n_passes"] == 1
    assert any("2 of these signals are the experiment's own test part" in note for note in found["notes"])
