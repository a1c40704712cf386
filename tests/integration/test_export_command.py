"""`export` as a person types it, and `split` where a copy crosses its parts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboard.cli import cli
from dashboard_config import Settings
from tests.factories.imports import import_faults, run_import, write_canonical_file
from tests.factories.vibrations import add_noise, simulate_rolling

pytestmark = pytest.mark.usefixtures("jobs_run_here")


def run(*words: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)


def test_a_dataset_is_exported_to_a_file_by_command(database: Settings, tmp_path: Path) -> None:
    import_faults(tmp_path)
    target = tmp_path / "taken" / "rig.zip"
    lost = run("export", "Rig", "--format", "csv", "--output", target)
    assert lost.exit_code == 1
    assert "There is no folder" in lost.output
    target.parent.mkdir()
    done = run("export", "Rig", "--format", "csv", "--output", target, "--json")
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)["result"]
    assert result["path"] == str(target)
    assert list(target.parent.iterdir()) == [target]
    assert hashlib.sha256(target.read_bytes()).hexdigest() == result["sha256"]
    assert not list(database.exports_dir.glob("*"))


def test_a_split_that_parts_two_copies_is_refused_by_command(database: Settings, tmp_path: Path) -> None:
    assert database.data_dir.is_dir()
    signals = {f"r{k}/DE": simulate_rolling(0.0, seed=k) for k in range(3)}
    signals["r2/DE"] = add_noise(3 * signals["r0/DE"], 15)
    path = write_canonical_file(tmp_path / "rig.h5", signals, fault_class="healthy")
    overrides = [{"file": "*", "variable": f"r{k}/DE", "load": str(k)} for k in range(3)]
    assert run_import([path], {"overrides": overrides}, "Copies")["state"] == "done"
    refused = run("split", "Copies", "--by", "load", "--test", "2", "--accept-amber", "I know")
    assert refused.exit_code == 1
    assert "hold the same vibration" in refused.output
    assert "[split_leaks]" in refused.output
