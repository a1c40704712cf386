"""Diagnoses over HTTP without a classifier: asked, found, commented, taken up, deleted."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from dashboard.api import diagnoses
from dashboard_config import Settings
from models.user import Role
from services.experiment_service import ExperimentService
from services.jobs import board
from tests.factories.datasets import add_small_dataset
from tests.factories.vibrations import RATE_HZ, simulate_rolling
from tests.integration.api.conftest import Program

SPEED = {"shaft_speed_rpm": 1797.0}
GEOMETRY = {"n": 9, "d": 7.94, "D": 39.04, "phi": 0}


@pytest.fixture(autouse=True)
def _jobs_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a diagnosis in place of waiting for a worker."""

    def run(job_id: int) -> dict[str, Any]:
        ExperimentService.run_diagnosis_job(job_id, "w")
        return dict(board.get_job(job_id) or {})

    monkeypatch.setattr(diagnoses, "_wait", run)


def test_samples_or_a_file_are_diagnosed_from_geometry_and_speed(program: Program) -> None:
    values = simulate_rolling(3.5848, seed=3)
    body = {"samples": values.tolist(), "sample_rate_hz": RATE_HZ, "geometry": GEOMETRY, **SPEED}
    by_samples = program.call("POST", "/diagnose", json=body)
    assert by_samples.status_code == 200, by_samples.text
    content = io.BytesIO()
    savemat(content, {"x": values.astype(float)})
    content.seek(0)
    form = {
        "file": (content, "x.mat"), "sample_rate_hz": "12000", "shaft_speed_rpm": "1797",
        "geometry": "n=9,d=7.94,D=39.04,phi=0",
    }  # fmt: skip
    by_file = program.call("POST", "/diagnose", data=form)
    assert by_file.status_code == 200, by_file.text
    first, second = by_samples.json, by_file.json
    assert first is not None
    assert second is not None
    assert first["verdict"]["fault_class"] == "outer_race"
    for key in ("verdict", "probabilities", "evidence", "faults", "decision"):
        assert first[key] == second[key], key
    assert program.get("/diagnoses", fault_class="outer_race", status="diagnosed")["total"] == 2
    similar = program.get(f"/diagnoses/{second['diagnosis_id']}/similar")["items"]
    assert [case["diagnosis_id"] for case in similar] == [first["diagnosis_id"]]


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"geometry": "n=9"}, 422, "missing"),
        ({"orders": {"bpfo": 3.5}}, 422, "missing"),
        ({"machine_kind": "magnetic"}, 422, "machine_kind"),
        ({"experiment_id": 4711}, 404, "no such experiment"),
    ],
)
def test_what_cannot_be_asked_is_a_problem_with_its_reason(
    program: Program, body: dict[str, Any], status: int, word: str
) -> None:
    samples = np.arange(3000.0).tolist()
    answer = program.call("POST", "/diagnose", json={"samples": samples, "sample_rate_hz": RATE_HZ, **body})
    assert answer.status_code == status
    assert word in answer.text


def test_feedback_becomes_labels_over_http_and_needs_the_right(
    database: Settings, program: Program, make_program: Callable[..., Program]
) -> None:
    small = add_small_dataset()
    asked = program.call("POST", "/diagnose", json={"signal_id": small.signal_ids["inner_race", 0]})
    assert asked.json is not None
    path = f"/diagnoses/{asked.json['diagnosis_id']}"
    viewer = make_program("eve", Role.VIEWER, ["read"])
    said = {"opinion": "relabelled", "fault_class": "ball", "note": "opened"}
    assert viewer.call("POST", f"{path}/feedback", json=said).status_code == 403
    assert viewer.call("DELETE", path).status_code == 403
    given = program.call("POST", f"{path}/feedback", json=said)
    assert given.status_code == 201, given.text
    assert program.get(path)["feedback"] == [given.json]
    plan = viewer.get(f"/datasets/{small.dataset_id}/feedback")
    assert [item["label_new"] for item in plan["items"]] == ["ball"]
    applied = program.call("POST", f"/datasets/{small.dataset_id}/feedback", json={"reason": "Workshop"})
    assert applied.status_code == 200, applied.text
    assert applied.json is not None
    assert (applied.json["version"], applied.json["n_signals"]) == (2, 1)
    assert program.call("DELETE", path).status_code == 204
    assert program.call("GET", path).status_code == 404
    assert program.call("GET", f"{path}/similar").status_code == 404
    assert program.call("GET", "/datasets/4711/feedback").status_code == 404
