"""What sections of a report are made of: plain values, ready for JSON, a template or a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Section = dict[str, Any]
NONE = "–"


def build_section(
    key: str,
    title: str,
    *,
    sentences: Sequence[str] = (),
    bullets: Sequence[str] = (),
    facts: Sequence[tuple[str, str]] = (),
    warnings: Sequence[tuple[str, str]] = (),
    tables: Sequence[Mapping[str, Any]] = (),
    figures: Sequence[Mapping[str, Any]] = (),
) -> Section:
    """Return a section; ``warnings`` are ``(level, sentence)``, ``facts`` are ``(name, value)``."""
    return {
        "key": key,
        "title": title,
        "sentences": list(sentences),
        "bullets": list(bullets),
        "facts": [list(fact) for fact in facts],
        "warnings": [list(warning) for warning in warnings],
        "tables": [dict(table) for table in tables],
        "figures": [dict(figure) for figure in figures],
    }


def build_table(
    title: str,
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    n_texts: int = 1,
    note: str = "",
    last_is_text: bool = False,
) -> dict[str, Any]:
    """Return a table of texts; ``n_texts`` columns from the left are words, the others numbers."""
    return {
        "title": title,
        "headers": list(headers),
        "rows": [list(row) for row in rows],
        "n_texts": n_texts,
        "last_is_text": last_is_text,
        "note": note,
    }


def word_class(name: str | None) -> str:
    """Return a fault class in words."""
    return name.replace("_", " ") if name else "none"


def format_percent(share: float | None) -> str:
    """Return a share with one decimal."""
    return NONE if share is None else f"{100 * share:.1f} %"


def format_number(value: float | None, digits: int = 5) -> str:
    """Return up to ``digits`` significant digits.

    >>> format_number(161.96123), format_number(None)
    ('161.96', '–')
    """
    return NONE if value is None else f"{value:.{digits}g}"


def format_db(value: float | None) -> str:
    """Return decibels with one decimal."""
    return NONE if value is None else f"{value:.1f}"


def with_unit(value: float | None, unit: str, digits: int = 6) -> str:
    """Return a value with its unit, or that it is unknown."""
    return "unknown" if value is None else f"{value:.{digits}g} {unit}"


def format_moment(iso: str) -> str:
    """Return a stored moment as "2026-03-01 14:05 UTC"."""
    return iso.replace("T", " ")[:16] + " UTC"
