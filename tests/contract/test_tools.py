"""The checks that a contributor runs are green here too, and each can fail."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def _run(*command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=1200
    )


def test_ruff_finds_nothing() -> None:
    outcome = _run(BIN / "ruff", "check", "--no-cache")
    assert outcome.returncode == 0, outcome.stdout


def test_every_file_has_the_format_of_the_project() -> None:
    outcome = _run(BIN / "ruff", "format", "--check", "--no-cache")
    assert outcome.returncode == 0, outcome.stdout


def test_types_are_strict_on_the_inner_layers_and_a_planted_fault_is_found(tmp_path: Path) -> None:
    fault = tmp_path / "planted.py"
    fault.write_text("def answer(value):\n    return value\n")
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["files"]
    outcome = _run(BIN / "mypy", *configured, fault)
    assert outcome.returncode == 1
    assert "[no-untyped-def]" in outcome.stdout
    assert [line for line in outcome.stdout.splitlines()[:-1] if "planted.py:" not in line] == []
    assert "in 1 file " in outcome.stdout.splitlines()[-1]


def test_ruff_fails_on_a_planted_fault(tmp_path: Path) -> None:
    fault = tmp_path / "planted.py"
    fault.write_text("import os\n")
    outcome = _run(BIN / "ruff", "check", "--no-cache", "--config", ROOT / "pyproject.toml", fault)
    assert outcome.returncode == 1
    assert "F401" in outcome.stdout
