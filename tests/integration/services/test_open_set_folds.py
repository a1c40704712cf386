"""The folds of an open-set job: its own, taken up after a shutdown, and gone with the job."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

import services.evaluations.open_set as open_set
from database.connection import get_db_session
from models.experiment import Experiment
from models.job import Job
from services.evaluation_service import EvaluationService
from services.experiments.runs import get_run_folder
from services.jobs import board
from services.shared.housekeeping import tidy_up
from tests.factories.evaluations import add_faint_dataset, train_forest
from utils.exceptions import LstmPfdError

Step = Callable[[Any], None]


@pytest.fixture
def trained(database: object) -> int:
    return train_forest(add_faint_dataset(n_loads=9)[1])


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[Step | None]:
    """Let each fold's training begin with the next of these steps, and count those that began."""
    asked: list[Step | None] = []
    original = open_set._train_fold

    def train_fold(work: Any, *rest: Any) -> Any:
        step = asked.pop(0) if asked else None
        if step is not None:
            step(work)
        return original(work, *rest)

    monkeypatch.setattr(open_set, "_train_fold", train_fold)
    return asked


def command(word: str) -> Step:
    def give(work: Any) -> None:
        with get_db_session() as session:
            session.execute(update(Job).where(Job.id == work.handle.job_id).values(command=word))
            session.commit()
        work.handle._exchange()

    return give


def fail(_work: Any) -> None:
    raise LstmPfdError("The disk broke.")


def ask(experiment_id: int, false_alarms: float) -> int:
    asked = EvaluationService.request_evaluation(experiment_id, "open_set", {"false_alarms": false_alarms})
    assert asked["success"], asked["error"]
    return int(asked["job_id"])


def run(job_id: int) -> str | None:
    return EvaluationService.run_evaluation_job(job_id, "w")


def list_kept(experiment_id: int) -> list[Path]:
    with get_db_session(read_only=True) as session:
        folder = get_run_folder(session.get_one(Experiment, experiment_id).folder)
    return [path for path in (folder / "open_set").glob("**/*") if path.is_file()]


def test_another_question_neither_reads_nor_removes_the_folds_of_the_first(
    trained: int, steps: list[Step | None]
) -> None:
    first, second = ask(trained, 0.05), ask(trained, 0.4)
    steps += [None, command("yield")]
    assert run(first) == "queued"
    kept = list_kept(trained)
    assert kept
    steps += [None, None, None, fail]
    assert run(second) == "done"
    assert steps == [fail]  # the other one has trained its own three folds
    assert set(kept) <= set(list_kept(trained))
    steps[:] = [None, None, fail]
    assert run(first) == "done"
    assert steps == [fail]  # one of the three was there
    assert list_kept(trained) == []


@pytest.mark.parametrize(("step", "state"), [(fail, "failed"), (command("cancel"), "cancelled")])
def test_a_job_that_ends_without_a_result_leaves_no_folds(
    trained: int, steps: list[Step | None], step: Step, state: str
) -> None:
    steps += [None, step]
    assert run(ask(trained, 0.05)) == state
    assert list_kept(trained) == []


def test_folds_of_a_job_that_was_cancelled_while_it_waited_are_swept_away(
    trained: int, steps: list[Step | None]
) -> None:
    waiting, cancelled = ask(trained, 0.05), ask(trained, 0.4)
    for job_id in (waiting, cancelled):
        steps += [None, command("yield")]
        assert run(job_id) == "queued"
    before = list_kept(trained)
    assert board.cancel_job(cancelled)["success"]
    for path in before:
        os.utime(path.parent, (time.time() - 7200,) * 2)
    assert tidy_up()["open_set_folds"] == 1
    assert 0 < len(list_kept(trained)) < len(before)
    assert run(waiting) == "done"
