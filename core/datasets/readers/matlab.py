"""MATLAB level 5 files: plain vectors, matrices of a few channels, nested structs and cells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.datasets.readers.base import (
    BLOCK_SAMPLES,
    MAX_CHANNELS,
    MAX_TEXT,
    RATE_NAMES,
    Attribute,
    FilePreview,
    Float32Array,
    OpenRecordingFile,
    ReaderSpec,
    VariablePreview,
    as_rate,
    check_length,
    file_size,
    missing_variable,
    refuse,
    to_float32,
)
from core.datasets.readers.matlab_stream import (
    CLASS_CHAR,
    HEADER_BYTES,
    NUMBER_CLASSES,
    MatArray,
    MatWalker,
)
from utils.exceptions import ErrorCode

_BYTE_ORDERS = {b"IM": "<", b"MI": ">"}


class MatlabFile(OpenRecordingFile):
    """An opened level 5 file.

    Vectors keep their variable's name (``X097_DE_time``, ``bearing.gs``); the columns (or rows) of a
    matrix of at most 64 channels are ``name[0]``, ``name[1]``, …  A scalar named like a sample rate (``sr``,
    ``fs``, …) beside a vector, in the same struct, is the rate that the file declares for it.
    """

    def __init__(self, path: Path) -> None:
        self._size = file_size(path)
        self._file = path.open("rb")
        header = self._file.read(HEADER_BYTES)
        if len(header) < HEADER_BYTES or header[126:] not in _BYTE_ORDERS:
            self._file.close()
            raise refuse("The file has no MATLAB level 5 header; it is damaged or of another kind.")
        self._order = _BYTE_ORDERS[header[126:]]
        self._preview: FilePreview | None = None

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _arrays(self) -> Iterator[MatArray]:
        return MatWalker(self._order).walk_file(self._file, self._size)

    def preview(self) -> FilePreview:
        """List vectors and scalars; the samples of plain variables are not unpacked."""
        if self._preview is None:
            self._preview = self._build_preview()
        return self._preview

    def _build_preview(self) -> FilePreview:
        found: list[tuple[str, VariablePreview]] = []
        scalars: dict[str, Attribute] = {}
        rates: dict[str, set[float]] = defaultdict(set)
        for array in self._arrays():
            found += [(array.scope, entry) for entry in _describe(array)]
            value = _scalar(array, self._order)
            if value is None:
                continue
            scalars[array.path] = value
            rate = as_rate(value)
            if rate and array.path.rsplit(".", 1)[-1].lower() in RATE_NAMES:
                rates[array.scope].add(rate)
        found = [item for item in found if item[1].n_samples] or found
        if not found:
            raise _no_vector(scalars)
        variables = [
            replace(entry, sample_rate_hz=next(iter(rates[scope])) if len(rates[scope]) == 1 else None)
            for scope, entry in found
        ]
        return FilePreview("matlab5", variables, scalars)

    def read_blocks(self, variable: str) -> Iterator[Float32Array]:
        """Yield one vector; a packed one is compared with its checksum at the end."""
        for array in self._arrays():
            names = _channel_names(array)
            if variable not in names:
                continue
            check_length(max(array.dims), variable)
            yield from _read_channel(array, names.index(variable), self._order)
            array.drop()
            array.finish()
            return
        raise missing_variable(variable, [entry.name for entry in self.preview().variables])


def _channel_names(array: MatArray) -> list[str]:
    """Return the signal names in an array; none when it holds no signal."""
    if array.class_code not in NUMBER_CLASSES or array.n_values == 1 or not array.path:
        return []
    longest = max(array.dims)
    if array.n_values in (0, longest):
        return [array.path]
    n_channels = array.n_values // longest
    if len(array.dims) != 2 or n_channels > MAX_CHANNELS or longest < 4 * n_channels:
        return []
    return [f"{array.path}[{channel}]" for channel in range(n_channels)]


def _describe(array: MatArray) -> list[VariablePreview]:
    names = _channel_names(array)
    if not names:
        return []
    dtype = np.dtype(NUMBER_CLASSES[array.class_code]).name
    return [VariablePreview(name, max(array.dims) if array.n_values else 0, dtype) for name in names]


def _scalar(array: MatArray, order: str) -> Attribute | None:
    """Return the value of a 1×1 number or a short text, or None; takes the bytes that it needs."""
    if array.class_code == CLASS_CHAR:
        codec = array.dtype + {"<": "-le", ">": "-be"}[order] * array.dtype.startswith(("utf-16", "utf-32"))
        return array.take(MAX_TEXT).decode(codec, "replace").strip("\0 ")
    if array.class_code not in NUMBER_CLASSES or array.n_values != 1:
        return None
    value = float(np.frombuffer(array.take(8), order + array.dtype)[0])
    return value if np.isfinite(value) else None


def _read_channel(array: MatArray, channel: int, order: str) -> Iterator[Float32Array]:
    """Yield one channel: a contiguous column, or every n-th value where the channels are rows."""
    dtype = np.dtype(order + array.dtype)
    n_samples = max(array.dims)
    n_channels = max(array.n_values // max(n_samples, 1), 1)
    interleaved = n_channels > 1 and array.dims[0] == n_channels
    step = n_channels if interleaved else 1
    if not interleaved:
        array.drop(channel * n_samples * dtype.itemsize)
    left = n_samples if array.n_values else 0
    while left:
        count = min(left, BLOCK_SAMPLES // step)
        values = np.frombuffer(array.take(count * step * dtype.itemsize), dtype)
        yield to_float32(values[channel::step] if interleaved else values)
        left -= count


def _no_vector(scalars: dict[str, Attribute]) -> Exception:
    shown = ", ".join(list(scalars)[:8]) or "nothing that can be read"
    return refuse(
        f"The MATLAB file holds no vector of numbers to use as a signal (found: {shown}).",
        ErrorCode.NO_USABLE_VECTOR,
    )


MATLAB = ReaderSpec("matlab5", "MATLAB level 5 (.mat)", (".mat",), MatlabFile)
