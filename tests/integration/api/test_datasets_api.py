"""Uploads, imports, datasets, recordings and splits over REST, with a real key."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboard_config import Settings
from models.user import Role
from services.dataset_service import DatasetService
from tests.factories.imports import FAULT_MAPPING, import_faults, write_fault_files
from tests.integration.api.conftest import Program


def send_import(program: Program, files: list[Path], **fields: str) -> Any:
    """Send files and a mapping as one multipart form."""
    form: dict[str, Any] = {"name": "Rig", "mapping": json.dumps(FAULT_MAPPING), **fields}
    form["files"] = [(io.BytesIO(path.read_bytes()), path.name) for path in files]
    return program.call("POST", "/datasets/import", data=form, content_type="multipart/form-data")


def list_waiting(settings: Settings) -> list[Path]:
    """Return the files in the upload folder."""
    return list(settings.uploads_dir.glob("*")) if settings.uploads_dir.exists() else []


def test_files_sent_as_a_form_become_a_dataset(program: Program, database: Settings, tmp_path: Path) -> None:
    answer = send_import(program, write_fault_files(tmp_path))
    assert answer.status_code == 202, answer.text
    assert answer.json["state"] == "queued"
    assert answer.headers["Location"] == f"/api/v1/jobs/{answer.json['id']}"
    assert DatasetService.run_import_job(answer.json["id"], "test") == "done"
    job = program.get(f"/jobs/{answer.json['id']}")
    assert (job["state"], job["result"]["n_signals"]) == ("done", 18)
    assert list_waiting(database) == []
    (dataset,) = program.get("/datasets", q="rig")["items"]
    assert dataset["classes"] == {"healthy": 9, "inner_race": 3, "outer_race": 3}
    details = program.get(f"/datasets/{dataset['dataset_id']}")
    assert details["bearings"][0]["bearing"] == "6203-2RS"


def test_uploads_are_sent_listed_imported_and_discarded(program: Program, tmp_path: Path) -> None:
    ids = []
    for path in write_fault_files(tmp_path, loads=(0,)):
        form = {"file": (io.BytesIO(path.read_bytes()), f"rig/{path.name}")}
        stored = program.call("POST", "/uploads", data=form, content_type="multipart/form-data")
        assert stored.status_code == 201, stored.text
        ids.append(stored.json["upload_id"])
    listed = program.get("/uploads")["items"]
    assert [one["file_name"] for one in listed] == ["rig/Normal_0.mat", "rig/IR_0.mat", "rig/OR_0.mat"]
    assert program.call("DELETE", f"/uploads/{ids[2]}").status_code == 204
    assert program.call("DELETE", f"/uploads/{ids[2]}").status_code == 404
    body = {"name": "Rig", "mapping": FAULT_MAPPING, "upload_ids": ids[:2]}
    started = program.call("POST", "/datasets/import", json=body)
    assert started.status_code == 202, started.text
    assert DatasetService.run_import_job(started.json["id"], "test") == "done"


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"mapping": "{"}, 422, "invalid_input"),
        ({"mapping": '["a"]'}, 422, "invalid_input"),
        ({"mapping": '{"colour": 1}'}, 422, "invalid_input"),
        ({"name": ""}, 422, "invalid_input"),
        ({"owner": "7"}, 422, "invalid_input"),
    ],
)
def test_a_form_that_can_not_be_used_is_refused_and_its_files_go(
    fields: dict[str, str], status: int, code: str, program: Program, database: Settings, tmp_path: Path
) -> None:
    answer = send_import(program, write_fault_files(tmp_path, loads=(0,)), **fields)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert list_waiting(database) == []
    assert program.get("/jobs")["total"] == 0


def test_a_broken_form_is_refused(program: Program, database: Settings) -> None:
    for body in (
        b"nonsense",
        b"--x\r\n",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc',
    ):
        answer = program.call("POST", "/uploads", data=body, content_type="multipart/form-data; boundary=x")
        assert (answer.status_code, answer.json["code"]) == (422, "invalid_input"), body
    assert program.call("POST", "/uploads", json={"file": "x"}).status_code == 415
    assert list_waiting(database) == []


def test_an_upload_that_is_too_large_is_a_413(
    program: Program, configure: Callable[..., Settings], database: Settings
) -> None:
    configure(UPLOAD_MAX_BYTES=2_000)
    form = {"file": (io.BytesIO(b"x" * 3_000), "a.mat")}
    answer = program.call("POST", "/uploads", data=form, content_type="multipart/form-data")
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")
    assert list_waiting(database) == []


@pytest.mark.parametrize(
    ("method", "path", "content_type", "limit"),
    [
        ("POST", "/uploads", "multipart/form-data; boundary=x", "2,149 MB"),
        ("PATCH", "/datasets/1", "application/json", "67 MB"),
    ],
)
def test_a_request_that_is_too_large_is_told_the_limit(
    method: str, path: str, content_type: str, limit: str, program: Program, database: Settings
) -> None:
    length = {"CONTENT_LENGTH": str(10 * 1024**3)}  # only said: the server refuses before it reads
    answer = program.call(method, path, data=b"{}", content_type=content_type, environ_overrides=length)
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")
    assert limit in answer.json["detail"]
    assert list_waiting(database) == []


def test_a_path_on_the_server_is_not_taken_from_afar(program: Program, tmp_path: Path) -> None:
    body = {"name": "Rig", "upload_ids": [{"path": "/etc/passwd"}]}
    assert program.call("POST", "/datasets/import", json=body).status_code == 422


def test_lists_are_paged_sorted_and_filtered(program: Program, tmp_path: Path) -> None:
    dataset_id = import_faults(tmp_path)
    page = program.get(f"/datasets/{dataset_id}/recordings", sort="-load", per_page=2, page=2, channel="DE")
    assert (page["total"], page["page"], page["per_page"], len(page["items"])) == (9, 2, 2, 2)
    assert page["items"][0]["load"] == "2"
    assert [signal["channel"] for signal in page["items"][0]["signals"]] == ["DE"]
    for wrong in ({"sort": "colour"}, {"page": 0}, {"per_page": 1000}, {"colour": "red"}, {"part": "test"}):
        answer = program.call("GET", f"/datasets/{dataset_id}/recordings", query_string=wrong)
        assert answer.status_code == 422, wrong
    assert program.call("GET", "/datasets", query_string={"sort": "colour"}).status_code == 422
    for path in ("/datasets/99", "/datasets/99/recordings", "/datasets/99/statistics", "/recordings/99"):
        assert program.call("GET", path).status_code == 404, path


def test_a_recording_is_seen_from_every_side(program: Program, tmp_path: Path) -> None:
    dataset_id = import_faults(tmp_path, loads=(0,))
    items = program.get(f"/datasets/{dataset_id}/recordings")["items"]
    number = next(item["recording_id"] for item in items if item["recording"] == "IR_0")
    assert program.get(f"/recordings/{number}")["shaft_speed_rpm"] == 1800.0
    wave = program.get(
        f"/recordings/{number}/signal", **{"from": 0.5, "to": 1.0, "points": 100, "channel": "FE"}
    )
    assert len(wave["values"]) <= 100
    assert (wave["start_s"], wave["stop_s"]) == (0.5, 1.0)
    assert program.get(f"/recordings/{number}/spectrum", window="flattop")["resolution_hz"] == 0.5
    assert program.get(f"/recordings/{number}/psd")["n_segments"] >= 1
    band = program.get(f"/recordings/{number}/envelope-spectrum", low_hz=100, high_hz=900)["band_hz"]
    assert band == [100, 900]
    lines = program.get(f"/recordings/{number}/fault-lines", shaft_speed_rpm=600)["lines"]
    assert lines[0]["frequency_hz"] == pytest.approx(0.398 * 10, rel=1e-2)
    assert program.get(f"/recordings/{number}/features")["features"]["rms"] == pytest.approx(1.0, rel=0.1)
    assert program.get(f"/datasets/{dataset_id}/statistics")["n_signals"] == 6
    wrong = program.call("GET", f"/recordings/{number}/signal", query_string={"channel": "XX"})
    assert (wrong.status_code, wrong.json["code"]) == (404, "not_found")
    assert "DE, FE" in wrong.json["detail"]
    turned = program.call("GET", f"/recordings/{number}/signal", query_string={"from": 2, "to": 1})
    assert turned.status_code == 422


def test_splits_are_checked_stored_and_listed(program: Program, tmp_path: Path) -> None:
    dataset_id = import_faults(tmp_path)
    rule = {"by": "load", "test_values": ["2"], "channel": "DE"}
    checked = program.call("POST", f"/datasets/{dataset_id}/splits/check", json=rule)
    assert checked.status_code == 200, checked.text
    assert checked.json["counts"]["test"]["n_recordings"] == 3
    assert program.get(f"/datasets/{dataset_id}/splits")["items"] == []
    made = program.call("POST", f"/datasets/{dataset_id}/splits", json={**rule, "name": "by load"})
    assert made.status_code == 201, made.text
    assert len(made.json["parts"]["test"]) == 3
    (listed,) = program.get(f"/datasets/{dataset_id}/splits")["items"]
    assert listed["split_id"] == made.json["split_id"]
    again = program.call("POST", f"/datasets/{dataset_id}/splits", json={**rule, "name": "by load"})
    assert (again.status_code, again.json["code"]) == (409, "conflict")
    leaks = program.call(
        "POST",
        f"/datasets/{dataset_id}/splits",
        json={"by": "fault_class", "test_values": ["inner_race"], "name": "x"},
    )
    assert (leaks.status_code, leaks.json["code"]) in {(422, "class_without_training"), (409, "split_leaks")}


def test_a_split_is_carried_over_to_the_next_version(program: Program, tmp_path: Path) -> None:
    dataset_id = import_faults(tmp_path)
    path = f"/datasets/{dataset_id}/splits"
    rule = {"by": "load", "test_values": ["2"], "channel": "DE", "name": "by load"}
    old = program.call("POST", path, json=rule).json
    assert old["carried_from"] is None
    body = {"carry_from": old["split_id"]}
    early = program.call("POST", path, json=body)
    assert (early.status_code, early.json["code"]) == (422, "invalid_input")
    import_faults(tmp_path / "more", loads=(4,))
    checked = program.call("POST", f"{path}/check", json=body)
    assert checked.status_code == 200, checked.text
    assert (checked.json["version"], checked.json["carried_from"]["n_new"]) == (2, 3)
    carried = program.call("POST", path, json={**body, "name": "by load, again"})
    assert carried.status_code == 201, carried.text
    assert (carried.json["name"], carried.json["version"]) == ("by load, again", 2)
    assert carried.json["parts"] == old["parts"]
    assert [split["version"] for split in program.get(path)["items"]] == [2, 1]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"carry_from": 1, "by": "load"}, "by"),
        ({"carry_from": "x"}, "carry_from"),
        ({"carry_from": 2**40}, "carry_from"),
        ({"by": "load"}, "name"),
        ({}, "by"),
        ([], "body"),
    ],
)
def test_a_split_is_asked_for_in_one_way_or_the_other(body: Any, named: str, program: Program) -> None:
    refused = program.call("POST", "/datasets/1/splits", json=body)
    assert (refused.status_code, refused.json["code"]) == (422, "invalid_input")
    assert named in refused.json["detail"]


def test_a_split_of_another_dataset_is_not_found_here(program: Program, tmp_path: Path) -> None:
    dataset_id, other = import_faults(tmp_path / "a"), import_faults(tmp_path / "b", "Other", loads=(4,))
    old = program.call(
        "POST", f"/datasets/{dataset_id}/splits", json={"by": "load", "test_values": ["2"], "name": "s"}
    ).json
    for path in (f"/datasets/{other}/splits", f"/datasets/{other}/splits/check"):
        assert program.call("POST", path, json={"carry_from": old["split_id"]}).status_code == 404
        assert program.call("POST", path, json={"carry_from": 999}).status_code == 404


def test_a_dataset_is_changed_and_deleted(program: Program, database: Settings, tmp_path: Path) -> None:
    dataset_id = import_faults(tmp_path, loads=(0,))
    changed = program.call("PATCH", f"/datasets/{dataset_id}", json={"name": "Mill", "archived": True})
    assert (changed.json["name"], changed.json["archived"]) == ("Mill", True)
    assert program.get("/datasets")["total"] == 0
    assert program.get("/datasets", archived=True)["total"] == 1
    assert program.call("PATCH", f"/datasets/{dataset_id}", json={"created_by": 1}).status_code == 422
    assert program.call("DELETE", f"/datasets/{dataset_id}").status_code == 204
    assert program.get("/datasets", archived=True)["total"] == 0
    assert program.get("/datasets", shelf="trash")["items"][0]["name"] == "Mill"
    assert program.call("POST", f"/datasets/{dataset_id}/restore").json["trashed_at"] is None
    for status in (204, 404):
        answer = program.call("DELETE", f"/datasets/{dataset_id}?permanently=true")
        assert answer.status_code == status
    assert [path for path in database.signals_dir.rglob("*") if path.is_file()] == []


def test_scopes_are_kept(make_program: Callable[..., Program], tmp_path: Path) -> None:
    dataset_id = import_faults(tmp_path, loads=(0,))
    reader = make_program("bob", scopes=["read"])
    assert reader.get(f"/datasets/{dataset_id}")["n_signals"] == 6
    refused = [
        send_import(reader, []),
        reader.call("POST", "/uploads", data={}, content_type="multipart/form-data"),
        reader.call("DELETE", f"/datasets/{dataset_id}"),
        reader.call("PATCH", f"/datasets/{dataset_id}", json={"name": "x"}),
        reader.call("POST", f"/datasets/{dataset_id}/splits", json={"name": "x", "by": "load"}),
    ]
    assert {answer.status_code for answer in refused} == {403}


def test_another_persons_upload_can_not_be_used(make_program: Callable[..., Program], tmp_path: Path) -> None:
    ann, bob = make_program("ann"), make_program("bob", Role.ADMIN)
    (file, *_) = write_fault_files(tmp_path, loads=(0,))
    form = {"file": (io.BytesIO(file.read_bytes()), file.name)}
    stored = ann.call("POST", "/uploads", data=form, content_type="multipart/form-data").json
    body = {"name": "Rig", "upload_ids": [stored["upload_id"]]}
    missing = bob.call("POST", "/datasets/import", json={**body, "upload_ids": ["0" * 32]})
    theirs = bob.call("POST", "/datasets/import", json=body)
    assert theirs.status_code == missing.status_code == 404
    assert theirs.json == missing.json
    assert bob.call("DELETE", f"/uploads/{stored['upload_id']}").status_code == 404
    assert len(ann.get("/uploads")["items"]) == 1
