"""The condition trend over REST."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from models.user import Role
from services.data_service import DataService
from tests.factories.imports import make_noise, run_import, write_canonical_file
from tests.integration.api.conftest import Program


def import_series(folder: Path, n_runs: int) -> int:
    signals = {f"run_{index}/DE": make_noise(index) for index in range(n_runs)}
    job = run_import([write_canonical_file(folder / "runs.h5", signals, unit="g")], {}, f"Runs {n_runs}")
    dataset_id: int = job["result"]["dataset_id"]
    return dataset_id


def test_a_program_has_a_trend_computed_and_reads_it(program: Program, tmp_path: Path) -> None:
    dataset_id = import_series(tmp_path, 60)
    path = f"/datasets/{dataset_id}/trend"
    assert program.get(f"{path}/series")["series"] == [{"channel": "DE", "group": None, "n": 60}]
    assert not program.get(path)["ready"]
    asked = program.call("POST", path)
    assert asked.status_code == 202, asked.text
    assert DataService.run_trend_job(asked.json["job"]["id"], "test") == "done"
    trend = program.get(path, indicator="kurtosis", reference_to=0.5, channel="DE")
    assert trend["n_observations"] == 60
    assert trend["reference"]["n"] == 30
    assert program.call("POST", path).json == {"ready": True, "job": None}


def test_what_cannot_be_followed_is_a_problem_in_words(program: Program, tmp_path: Path) -> None:
    dataset_id = import_series(tmp_path, 5)
    refused = program.call("GET", f"/datasets/{dataset_id}/trend")
    assert refused.status_code == 422
    assert "again and again" in refused.json["detail"]
    assert program.call("GET", "/datasets/999/trend").status_code == 404


def test_only_engineers_start_the_job(make_program: Callable[..., Program], tmp_path: Path) -> None:
    viewer = make_program("vi", Role.VIEWER, ["read"])
    dataset_id = import_series(tmp_path, 20)
    assert viewer.call("POST", f"/datasets/{dataset_id}/trend").status_code == 403
