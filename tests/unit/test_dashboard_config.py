"""Settings: read once, validated, and a fault named with an example."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

import dashboard_config as subject


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "eighty", "Example: PORT=8050"),
        ("RUN_MODE", "solo", "Example: RUN_MODE=standalone"),
        ("DATABASE_URL", "mysql://x", "must start with sqlite:/// or postgresql+psycopg://"),
        ("REDIS_URL", "127.0.0.1:6379", "must start with redis://"),
        ("SECRET_KEY", "short", "at least 32 characters"),
        ("PFD_ENV", "production", "SECRET_KEY must be set in production"),
        ("TRUSTED_PROXIES", "1", "TRUSTED_PROXIES needs RUN_MODE=internal"),
        ("JOB_HEARTBEAT_S", "29", "at most half of JOB_LEASE_S"),
        ("PFD_ENVIRONMENT", "production", "PFD_ENVIRONMENT is not a setting"),
    ],
)
def test_a_setting_that_can_not_be_used_stops_the_start(configure, name: str, value: str, words: str) -> None:
    with pytest.raises(subject.SettingsError, match=words.replace("+", r"\+")):
        configure(**{name: value})


def test_an_unknown_name_in_the_file_is_refused_and_a_known_one_read(configure, tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("PORT=9001\n")
    assert configure(PFD_ENV_FILE=file).port == 9001
    file.write_text("PROT=9001\n")
    with pytest.raises(subject.SettingsError, match="PROT is not a setting"):
        configure()


def test_the_environment_wins_over_the_file(configure, tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("PORT=9001\n")
    assert configure(PFD_ENV_FILE=file, PORT=9002).port == 9002


def test_a_message_never_shows_the_value_of_a_secret(configure) -> None:
    with pytest.raises(subject.SettingsError) as caught:
        configure(SECRET_KEY="hunter2hunter2")
    assert "hunter2" not in str(caught.value)


def test_settings_are_frozen(settings) -> None:
    with pytest.raises(ValidationError):
        settings.port = 1


def test_the_secret_key_is_made_once_and_readable_by_the_owner_only(settings) -> None:
    first = subject.get_secret_key()
    path = settings.data_dir / "secret_key"
    assert len(first) >= 32
    assert subject.get_secret_key() == first
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("environment", "level", "log_format"),
    [("development", "DEBUG", "text"), ("staging", "INFO", "json"), ("production", "WARNING", "json")],
)
def test_logging_follows_the_kind_of_installation(configure, environment, level, log_format) -> None:
    settings = configure(PFD_ENV=environment, SECRET_KEY="k" * 32)
    assert (settings.effective_log_level, settings.effective_log_format) == (level, log_format)


def test_names_are_read_on_use_not_at_import(configure, tmp_path: Path) -> None:
    first, second = (configure(DATA_DIR=tmp_path / name) and subject.STORAGE_RESULTS_DIR for name in "ab")
    assert (first, second) == (tmp_path / "a" / "results", tmp_path / "b" / "results")
    with pytest.raises(AttributeError):
        _ = subject.NO_SUCH_NAME


def test_importing_the_module_reads_no_environment() -> None:
    outcome = subprocess.run(
        [sys.executable, "-c", "import dashboard_config; print('imported')"],
        env={**os.environ, "PORT": "malformed"},
        cwd=subject.REPOSITORY_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert outcome.stdout == "imported\n"
