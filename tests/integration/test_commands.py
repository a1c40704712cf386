"""The main job by command, with nothing else running: no Redis, no worker, no web server."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dashboard.cli import cli
from dashboard_config import REPOSITORY_ROOT, Settings
from tests.conftest import Configure
from tests.data import TestData


class Shell:
    """Runs commands of one installation in this process."""

    def run(self, *words: object, ok: bool = True) -> Result:
        """Run a command; its exit code has to be 0 exactly when ``ok``."""
        done = CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)
        assert (done.exit_code == 0) is ok, done.output
        return done

    def ask(self, *words: object) -> Any:
        """Run a command with --json and return its document."""
        return json.loads(self.run(*words, "--json").stdout)


@pytest.fixture
def shell(database: Settings, configure: Configure, jobs_run_here: None) -> Shell:
    configure(REDIS_ENABLED="false")
    return Shell()


def test_from_a_folder_of_recordings_to_a_diagnosis(shell: Shell, recordings: TestData) -> None:
    table = recordings.cwru / "metadata.csv"
    job = shell.ask("import", recordings.cwru, "--name", "CWRU", "--metadata", table)
    assert (job["state"], job["result"]["n_recordings"], job["result"]["skipped"]) == ("done", 30, [])

    refused = shell.run("split", "CWRU", "--by", "load", "--test", "2", ok=False)
    assert "split_needs_acceptance" in refused.stderr
    split = shell.ask("split", "CWRU", "--by", "load", "--test", "2", "--accept-amber", "one rig only")
    assert split["colour"] == "amber"

    chosen = ("--dataset", "CWRU", "--split", split["name"], "--channel", "DE")
    trained = shell.ask("train", *chosen, "--network", "random_forest")
    results = trained["experiments"][0]
    assert results["test"]["recording_level"]["n"] == 10
    assert results["test"]["recording_level"]["accuracy"] == 1.0
    assert results["split_colour"] == "amber"
    assert trained["group"]["note"].startswith("too few seeds")

    number = results["experiment_id"]
    known = shell.ask("diagnose", recordings.cwru / "IR007_2.mat", "--experiment", number, "--channel", "DE",
                      "--sample-rate", 12000)  # fmt: skip
    assert known["verdict"]["fault_class"] == "inner_race"
    foreign = shell.ask("diagnose", recordings.mfpt / "baseline_1.mat", "--experiment", number)
    assert foreign["verdict"]["status"] == "undecided"
    assert "nothing tells whether it was trained on this machine" in foreign["verdict"]["sentence"]
    assert any("machine is unknown" in limit for limit in foreign["limits"])
    assert any("resampled from" in note for note in foreign["notes"])


def test_what_goes_wrong_is_said_in_a_sentence_and_an_exit_code(shell: Shell, recordings: TestData) -> None:
    asked = shell.run("diagnose", recordings.mfpt / "baseline_1.mat", "--experiment", 7, ok=False)
    assert "no such experiment" in asked.stderr
    detached = shell.run(
        "import", recordings.mfpt, "--name", "M", "--metadata", recordings.mfpt / "metadata.csv", "--detach",
        ok=False,
    )  # fmt: skip
    assert "worker" in detached.stderr
    lost = subprocess.run(
        [sys.executable, "-m", "dashboard", "train", "--dataset", "x", "--split", "y", "--network", "lstm"],
        cwd=REPOSITORY_ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert lost.returncode == 1
    assert "There is no dataset 'x'" in lost.stderr
    for said in (asked.stderr, detached.stderr, lost.stderr):
        assert "Traceback" not in said
