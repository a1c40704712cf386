"""Universal files (UFF): time responses of data set 58, written as text or binary (58b).

Layout: Structural Dynamics Research Laboratory, University of Cincinnati, "Universal File Formats", 58.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from core.datasets.readers.base import (
    AS_FOUND,
    BLOCK_SAMPLES,
    MAX_VARIABLES,
    Attribute,
    FilePreview,
    Float32Array,
    OpenRecordingFile,
    ReaderSpec,
    ReadOptions,
    VariablePreview,
    check_length,
    file_size,
    missing_variable,
    rate_from_step,
    refuse,
    to_float32,
)
from core.datasets.readers.time_steps import find_step, round_rate
from utils.exceptions import ErrorCode

MARK = b"-1"
_MAX_LINE = 4_096
_HEADER_LINES = 11
_TIME_RESPONSE = (0, 1)
_TIME_AXIS = 17
_NUMBER_TYPES = {2: "f4", 4: "f8"}
_EMPTY_TEXTS = ("", "none", "n/a")
_LINES_PER_BLOCK = 1 << 16
_DATE_FORMATS = ("%d-%b-%y %H:%M:%S", "%d-%b-%Y %H:%M:%S", "%d-%b-%y %H:%M", "%Y-%m-%d %H:%M:%S")
_DIRECTIONS = {0: "", 1: "+X", -1: "-X", 2: "+Y", -2: "-Y", 3: "+Z", -3: "-Z", 4: "+RX", 5: "+RY", 6: "+RZ"}


@dataclass(frozen=True, slots=True)
class _Record:
    """One function: what its header says, and where its values lie."""

    name: str
    n_points: int
    number_type: str
    is_even: bool
    step: float
    unit: str | None
    offset: int
    binary_order: str | None
    attributes: dict[str, Attribute] = field(default_factory=dict)

    @property
    def widths(self) -> tuple[int, ...]:
        """Widths of the printed numbers in one line; uneven functions print their times too."""
        if self.number_type == "f4":
            return (13,) * 6
        return (20,) * 4 if self.is_even else (13, 20, 13, 20)

    @property
    def n_values(self) -> int:
        """Numbers that are stored."""
        return self.n_points if self.is_even else 2 * self.n_points


class UffFile(OpenRecordingFile):
    """An opened universal file. A signal's name is its first identification line, or node and direction.

    The rate is 1 / abscissa increment, the unit the ordinate's label. Spectra and other functions that are
    no time responses are left out.
    """

    def __init__(self, path: Path, options: ReadOptions = AS_FOUND) -> None:  # noqa: ARG002 - its layout is fixed
        self._size = file_size(path)
        self._file = path.open("rb")
        self._n_other = 0
        try:
            self._records = {record.name: record for record in self._find_records()}
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    # --- finding the functions -------------------------------------------------------------------------

    def _line(self) -> bytes:
        line = self._file.readline(_MAX_LINE)
        if len(line) >= _MAX_LINE:
            raise _damaged()
        return line

    def _find_records(self) -> Iterator[_Record]:
        """Go through the data sets: between two lines of -1 each, its number in the first line."""
        names: set[str] = set()
        self._file.seek(0)
        while line := self._line():
            if line.strip() != MARK:
                if line.strip():
                    raise _damaged()
                continue
            number = self._line()
            if number.strip() == MARK:  # an end without a beginning, as some programs write it
                number = self._line()
            if number[:6].strip() == b"58":
                record = self._read_header(number)
                if record is not None:
                    if len(names) >= MAX_VARIABLES:
                        raise refuse(f"The universal file holds more than {MAX_VARIABLES:,} functions.")
                    named = _rename(record, names)
                    names.add(named.name)
                    yield named
            self._pass_to_mark()

    def _pass_to_mark(self) -> None:
        while line := self._line():
            if line.strip() == MARK:
                return
        raise refuse("The universal file ends too early: it is truncated.", ErrorCode.FILE_UNREADABLE)

    def _read_header(self, number: bytes) -> _Record | None:
        """Read the eleven lines of one function and pass its values; None where it is no time response."""
        lines = [self._line().decode("latin-1").rstrip("\r\n") for _ in range(_HEADER_LINES)]
        start = self._file.tell()
        try:
            n_bytes, order = _read_binary_fields(number)
            function = int(lines[5][:5])
            kind, n_points, spacing = (int(lines[6][at : at + 10]) for at in (0, 10, 20))
            step = float(lines[6][43:56])
            axis = int(lines[7][:10])
        except ValueError as error:
            raise _damaged() from error
        if n_points < 0:
            raise _damaged()
        self._check_size(kind, n_points, spacing == 1, start, n_bytes)
        if n_bytes is not None:
            self._file.seek(start + n_bytes)
        if function not in _TIME_RESPONSE or axis not in (_TIME_AXIS, 0) or kind not in _NUMBER_TYPES:
            self._n_other += 1
            return None
        return _Record(
            _name_of(lines),
            n_points,
            _NUMBER_TYPES[kind],
            spacing == 1,
            step,
            _label(lines[8]),
            start,
            order,
            _describe(lines),
        )

    def _check_size(self, kind: int, n_points: int, is_even: bool, start: int, n_bytes: int | None) -> None:
        """Compare what is claimed with the bytes that are there; nothing in this format is packed."""
        check_length(n_points, "A function of the universal file")
        values = n_points * (1 if is_even else 2)
        if n_bytes is None:
            needed = values * 12  # the least that a printed number takes
        else:
            needed = n_bytes
            if kind in _NUMBER_TYPES:
                least = n_points * np.dtype(_NUMBER_TYPES[kind]).itemsize + (0 if is_even else 4 * n_points)
                if n_bytes < least:
                    raise refuse(
                        f"A function of the universal file claims {n_points:,} values but stores "
                        f"{n_bytes:,} bytes.",
                        ErrorCode.FILE_UNREADABLE,
                    )
        if start + needed > self._size:
            raise refuse(
                f"A function of the universal file claims {n_points:,} values, more than the file holds: it "
                "is truncated or damaged.",
                ErrorCode.FILE_UNREADABLE,
            )

    # --- reading ---------------------------------------------------------------------------------------

    def preview(self) -> FilePreview:
        """List the time responses."""
        if not self._records:
            raise refuse(
                "The universal file holds no time response (data set 58); spectra and shapes are not read.",
                ErrorCode.NO_USABLE_VECTOR,
            )
        notes = []
        if self._n_other:
            notes.append(
                f"{self._n_other} functions are left out: they are no time responses of real numbers."
            )
        variables = [self._preview_record(record, notes) for record in self._records.values()]
        return FilePreview("uff58", variables, notes=notes)

    def _preview_record(self, record: _Record, notes: list[str]) -> VariablePreview:
        rate = None
        if record.is_even and np.isfinite(record.step) and record.step > 0:
            rate = rate_from_step(record.step)
        elif not record.is_even:
            rate = self._rate_from_times(record)
            if rate is None:
                notes.append(
                    f"The times of '{record.name}' do not climb in equal steps; it has no sample rate."
                )
        dtype = {"f4": "float32", "f8": "float64"}[record.number_type]
        return VariablePreview(record.name, record.n_points, dtype, rate, record.unit, record.attributes)

    def _rate_from_times(self, record: _Record) -> float | None:
        first: npt.NDArray[Any] = np.empty(0)
        last = None
        for values in self._values(record):
            pairs = values.reshape(-1, 2)
            first = pairs[:1_000, 0] if not first.size else first
            last = float(pairs[-1, 0]) if len(pairs) else last
        step = find_step(first, last, record.n_points)
        return None if step is None else round_rate(1.0 / step, record.n_points)

    def read_blocks(self, variable: str) -> Iterator[Float32Array]:
        """Yield one function's values."""
        record = self._records.get(variable)
        if record is None:
            raise missing_variable(variable, list(self._records))
        for values in self._values(record):
            yield to_float32(values if record.is_even else values.reshape(-1, 2)[:, 1])

    def _values(self, record: _Record) -> Iterator[npt.NDArray[Any]]:
        """Yield the stored numbers; those of an uneven function are pairs of time and value."""
        self._file.seek(record.offset)
        read = self._read_text if record.binary_order is None else self._read_binary
        left = record.n_values
        while left:
            values = read(record, left)
            left -= len(values)
            yield values

    def _read_binary(self, record: _Record, left: int) -> npt.NDArray[Any]:
        order = record.binary_order or "<"
        pair = np.dtype([("x", f"{order}f4"), ("y", order + record.number_type)])
        dtype = np.dtype(order + record.number_type) if record.is_even else pair
        count = min(left if record.is_even else left // 2, BLOCK_SAMPLES)
        raw = self._file.read(count * dtype.itemsize)
        if len(raw) != count * dtype.itemsize:
            raise _damaged()
        values = np.frombuffer(raw, dtype)
        if record.is_even:
            return values
        return np.stack([values["x"].astype(np.float64), values["y"].astype(np.float64)], axis=1).ravel()

    def _read_text(self, record: _Record, left: int) -> npt.NDArray[Any]:
        widths = record.widths
        n_lines = min(-(-left // len(widths)), _LINES_PER_BLOCK)
        lines = [_read_values(self._file) for _ in range(n_lines)]
        full = b"".join(line.ljust(sum(widths)) for line in lines)
        if len(full) != n_lines * sum(widths):
            raise _damaged()
        fields = np.dtype([(str(at), f"S{width}") for at, width in enumerate(widths)])
        table = np.frombuffer(full, fields)
        columns = [np.char.strip(table[str(at)]) for at in range(len(widths))]
        texts = np.stack([column.astype("S20") for column in columns], axis=1).ravel()[:left]
        if not left % len(widths) == 0 and len(texts) < left and n_lines < _LINES_PER_BLOCK:
            raise _damaged()
        try:
            return texts.astype(np.float64)
        except ValueError as error:
            raise _damaged() from error


def _read_values(file: BinaryIO) -> bytes:
    line = file.readline(_MAX_LINE)
    if line.strip() == MARK or not line:
        raise refuse(
            "A function of the universal file has fewer values than it claims.", ErrorCode.FILE_UNREADABLE
        )
    return line.rstrip(b"\r\n")


def _damaged() -> Exception:
    return refuse("The universal file is damaged or not written as data set 58.", ErrorCode.FILE_UNREADABLE)


def _read_binary_fields(number: bytes) -> tuple[int | None, str | None]:
    """Return (bytes of values, byte order) of a 58b; (None, None) of a 58.

    Raises
    ------
    ValueError
        The line is broken.
    """
    if number[6:7].lower() != b"b":
        return None, None
    order, floats = int(number[7:13]), int(number[13:19])
    n_lines, n_bytes = int(number[19:31]), int(number[31:43])
    if order not in (1, 2) or floats != 2 or n_lines != _HEADER_LINES or n_bytes < 0:
        raise ValueError("binary fields")
    return n_bytes, "<" if order == 1 else ">"


def _name_of(lines: list[str]) -> str:
    first = lines[0].strip()
    if first.lower() not in _EMPTY_TEXTS:
        return first[:80]
    node, direction = lines[5][41:51].strip() or "0", lines[5][51:55].strip() or "0"
    sign = int(direction) if direction.lstrip("-").isdigit() else 0
    return f"node {node} {_DIRECTIONS.get(sign, direction)}".strip()


def _rename(record: _Record, names: set[str]) -> _Record:
    if record.name not in names:
        return record
    name = next(
        f"{record.name}#{at}" for at in range(2, MAX_VARIABLES + 2) if f"{record.name}#{at}" not in names
    )
    values = {key: getattr(record, key) for key in _Record.__dataclass_fields__}
    return _Record(**{**values, "name": name})


def _label(line: str) -> str | None:
    """Return the unit of an axis: the second text of its line."""
    text = line[47:67].strip()
    return None if text.lower() in _EMPTY_TEXTS else text


def _describe(lines: list[str]) -> dict[str, Attribute]:
    texts = {f"id{at + 1}": lines[at].strip() for at in range(5)}
    attributes: dict[str, Attribute] = {
        name: text for name, text in texts.items() if text.lower() not in _EMPTY_TEXTS
    }
    moment = _read_moment(texts["id3"])
    return attributes | ({"acquired_utc": moment} if moment else {})


def _read_moment(text: str) -> str | None:
    for layout in _DATE_FORMATS:
        try:
            return f"{datetime.strptime(text.strip(), layout).isoformat()}+00:00"  # noqa: DTZ007 - it states no zone
        except ValueError:
            continue
    return None


UFF58 = ReaderSpec("uff58", "Universal file 58 and 58b (.uff)", (".uff", ".unv", ".uf", ".u58"), UffFile)
