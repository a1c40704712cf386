"""Explanations over HTTP."""

from __future__ import annotations

from dashboard.app import create_app
from dashboard_config import Settings
from services.xai_service import XAIService
from tests.factories.datasets import add_small_dataset
from tests.factories.experiments import train
from tests.factories.explanations import FOREST
from tests.factories.jobs import add_person
from tests.integration.api.test_experiments_api import Caller


def test_explanations_are_asked_for_read_and_deleted_over_http(database: Settings) -> None:
    client, person = create_app(database).test_client(), add_person()
    small = add_small_dataset()
    experiment_id = train(small, options=FOREST)
    caller, reader = Caller(client, person, "read", "train"), Caller(client, person, "read")
    address, signal_id = f"/experiments/{experiment_id}", small.signal_ids["inner_race", 3]

    status, methods = reader.call("GET", f"{address}/explanation-methods")
    assert (status, methods["default_method"]) == (200, "feature_shap")
    assert reader.call("GET", "/experiments/999/explanation-methods")[0] == 404
    assert reader.call("GET", "/experiments/999/explanations")[0] == 404

    body = {"method": "occlusion", "signal_id": signal_id, "options": {"trust": False}}
    assert reader.call("POST", f"{address}/explanations", json=body)[0] == 403
    status, asked = caller.call("POST", f"{address}/explanations", json=body)
    assert (status, asked["explanation"]) == (202, None)
    assert XAIService.run_explanation_job(asked["job_id"], "w") == "done"
    status, again = caller.call("POST", f"{address}/explanations", json=body)
    assert (status, again["reused"], again["job_id"]) == (200, True, None)
    number = again["explanation"]["explanation_id"]
    status, found = reader.call("GET", f"/explanations/{number}?points=100")
    assert status == 200 and found["summary"] == again["explanation"]["summary"]
    assert len(found["curves"]["time"]["attribution"]) == 100
    status, _ = caller.call("POST", f"{address}/explanations", json={"method": "occlusion", "part": "test"})
    assert status == 202
    status, refused = caller.call("POST", f"{address}/explanations", json={**body, "part": "test"})
    assert status == 422 and "one of signal_id and part" in refused["detail"]
    status, refused = caller.call("POST", f"{address}/explanations", json={**body, "method": "gradcam"})
    assert status == 422 and "no gradient" in refused["detail"]

    bands = {"signal_id": signal_id, "bands": [{"low_hz": 400, "high_hz": 800}], "gains_db": [-60, 0]}
    status, asked = caller.call("POST", f"{address}/what-if", json=bands)
    assert status == 202 and XAIService.run_explanation_job(asked["job_id"], "w") == "done"
    status, answered = caller.call("POST", f"{address}/what-if", json=bands)
    assert status == 200
    assert answered["explanation"]["summary"]["bands"][0]["flips"] == [
        {"gain_db": -60.0, "class_name": "healthy"}
    ]

    status, page = reader.call("GET", f"{address}/explanations")
    assert [item["method"] for item in page["items"]] == ["what_if", "occlusion", "occlusion"]
    assert [item["part"] for item in page["items"]] == [None, "test", None]
    assert reader.call("GET", f"{address}/explanations?signal_id={signal_id}")[1]["total"] == 2
    assert reader.call("DELETE", f"/explanations/{number}")[0] == 403
    assert caller.call("DELETE", f"/explanations/{number}")[0] == 204
    assert reader.call("GET", f"/explanations/{number}")[0] == 404
    assert caller.call("DELETE", f"/explanations/{number}")[0] == 404
