"""Import templates over REST."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np

from models.user import Role
from services.dataset_service import DatasetService
from services.jobs import board
from tests.integration.api.conftest import Program

MAPPING = {"defaults": {"sample_rate_hz": 2_000, "unit": "g"}, "overrides": [{"file": "a.csv", "load": "1"}]}


def test_a_template_is_kept_used_renamed_and_deleted(make_program: Callable[..., Program]) -> None:
    program = make_program()
    saved = program.call("POST", "/import-templates", json={"name": "Logger", "mapping": MAPPING})
    assert saved.status_code == 201, saved.text
    template_id = saved.json["template_id"]
    (item,) = program.get("/import-templates")["items"]
    assert (item["name"], item["mapping"]) == ("Logger", {"defaults": MAPPING["defaults"]})

    table = "\n".join(f"{value:.6f}" for value in np.random.default_rng(0).standard_normal(600))
    form = {
        "name": "Rig",
        "mapping": '{"template": "Logger"}',
        "files": (io.BytesIO(table.encode()), "a.csv"),
    }
    started = program.call("POST", "/datasets/import", data=form)
    assert started.status_code == 202, started.text
    DatasetService.run_import_job(started.json["id"], "test")
    job = board.get_job(started.json["id"])
    assert job is not None
    assert job["state"] == "done", job["error"]
    (row,) = DatasetService.list_signals(job["result"]["dataset_id"])["items"]
    assert (row["sample_rate_hz"], row["unit"]) == (2_000.0, "g")

    path = f"/import-templates/{template_id}"
    assert program.call("PATCH", path, json={"name": "Other"}).status_code == 200
    refused = program.call("POST", "/datasets/import", json={"name": "R", "mapping": {"template": "Logger"}})
    assert refused.status_code == 404
    assert "'Other'" in refused.json["detail"]
    assert program.call("DELETE", path).status_code == 204
    assert program.call("DELETE", path).status_code == 404
    broken = program.call("POST", "/import-templates", json={"name": "X", "mapping": {"nothing": 1}})
    assert (broken.status_code, broken.json["code"]) == (422, "invalid_input")


def test_a_viewer_neither_sees_nor_keeps_templates(make_program: Callable[..., Program]) -> None:
    DatasetService.save_import_template("Logger", MAPPING)
    viewer = make_program(role=Role.VIEWER, scopes=["read"])
    assert viewer.call("GET", "/import-templates").status_code == 403
    kept = viewer.call("POST", "/import-templates", json={"name": "Mine", "mapping": MAPPING})
    assert kept.status_code == 403
