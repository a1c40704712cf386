"""Walks the elements of a MATLAB level 5 file as a stream, one array at a time.

Layout: MathWorks, "MAT-File Format", level 5. Nothing is unpacked that the caller does not ask for.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Protocol

import numpy as np

from core.datasets.readers.base import MAX_DEPTH, MAX_TEXT, MAX_VARIABLES, check_expansion, refuse
from utils.exceptions import ErrorCode, FileRefusedError

HEADER_BYTES = 128
MI_MATRIX, MI_COMPRESSED = 14, 15
NUMBER_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
TEXT_TYPES = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
CLASS_CELL, CLASS_STRUCT, CLASS_CHAR = 1, 2, 4
NUMBER_CLASSES = {
    6: "f8",
    7: "f4",
    8: "i1",
    9: "u1",
    10: "i2",
    11: "u2",
    12: "i4",
    13: "u4",
    14: "i8",
    15: "u8",
}
_COMPLEX_FLAG = 0x0800
_CHUNK = 1 << 16
_LEAST_UNPACKED = 1 << 14


class ByteSource(Protocol):
    """Bytes in order."""

    def read(self, n_bytes: int) -> bytes:
        """Return exactly so many bytes."""

    def skip(self, n_bytes: int) -> None:
        """Pass over so many bytes."""

    def finish(self) -> None:
        """Go to the end and compare the checksum where there is one."""


def truncated() -> FileRefusedError:
    """Build the error for a file that ends too early."""
    return refuse("The MATLAB file ends too early: it is truncated or damaged.", ErrorCode.FILE_UNREADABLE)


class PlainSource:
    """Bytes straight from the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, n_bytes: int) -> bytes:
        """Return exactly so many bytes."""
        found = self._file.read(n_bytes)
        if len(found) != n_bytes:
            raise truncated()
        return found

    def skip(self, n_bytes: int) -> None:
        """Pass over so many bytes."""
        self._file.seek(n_bytes, 1)

    def finish(self) -> None:
        """Do nothing: a plain element has no checksum."""


class PackedSource:
    """Bytes from a zlib stream inside the file, unpacked as they are asked for."""

    def __init__(self, file: BinaryIO, n_bytes: int) -> None:
        self._file, self._left = file, n_bytes
        self._unpacker = zlib.decompressobj()
        self._pending = b""

    def _unpack(self, wanted: int) -> bytes:
        packed = self._unpacker.unconsumed_tail
        if not packed and self._left:
            packed = self._file.read(min(_CHUNK, self._left))
            self._left -= len(packed)
        try:
            found = self._unpacker.decompress(packed, max(wanted, _LEAST_UNPACKED))
        except zlib.error as error:
            raise refuse(
                "The packed data in the MATLAB file is damaged.", ErrorCode.FILE_UNREADABLE
            ) from error
        if not found and not packed:
            raise truncated()
        return found

    def read(self, n_bytes: int) -> bytes:
        """Return exactly so many unpacked bytes."""
        pieces, left = [], n_bytes
        while left:
            piece = self._pending or self._unpack(left)
            self._pending = piece[left:]
            pieces.append(piece if len(piece) <= left else piece[:left])
            left -= len(pieces[-1])
        return b"".join(pieces)

    def skip(self, n_bytes: int) -> None:
        """Unpack and drop so many bytes."""
        while n_bytes > 0:
            step = min(n_bytes, _CHUNK)
            self.read(step)
            n_bytes -= step

    def finish(self) -> None:
        """Unpack to the end, where zlib compares its checksum."""
        while not self._unpacker.eof:
            self._unpack(_CHUNK)


class MatArray:
    """An array met on the walk. Its bytes are the next ones of its source and are taken with `take`.

    Attributes
    ----------
    path
        ``X097_DE_time``, ``bearing.gs``, ``runs(2).acc``, ``c{1}``.
    scope
        The struct that it is a field of; empty for a plain variable.
    class_code
        MATLAB's array class; 0 for a complex array.
    dims
        Shape, column-major.
    """

    def __init__(
        self,
        path: str,
        scope: str,
        class_code: int,
        dims: tuple[int, ...],
        dtype: str,
        n_bytes: int,
        source: ByteSource,
    ) -> None:
        self.path, self.scope, self.class_code, self.dims = path, scope, class_code, dims
        self.dtype, self.n_bytes, self._left, self._source = dtype, n_bytes, n_bytes, source

    @property
    def n_values(self) -> int:
        """Number of values."""
        return math.prod(self.dims)

    @property
    def is_plain(self) -> bool:
        """Whether this is a variable of its own, the last array of its element."""
        return self.scope == "" and not self.path.endswith("}")

    def take(self, n_bytes: int) -> bytes:
        """Return the next bytes, at most as many as are left."""
        n_bytes = min(n_bytes, self._left)
        self._left -= n_bytes
        return self._source.read(n_bytes)

    def drop(self, n_bytes: int | None = None) -> None:
        """Pass over the next bytes, or over all that are left."""
        n_bytes = self._left if n_bytes is None else min(n_bytes, self._left)
        self._left -= n_bytes
        self._source.skip(n_bytes)

    def finish(self) -> None:
        """Compare the checksum of the element that holds this array."""
        self._source.finish()


