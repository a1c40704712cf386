"""Component ids: one StrEnum per page, every id written once."""

from __future__ import annotations

from enum import StrEnum


def pattern_id(kind: StrEnum, index: int | str) -> dict[str, str | int]:
    """Return the id of one of many alike components; match it with ``pattern_id(kind, ALL)``."""
    return {"type": kind.value, "index": index}
