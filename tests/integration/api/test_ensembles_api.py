"""Ensembles over HTTP."""

from __future__ import annotations

from dashboard.app import create_app
from dashboard_config import Settings
from services.experiment_service import ExperimentService
from tests.factories.datasets import add_small_dataset
from tests.factories.experiments import train
from tests.factories.jobs import add_person
from tests.integration.api.test_experiments_api import Caller


def test_trained_experiments_are_combined_over_http(database: Settings) -> None:
    client, small, person = create_app(database).test_client(), add_small_dataset(), add_person()
    members = [train(small), train(small, seeds=[1])]
    caller = Caller(client, person, "read", "train")
    status, made = caller.call(
        "POST", "/experiments/ensembles", json={"experiment_ids": members, "name": "Both"}
    )
    assert (status, made["job"]["state"]) == (202, "queued")
    assert ExperimentService.run_training_job(made["job"]["id"], "w") == "done"
    _, found = caller.call("GET", f"/experiments/{made['experiment_id']}")
    assert (found["name"], found["members"]) == ("Both", members)
    status, refused = caller.call(
        "POST", "/experiments/ensembles", json={"experiment_ids": [members[0], 999]}
    )
    assert status == 404 and "999" in refused["detail"]
    reader = Caller(client, person, "read")
    assert reader.call("POST", "/experiments/ensembles", json={"experiment_ids": members})[0] == 403
