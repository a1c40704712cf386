"""Evaluations over HTTP."""

from __future__ import annotations

from dashboard.app import create_app
from dashboard_config import Settings
from services.evaluation_service import EvaluationService
from tests.factories.evaluations import add_faint_dataset, train_forest
from tests.factories.jobs import add_person
from tests.integration.api.test_experiments_api import Caller


def test_evaluations_are_read_asked_for_and_put_to_use_over_http(database: Settings) -> None:
    client, person = create_app(database).test_client(), add_person()
    experiment_id = train_forest(add_faint_dataset(n_loads=9)[1])
    caller, reader = Caller(client, person, "read", "train"), Caller(client, person, "read")
    address = f"/experiments/{experiment_id}"

    status, found = reader.call("GET", f"{address}/evaluation/errors")
    assert (status, found["kind"], found["n_test_evaluations"]) == (200, "errors", 0)
    assert found["results"]["recording_level"]["n"] == sum(
        map(sum, found["results"]["recording_level"]["confusion"])
    )
    status, validation = reader.call("GET", f"{address}/evaluation/errors?part=validation")
    assert (status, validation["config"]) == (200, {"part": "validation"})
    assert reader.call("GET", f"{address}/evaluation/robustness")[0] == 404
    assert reader.call("GET", "/experiments/999/evaluation/errors")[0] == 404

    body = {"config": {"noise_types": ["white"], "noise_levels": [0]}}
    assert reader.call("POST", f"{address}/evaluation/robustness", json=body)[0] == 403
    status, asked = caller.call("POST", f"{address}/evaluation/robustness", json=body)
    assert (status, asked["evaluation"]) == (202, None)
    assert EvaluationService.run_evaluation_job(asked["job_id"], "w") == "done"
    status, again = caller.call("POST", f"{address}/evaluation/robustness", json=body)
    assert (status, again["reused"]) == (200, True)
    status, newest = reader.call("GET", f"{address}/evaluation/robustness")
    assert (status, newest) == (200, again["evaluation"])
    status, refused = caller.call(
        "POST", f"{address}/evaluation/robustness", json={"config": {"noise_types": 3.5}}
    )
    assert status == 422 and "noise_types" in refused["detail"]

    assert reader.call("GET", f"{address}/test-use")[1]["n_test_evaluations"] == 3
    listed = reader.call("GET", f"{address}/evaluations")[1]["items"]
    assert [row["kind"] for row in listed] == ["robustness", "errors", "errors"]
    assert reader.call("GET", f"{address}/open-set")[0] == 404
    assert caller.call("POST", f"{address}/open-set", json={})[0] == 404
    status, asked = caller.call(
        "POST", f"{address}/evaluation/open_set", json={"config": {"false_alarms": 0.2}}
    )
    assert EvaluationService.run_evaluation_job(asked["job_id"], "w") == "done"
    status, rule = caller.call("POST", f"{address}/open-set", json={})
    assert (status, reader.call("GET", f"{address}/open-set")) == (200, (200, rule))
    assert caller.call("DELETE", f"{address}/open-set")[0] == 204
    assert reader.call("GET", f"{address}/open-set")[0] == 404

    status, compared = reader.call("GET", f"/experiments/architectures?ids={experiment_id}")
    assert (status, compared["missing_latency"]) == (200, [experiment_id])
    assert reader.call("GET", "/experiments/architectures?ids=one")[0] == 422
