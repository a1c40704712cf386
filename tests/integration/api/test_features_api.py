"""Features over REST: what there is, extraction in a job, values, table, rankings, views."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboard.cli import cli
from services.feature_service import FeatureService
from tests.factories.datasets import SmallDataset, add_small_dataset
from tests.integration.api.conftest import Program

BODY = {"domain": "all", "window_s": 0.25}


@pytest.fixture
def small(program: Program) -> SmallDataset:
    return add_small_dataset()


def test_features_are_extracted_ranked_and_shown(program: Program, small: SmallDataset) -> None:
    path = f"/datasets/{small.dataset_id}/feature-sets"
    started = program.call("POST", path, json=BODY)
    assert started.status_code == 202, started.text
    assert started.headers["Location"] == f"/api/v1/jobs/{started.json['job_id']}"
    FeatureService.run_features_job(started.json["job_id"], "tester")
    again = program.call("POST", path, json=BODY)
    assert again.status_code == 200
    set_id = again.json["feature_set_id"]
    (listed,) = program.get(path)["items"]
    assert (listed["feature_set_id"], listed["n_rows"]) == (set_id, 32)
    shown = program.get(f"/feature-sets/{set_id}", per_page=2, page=2)
    assert [row["start_s"] for row in shown["rows"]] == [0.5, 0.75]
    table = list(csv.reader(io.StringIO(program.call("GET", f"/feature-sets/{set_id}/table").text)))
    assert len(table) == 33
    assert float(table[3][5]) == pytest.approx(shown["rows"][0]["values"][0], rel=1e-6)
    ranking = {"split_id": small.split_id, "kind": "selection", "method": "mrmr", "num_features": 3}
    asked = program.call("POST", f"/feature-sets/{set_id}/rankings", json=ranking)
    assert asked.status_code == 202, asked.text
    FeatureService.run_features_job(asked.json["job_id"], "tester")
    (ranked,) = program.get(f"/feature-sets/{set_id}/rankings")["items"]
    assert len(ranked["items"]) == 3
    assert program.get(f"/feature-sets/{set_id}/distribution", feature="rms")["classes"]
    assert program.get(f"/feature-sets/{set_id}/correlation")["closest"]
    assert program.get(f"/feature-sets/{set_id}/projection", method="tsne")["ready"]
    assert program.get(f"/feature-sets/{set_id}/spectra")["classes"]
    assert program.call("DELETE", f"/feature-sets/{set_id}").status_code == 204
    assert program.call("GET", f"/feature-sets/{set_id}").status_code == 404


def test_what_features_mean_is_told(program: Program) -> None:
    features = {each["name"]: each for each in program.get("/features")["items"]}
    assert len(features) >= 36
    assert features["rms"]["gain_power"] == 1
    assert features["line_1x_db"]["need"] == "shaft_speed"


def test_a_recording_tells_the_features_of_its_windows(program: Program, small: SmallDataset) -> None:
    plain = program.get("/recordings/1/features")
    assert plain["features"]["rms"] > 0
    assert plain["by_window"] is None
    asked = program.get("/recordings/1/features", domain="time", window_s=0.5)
    assert [window["start_s"] for window in asked["by_window"]["windows"]] == [0.0, 0.5]
    assert program.call("GET", "/recordings/1/features?channel=Z").status_code == 404
    assert program.call("GET", "/recordings/1/features?domain=colour").status_code == 422


def test_unknown_sets_features_and_fields_are_refused(program: Program, small: SmallDataset) -> None:
    set_id = FeatureService.extract_features(small.dataset_id, "time", {"window_s": 0.5})["feature_set_id"]
    path = f"/feature-sets/{set_id}"
    assert program.call("GET", f"{path}/distribution?feature=colour").status_code == 422
    assert program.call("GET", f"{path}/projection?method=umap").status_code == 422
    assert program.call("GET", "/feature-sets/99/correlation").status_code == 404
    assert program.call("GET", "/datasets/99/feature-sets").status_code == 404
    refused = program.call("POST", f"{path}/rankings", json={"split_id": 99})
    assert (refused.status_code, refused.json["code"]) == (404, "not_found")
    extra = {**BODY, "windows": 3}
    assert program.call("POST", f"/datasets/{small.dataset_id}/feature-sets", json=extra).status_code == 422


@pytest.mark.usefixtures("jobs_run_here")
def test_the_command_extracts_and_writes_a_table(
    program: Program, small: SmallDataset, tmp_path: Path
) -> None:
    words = ["features", "Small rig", "--domain", "time", "--window", "0.5"]
    first = CliRunner().invoke(cli, [*words, "--csv", str(tmp_path / "t.csv"), "--json"])
    assert first.exit_code == 0, first.output
    assert json.loads(first.stdout)["n_rows"] == 16
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 17
    again = CliRunner().invoke(cli, words)
    assert "10 features of 16 windows" in again.output
    refused = CliRunner().invoke(cli, ["features", "Small rig", "--domain", "colour"])
    assert refused.exit_code == 1
    assert "Unknown domain" in refused.output
