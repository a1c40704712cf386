"""Reads import tables: one row per file and channel, saying what it was measured on."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from utils.exceptions import FileRefusedError, InvalidInputError

COLUMNS = (
    "file",
    "variable",
    "channel",
    "sample_rate_hz",
    "shaft_speed_rpm",
    "load",
    "unit",
    "machine",
    "measurement_point",
    "bearing",
    "fault_class",
    "severity",
    "group",
    "sensitivity",
    "acquired_utc",
    "recording",
    "part",
    "orders",
)
# What a cell that is text must not begin with, lest a spreadsheet takes it for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")
_NUMBERS = {"sample_rate_hz", "shaft_speed_rpm"}
_MAX_BYTES = 32 << 20
_MAX_CELL = 500


@dataclass(frozen=True, slots=True)
class MetadataRow:
    """One row of an import table; an empty cell is None.

    Attributes
    ----------
    line
        Its line in the table, for messages.
    file
        Path of the file, relative to the table or to the files given.
    variable
        Name or glob of the signal in the file (``*_DE_time``); None takes the file's only one.
    fault_class
        As written; `core.datasets.naming.map_label` turns it into a class.
    group
        The physical bearing.
    recording
        Its name; signals that share one are channels of one acquisition. None: called as its file.
    part
        The part of a split that the recordings come with.
    orders
        Fault orders of the bearing, where no catalogue has them: ``bpfo=3.58,bpfi=5.42,bsf=2.36,ftf=0.398``.
    """

    line: int
    file: str
    variable: str | None = None
    channel: str | None = None
    sample_rate_hz: float | None = None
    shaft_speed_rpm: float | None = None
    load: str | None = None
    unit: str | None = None
    machine: str | None = None
    measurement_point: str | None = None
    bearing: str | None = None
    fault_class: str | None = None
    severity: str | None = None
    group: str | None = None
    sensitivity: str | None = None
    acquired_utc: str | None = None
    recording: str | None = None
    part: str | None = None
    orders: str | None = None


def read_metadata_table(source: Path | str) -> list[MetadataRow]:
    """Read an import table.

    Parameters
    ----------
    source
        A path, or the table's text. UTF-8; columns separated by comma, semicolon or tab.

    Raises
    ------
    FileRefusedError
        The file can't be read or is no text.
    InvalidInputError
        A column is unknown or missing, a cell can't be what its column wants, or a row comes twice; the
        sentence names the line and the column.

    Examples
    --------
    >>> read_metadata_table("file,load,fault_class\\na.mat,0,ball\\n")[0].fault_class
    'ball'
    """
    text = _load(source) if isinstance(source, Path) else source.removeprefix("\ufeff")
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        columns = _check_header(next(reader, []))
        rows = list(_parse_rows(reader, columns))
    except csv.Error as error:
        raise InvalidInputError(f"Line {reader.line_num} of the table can't be read: {error}.") from error
    _check_repeats(rows)
    return rows


def _load(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise FileRefusedError(f"The table is larger than {_MAX_BYTES >> 20} MB.")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FileRefusedError(f"The table '{path.name}' can't be opened: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise FileRefusedError(f"The table '{path.name}' is not UTF-8 text; save it as CSV UTF-8.") from error


def _check_header(cells: list[str]) -> list[str]:
    columns = [cell.strip().lower() for cell in cells]
    unknown = [column for column in columns if column not in COLUMNS]
    if unknown:
        raise InvalidInputError(
            f"Line 1: the column '{unknown[0][:60]}' is unknown. Allowed: {', '.join(COLUMNS)}."
        )
    repeated = [column for column in columns if columns.count(column) > 1]
    if repeated:
        raise InvalidInputError(f"Line 1: the column '{repeated[0]}' comes twice.")
    if "file" not in columns:
        raise InvalidInputError("Line 1: the column 'file' is missing.")
    return columns


def _parse_rows(lines: Iterator[list[str]], columns: list[str]) -> Iterator[MetadataRow]:
    first = 2
    for cells in lines:
        line, first = first, lines.line_num + 1  # type: ignore[attr-defined] # csv's reader, which typeshed hides
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            raise InvalidInputError(
                f"Line {line} has {len(cells)} cells, but the table has {len(columns)} columns."
            )
        values = {column: _unquote(cell.strip()) for column, cell in zip(columns, cells, strict=True)}
        yield _parse_row(line, values)


def _unquote(cell: str) -> str:
    """Take off the mark that keeps a spreadsheet from reading a text as a formula (``'=A1``)."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA_STARTS else cell


def _parse_row(line: int, values: dict[str, str]) -> MetadataRow:
    if not values["file"]:
        raise InvalidInputError(f"Line {line}, column 'file': the cell is empty.")
    for column, text in values.items():
        if len(text) > _MAX_CELL or "\0" in text:
            raise InvalidInputError(f"Line {line}, column '{column}': the text is too long or not allowed.")
    numbers = {column: _parse_number(line, column, values.get(column, "")) for column in _NUMBERS}
    texts = {column: text or None for column, text in values.items() if column not in {*_NUMBERS, "file"}}
    return MetadataRow(line, values["file"], **texts, **numbers)  # type: ignore[arg-type] # by column name


def _parse_number(line: int, column: str, text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    allowed = value > 0 if column == "sample_rate_hz" else value >= 0
    if not (math.isfinite(value) and allowed):
        wanted = "a number above 0" if column == "sample_rate_hz" else "a number that is not negative"
        raise InvalidInputError(f"Line {line}, column '{column}': '{text[:40]}' is not {wanted}.")
    return value


def _check_repeats(rows: list[MetadataRow]) -> None:
    seen: dict[tuple[str, str | None, str | None], int] = {}
    for row in rows:
        key = (row.file, row.variable, row.channel)
        if key in seen:
            raise InvalidInputError(
                f"Line {row.line}, column 'file': '{row.file}' comes with the same variable and channel "
                f"as in line {seen[key]}."
            )
        seen[key] = row.line
