"""Parquet tables: a column per channel, a row per sample, read batch by batch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.readers.base import (
    AS_FOUND,
    MAX_TEXT,
    MAX_VARIABLES,
    RATE_NAMES,
    STEP_NAMES,
    UNIT_NAMES,
    Attribute,
    FilePreview,
    Float32Array,
    OpenRecordingFile,
    ReaderSpec,
    ReadOptions,
    VariablePreview,
    as_rate,
    check_expansion,
    check_length,
    file_size,
    missing_variable,
    rate_from_step,
    refuse,
    to_float32,
    unit_in_brackets,
)
from core.datasets.readers.time_steps import TIME_UNITS_S, UNEQUAL_STEPS, find_step, round_rate
from utils.exceptions import ErrorCode

_BATCH_ROWS = 1 << 18
_BUFFER_BYTES = 1 << 20
_MAX_FOOTER = 64 << 20
_MAX_PAGE_ROWS = 1 << 28
_HEAD_ROWS = 1_000
_TIME_NAME = re.compile(
    r"(?i)^(?:time|t|zeit|temps|timestamp|elapsed)(?:[_ \[(]*(?P<unit>[a-zµ]{1,7})[\])]*)?$"
)
_OWN_KEYS = ("ARROW:schema", "pandas")


class ParquetFile(OpenRecordingFile):
    """An opened Parquet table. A signal's name is its column's.

    Rate and unit come from the metadata of the column or of the file (``sample_rate_hz``, ``unit``, …), the
    rate else from a time column with equal steps; other metadata are kept with each signal.
    """

    def __init__(self, path: Path, options: ReadOptions = AS_FOUND) -> None:  # noqa: ARG002 - its layout is fixed
        import pyarrow
        import pyarrow.parquet

        self._size = file_size(path)
        self._errors = (pyarrow.ArrowException, OSError)
        pyarrow.set_memory_pool(pyarrow.system_memory_pool())
        try:
            self._file: Any = pyarrow.parquet.ParquetFile(
                path, memory_map=False, pre_buffer=False, buffer_size=_BUFFER_BYTES
            )
            self._schema = self._file.schema_arrow
        except self._errors as error:
            raise refuse("The Parquet file is truncated or damaged.", ErrorCode.FILE_UNREADABLE) from error
        try:
            self._check()
        except BaseException:
            self._file.close()
            raise

    def _check(self) -> None:
        """Compare what the footer claims with the bytes that there are."""
        footer = self._file.metadata
        if footer.serialized_size > _MAX_FOOTER or footer.num_columns > MAX_VARIABLES:
            raise refuse("The Parquet file has more columns than any measurement.")
        check_length(footer.num_rows, "The Parquet file")
        if footer.num_rows < 0 or footer.num_rows != sum(
            footer.row_group(at).num_rows for at in range(footer.num_row_groups)
        ):
            raise refuse("The Parquet file is damaged: its row counts do not add up.")
        stored = dict.fromkeys(range(footer.num_columns), 0)
        for at in range(footer.num_row_groups):
            group = footer.row_group(at)
            if group.num_rows > _MAX_PAGE_ROWS:
                raise refuse(
                    f"The Parquet file has a row group of {group.num_rows:,} rows; save smaller ones."
                )
            for column in stored:
                size = group.column(column).total_compressed_size
                if size < 0 or size > self._size:
                    raise refuse("The Parquet file is damaged: a column claims more bytes than the file has.")
                stored[column] += size
        for column, size in stored.items():
            name = footer.schema.column(column).path
            check_expansion(footer.num_rows * 4, size, name)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _fields(self) -> list[Any]:
        import pyarrow.types as kinds

        fields = [field for field in self._schema if not field.name.startswith("__index_level_")]
        return [field for field in fields if kinds.is_floating(field.type) or kinds.is_integer(field.type)]

    def _time_field(self) -> Any | None:
        import pyarrow.types as kinds

        for field in self._schema:
            if _TIME_NAME.match(field.name) and (kinds.is_timestamp(field.type) or field in self._fields()):
                return field
        return None

    def _offered(self) -> list[Any]:
        time = self._time_field()
        offered = [field for field in self._fields() if time is None or field.name != time.name]
        names = [field.name for field in offered]
        return [field for field in offered if names.count(field.name) == 1]

    def preview(self) -> FilePreview:
        """List the columns; of the samples only the first and last times are read."""
        offered = self._offered()
        n_rows = self._file.metadata.num_rows
        if not offered or not n_rows:
            held = ", ".join(self._schema.names[:8]) or "nothing"
            raise refuse(
                f"The Parquet file has no column of numbers to use as a signal. It holds: {held}.",
                ErrorCode.NO_USABLE_VECTOR,
            )
        whole = _read_metadata(self._schema.metadata)
        notes: list[str] = []
        rates = {field.name: _find_rate(_read_metadata(field.metadata)) for field in offered}
        rate = _find_rate(whole)
        if rate is None and not all(rates.values()):
            rate = self._rate_from_time(notes)
        variables = [self._describe(field, whole, rates[field.name] or rate) for field in offered]
        left_out = len(self._schema.names) - len(offered) - (self._time_field() is not None)
        if left_out > 0:
            notes.append(f"{left_out} columns are left out: they hold no plain numbers.")
        return FilePreview("parquet", variables, whole, notes=notes)

    def _describe(self, field: Any, whole: dict[str, Attribute], rate: float | None) -> VariablePreview:
        own = _read_metadata(field.metadata)
        units = [str(own[key]) for key in own if key.lower() in UNIT_NAMES]
        units += [str(whole[key]) for key in whole if key.lower() in UNIT_NAMES]
        unit = units[0] if units else unit_in_brackets(field.name)
        used = RATE_NAMES | UNIT_NAMES | STEP_NAMES
        attributes = {key: value for key, value in {**whole, **own}.items() if key.lower() not in used}
        dtype = str(field.type)
        return VariablePreview(field.name, self._file.metadata.num_rows, dtype, rate, unit, attributes)

    def _rate_from_time(self, notes: list[str]) -> float | None:
        field = self._time_field()
        if field is None:
            return None
        n_rows, last_group = self._file.metadata.num_rows, self._file.num_row_groups - 1
        head = next(self._batches([field.name], _HEAD_ROWS))[0]
        tail = [values for (values,) in self._batches([field.name], _BATCH_ROWS, [last_group])]
        step = find_step(head, float(tail[-1][-1]) if tail and len(tail[-1]) else None, n_rows)
        if step is None:
            notes.append(UNEQUAL_STEPS)
            return None
        unit_s = self._time_unit(field)
        if unit_s is None:
            notes.append(f"The time column names no unit; in seconds the sample rate is {1 / step:.6g} Hz.")
            return None
        return round_rate(1.0 / (step * unit_s), n_rows)

    def _time_unit(self, field: Any) -> float | None:
        import pyarrow.types as kinds

        if kinds.is_timestamp(field.type):
            return TIME_UNITS_S[field.type.unit]
        found = _TIME_NAME.match(field.name)
        words = [str(value) for key, value in _read_metadata(field.metadata).items() if key in UNIT_NAMES]
        words += [found["unit"] or "" if found else ""]
        return next((TIME_UNITS_S[word.lower()] for word in words if word.lower() in TIME_UNITS_S), None)

    def read_blocks(self, variable: str) -> Iterator[Float32Array]:
        """Yield one column."""
        for _, block in self.read_many([variable]):
            yield block

    def read_many(self, variables: Sequence[str]) -> Iterator[tuple[str, Float32Array]]:
        """Yield several columns, going through the row groups once.

        Raises
        ------
        FileRefusedError
            A cell is empty, or the bytes are broken.
        """
        offered = [field.name for field in self._offered()]
        for name in variables:
            if name not in offered:
                raise missing_variable(name, offered)
        n_read = 0
        for columns in self._batches(list(variables), _BATCH_ROWS):
            n_read += len(columns[0])
            for name, values in zip(variables, columns, strict=True):
                yield name, to_float32(values)
        if n_read != self._file.metadata.num_rows:
            raise refuse("The Parquet file holds fewer rows than it claims.", ErrorCode.FILE_UNREADABLE)

    def _batches(
        self, names: list[str], n_rows: int, row_groups: list[int] | None = None
    ) -> Iterator[list[np.ndarray[Any, np.dtype[Any]]]]:
        try:
            for batch in self._file.iter_batches(
                n_rows, row_groups=row_groups, columns=names, use_threads=False
            ):
                found = dict(zip(batch.schema.names, batch.columns, strict=True))
                yield [_as_numbers(found[name], name) for name in names]
        except self._errors as error:
            raise refuse("The Parquet file is damaged inside.", ErrorCode.FILE_UNREADABLE) from error


def _as_numbers(column: Any, name: str) -> np.ndarray[Any, np.dtype[Any]]:
    if column.null_count:
        raise refuse(
            f"Column '{name[:100]}' has {column.null_count:,} empty cells. Fill the gaps or leave these rows "
            "out.",
            ErrorCode.FILE_UNREADABLE,
        )
    values: np.ndarray[Any, np.dtype[Any]] = column.to_numpy(zero_copy_only=False)
    return values.astype(np.float64) if values.dtype.kind == "M" else values


def _read_metadata(raw: dict[bytes, bytes] | None) -> dict[str, Attribute]:
    """Return key-value metadata as text and numbers; what programs keep for themselves is left out."""
    found: dict[str, Attribute] = {}
    for key, value in (raw or {}).items():
        name, text = key.decode("utf-8", "replace"), value[:MAX_TEXT].decode("utf-8", "replace")
        if name not in _OWN_KEYS and not name.startswith("PARQUET:"):
            found[name] = text
    return found


def _find_rate(attributes: dict[str, Attribute]) -> float | None:
    for key, value in attributes.items():
        if key.lower() in RATE_NAMES and (rate := as_rate(value)):
            return rate
        if key.lower() in STEP_NAMES and (step := as_rate(value)):
            return rate_from_step(step)
    return None


PARQUET = ReaderSpec("parquet", "Parquet (.parquet)", (".parquet", ".pq"), ParquetFile)
