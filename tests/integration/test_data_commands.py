"""`import` and `split` as a person types them, with nothing else running."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboard.cli import cli
from dashboard_config import Settings
from services.dataset_service import DatasetService
from tests.factories.imports import write_fault_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with nine files."""
    write_fault_files(tmp_path / "rig")
    return tmp_path / "rig"


def run(*words: str | Path) -> Result:
    """Run a command in this process; its job runs in a child, unless a test wants it here too."""
    return CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)


PATTERN = r"(?P<fault_class>Normal|IR|OR)_(?P<load>\d)"


def test_a_folder_is_imported_and_split_by_command(database: Settings, folder: Path) -> None:
    done = run(
        *("import", folder, "--name", "Rig", "--pattern", PATTERN, "--map", "IR=inner_race,OR=outer_race"),
        *("--sample-rate", "2000", "--channel", "DE", "--unit", "g", "--bearing", "6205", "--json"),
    )
    assert done.exit_code == 0, done.output
    job = json.loads(done.stdout)
    assert (job["state"], job["result"]["n_signals"]) == ("done", 9)
    made = run("split", "Rig", "--by", "load", "--test", "2", "--json")
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["counts"]["test"]["n_recordings"] == 3
    (row, *_) = DatasetService.list_signals(job["result"]["dataset_id"])["items"]
    assert (row["channel"], row["unit"], row["bearing"]) == ("DE", "g", "6205")
    refused = run("split", "Rig", "--by", "fault_class", "--test", "inner_race")
    assert refused.exit_code == 1
    assert "[class_without_training]" in refused.output


@pytest.mark.usefixtures("jobs_run_here")
def test_a_failed_import_says_why_and_exits_with_1(database: Settings, folder: Path) -> None:
    failed = run("import", folder, "--name", "Rig")
    assert failed.exit_code == 1
    assert "sample rate" in failed.output
    assert DatasetService.list_datasets()["total"] == 0


def test_detach_is_refused_where_no_worker_lives(database: Settings, folder: Path) -> None:
    refused = run("import", folder, "--name", "Rig", "--sample-rate", "2000", "--detach")
    assert refused.exit_code == 1
    assert "no" in refused.output


@pytest.mark.usefixtures("jobs_run_here")
def test_the_metadata_table_of_the_real_recordings_is_enough(database: Settings, real_data: Path) -> None:
    folder = real_data / "cwru_12k_de"
    done = run("import", folder, "--name", "CWRU", "--metadata", folder / "metadata.csv")
    assert done.exit_code == 0, done.output
    assert "30 recordings with 30 signals" in done.stdout
    amber = run("split", "CWRU", "--by", "load", "--test", "2", "--channel", "DE")
    assert amber.exit_code == 1
    assert "[split_needs_acceptance]" in amber.output
    ticked = run(
        "split", "CWRU", "--by", "load", "--test", "2", "--channel", "DE", "--accept-amber", "one rig"
    )
    assert ticked.exit_code == 0, ticked.output
    assert "test: 10 recordings" in ticked.stdout


@pytest.mark.usefixtures("jobs_run_here")
def test_a_mapping_is_kept_by_command_and_used_by_name(
    database: Settings, folder: Path, tmp_path: Path
) -> None:
    (folder / "broken.mat").write_bytes(b"no recording")
    said = ("--pattern", PATTERN, "--map", "IR=inner_race,OR=outer_race", "--sample-rate", "2000")
    kept = run(
        *("import", folder, "--name", "Rig", "--channel", "DE", "--sensitivity", "100 mV/g", *said),
        *("--save-template", "Rig logger", "--json"),
    )
    assert kept.exit_code == 0, kept.output
    result = json.loads(kept.stdout)["result"]
    assert (result["n_signals"], result["n_skipped"]) == (9, 1)
    assert result["skipped"][0]["file"] == "broken.mat"
    assert run("templates", "list").stdout == "Rig logger\n"
    assert run("templates", "rename", "Rig logger", "Rig").exit_code == 0
    assert json.loads(run("templates", "show", "Rig").stdout)["variables"] == ["DE"]

    write_fault_files(tmp_path / "later", loads=(5,))
    again = run("import", tmp_path / "later", "--name", "Later", "--template", "Rig", "--machine", "rig 3")
    assert again.exit_code == 0, again.output
    assert "3 recordings with 3 signals" in again.stdout
    (row, *_) = DatasetService.list_signals(result["dataset_id"] + 1)["items"]
    assert (row["channel"], row["unit"], row["machine"]) == ("DE", "g", "rig 3")

    unknown = run("import", folder, "--name", "Rig", "--template", "nothing")
    assert unknown.exit_code == 2
    assert "no template and no file 'nothing'" in unknown.output
    assert run("templates", "delete", "Rig").exit_code == 0
    assert run("templates", "delete", "Rig").exit_code == 1
