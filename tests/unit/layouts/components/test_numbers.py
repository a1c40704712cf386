from __future__ import annotations

from datetime import UTC, datetime

import pytest

from layouts.components.numbers import (
    count_of,
    format_age,
    format_duration,
    format_moment,
    format_number,
    format_percent,
    format_range,
)

THIN = "\u202f"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "unknown"),
        (0, "0"),
        (12000.0, f"12{THIN}000"),
        (585936, f"585{THIN}936"),
        (0.0123456, "0.01235"),
        (97656.25, f"97{THIN}656"),
        (3.14159, "3.142"),
        (-2.5, "-2.5"),
    ],
)
def test_a_number_is_short_and_grouped(value, text) -> None:
    assert format_number(value) == text


def test_a_range_of_one_value_is_that_value_and_of_none_is_unknown() -> None:
    assert format_range([1797.0, 1797.0], "rpm") == f"1{THIN}797 rpm"
    assert format_range([1797.0, 1748.0], "rpm") == f"1{THIN}748 – 1{THIN}797 rpm"
    assert format_range([], "rpm") == "unknown"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "unknown"), (0.84, "0.8 s"), (42.4, "42 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_a_duration_has_two_units_at_most(seconds, text) -> None:
    assert format_duration(seconds) == text


def test_an_age_is_told_in_the_largest_whole_unit() -> None:
    now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    assert format_age("2026-03-02T11:59:31.000Z", now) == "just now"
    assert format_age("2026-03-02T11:48:00.000Z", now) == "12 min ago"
    assert format_age("2026-03-01T11:00:00.000Z", now) == "1 d ago"
    assert format_age(None, now) == "unknown"


def test_a_moment_names_its_time_zone() -> None:
    assert format_moment("2026-03-02T13:05:59.000+02:00") == "2026-03-02 11:05 UTC"


def test_shares_and_counts() -> None:
    assert format_percent(0.9731) == "97.3 %"
    assert format_percent(None) == "unknown"
    assert count_of(1, "recording") == "1 recording"
    assert count_of(2, "class", "classes") == "2 classes"
