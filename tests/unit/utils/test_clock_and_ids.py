"""Time is aware, durations are monotonic, random names don't repeat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from utils.clock import monotonic_s, to_iso, utc_now
from utils.ids import new_reference_id, new_storage_name, new_token


def test_moments_are_aware_and_written_in_utc() -> None:
    assert utc_now().tzinfo is UTC
    in_tokyo = datetime(2026, 1, 2, 9, 30, tzinfo=timezone(timedelta(hours=9)))
    assert to_iso(in_tokyo) == "2026-01-02T00:30:00.000Z"
    assert to_iso(None) is None


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        to_iso(datetime(2026, 1, 1))  # noqa: DTZ001 -- that is the point


def test_the_monotonic_clock_never_goes_back() -> None:
    assert monotonic_s() <= monotonic_s()


@pytest.mark.parametrize("make", [new_reference_id, new_storage_name, new_token])
def test_random_names_do_not_repeat_and_suit_addresses_and_files(make: object) -> None:
    made = {make() for _ in range(1000)}  # type: ignore[operator]
    assert len(made) == 1000
    assert all(name.replace("-", "").replace("_", "").isalnum() for name in made)


def test_a_token_holds_256_bits() -> None:
    assert len(new_token()) >= 43
