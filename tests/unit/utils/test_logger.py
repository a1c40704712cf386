"""No secret, no line break and no e-mail address reaches a log."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator

import pytest

from utils.logger import configure_logging, log_db_query, log_error, log_request, redact, setup_logger

SECRETS = [
    ("key sk_live_" + "a1B2" * 14 + "xy was used", "a1B2a1B2"),
    ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
    ("password=hunter2hunter2", "hunter2hunter2"),
    ("{'token': 'qwertyuiop'}", "qwertyuiop"),
    ("GET /setup?token=zxcvbnmasdfghjklqwertyuiop", "zxcvbnm"),
    ("GET /reset/zxcvbnmasdfghjklqwertyuiop", "zxcvbnm"),
    ("postgresql+psycopg://pfd:s3cret@db/pfd", "s3cret"),
    ("mail to ann.b+c@example.co.uk bounced", "ann.b"),
]


@pytest.fixture
def capture(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[str], list[str]]]:
    """Configure logging as a process does; give back a function that reads what was written."""
    root = logging.getLogger("lstm_pfd")
    before = (list(root.handlers), root.level, root.propagate)

    def start(log_format: str) -> list[str]:
        configure_logging("DEBUG", log_format)
        return []

    yield start
    root.handlers[:], root.level, root.propagate = before
    capsys.readouterr()


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_a_secret_is_taken_out(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in redact(text)


def test_a_forged_second_line_stays_on_the_first() -> None:
    assert "\n" not in redact("name\nERROR forged line")
    for control in ("\r", "\x1b", "\x85", "\u2028", "\x9b"):
        assert control not in redact(f"name{control}[2J")
    assert redact("a\tb é µ") == "a\tb é µ"


def test_no_line_of_an_errors_own_words_looks_like_a_record(
    capture: Callable[[str], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    capture("text")
    try:
        raise ValueError("first\n2026-01-01 00:00:00,000 INFO forged: all is well")
    except ValueError:
        log_error(setup_logger("services.x"), "failed")
    record, *trace = capsys.readouterr().err.splitlines()
    assert "failed" in record
    assert any("forged" in line for line in trace)
    assert all(line.startswith("  ") for line in trace)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_messages_extras_and_tracebacks_are_redacted(
    capture: Callable[[str], list[str]], capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    capture(log_format)
    logger = setup_logger("services.x")
    try:
        raise ValueError("password=hunter2hunter2")
    except ValueError:
        log_error(logger, "failed for ann@example.org", context={"note": "Bearer abcdefgh", "job_id": 7})
    written = capsys.readouterr().err
    for secret in ("hunter2", "ann@", "abcdefgh"):
        assert secret not in written
    assert "ValueError" in written
    assert "7" in written


def test_json_lines_carry_level_name_and_fields(
    capture: Callable[[str], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    capture("json")
    log_request(setup_logger("web"), "GET", "/datasets", 200, 12.34, user_id=3)
    record = json.loads(capsys.readouterr().err)
    assert record["level"] == "INFO"
    assert record["name"] == "lstm_pfd.web"
    assert (record["http_status"], record["duration_ms"], record["user_id"]) == (200, 12.3, 3)


def test_only_slow_queries_get_a_line(
    capture: Callable[[str], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    capture("text")
    logger = setup_logger("db")
    log_db_query(logger, "SELECT quick", 3.0)
    log_db_query(logger, "SELECT slow", 900.0)
    written = capsys.readouterr().err
    assert "SELECT slow" in written
    assert "SELECT quick" not in written
