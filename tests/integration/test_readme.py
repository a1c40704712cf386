"""The README's first diagnosis, followed literally."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard_config import REPOSITORY_ROOT

pytestmark = pytest.mark.slow

README = REPOSITORY_ROOT / "README.md"


def read_commands() -> list[str]:
    """Return the lines of the block that makes a first diagnosis by command."""
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(), flags=re.DOTALL)
    found = [block for block in blocks if "dashboard diagnose" in block]
    assert len(found) == 1
    return found[0].splitlines()


def test_the_commands_of_the_readme_end_in_a_diagnosis(tmp_path: Path) -> None:
    said = ""
    env = {**os.environ, "DATA_DIR": str(tmp_path / "data")}
    for line in read_commands():
        words = [sys.executable if word == ".venv/bin/python" else word for word in shlex.split(line)]
        words = [str(tmp_path / word) if word.startswith("recordings") else word for word in words]
        done = subprocess.run(
            words, cwd=REPOSITORY_ROOT, env=env, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        said = done.stdout
    assert "diagnosed" in said
    assert "inner_race" in said
    assert "limit:" in said
    assert "InnerRaceFault_vload_1.mat" in said


def test_every_link_of_the_readme_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README.read_text()):
        if not target.startswith("http"):
            assert (REPOSITORY_ROOT / target).exists(), target
