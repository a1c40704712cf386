"""Text tables: a column per channel, a row per sample, with or without a header and a time column."""

from __future__ import annotations

import codecs
import io
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.datasets.readers.base import (
    AS_FOUND,
    RATE_NAMES,
    Attribute,
    FilePreview,
    Float32Array,
    OpenRecordingFile,
    ReaderSpec,
    ReadOptions,
    VariablePreview,
    as_rate,
    file_size,
    missing_variable,
    refuse,
    to_float32,
    unit_in_brackets,
)
from core.datasets.readers.csv_layout import SAMPLE_BYTES, TextLayout, find_layout, is_number, read_moment
from core.datasets.readers.time_steps import UNEQUAL_STEPS, find_step, round_rate
from utils.exceptions import ErrorCode

_CHUNK_BYTES = 8 << 20
_TAIL_BYTES = 16 << 10
_LONG_BYTES = 32 << 20
_PARSERS = 2
_BLANKS = (b"\n\n", b"\n\r\n", b"\r\r")


class TextFile(OpenRecordingFile):
    """An opened text table. A signal's name is its column's title, ``column_2`` where there is none.

    A sample rate is read from a ``# sample_rate_hz: …`` remark or from a time column whose unit is in its
    title and whose steps are equal; a time column without a unit is only mentioned.
    """

    def __init__(self, path: Path, options: ReadOptions = AS_FOUND) -> None:
        self._options = options
        self._size = file_size(path)
        self._file = path.open("rb")
        try:
            head = self._file.read(SAMPLE_BYTES)
            self._layout = find_layout(head, complete=self._size <= SAMPLE_BYTES)
        except BaseException:
            self._file.close()
            raise
        self._newline = b"\r" if b"\r" in head and b"\n" not in head else b"\n"

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def preview(self) -> FilePreview:
        """Count the rows and list the columns; only the first and last rows are parsed."""
        layout, notes = self._layout, [self._layout.describe()]
        n_rows = self._measure_rows()
        rate = self._declared_rate()
        scalars: dict[str, Attribute] = dict(layout.remarks)
        if rate is None and layout.time_column is not None:
            rate = self._rate_from_time(n_rows, scalars, notes)
        unit = str(layout.remarks["unit"]) if "unit" in layout.remarks else None
        attributes = self._first_moment()
        variables = [
            VariablePreview(
                layout.names[at],
                n_rows,
                "float64",
                rate,
                _unit_of(layout, at) or unit,
                dict(attributes),
            )
            for at in layout.numeric
        ]
        return FilePreview("csv", variables, scalars, notes=notes)

    def _declared_rate(self) -> float | None:
        remarks = self._layout.remarks
        rates = {rate for name in remarks.keys() & RATE_NAMES if (rate := as_rate(remarks[name]))}
        return rates.pop() if len(rates) == 1 else None

    def _chunks(self) -> Iterator[bytes]:
        """Yield the data rows as pieces of whole lines."""
        self._go_to_data()
        position = self._file.tell()
        while block := self._read_at(position):
            end = block.rfind(self._newline) + 1
            if not end and len(block) >= _CHUNK_BYTES:
                raise refuse("The text file has a line of more than 8 MB; it is no table of samples.")
            if len(block) < _CHUNK_BYTES:
                end = len(block)  # the last line may want its end
            position += end
            if end == len(block) and not block.strip():
                return
            yield block[:end]

    def _read_at(self, position: int) -> bytes:
        self._file.seek(position)
        return self._file.read(_CHUNK_BYTES)

    def _go_to_data(self) -> None:
        self._file.seek(0)
        for _ in range(self._layout.data_line):
            self._read_line()

    def _read_line(self) -> None:
        if self._newline == b"\n":
            self._file.readline(_CHUNK_BYTES)
            return
        while (byte := self._file.read(1)) and byte != self._newline:
            pass

    def _measure_rows(self) -> int:
        """Return the number of rows; for a long table, where that will do, an estimate."""
        exact = self._options.exact_lengths or self._layout.time_column is not None
        if exact or self._size < _LONG_BYTES:
            return self._count_rows()
        head = next(self._chunks())
        return int(self._size / len(head) * head.count(self._newline))

    def _count_rows(self) -> int:
        """Count the lines of the table; where some are blank they are counted one by one."""
        self._go_to_data()
        n_rows, last, has_blanks = 0, self._newline, False
        while block := self._file.read(_CHUNK_BYTES):
            ends = np.frombuffer(block, np.uint8) == ord(self._newline)
            n_rows += int(np.count_nonzero(ends))
            joined = last[-2:] + block[:2]
            has_blanks = has_blanks or bool((ends[1:] & ends[:-1]).any()) or _has_blank(joined)
            has_blanks = has_blanks or (self._newline == b"\n" and b"\r" in block and b"\n\r\n" in block)
            last = (last + block if len(block) < 2 else block)[-2:]
        if has_blanks:
            return sum(self._count_lines(chunk) for chunk in self._chunks())
        return n_rows + (not last.endswith(self._newline))

    def _count_lines(self, chunk: bytes) -> int:
        return sum(1 for line in chunk.split(self._newline) if line.strip())

    def _first_moment(self) -> dict[str, Attribute]:
        """Return when the recording began, where its times are dates."""
        if not self._layout.time_is_text:
            return {}
        times = self._parse_times(next(self._chunks())[:SAMPLE_BYTES])
        return {"unix_s": float(times[0])} if len(times) else {}

    def _rate_from_time(self, n_rows: int, scalars: dict[str, Attribute], notes: list[str]) -> float | None:
        """Return the rate that the time column declares; otherwise note what it says."""
        head = self._parse_times(next(self._chunks())[:SAMPLE_BYTES].rpartition(self._newline)[0])
        last = self._last_time()
        if len(head) < 3 or last is None or n_rows < 3:
            return None
        step = find_step(head, last, n_rows)
        if step is None:
            notes.append(UNEQUAL_STEPS)
            return None
        if self._layout.time_unit_s is None:
            scalars["time_step"] = float(step)
            notes.append(
                f"The time column names no unit; if it is in seconds the sample rate is {1 / step:.6g} Hz."
            )
            return None
        return round_rate(1.0 / (step * self._layout.time_unit_s), (last - head[0]) / np.ptp(head[:2]))

    def _parse_times(self, rows: bytes) -> npt.NDArray[np.float64]:
        column = self._layout.time_column or 0
        cells = [
            self._layout.split(line) for line in rows.decode(self._layout.encoding, "replace").splitlines()
        ]
        texts = [row[column] for row in cells if len(row) > column and row[column]]
        if self._layout.time_is_text:
            moments = [read_moment(text) for text in texts]
            return np.array([moment for moment in moments if moment is not None], dtype=np.float64)
        return np.array([text for text in texts if is_number(text)], dtype=np.float64)

    def _last_time(self) -> float | None:
        self._file.seek(max(0, self._size - _TAIL_BYTES))
        tail = self._file.read().rstrip()
        times = self._parse_times(tail[tail.rfind(self._newline) + 1 :])
        return float(times[-1]) if len(times) else None

    def read_blocks(self, variable: str) -> Iterator[Float32Array]:
        """Yield one column."""
        for _, block in self.read_many([variable]):
            yield block

    def read_many(self, variables: Sequence[str]) -> Iterator[tuple[str, Float32Array]]:
        """Yield the columns together, going through the file once.

        Raises
        ------
        FileRefusedError
            A cell is empty or no number; the sentence names its line and column.
        """
        offered = {self._layout.names[at]: at for at in self._layout.numeric}
        for variable in variables:
            if variable not in offered:
                raise missing_variable(variable, list(offered))
        columns = [offered[variable] for variable in variables]
        n_before = 0
        for chunk, table in self._parse_ahead(columns):
            found = table() or self._parse(chunk, columns, n_before)
            n_before += len(chunk)
            for variable, values in zip(variables, found, strict=True):
                yield variable, to_float32(values)

    def _parse_ahead(
        self, columns: list[int]
    ) -> Iterator[tuple[bytes, Callable[[], list[npt.NDArray[np.float64]] | None]]]:
        """Yield chunks with what they parse to; those of a long file are parsed side by side."""
        if self._size < _LONG_BYTES:
            for chunk in self._chunks():
                yield chunk, partial(self._parse_fast, chunk, columns)
            return
        waiting: deque[tuple[bytes, Callable[[], list[npt.NDArray[np.float64]] | None]]] = deque()
        with ThreadPoolExecutor(_PARSERS) as parsers:
            for chunk in self._chunks():
                waiting.append((chunk, parsers.submit(self._parse_fast, chunk, columns).result))
                if len(waiting) > _PARSERS:
                    yield waiting.popleft()
            yield from waiting

    def _parse_fast(self, chunk: bytes, columns: list[int]) -> list[npt.NDArray[np.float64]] | None:
        """Parse rows as they should be; None where they are not, which `_parse` reads or explains."""
        layout = self._layout
        if layout.delimiter is None or len(self._newline) != 1 or self._newline == b"\r":
            return None
        import pyarrow
        from pyarrow import csv

        names = [str(at) for at in range(len(layout.names))]
        wanted = [str(at) for at in columns]
        try:
            table = csv.read_csv(
                pyarrow.py_buffer(chunk),
                csv.ReadOptions(use_threads=False, block_size=len(chunk) + 1, column_names=names),
                csv.ParseOptions(delimiter=layout.delimiter),
                csv.ConvertOptions(
                    check_utf8=False,
                    column_types=dict.fromkeys(wanted, pyarrow.float64()),
                    null_values=[],
                    include_columns=wanted,
                    decimal_point="," if layout.decimal_comma else ".",
                ),
            )
        except pyarrow.ArrowException:
            return None
        return [table.column(name).to_numpy() for name in wanted]

    def _parse(self, chunk: bytes, columns: list[int], n_before: int) -> npt.NDArray[np.float64]:
        """Parse rows that are written in an unusual way.

        Raises
        ------
        FileRefusedError
            A cell is empty or no number.
        """
        layout = self._layout
        if not chunk.strip():
            return np.empty((len(columns), 0))
        plain = chunk.removeprefix(codecs.BOM_UTF8)
        text = (plain.replace(b",", b".") if layout.decimal_comma else plain).decode(
            layout.encoding, "replace"
        )
        try:
            return np.loadtxt(
                io.StringIO(text, newline=None),
                delimiter=layout.delimiter,
                usecols=columns,
                ndmin=2,
                comments="#",
                quotechar='"',
            ).T
        except (ValueError, IndexError) as error:
            raise self._explain(chunk, columns, self._count_lines_before(n_before)) from error

    def _count_lines_before(self, n_bytes: int) -> int:
        """Return the number of lines above a place in the table."""
        self._go_to_data()
        n_lines = self._layout.data_line
        while n_bytes > 0 and (block := self._file.read(min(n_bytes, _CHUNK_BYTES))):
            n_lines += block.count(self._newline)
            n_bytes -= len(block)
        return n_lines

    def _explain(self, chunk: bytes, columns: list[int], first_line: int) -> Exception:
        """Find the line that could not be read and say what is wrong with it."""
        for at, line in enumerate(chunk.decode(self._layout.encoding, "replace").splitlines()):
            cells = self._layout.split(line)
            if not line.strip() or line[0] == "#":
                continue
            for column in columns:
                where = f"Line {first_line + at + 1}, column '{self._layout.names[column]}'"
                if len(cells) <= column or not cells[column]:
                    return refuse(
                        f"{where} is empty. Fill the gap or leave the row out.", ErrorCode.FILE_UNREADABLE
                    )
                if not is_number(cells[column]):
                    return refuse(
                        f"{where} holds '{cells[column][:40]}', which is no number.",
                        ErrorCode.FILE_UNREADABLE,
                    )
        return refuse("The text file could not be read as a table of numbers.", ErrorCode.FILE_UNREADABLE)


def _has_blank(text: bytes) -> bool:
    return any(blank in text for blank in _BLANKS)


def _unit_of(layout: TextLayout, column: int) -> str | None:
    """Return a column's unit from the row of units, else from its title."""
    return (layout.units[column] if layout.units else "") or unit_in_brackets(layout.names[column])


CSV = ReaderSpec("csv", "Text table (.csv, .txt)", (".csv", ".txt", ".tsv", ".asc"), TextFile)
