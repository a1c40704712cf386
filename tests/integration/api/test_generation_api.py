"""Data made over REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from models.user import Role
from services.dataset_service import DatasetService
from services.jobs import board
from tests.integration.api.conftest import Program

CONFIG: dict[str, Any] = {"classes": ["healthy", "imbalance"], "n_per_class": 3, "duration_s": 0.2}


def test_a_dataset_is_made_and_its_test_part_gets_noise(make_program: Callable[..., Program]) -> None:
    program = make_program()
    started = program.call("POST", "/datasets/generate", json={"name": "Made", "config": CONFIG})
    assert started.status_code == 202, started.text
    assert started.headers["Location"].endswith(f"/api/v1/jobs/{started.json['id']}")
    assert (started.json["kind"], started.json["state"]) == ("generate", "queued")
    DatasetService.run_generation_job(started.json["id"], "test")
    dataset_id = program.get(f"/jobs/{started.json['id']}")["result"]["dataset_id"]
    shown = program.get(f"/datasets/{dataset_id}")
    assert shown["card"]["config"]["n_per_class"] == 3
    rule = {"name": "random", "by": "recording", "test_fraction": 0.34}
    split = program.call("POST", f"/datasets/{dataset_id}/splits", json=rule).json
    path = f"/datasets/{dataset_id}/splits/{split['split_id']}/noise-variants"
    noisy = program.call("POST", path, json={"snrs_db": [10], "name": "Noisy"})
    assert (noisy.status_code, noisy.json["kind"]) == (202, "noise_variants")
    DatasetService.run_noise_variants_job(noisy.json["id"], "test")
    job = board.get_job(noisy.json["id"])
    assert job is not None
    assert job["state"] == "done", job["error"]
    elsewhere = f"/datasets/{dataset_id + 1}/splits/{split['split_id']}/noise-variants"
    assert program.call("POST", elsewhere, json={}).status_code == 404
    assert program.call("POST", path, json={"colours": ["blue"]}).status_code == 422


def test_a_preview_is_one_record_and_stores_nothing(make_program: Callable[..., Program]) -> None:
    program = make_program()
    shown = program.call("POST", "/datasets/generate/preview", json={"config": CONFIG, "max_hz": 200})
    assert shown.status_code == 200, shown.text
    assert shown.json["fault_class"] == "healthy"
    assert shown.json["estimate"]["n_recordings"] == 6
    assert program.get("/datasets")["total"] == 0


def test_a_configuration_that_can_t_be_made_is_refused_with_a_sentence(
    make_program: Callable[..., Program],
) -> None:
    program = make_program()
    body = {"name": "Made", "config": {**CONFIG, "severity": "mild"}}
    refused = program.call("POST", "/datasets/generate", json=body)
    assert (refused.status_code, refused.json["code"]) == (422, "invalid_input")
    assert "'severity' is not an entry" in refused.json["detail"]
    assert program.call("POST", "/datasets/generate", json={"config": CONFIG}).status_code == 422
    assert program.get("/jobs")["total"] == 0


def test_a_viewer_makes_nothing(make_program: Callable[..., Program]) -> None:
    viewer = make_program("eve", Role.VIEWER, ["read"])
    for path in ("/datasets/generate", "/datasets/generate/preview", "/datasets/1/splits/1/noise-variants"):
        assert viewer.call("POST", path, json={"name": "x"}).status_code == 403
