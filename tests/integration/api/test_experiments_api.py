"""Experiments and diagnoses over HTTP, with real keys and real trainings."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from scipy.io import savemat

from dashboard.app import create_app
from dashboard_config import Settings
from models.user import Role
from services.api_key_service import APIKeyService
from services.experiment_service import ExperimentService
from services.jobs import board, queue
from services.shared.actors import Actor
from tests.factories.datasets import SmallDataset, add_small_dataset, simulate
from tests.factories.jobs import add_person
from utils.processes import wait_until

FOREST = {"n_trees": 20, "window_s": 0.1}


class Caller:
    """A program with an API key."""

    def __init__(self, client: FlaskClient, actor: Actor, *scopes: str) -> None:
        made = APIKeyService.generate_key(actor.user_id, "test", scopes=list(scopes), actor=actor)
        assert made["success"], made["error"]
        self._client = client
        self._headers = {"Authorization": f"Bearer {made['key']}"}

    def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Send a request; return status and JSON body."""
        answer = self._client.open(f"/api/v1{path}", method=method, headers=self._headers, **options)
        return answer.status_code, answer.get_json() if answer.data else None

    def read(self, path: str) -> str:
        """Return the text that an address answers with."""
        return str(self._client.get(f"/api/v1{path}", headers=self._headers).text)


@pytest.fixture
def server(database: Settings) -> Flask:
    return create_app(database)


@pytest.fixture
def small(database: Settings) -> SmallDataset:
    return add_small_dataset()


@pytest.fixture
def caller(server: Flask) -> Caller:
    return Caller(server.test_client(), add_person(), "read", "write", "train", "diagnose")


@pytest.fixture
def worker(database: Settings) -> Iterator[None]:
    """Run queued jobs in this process, as a worker would."""
    stopping = threading.Event()

    def work() -> None:
        bodies = {
            "train": ExperimentService.run_training_job,
            "diagnose": ExperimentService.run_diagnosis_job,
        }
        while not stopping.wait(0.02):
            for job_id, kind, _ in queue.list_publishable(4):
                bodies[kind](job_id, "test worker")

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stopping.set()
    thread.join()


@pytest.fixture
def trained(caller: Caller, small: SmallDataset, worker: None) -> int:
    body = {"network": "random_forest", "split_id": small.split_id, "options": FOREST}
    status, started = caller.call("POST", "/experiments", json=body)
    assert status == 202, started
    assert wait_until(lambda: board.get_job(started["job_ids"][0])["state"] == "done", 30)
    return int(started["experiment_ids"][0])


def mat_file(**variables: Any) -> io.BytesIO:
    content = io.BytesIO()
    savemat(content, variables)
    content.seek(0)
    return content


def test_networks_come_with_their_options(caller: Caller) -> None:
    status, networks = caller.call("GET", "/networks")
    assert status == 200
    names = {network["name"] for network in networks["items"]}
    assert {"lstm", "cnn_lstm", "random_forest"} <= names


def test_a_training_is_started_listed_judged_and_deleted(caller: Caller, trained: int) -> None:
    assert caller.call("GET", f"/experiments/{trained}")[1]["status"] == "done"
    assert caller.call("GET", "/experiments?q=forest")[1]["total"] == 1
    history = caller.call("GET", f"/experiments/{trained}/history")[1]["items"]
    assert history[0]["epoch"] == 1
    results = caller.call("GET", f"/experiments/{trained}/results")[1]
    assert results["test"]["recording_level"]["accuracy"] == 1.0
    assert len(caller.call("GET", f"/experiments/{trained}/predictions")[1]["items"]) == 2
    assert caller.call("PATCH", f"/experiments/{trained}", json={"name": "New"})[1]["name"] == "New"
    assert caller.call("DELETE", f"/experiments/{trained}")[0] == 204
    assert caller.call("GET", f"/experiments/{trained}")[1]["trashed_at"] is not None
    assert caller.call("GET", "/experiments")[1]["total"] == 0
    assert caller.call("DELETE", f"/experiments/{trained}?permanently=true")[0] == 204
    assert caller.call("GET", f"/experiments/{trained}")[0] == 404


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"network": "none"}, 422, "unknown_network"),
        ({"options": {"x": 1}}, 422, "unknown_option"),
        ({"split_id": 999}, 404, "not_found"),
        ({"seeds": []}, 422, "invalid_input"),
        ({"user_id": 1}, 422, "invalid_input"),
    ],
)
def test_a_bad_training_request_is_a_problem_with_a_code(
    caller: Caller, small: SmallDataset, change: dict[str, Any], status: int, code: str
) -> None:
    body = {"network": "random_forest", "split_id": small.split_id, **change}
    answer = caller.call("POST", "/experiments", json=body)
    assert answer[0] == status
    assert answer[1]["code"] == code
    assert board.list_jobs()["total"] == 0


