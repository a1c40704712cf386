"""Exports and leak reports over REST: started, followed, downloaded by whom the link was made for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.user import Role
from services.dataset_service import DatasetService
from services.datasets import leak_scans
from tests.factories.imports import import_faults
from tests.integration.api.conftest import Program


@pytest.fixture
def dataset_id(program: Program, tmp_path: Path) -> int:
    assert program.user_id
    return import_faults(tmp_path)


def _export(program: Program, dataset_id: int, **body: Any) -> dict[str, Any]:
    started = program.call("POST", f"/datasets/{dataset_id}/export", json=body)
    assert started.status_code == 202, started.text
    assert started.json["kind"] == "export"
    assert started.headers["Location"] == f"/api/v1/exports/{started.json['export_id']}"
    waiting = program.get(f"/exports/{started.json['export_id']}")
    assert (waiting["downloadable"], waiting["download_url"]) == (False, None)
    assert DatasetService.run_export_job(started.json["id"], "test") == "done"
    found: dict[str, Any] = program.get(f"/exports/{started.json['export_id']}")
    return found


def test_an_export_is_started_followed_and_downloaded(program: Program, dataset_id: int) -> None:
    export = _export(program, dataset_id, format="csv")
    assert program.get(f"/datasets/{dataset_id}/exports")["items"][0]["export_id"] == export["export_id"]
    answer = program.call("GET", export["download_url"].removeprefix("/api/v1"))
    assert answer.status_code == 200
    assert hashlib.sha256(answer.data).hexdigest() == export["sha256"]
    headers = answer.headers
    assert headers["Content-Disposition"] == "attachment; filename=Rig-v1-csv.zip"
    assert (headers["Content-Type"], headers["X-Content-Type-Options"]) == (
        "application/octet-stream",
        "nosniff",
    )
    assert headers["Cache-Control"] == "no-store"


def test_a_link_opens_for_nobody_else_and_not_without_its_signature(
    program: Program, make_program: Callable[..., Program], dataset_id: int
) -> None:
    export = _export(program, dataset_id)
    path = export["download_url"].removeprefix("/api/v1")
    other = make_program("bob", Role.VIEWER, ["read"])
    assert other.call("GET", path).status_code == 403
    own = other.get(f"/exports/{export['export_id']}")["download_url"].removeprefix("/api/v1")
    assert own != path
    assert other.call("GET", own).status_code == 200
    assert program.call("GET", path.partition("?")[0]).status_code == 422
    assert program.client.get(export["download_url"]).status_code == 401


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/datasets/{}/export", {"format": "xlsx"}, 422),
        ("/datasets/{}/export", {"format": "csv", "output_dir": "/tmp"}, 422),
        ("/datasets/{}/export", {"version": 9}, 404),
        ("/datasets/99/export", {}, 404),
    ],
)
def test_what_can_not_be_exported_is_refused(
    program: Program, dataset_id: int, path: str, body: dict[str, Any], status: int
) -> None:
    assert program.call("POST", path.format(dataset_id), json=body).status_code == status


def test_a_viewer_may_not_export_and_a_missing_export_is_not_found(
    make_program: Callable[..., Program], dataset_id: int
) -> None:
    viewer = make_program("vera", Role.VIEWER, ["read"])
    assert viewer.call("POST", f"/datasets/{dataset_id}/export", json={}).status_code == 403
    assert viewer.call("GET", "/exports/99").status_code == 404
    assert viewer.call("GET", "/datasets/99/exports").status_code == 404


def test_a_leak_report_is_asked_for_and_its_comparison_started(
    program: Program, dataset_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leak_scans, "_INLINE_S", -1.0)
    missing = program.get(f"/datasets/{dataset_id}/leaks")
    assert (missing["state"], missing["version"]) == ("missing", 1)
    body = {"by": "load", "test_values": ["2"], "channel": "DE"}
    asked = program.call("POST", f"/datasets/{dataset_id}/splits/check", json=body)
    assert (asked.status_code, asked.json["code"]) == (409, "leak_check_running")
    started = program.call("POST", f"/datasets/{dataset_id}/leaks", json={})
    assert started.status_code == 202, started.text
    assert program.get(f"/datasets/{dataset_id}/leaks")["state"] == "running"
    assert DatasetService.run_leak_check_job(started.json["id"], "test") == "done"
    assert program.call("POST", f"/datasets/{dataset_id}/leaks", json={}).status_code == 204
    report = program.get(f"/datasets/{dataset_id}/leaks", version=1)
    assert (report["state"], report["scan"]["n_signals"]) == ("done", 18)
    assert program.call("POST", f"/datasets/{dataset_id}/splits/check", json=body).status_code == 200
    assert program.call("GET", "/datasets/99/leaks").status_code == 404
