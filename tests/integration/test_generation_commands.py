"""`generate` and `add-noise` as a person types them, with nothing else running."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboard.cli import cli
from dashboard_config import Settings
from services.dataset_service import DatasetService

TOML = """
name = "From the file"
classes = ["healthy", "oil_whirl"]
n_per_class = 3
duration_s = 0.2
"""


pytestmark = pytest.mark.usefixtures("jobs_run_here")


def run(*words: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)


def test_a_dataset_is_made_from_a_file_and_gets_noise(database: Settings, tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(TOML)
    done = run("generate", "--config", path, "--seed", "9", "--json")
    assert done.exit_code == 0, done.output
    job = json.loads(done.stdout)
    assert (job["state"], job["result"]["n_recordings"]) == ("done", 6)
    details = DatasetService.get_dataset_details(job["result"]["dataset_id"])
    assert details is not None
    assert (details["name"], details["card"]["seed"]) == ("From the file", 9)
    assert run("split", "From the file", "--by", "recording", "--name", "random").exit_code == 0
    words = ("--split", "random", "--snr", "10,5", "--colour", "white", "--name", "Noisy")
    noisy = run("add-noise", "From the file", *words)
    assert noisy.exit_code == 0, noisy.output
    assert "Dataset 'Noisy'" in noisy.stdout
    given = run("split", "Noisy", "--by", "given", "--json")
    assert given.exit_code == 0, given.output
    assert {"test_snr10", "test_snr5"} <= set(json.loads(given.stdout)["counts"])


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.toml", "classes = [", "can't be read"),
        ("a.json", "[1]", "holds no configuration"),
        ("a.json", '{"name": "x", "speed": 3}', "'speed' is not an entry"),
        ("a.toml", "n_per_class = 1", "name"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused(
    database: Settings, tmp_path: Path, name: str, text: str, words: str
) -> None:
    (tmp_path / name).write_text(text)
    refused = run("generate", "--config", tmp_path / name)
    assert refused.exit_code != 0
    assert words in refused.output
    assert DatasetService.list_datasets()["total"] == 0


def test_a_ratio_that_is_no_number_is_refused(database: Settings) -> None:
    refused = run("add-noise", "nothing", "--split", "s", "--snr", "loud")
    assert refused.exit_code == 2
    assert "'loud' is no list of numbers" in refused.output
