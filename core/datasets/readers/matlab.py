"""MATLAB level 5 files: plain vectors, matrices of a few channels, nested structs and cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.datasets.readers.array_file import ArrayFile
from core.datasets.readers.arrays import ArrayInfo, Place, Stretch, as_plain_column, read_places
from core.datasets.readers.base import (
    AS_FOUND,
    MAX_TEXT,
    MAX_VARIABLES,
    Attribute,
    Float32Array,
    ReaderSpec,
    ReadOptions,
    file_size,
    refuse,
)
from core.datasets.readers.matlab_stream import (
    CLASS_CHAR,
    HEADER_BYTES,
    NUMBER_CLASSES,
    MatArray,
    MatWalker,
)

_BYTE_ORDERS = {b"IM": "<", b"MI": ">"}


class MatlabFile(ArrayFile):
    """An opened level 5 file.

    Vectors keep their variable's name (``X097_DE_time``, ``bearing.gs``); the columns (or rows) of a
    matrix of at most 64 channels are ``name[0]``, ``name[1]``, …  A scalar named like a sample rate (``sr``,
    ``fs``, …) beside a vector, in the same struct, is the rate that the file declares for it.
    """

    def __init__(self, path: Path, options: ReadOptions = AS_FOUND) -> None:
        super().__init__("matlab5", "MATLAB file", options)
        self._size = file_size(path)
        self._file = path.open("rb")
        header = self._file.read(HEADER_BYTES)
        if len(header) < HEADER_BYTES or header[126:] not in _BYTE_ORDERS:
            self._file.close()
            raise refuse("The file has no MATLAB level 5 header; it is damaged or of another kind.")
        self._order = _BYTE_ORDERS[header[126:]]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _walk(self) -> Iterator[MatArray]:
        return MatWalker(self._order).walk_file(self._file, self._size)

    def _list_arrays(self) -> list[ArrayInfo]:
        """List vectors and scalars; the samples of plain variables are not unpacked."""
        found = []
        for array in self._walk():
            if array.class_code in NUMBER_CLASSES and array.n_values != 1 and array.path:
                dtype = np.dtype(NUMBER_CLASSES[array.class_code]).name
                shape = array.dims if array.n_values else (0,)
                found.append(ArrayInfo(array.path, shape, dtype, array.scope, is_reversed=True))
                continue
            value = _scalar(array, self._order)
            if value is not None:
                self._scalars[array.path] = value
        return [info for info in found if 0 not in info.shape] or found

    def _read_column(self, array: str) -> list[Attribute | None]:
        for found in self._walk():
            if found.path == array and found.class_code in NUMBER_CLASSES and found.n_values <= MAX_VARIABLES:
                return as_plain_column(np.frombuffer(found.take(found.n_bytes), self._order + found.dtype))
        raise refuse(f"'{array}' is too large to be a list of single values.")

    def read_many(self, variables: Sequence[str]) -> Iterator[tuple[str, Float32Array]]:
        """Yield several signals, going through the file once; checksums are compared."""
        grouped = self._group(variables)
        for array in self._walk():
            chosen = grouped.pop(array.path, None)
            if chosen is None:
                continue
            yield from read_places(chosen, _forward_reader(array, next(iter(chosen.values())), self._order))
            array.drop()
            array.finish()
            if not grouped:
                return

    def _open_stretches(self, array: str, place: Place) -> Stretch:
        raise NotImplementedError  # `read_many` goes through the file as a stream


def _forward_reader(array: MatArray, place: Place, order: str) -> Stretch:
    """Return ``read(lead, start, stop)`` over an array that can only be taken in order."""
    dtype = np.dtype(order + array.dtype)
    _, n_samples, n_trail = place.stack
    at = 0

    def read(lead: int, start: int, stop: int) -> npt.NDArray[Any]:
        nonlocal at
        first = (lead * n_samples + start) * n_trail
        count = (stop - start) * n_trail
        array.drop((first - at) * dtype.itemsize)
        at = first + count
        return np.frombuffer(array.take(count * dtype.itemsize), dtype).reshape(stop - start, n_trail)

    return read


def _scalar(array: MatArray, order: str) -> Attribute | None:
    """Return the value of a 1×1 number or a short text, or None; takes the bytes that it needs."""
    if array.class_code == CLASS_CHAR:
        codec = array.dtype + {"<": "-le", ">": "-be"}[order] * array.dtype.startswith(("utf-16", "utf-32"))
        return array.take(MAX_TEXT).decode(codec, "replace").strip("\0 ")
    if array.class_code not in NUMBER_CLASSES or array.n_values != 1:
        return None
    value = float(np.frombuffer(array.take(8), order + array.dtype)[0])
    return value if np.isfinite(value) else None


MATLAB = ReaderSpec("matlab5", "MATLAB level 5 (.mat)", (".mat",), MatlabFile)
