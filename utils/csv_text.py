"""Text of CSV downloads: a text cell that starts like a formula comes out as text, numbers stay numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def build_csv(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return the rows as CSV with CRLF line ends."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(headers)
    writer.writerows([_defuse(cell) for cell in row] for row in rows)
    return stream.getvalue()


def _defuse(cell: Any) -> Any:
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS):
        return f"'{cell}"
    return "" if cell is None else cell
