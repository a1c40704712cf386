"""Finds out how a text table is written: delimiter, decimal sign, header, time column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from core.datasets.readers.base import RATE_NAMES, Attribute, refuse, unit_in_brackets
from core.datasets.readers.time_steps import TIME_UNITS_S
from utils.exceptions import ErrorCode

SAMPLE_BYTES = 64 << 10
_SAMPLED_LINES = 200
_MAX_HEADER_LINES = 30
_SAME_WIDTH = 0.8
_MAX_COLUMNS = 4_096
# (delimiter, decimal comma), the safer reading first; None is any run of blanks.
_CANDIDATES: tuple[tuple[str | None, bool], ...] = (
    (";", False),
    (";", True),
    ("\t", False),
    ("\t", True),
    ("|", False),
    ("|", True),
    (",", False),
    (None, False),
    (None, True),
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf|infinity)|", re.IGNORECASE)
_TIME_NAME = re.compile(r"^(?:time|t|zeit|temps|timestamp|seconds|elapsed)(?![a-z])", re.IGNORECASE)
# What stands in a row of units below the titles; half of its cells must be among these.
_UNITS = frozenset(
    {
        *("s", "sec", "ms", "us", "µs", "min", "g", "gn", "mg", "v", "mv", "a", "ma", "n", "nm", "n·m", "pa"),
        *(
            "kpa",
            "bar",
            "m/s²",
            "m/s2",
            "m/s^2",
            "mm/s²",
            "mm/s2",
            "mm/s",
            "m/s",
            "µm",
            "um",
            "mm",
            "m",
            "mil",
        ),
        *(
            "in/s",
            "ips",
            "hz",
            "rpm",
            "1/min",
            "min-1",
            "°c",
            "c",
            "degc",
            "k",
            "%",
            "-",
            "deg",
            "°",
            "rad",
            "fs",
        ),
    }
)
_REMARK = re.compile(r"^[#%]\s*([A-Za-z_][\w .]{0,60}?)\s*[:=]\s*(.{1,200}?)\s*$")
_PREAMBLE = re.compile(
    r"^\W?([A-Za-z_][\w .]{0,60}?)\s*(?:[\[(]([^\])]{1,12})[\])])?\"?"
    r"\s*[:=;,\t|]\s*\"?([^;\t|]{1,200}?)\"?\s*[;,\t|]*$"
)


@dataclass(frozen=True, slots=True)
class TextLayout:
    """How a text table is written.

    Attributes
    ----------
    encoding, delimiter, decimal_comma
        How bytes become cells; a delimiter of None is any run of blanks.
    names
        One per column.
    numeric
        Positions of the columns that hold numbers, the time column left out.
    time_column
        Position of the time column, or None.
    time_unit_s
        Length of its unit in seconds, or None where the file does not say.
    data_line
        Number of lines before the first row.
    remarks
        ``# key: value`` lines above the table, and rows of a title and a value.
    units
        One per column, from a row below the titles; empty where there is none.
    time_is_text
        Whether the times are dates (ISO 8601) rather than numbers.
    """

    encoding: str
    delimiter: str | None
    decimal_comma: bool
    names: list[str]
    numeric: list[int]
    time_column: int | None
    time_unit_s: float | None
    data_line: int
    remarks: dict[str, Attribute] = field(default_factory=dict)
    units: list[str] = field(default_factory=list)
    time_is_text: bool = False

    def split(self, line: str) -> list[str]:
        """Return the cells of a line, numbers with a decimal point."""
        return split_cells(line, self.delimiter, self.decimal_comma)

    def describe(self) -> str:
        """Say in a sentence how the table is read."""
        named = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", None: "blanks"}[self.delimiter]
        return f"Columns separated by {named}, decimal {'comma' if self.decimal_comma else 'point'}."


def split_cells(line: str, delimiter: str | None, decimal_comma: bool) -> list[str]:
    """Return the cells of a line without quotes and blanks.

    >>> split_cells('1,5; "2,25"', ";", True)
    ['1.5', '2.25']
    """
    cells = [cell.strip().strip('"') for cell in line.split(delimiter)]
    return [cell.replace(",", ".") for cell in cells] if decimal_comma else cells


def is_number(cell: str) -> bool:
    """Whether a cell is a number, a marked gap or empty."""
    return _NUMBER.fullmatch(cell) is not None


def find_layout(head: bytes, complete: bool) -> TextLayout:
    """Find the layout from the first bytes of a file.

    Parameters
    ----------
    head
        The first `SAMPLE_BYTES` or fewer.
    complete
        Whether this is the whole file; otherwise the last, broken line is left out.

    Raises
    ------
    FileRefusedError
        The bytes are no text, or hold no table of numbers.
    """
    encoding, text = _decode(head)
    lines = text.splitlines()
    lines = (lines if complete else lines[:-1])[: _SAMPLED_LINES + _MAX_HEADER_LINES]
    found = [table for candidate in _CANDIDATES if (table := _try(lines, *candidate))]
    if not found:
        raise refuse(
            "The text file holds no table of numbers: expected a column per channel and a row per sample.",
            ErrorCode.NO_USABLE_VECTOR,
        )
    table = max(found, key=lambda one: one.score)
    titles = [line for line in lines[: table.data_line] if line.strip() and line[0] not in "#%"]
    if table.delimiter == "," and _is_decimal_comma(table, titles):
        table = _try(lines, None, True) or table
    return _complete(table, encoding, lines)


def _decode(head: bytes) -> tuple[str, str]:
    if b"\0" in head:
        raise refuse("The file is neither text nor a format that is read (MATLAB level 5, HDF5, CSV).")
    try:
        # a sample may end inside a character
        return "utf-8-sig", head.decode("utf-8-sig", "strict" if len(head) < SAMPLE_BYTES else "ignore")
    except UnicodeDecodeError:
        return "latin-1", head.decode("latin-1")


@dataclass(frozen=True, slots=True)
class _Table:
    delimiter: str | None
    decimal_comma: bool
    rows: list[list[str]]
    numeric: list[int]
    data_line: int

    @property
    def score(self) -> tuple[float, int]:
        """Prefer the reading that leaves nothing but numbers, then the one with more columns."""
        return len(self.numeric) / len(self.rows[0]), len(self.numeric)


def _try(lines: Sequence[str], delimiter: str | None, decimal_comma: bool) -> _Table | None:
    """Read the lines in one way; None when no table of numbers comes out."""
    kept = [at for at, line in enumerate(lines) if line.strip() and line[0] not in "#%"]
    cells = {at: split_cells(lines[at], delimiter, decimal_comma) for at in kept}
    if not kept:
        return None
    width = Counter(len(row) for row in cells.values()).most_common(1)[0][0]
    rows = {at: row for at, row in cells.items() if len(row) == width}
    columns = list(zip(*rows.values(), strict=True))
    numeric = [at for at, column in enumerate(columns) if _is_numeric(column)]
    starts = [at for at, row in rows.items() if _is_data(row, numeric)]
    if not starts or starts[0] > _MAX_HEADER_LINES or width > _MAX_COLUMNS:
        return None
    data = [row for at, row in rows.items() if at >= starts[0]]
    if len(data) < max(2, _SAME_WIDTH * sum(at >= starts[0] for at in kept)):
        return None  # prose, in which some lines happen to have as many words
    return _Table(delimiter, decimal_comma, data, numeric, starts[0])


def _is_numeric(column: Sequence[str]) -> bool:
    """Whether most cells are numbers: a title above and a broken row below are no reason to drop a column."""
    return 2 * sum(1 for cell in column if cell and is_number(cell)) > len(column)


def _is_data(row: list[str], numeric: list[int]) -> bool:
    return bool(numeric) and all(is_number(row[at]) for at in numeric) and any(row[at] for at in numeric)


def _is_decimal_comma(table: _Table, titles: list[str]) -> bool:
    """Whether two columns of digits are one column: a single title, or cells such as ``-0,07``."""
    if len(table.rows[0]) != 2 or not all(row[1].isdigit() for row in table.rows):
        return False
    if titles:
        return all("," not in title for title in titles)
    return any(row[0] == "-0" or (len(row[1]) > 1 and row[1][0] == "0") for row in table.rows)


def _complete(table: _Table, encoding: str, lines: Sequence[str]) -> TextLayout:
    width = len(table.rows[0])
    above = [line for line in lines[: table.data_line] if line.strip() and line[:1] not in "#%"]
    split = [split_cells(line, table.delimiter, False) for line in above]
    titles = [cells for cells in split if len(cells) == width and any(cells) and not _is_pair(cells)]
    units = [_unwrap(cell) for cell in titles.pop()] if len(titles) > 1 and _is_units(titles[-1]) else []
    found = titles[-1] if titles else [""] * width
    names = [name or f"column_{at + 1}" for at, name in enumerate(found)]
    time_column = _find_time(names, table)
    unit = (units[time_column] if units else None) if time_column is not None else None
    dated = _find_dates(table) if time_column is None else None
    return TextLayout(
        encoding,
        table.delimiter,
        table.decimal_comma,
        _make_unique(names),
        [at for at in table.numeric if at != time_column],
        time_column if dated is None else dated,
        _unit_of_time(names, time_column, unit) if dated is None else 1.0,
        table.data_line,
        _read_remarks(lines[: table.data_line], titles),
        units,
        dated is not None,
    )


def _is_pair(cells: list[str]) -> bool:
    """Whether a row is a title and its value (``Sample rate [Hz];25600``) rather than two titles."""
    return len(cells) == 2 and bool(cells[0]) and not is_number(cells[0]) and _is_value(cells[1])


def _is_value(cell: str) -> bool:
    return bool(cell) and is_number(cell.replace(",", "."))


def _is_units(cells: list[str]) -> bool:
    known = sum(_unwrap(cell).casefold() in _UNITS for cell in cells if cell)
    return known > 0 and 2 * known >= sum(1 for cell in cells if cell)


def _unwrap(cell: str) -> str:
    return cell.strip().strip("[]()").strip()


def _read_remarks(lines: Sequence[str], titles: list[list[str]]) -> dict[str, Attribute]:
    """Return what is said above the table: remarks, and rows of a title and a value."""
    remarks: dict[str, Attribute] = {}
    for line in lines:
        match = _REMARK.match(line)
        if match:
            remarks[_as_key(match.group(1))] = match.group(2)
            continue
        pair = _PREAMBLE.match(line)
        if pair is None or any(line.startswith(row[0]) and len(row) > 2 for row in titles if row[0]):
            continue
        key, value = _as_key(pair.group(1)), pair.group(3).strip()
        if key in RATE_NAMES and _is_value(value):
            number = float(value.replace(",", "."))
            remarks[key] = number * 1000.0 if (pair.group(2) or "").casefold() == "khz" else number
        elif _is_value(value) or key == "unit":
            remarks[key] = value
    return remarks


def _unit_of_time(names: list[str], time_column: int | None, unit: str | None) -> float | None:
    if time_column is None:
        return None
    return TIME_UNITS_S.get((unit or "").lower()) or _time_unit(names[time_column])


def _find_dates(table: _Table) -> int | None:
    """Return the first column, where it holds dates with a time of day in ISO 8601."""
    first = [row[0] for row in table.rows[:8]]
    return 0 if 0 not in table.numeric and all(read_moment(cell) is not None for cell in first) else None


def read_moment(cell: str) -> float | None:
    """Return seconds since 1970 of a date and time in ISO 8601, or None; without a zone it is UTC."""
    if len(cell) < 16:
        return None
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _as_key(title: str) -> str:
    return title.strip().lower().replace(" ", "_")


def _make_unique(names: list[str]) -> list[str]:
    return [name if names.count(name) == 1 else f"{name}#{at + 1}" for at, name in enumerate(names)]


def _find_time(names: list[str], table: _Table) -> int | None:
    """Return the column named like a time, or an unnamed first column that climbs in equal steps."""
    if len(table.numeric) < 2:
        return None
    named = [at for at in table.numeric if _TIME_NAME.match(names[at])]
    if named:
        return named[0]
    first = table.numeric[0]
    if names[first] != f"column_{first + 1}" or len(table.rows) < 8:
        return None
    steps = np.diff([float(row[first] or "nan") for row in table.rows])
    return first if steps.min() > 0 and np.ptp(steps) <= 0.02 * steps.mean() else None


def _time_unit(name: str) -> float | None:
    unit = unit_in_brackets(name) or (name.rsplit("_", 1)[1] if "_" in name else "")
    return TIME_UNITS_S.get(unit.lower() if unit.lower() in TIME_UNITS_S else name.lower())
