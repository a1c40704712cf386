"""Edits, versions, statistics and downloads of a dataset over REST, with a real key."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboard_config import Settings
from models.user import Role
from services.dataset_service import DatasetService
from services.datasets import edit_jobs, rows
from tests.factories.imports import import_faults, make_noise, run_import, write_fault_files, write_mat
from tests.integration.api.conftest import Program


def test_an_edit_is_previewed_stored_listed_and_compared(
    program: Program, database: Settings, tmp_path: Path
) -> None:
    rig = import_faults(tmp_path, loads=(0, 1))
    body: dict[str, Any] = {"changes": {"fault_class": "ball"}, "filters": {"q": "IR_", "channel": "DE"}}
    path = f"/datasets/{rig}/recordings"
    preview = program.call("PATCH", path, json={**body, "preview": True})
    assert (preview.status_code, preview.json["n_signals"], preview.json["version"]) == (200, 2, 1)
    assert program.call("PATCH", path, json=body).status_code == 422  # no reason
    done = program.call("PATCH", path, json={**body, "reason": "looked inside", "version": 1})
    assert (done.status_code, done.json["version"], done.json["n_signals"]) == (200, 2, 2)
    late = program.call("PATCH", path, json={**body, "reason": "again", "version": 1})
    assert (late.status_code, late.json["code"]) == (409, "conflict")
    versions = program.get(f"/datasets/{rig}/versions")["items"]
    assert [(each["number"], each["kind"]) for each in versions] == [(2, "edit"), (1, "import")]
    assert (versions[0]["reason"], versions[0]["changes"]["relabelled"]) == ("looked inside", 2)
    compared = program.get(f"/datasets/{rig}/versions/1/compare")
    assert compared["changes"] == {"added": 0, "removed": 0, "relabelled": 2, "edited": 0}
    assert compared["rows"][0]["fields"] == {"fault_class": ["inner_race", "ball"]}
    assert program.get(path, fault_class="ball")["total"] == 2
    assert program.get(path, fault_class="ball", version=1)["total"] == 0
    unlabel = {"changes": {"fault_class": None}, "reason": "unsure", "signal_ids": [1]}
    assert program.call("PATCH", path, json=unlabel).json["version"] == 3


def test_an_edit_that_can_not_be_is_a_422(program: Program, database: Settings, tmp_path: Path) -> None:
    rig = import_faults(tmp_path, loads=(0,))
    bodies: list[dict[str, Any]] = [
        {"changes": {"sample_rate_hz": 5}, "reason": "x"},
        {"changes": {"load": "7"}, "reason": "x", "filters": {"colour": "red"}},
        {"changes": {"load": "7"}, "reason": "x", "signal_ids": []},
        {"changes": {}, "reason": "x"},
        {"changes": {"load": "7"}, "reason": "x" * 301},
    ]
    for body in bodies:
        assert program.call("PATCH", f"/datasets/{rig}/recordings", json=body).status_code == 422, body


def test_large_datasets_answer_with_jobs(
    program: Program, database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = import_faults(tmp_path, loads=(0,))
    monkeypatch.setattr(edit_jobs, "INLINE_SIGNALS", 1)
    edit = {"changes": {"load": "7"}, "reason": "x"}
    answer = program.call("PATCH", f"/datasets/{rig}/recordings", json=edit)
    assert (answer.status_code, answer.json["version"]) == (202, None)
    assert answer.headers["Location"] == f"/api/v1/jobs/{answer.json['job_id']}"
    monkeypatch.setattr(rows, "INLINE_BYTES", 1)
    early = program.call("GET", f"/datasets/{rig}/statistics")
    assert (early.status_code, early.json["code"]) == (409, "conflict")
    started = program.call("POST", f"/datasets/{rig}/statistics")
    assert (started.status_code, started.json["statistics"]) == (202, None)
    assert DatasetService.run_statistics_job(started.json["job_id"], "test") == "done"
    assert program.call("POST", f"/datasets/{rig}/statistics").json["statistics"]["n_signals"] == 6
    assert program.get(f"/datasets/{rig}/statistics")["n_signals"] == 6


def test_the_csv_holds_every_row_that_matches_and_no_formula(
    program: Program, database: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.datasets.listing._STREAMED", 4)
    files = [*write_fault_files(tmp_path, loads=(0, 1)), write_mat(tmp_path / "=cmd_9.mat", x=make_noise(9))]
    mapping = {"defaults": {"sample_rate_hz": 2000, "fault_class": "healthy", "load": "-1"}}
    rig = run_import(files, mapping)["result"]["dataset_id"]
    answer = program.call("GET", f"/datasets/{rig}/recordings.csv?sort=-recording")
    assert answer.content_type.startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(lines) == DatasetService.list_signals(rig)["total"] == 13
    assert lines[-1]["recording"] == "'=cmd_9"
    assert {line["load"] for line in lines} == {"'-1"}
    chosen = program.call("GET", f"/datasets/{rig}/recordings.csv?q=OR_1&channel=FE")
    assert [line["recording"] for line in csv.DictReader(io.StringIO(chosen.text))] == ["OR_1"]
    assert program.call("GET", "/datasets/99/recordings.csv").status_code == 404
    assert program.call("GET", f"/datasets/{rig}/recordings.csv?part=test").status_code == 422


def test_a_viewer_reads_but_changes_nothing(
    make_program: Callable[..., Program], database: Settings, tmp_path: Path
) -> None:
    rig = import_faults(tmp_path, loads=(0,))
    viewer = make_program(role=Role.VIEWER, scopes=["read"])
    assert viewer.get(f"/datasets/{rig}/versions")["items"][0]["number"] == 1
    edit = {"changes": {"load": "7"}, "reason": "x"}
    assert viewer.call("PATCH", f"/datasets/{rig}/recordings", json=edit).status_code == 403
    assert viewer.call("DELETE", f"/datasets/{rig}").status_code == 403
    assert viewer.call("POST", f"/datasets/{rig}/restore").status_code == 403