class UnreadableArrayError(Exception):
    """An object, a sparse matrix or a function handle: left out with all that its element holds."""


class MatWalker:
    """Walks one file.

    Parameters
    ----------
    order
        ``<`` or ``>``, from the header.
    """

    def __init__(self, order: str) -> None:
        self.order = order
        self._n_arrays = 0

    def unpack(self, layout: str, raw: bytes) -> tuple[int, ...]:
        """`struct.unpack` in the file's byte order."""
        return struct.unpack(self.order + layout, raw)

    def walk_file(self, file: BinaryIO, size: int) -> Iterator[MatArray]:
        """Yield every readable array; what the caller does not take is passed over.

        Raises
        ------
        FileRefusedError
            The file is truncated, damaged, or would unpack to far more than it holds.
        """
        at = HEADER_BYTES
        while at + 8 <= size:
            file.seek(at)
            kind, n_bytes = self.unpack("II", file.read(8))
            at += 8 + n_bytes
            if at > size:
                raise truncated()
            source: ByteSource = PlainSource(file)
            if kind == MI_COMPRESSED:
                source, n_packed = PackedSource(file, n_bytes), n_bytes
                kind, n_bytes, _ = self._tag(source)
                check_expansion(n_bytes, n_packed, "A variable")
            if kind != MI_MATRIX:
                raise refuse("The MATLAB file is damaged: it holds something that is no array.")
            yield from self._walk_element(source, n_bytes)
        if at < size:
            raise truncated()

    def _walk_element(self, source: ByteSource, n_bytes: int) -> Iterator[MatArray]:
        try:
            for array in self._walk_array(source, n_bytes, None, "", 0):
                if array.n_bytes > n_bytes:
                    raise refuse(f"The MATLAB file is damaged: '{array.path}' is larger than its element.")
                yield array
                if array.is_plain:
                    return  # nothing follows: its samples need no unpacking
                array.drop()
        except UnreadableArrayError:
            return

    def _tag(self, source: ByteSource) -> tuple[int, int, bytes | None]:
        """Return (type, n_bytes, the data when it sits in the tag itself)."""
        raw = source.read(8)
        first, second = self.unpack("II", raw)
        if not first >> 16:
            return first, second, None
        n_bytes = first >> 16
        if n_bytes > 4:
            raise refuse("The MATLAB file is damaged: an element has an impossible size.")
        return first & 0xFFFF, n_bytes, raw[4 : 4 + n_bytes]

    def _short(self, source: ByteSource, limit: int) -> bytes:
        """Read a whole element that can't be long: flags, shape, name."""
        _, n_bytes, inside = self._tag(source)
        if inside is not None:
            return inside
        if n_bytes > limit:
            raise refuse("The MATLAB file is damaged: a name or a shape is impossibly long.")
        found = source.read(n_bytes)
        source.skip(-n_bytes % 8)
        return found

    def _walk_array(
        self, source: ByteSource, n_bytes: int, name: str | None, scope: str, depth: int
    ) -> Iterator[MatArray]:
        if n_bytes == 0:
            yield MatArray(name or "", scope, 6, (0, 0), "f8", 0, source)
            return
        if depth > MAX_DEPTH:
            raise refuse(f"The MATLAB file nests structs deeper than {MAX_DEPTH} levels.")
        flags = self._short(source, 8)
        flag_word = self.unpack("I", flags[:4].ljust(4, b"\0"))[0]
        class_code = flag_word & 0xFF
        if class_code not in NUMBER_CLASSES and class_code not in (CLASS_CELL, CLASS_STRUCT, CLASS_CHAR):
            raise UnreadableArrayError
        dims = self._dims(source)
        path = self._short(source, MAX_TEXT).decode("latin-1")
        path = path if name is None else name
        if class_code in (CLASS_CELL, CLASS_STRUCT):
            names = self._child_names(source, class_code, math.prod(dims), path)
            yield from self._walk_children(source, names, depth)
        else:
            is_complex = bool(flag_word & _COMPLEX_FLAG)
            yield from self._walk_values(source, class_code, dims, path, scope, is_complex)

    def _dims(self, source: ByteSource) -> tuple[int, ...]:
        raw = self._short(source, 4 * 32)
        dims = self.unpack(f"{len(raw) // 4}i", raw[: len(raw) // 4 * 4])
        if len(dims) < 2 or min(dims) < 0:
            raise refuse("The MATLAB file is damaged: an array has an impossible shape.")
        return dims

    def _walk_values(
        self,
        source: ByteSource,
        class_code: int,
        dims: tuple[int, ...],
        path: str,
        scope: str,
        is_complex: bool,
    ) -> Iterator[MatArray]:
        self._n_arrays += 1
        if self._n_arrays > MAX_VARIABLES:
            raise refuse(f"The MATLAB file holds more than {MAX_VARIABLES:,} arrays.")
        kind, n_bytes, inside = self._tag(source)
        known = TEXT_TYPES if class_code == CLASS_CHAR else NUMBER_TYPES
        if kind not in known:
            raise refuse(f"The MATLAB file is damaged: '{path}' has an unknown number type.")
        if class_code != CLASS_CHAR and n_bytes != math.prod(dims) * np.dtype(known[kind]).itemsize:
            shape = "×".join(map(str, dims))
            raise refuse(
                f"The MATLAB file is damaged: '{path}' claims {shape} values but stores {n_bytes:,} bytes."
            )
        code = 0 if is_complex else class_code
        if inside is not None:
            yield MatArray(path, scope, code, dims, known[kind], n_bytes, _TagSource(inside, source))
        else:
            yield MatArray(path, scope, code, dims, known[kind], n_bytes, source)
            source.skip(-n_bytes % 8)
        if is_complex:
            self._skip_element(source)

    def _skip_element(self, source: ByteSource) -> None:
        _, n_bytes, inside = self._tag(source)
        if inside is None:
            source.skip(n_bytes + -n_bytes % 8)

    def _child_names(
        self, source: ByteSource, class_code: int, n_elements: int, path: str
    ) -> list[tuple[str, str]]:
        """Return (path, scope) of every field of a struct or part of a cell, in the order of the file."""
        if class_code == CLASS_CELL:
            _check_count(n_elements)
            return [(f"{path}{{{i + 1}}}", path) for i in range(n_elements)]
        raw_length = self._short(source, 8)
        length = self.unpack("i", raw_length[:4])[0] if len(raw_length) >= 4 else 0
        raw_names = self._short(source, 1 << 20)
        if length <= 0:
            raise refuse("The MATLAB file is damaged: a struct has no field names.")
        parts = [raw_names[at : at + length] for at in range(0, len(raw_names), length)]
        fields = [part.split(b"\0")[0].decode("latin-1") for part in parts]
        _check_count(n_elements * len(fields))
        scopes = [path] if n_elements == 1 else [f"{path}({i + 1})" for i in range(n_elements)]
        return [(f"{scope}.{field}", scope) for scope in scopes for field in fields]

    def _walk_children(
        self, source: ByteSource, names: list[tuple[str, str]], depth: int
    ) -> Iterator[MatArray]:
        for path, scope in names:
            kind, n_bytes, _ = self._tag(source)
            if kind != MI_MATRIX:
                raise refuse("The MATLAB file is damaged: a struct or cell holds something that is no array.")
            yield from self._walk_array(source, n_bytes, path, scope, depth + 1)


class _TagSource:
    """The few bytes that sit inside a tag, in front of the source that they came from."""

    def __init__(self, raw: bytes, outer: ByteSource) -> None:
        self._raw, self._outer = raw, outer

    def read(self, n_bytes: int) -> bytes:
        """Return the next of the few bytes."""
        taken, self._raw = self._raw[:n_bytes], self._raw[n_bytes:]
        return taken

    def skip(self, n_bytes: int) -> None:
        """Pass over the next of the few bytes."""
        self._raw = self._raw[n_bytes:]

    def finish(self) -> None:
        """Compare the checksum of the outer source."""
        self._outer.finish()


def _check_count(n_items: int) -> None:
    if n_items > MAX_VARIABLES:
        raise refuse(f"The MATLAB file claims a struct or cell of {n_items:,} parts.")
