"""Numbers and times as a person reads them; "unknown" is said, never left blank."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

UNKNOWN = "unknown"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def format_number(value: float | None, digits: int = 4) -> str:
    """Return up to ``digits`` significant digits, thousands separated by a thin space."""
    if value is None:
        return UNKNOWN
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}".replace(",", "\u202f")
    text = f"{value:,.{digits}g}" if abs(value) < 10**digits else f"{value:,.0f}"
    return text.replace(",", "\u202f")


def format_range(values: Iterable[float], unit: str) -> str:
    """Return "a unit" or "a – b unit" of known values, or unknown."""
    known = sorted(set(values))
    if not known:
        return UNKNOWN
    ends = [known[0]] if len(known) == 1 else [known[0], known[-1]]
    return f"{' – '.join(format_number(end) for end in ends)} {unit}".strip()


def format_percent(share: float | None, digits: int = 1) -> str:
    """Return a share of 1 in percent."""
    return UNKNOWN if share is None else f"{100 * share:.{digits}f} %"


def format_bytes(n_bytes: float | None) -> str:
    """Return a size: 512 B, 3.2 MB, 1.4 GB."""
    if n_bytes is None:
        return UNKNOWN
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"


def format_duration(seconds: float | None) -> str:
    """Return a span of time: 0.8 s, 42 s, 3 min 20 s, 2 h 5 min."""
    if seconds is None:
        return UNKNOWN
    if seconds < _MINUTE:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def format_age(iso: str | None, now: datetime | None = None) -> str:
    """Return how long ago an ISO moment was."""
    if not iso:
        return UNKNOWN
    seconds = ((now or datetime.now(UTC)) - datetime.fromisoformat(iso)).total_seconds()
    for span, word in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= span:
            return f"{int(seconds // span)} {word} ago"
    return "just now"


def format_moment(iso: str | None) -> str:
    """Return an ISO moment as "2026-03-01 14:05 UTC"."""
    if not iso:
        return UNKNOWN
    return datetime.fromisoformat(iso).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def count_of(n: int, noun: str, plural: str | None = None) -> str:
    """Return "1 recording" or "30 recordings"."""
    return f"{format_number(n)} {noun if n == 1 else plural or noun + 's'}"
