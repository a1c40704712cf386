from __future__ import annotations

from typing import Any

import pytest

from database.connection import get_db_session
from models.experiment import TrainingMessage
from services.experiment_service import ExperimentService
from services.experiments.judging import TRAINING_SHARE
from services.experiments.monitoring import MAX_MESSAGES, estimate_rest_s
from tests.factories.datasets import add_small_dataset
from tests.factories.experiments import create


def make_running(progress: float, **options: int) -> dict[str, Any]:
    return {"options": options, "job": {"state": "running", "progress": progress, "eta_s": 77.0}}


def make_history(*durations_s: float) -> list[dict[str, Any]]:
    return [{"epoch": number, "duration_s": seconds} for number, seconds in enumerate(durations_s, 1)]


def test_the_rest_is_what_the_newest_epochs_took_times_what_is_left() -> None:
    history = make_history(900.0, 10.0, 10.0, 10.0, 10.0, 10.0)
    assert estimate_rest_s(make_running(TRAINING_SHARE * 6 / 20, epochs=20), history) == 140.0


def test_what_is_done_of_the_epoch_under_way_counts() -> None:
    assert (
        estimate_rest_s(make_running(TRAINING_SHARE * 4.5 / 10, epochs=10), make_history(8, 8, 8, 8)) == 44.0
    )


@pytest.mark.parametrize("progress", [0.0, 1.0])
def test_a_bar_that_lags_or_runs_ahead_never_makes_it_less_than_nothing(progress: float) -> None:
    rest_s = estimate_rest_s(make_running(progress, epochs=3), make_history(5, 5, 5))
    assert rest_s == 0.0


def test_without_epochs_the_job_says_what_it_knows() -> None:
    assert estimate_rest_s(make_running(0.1, epochs=20), []) == 77.0
    assert estimate_rest_s(make_running(0.1), make_history(1.0)) == 77.0


def test_what_does_not_run_has_no_time_left() -> None:
    paused = {"options": {"epochs": 9}, "job": {"state": "paused", "progress": 0.5, "eta_s": None}}
    assert estimate_rest_s(paused, make_history(1.0)) is None


def test_the_log_is_listed_in_order_and_from_a_line_on(database: object) -> None:
    small = add_small_dataset()
    (one,) = create(small)["experiment_ids"]
    (other,) = create(small, seeds=[1])["experiment_ids"]
    with get_db_session() as session:
        for number in range(MAX_MESSAGES + 2):
            session.add(TrainingMessage(experiment_id=one, text=f"line {number}", epoch=number))
        session.add(TrainingMessage(experiment_id=other, text="not mine"))
        session.commit()
    found = ExperimentService.list_training_messages(one)
    assert [each["text"] for each in found[:2]] == ["line 2", "line 3"]
    assert (len(found), found[-1]["epoch"]) == (MAX_MESSAGES, MAX_MESSAGES + 1)
    assert ExperimentService.list_training_messages(one, found[-2]["message_id"]) == found[-1:]
    live = ExperimentService.get_live_metrics(one)
    assert live is not None
    assert live["last_message_id"] == found[-1]["message_id"]
    assert ExperimentService.get_live_metrics(999) is None
