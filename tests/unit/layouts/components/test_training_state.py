from __future__ import annotations

from typing import Any

import pytest

from layouts.components.training_state import (
    build_epochs,
    build_figures,
    build_state,
    describe_state,
)
from tests.unit.layouts.tree import find_text

HEALTHY = {"banner": None, "broker_alive": True, "workers": {"train": 1, "quick": 1}}


def make_experiment(state: str, *, options: dict[str, Any] | None = None, **job: Any) -> dict[str, Any]:
    return {
        "experiment_id": 3, "status": state, "stopped_early": False, "best_epoch": None, "train_cpu_s": None,
        "test": None, "options": options or {"epochs": 20},
        "job": {
            "id": 8, "state": state, "title": "Train", "command": None, "attempt": 1, "progress": 0.5,
            "progress_text": "epoch 10", "eta_s": None, "error": None, "reference_id": None, **job,
        },
    }  # fmt: skip


def test_a_waiting_training_says_what_it_waits_for() -> None:
    waiting = make_experiment("queued", attempt=0)
    assert describe_state(waiting, HEALTHY) == "Waiting for a free training worker."
    away = {
        "banner": "New jobs wait: Redis can't be reached. They start by themselves once it is back.",
        "broker_alive": False,
        "workers": {"train": 1},
    }
    assert (
        describe_state(waiting, away)
        == "Waiting: Redis can't be reached. It starts by itself once it is back."
    )


def test_a_training_does_not_wait_for_the_worker_of_another_queue() -> None:
    waiting, banner = make_experiment("queued", attempt=0), "New jobs wait: no worker is running for others."
    health = {"banner": banner, "broker_alive": True, "workers": {"train": 1, "quick": 0}}
    assert describe_state(waiting, health) == "Waiting for a free training worker."
    nobody = {**health, "workers": {"train": 0, "quick": 0}}
    assert describe_state(waiting, nobody) == "Waiting: no worker is running for others."


def test_an_attempt_is_counted_from_the_first() -> None:
    assert "Attempt" not in find_text(build_figures(make_experiment("queued", attempt=0), None, None))
    assert "Attempt" in find_text(build_figures(make_experiment("running", attempt=1), None, None))


def test_a_running_training_whose_worker_is_gone_is_not_said_to_train() -> None:
    running = make_experiment("running")
    assert describe_state(running, HEALTHY) == "Training."
    nobody = {"banner": "New jobs wait", "workers": {"train": 0}}
    assert "does not answer" in describe_state(running, nobody)
    assert "does not answer" in describe_state(running, HEALTHY, lost_worker=True)


def test_a_second_attempt_is_counted_and_goes_on_from_its_checkpoint() -> None:
    sentence = describe_state(make_experiment("running", attempt=2), HEALTHY)
    assert "attempt 2" in sentence
    assert "checkpoint" in sentence


@pytest.mark.parametrize(
    ("command", "word"),
    [("pause", "keeps its full state"), ("stop", "best epoch"), ("cancel", "no result")],
)
def test_a_command_is_a_request_until_the_training_has_obeyed(command: str, word: str) -> None:
    text = find_text(build_state(make_experiment("running", command=command), HEALTHY))
    assert "requested" in text
    assert word in text


def test_the_end_is_told_as_it_was() -> None:
    stopped = {**make_experiment("done"), "stopped_early": True, "test": {"recording_level": {}}}
    assert "Stopped early" in describe_state(stopped, None)
    assert "judged once" in describe_state(stopped, None)
    assert "judged" not in describe_state(make_experiment("done"), None)
    assert "no result" in describe_state(make_experiment("cancelled"), None)


def test_a_failure_shows_its_error_and_reference() -> None:
    text = find_text(
        build_state(make_experiment("failed", error="The disk is full.", reference_id="AB12"), None)
    )
    assert "The disk is full." in text
    assert "AB12" in text


def test_the_time_left_is_unknown_before_it_is_known() -> None:
    assert "not known yet" in find_text(build_figures(make_experiment("running"), None, None))
    assert "about 42 s" in find_text(build_figures(make_experiment("running"), None, 42.0))
    patient = make_experiment("running", options={"epochs": 20, "patience": 5})
    assert "at most 42 s" in find_text(build_figures(patient, None, 42.0))
    assert "0 of at most 20" in find_text(build_figures(make_experiment("running"), None, None))


def test_a_forest_grows_by_chunks_of_trees() -> None:
    text = find_text(build_figures(make_experiment("running", options={"n_trees": 200}), {"epoch": 4}, None))
    assert "Chunk of trees 4" in text


def test_the_epoch_table_has_only_columns_with_values_newest_first() -> None:
    history = [
        {"epoch": 1, "train_loss": 1.5, "duration_s": 2.0, "learning_rate": None},
        {"epoch": 2, "train_loss": 0.5, "duration_s": 2.0, "learning_rate": None},
    ]
    text = find_text(build_epochs(history, "Epoch", 1))
    assert "Learning rate" not in text
    assert text.index("0.5") < text.index("1.5")