def test_scopes_are_kept(server: Flask, small: SmallDataset, trained: int) -> None:
    reader = Caller(server.test_client(), add_person(Role.VIEWER, "v@example.org"), "read")
    assert reader.call("GET", f"/experiments/{trained}")[0] == 200
    body = {"network": "random_forest", "split_id": small.split_id}
    assert reader.call("POST", "/experiments", json=body)[0] == 403
    assert reader.call("POST", "/diagnose", json={"experiment_id": trained, "signal_id": 1})[0] == 403


def test_a_finished_training_takes_no_commands(caller: Caller, trained: int) -> None:
    for command in ("stop", "pause", "resume"):
        status, problem = caller.call("POST", f"/experiments/{trained}/{command}")
        assert (status, problem["code"]) == (409, "job_state")


def test_stored_signal_samples_and_file_get_the_same_answer(
    caller: Caller, trained: int, small: SmallDataset
) -> None:
    values = simulate("inner_race", seed=31)
    signal_id = small.signal_ids["inner_race", 3]
    asked = {"experiment_id": trained, "shaft_speed_rpm": 1500.0, "bearing": "6205-2RS"}
    stored = caller.call("POST", "/diagnose", json={**asked, "signal_id": signal_id})
    samples = caller.call(
        "POST",
        "/diagnose",
        json={**asked, "samples": [float(value) for value in values], "sample_rate_hz": 2000.0},
    )
    form = {
        **{key: str(value) for key, value in asked.items()},
        "sample_rate_hz": "2000",
        "file": (mat_file(x=values.astype(float)), "odd name.mat"),
    }
    filed = caller.call("POST", "/diagnose", data=form)
    predicted = caller.call("POST", f"/experiments/{trained}/predict", json={"signal_id": signal_id})
    for status, answer in (stored, samples, filed, predicted):
        assert status == 200, answer
        assert answer["verdict"]["fault_class"] == "inner_race"
        assert answer["probabilities"] == stored[1]["probabilities"]
    listed = caller.call("GET", "/diagnoses")[1]
    assert listed["total"] == 4
    shown = caller.call("GET", f"/diagnoses/{stored[1]['diagnosis_id']}")[1]
    assert shown["answer"] == stored[1]


def test_a_file_that_cannot_be_judged_is_a_problem_and_leaves_no_upload(
    caller: Caller, trained: int, database: Settings
) -> None:
    form = {"experiment_id": str(trained), "file": (mat_file(x=np.arange(50.0)), "x.mat")}
    status, problem = caller.call("POST", "/diagnose", data=form)
    assert (status, problem["code"]) == (422, "sample_rate_missing")
    form = {"experiment_id": "nonsense", "file": (mat_file(x=np.arange(50.0)), "x.mat")}
    assert caller.call("POST", "/diagnose", data=form)[0] == 422
    assert caller.call("GET", "/uploads")[1]["items"] == []


@pytest.mark.parametrize("body", [[1, 2], {"experiment_id": 1, "samples": "abc"}, {"samples": "x"}])
def test_a_body_of_another_form_is_refused(caller: Caller, body: Any) -> None:
    status, problem = caller.call("POST", "/diagnose", json=body)
    assert (status, problem["code"]) == (422, "invalid_input")


def test_groups_csv_and_trash_over_rest(caller: Caller, trained: int) -> None:
    groups = caller.call("GET", "/experiments/groups?sort=-baseline_gain")[1]
    assert [row["experiment_ids"] for row in groups["items"]] == [[trained]]
    assert caller.call("GET", "/experiments?network=lstm")[1]["total"] == 0
    for path in ("/experiments?sort=colour", "/experiments/groups?sort=colour", "/experiments.csv?sort=x"):
        assert caller.call("GET", path)[0] == 422, path
    assert caller.call("POST", "/experiments/trash", json={"ids": [trained]})[1] == {"n_moved": 1}
    assert caller.call("GET", "/experiments?shelf=trash")[1]["total"] == 1
    assert caller.call("POST", "/experiments/restore", json={"ids": [trained]})[1] == {"n_moved": 1}
    assert caller.call("POST", "/experiments/trash", json={"ids": [4711]})[0] == 404


def test_the_csv_has_a_line_per_training_with_its_options(caller: Caller, trained: int) -> None:
    (row,) = csv.DictReader(io.StringIO(caller.read("/experiments.csv?q=forest")))
    facts = (row["experiment_id"], row["status"], row["test_recording_accuracy"])
    assert facts == (str(trained), "done", "1.0")
    assert row["option n_trees"] == "20"
    assert caller.read("/experiments.csv?q=nothing").count("\r\n") == 1
