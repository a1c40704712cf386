"""The checks that a contributor runs are green here too, and each can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def _run(*command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=300
    )


def test_ruff_finds_nothing() -> None:
    outcome = _run(BIN / "ruff", "check", "--no-cache")
    assert outcome.returncode == 0, outcome.stdout


def test_every_file_has_the_format_of_the_project() -> None:
    outcome = _run(BIN / "ruff", "format", "--check", "--no-cache")
    assert outcome.returncode == 0, outcome.stdout


def test_types_are_strict_on_the_inner_layers() -> None:
    outcome = _run(BIN / "mypy")
    assert outcome.returncode == 0, outcome.stdout


def test_ruff_and_mypy_fail_on_planted_faults(tmp_path: Path) -> None:
    fault = tmp_path / "planted.py"
    fault.write_text("import os\n\n\ndef answer(value):\n    return value\n")
    configuration = ROOT / "pyproject.toml"
    linted = _run(BIN / "ruff", "check", "--no-cache", "--config", configuration, fault)
    typed = _run(BIN / "mypy", "--config-file", configuration, "--cache-dir", tmp_path / "cache", fault)
    assert (linted.returncode, typed.returncode) == (1, 1)
    assert "F401" in linted.stdout
    assert "[no-untyped-def]" in typed.stdout
