"""The one source of time: aware UTC for stamps, a monotonic clock for durations."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time as an aware UTC datetime."""
    return datetime.now(UTC)


def monotonic_s() -> float:
    """Return seconds of a clock that never jumps; only differences mean something."""
    return time.monotonic()


def to_iso(moment: datetime | None) -> str | None:
    """Return an aware moment as ISO 8601 text in UTC, or None."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone has no place here")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
