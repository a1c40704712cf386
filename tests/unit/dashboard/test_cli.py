"""Commands: exit status 0 only on success, one JSON document with --json, a sentence for every failure."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboard import cli as subject
from database.migrate import get_head_revision
from utils.exceptions import NotFoundError

ROOT = Path(__file__).resolve().parents[3]


def _invoke(*arguments: str) -> Result:
    return CliRunner().invoke(subject.cli, list(arguments))


@pytest.mark.parametrize("name", list(subject.COMMANDS))
def test_every_command_explains_itself(name: str, settings) -> None:
    outcome = _invoke(name, "--help")
    assert outcome.exit_code == 0
    assert "Usage:" in outcome.output


def test_a_malformed_setting_stops_a_command_with_its_name_and_an_example(configure, monkeypatch) -> None:
    configure()
    monkeypatch.setenv("PORT", "many")
    subject.get_settings.cache_clear()
    outcome = _invoke("doctor")
    assert outcome.exit_code == 1
    assert "Example: PORT=8050" in outcome.output


def test_migrate_makes_the_database_and_says_where_it_is(settings) -> None:
    assert not settings.data_dir.exists()
    outcome = _invoke("migrate", "--json")
    assert (outcome.exit_code, json.loads(outcome.output)) == (0, {"revision": get_head_revision()})
    assert settings.data_dir.stat().st_mode & 0o777 == 0o700


def test_a_damaged_database_is_refused_and_left_as_it_is(settings) -> None:
    settings.data_dir.mkdir()
    path = settings.data_dir / "lstm_pfd.sqlite3"
    path.write_bytes(b"not a database at all" * 100)
    outcome = _invoke("migrate")
    assert outcome.exit_code == 1
    assert "put a copy back" in outcome.output
    assert path.read_bytes() == b"not a database at all" * 100


def _health(outcome: Result) -> dict[str, str]:
    return {check["name"]: check["health"] for check in json.loads(outcome.output)["checks"]}


def test_doctor_finds_a_migrated_checkout_healthy_though_nothing_runs(sqlite_database) -> None:
    outcome = _invoke("doctor", "--json")
    assert outcome.exit_code == 0
    health = _health(outcome)
    assert (health["database"], health["disk"]) == ("ok", "ok")
    assert (health["redis"], health["processes"]) == ("warning", "warning")


def test_doctor_names_a_redis_that_does_not_answer(sqlite_database, configure) -> None:
    configure(REDIS_URL="unix:///nowhere/redis.sock")
    outcome = _invoke("doctor", "--json")
    assert (outcome.exit_code, _health(outcome)["redis"]) == (1, "error")


def test_doctor_sees_a_redis_that_answers(sqlite_database, configure, redis_server) -> None:
    configure(REDIS_URL=redis_server.url)
    assert _health(_invoke("doctor", "--json"))["redis"] == "ok"


def test_doctor_names_a_database_that_is_damaged_or_full_disk(settings, configure) -> None:
    settings.data_dir.mkdir()
    (settings.data_dir / "lstm_pfd.sqlite3").write_bytes(b"no database" * 200)
    configure(STORAGE_RESERVE_BYTES=10**18)
    outcome = _invoke("doctor", "--json")
    health = _health(outcome)
    assert (outcome.exit_code, health["database"], health["disk"]) == (1, "error", "error")
    assert json.loads(outcome.output)["healthy"] is False


def _plant(monkeypatch, error: Exception) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr("database.migrate.migrate", fail)


def test_an_expected_failure_is_its_sentence(settings, monkeypatch) -> None:
    _plant(monkeypatch, NotFoundError("There is no dataset 'x'; list them with: datasets"))
    outcome = _invoke("migrate")
    assert outcome.exit_code == 1
    assert outcome.output == "Error: There is no dataset 'x'; list them with: datasets\n"


def test_an_unexpected_failure_is_a_reference_and_no_traceback(settings, monkeypatch) -> None:
    _plant(monkeypatch, RuntimeError("secret detail"))
    outcome = _invoke("migrate")
    assert outcome.exit_code == 1
    shown = outcome.output.splitlines()[-1]
    assert "Reference: " in shown
    assert "secret detail" not in shown


def test_supervising_loads_neither_the_science_nor_the_web_frameworks() -> None:
    source = (
        "import sys, importlib\n"
        "for name in ('dashboard.cli', 'dashboard.cli.system', 'dashboard.startup', 'tasks.dispatcher'):\n"
        "    importlib.import_module(name)\n"
        "print([name for name in ('torch', 'sklearn', 'captum', 'dash', 'flask') if name in sys.modules])"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert outcome.stdout == "[]\n"
