"""Text from outside that a database has to take: PostgreSQL holds no NUL."""

from __future__ import annotations

import json
from typing import Any

from utils.exceptions import InvalidInputError


def to_plain(text: str) -> str:
    """Return ``text`` with what can't be printed replaced; for names that files bring along.

    >>> to_plain("a\\x00b")
    'a\\ufffdb'
    """
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def check_text(value: Any, what: str) -> None:
    """Refuse text, or a structure of texts, with a NUL in it.

    Raises:
        InvalidInputError: There is one.
    """
    if "\\u0000" in json.dumps(value):
        raise InvalidInputError(f"The {what} holds a character that can't be stored (NUL). Remove it.")
