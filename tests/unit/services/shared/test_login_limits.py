"""The arithmetic of the login limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.shared.login_limits import MAX_FAILURES, LoginLimitedError, compute_wait_s

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def _ago(*seconds: float) -> list[datetime]:
    return [NOW - timedelta(seconds=second) for second in seconds]


def test_nine_failures_leave_a_try() -> None:
    assert compute_wait_s(_ago(*range(9)), NOW) == 0


def test_the_tenth_failure_waits_until_the_first_is_five_minutes_old() -> None:
    assert compute_wait_s(_ago(*range(0, 100, 10)), NOW) == 300 - 90


def test_failures_older_than_five_minutes_do_not_count() -> None:
    assert compute_wait_s(_ago(*range(9), 301), NOW) == 0


@pytest.mark.parametrize("offset_s", [-3600, -40])
def test_a_clock_that_was_set_back_never_makes_the_wait_longer_than_the_window(offset_s: float) -> None:
    assert compute_wait_s(_ago(*[offset_s] * MAX_FAILURES), NOW) == 300


def test_the_sentence_says_when() -> None:
    assert "45 seconds" in LoginLimitedError(45).sentence
    assert "5 minutes" in LoginLimitedError(250).sentence
