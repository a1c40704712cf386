"""NumPy files: one array (.npy) or several by name (.npz). Never an object, never a pickle."""

from __future__ import annotations

import io
import tokenize
import zipfile
import zlib
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from core.datasets.readers.array_file import ArrayFile
from core.datasets.readers.arrays import ArrayInfo, Place, Stretch, as_plain_column
from core.datasets.readers.base import (
    AS_FOUND,
    MAX_TEXT,
    MAX_VARIABLES,
    Attribute,
    ReaderSpec,
    ReadOptions,
    check_expansion,
    file_size,
    refuse,
)
from utils.exceptions import ErrorCode

_MAX_HEADER = 4_096
_MAX_MEMBERS = 10_000
_MAX_COLUMN_BYTES = 16 << 20
_NUMBER_KINDS = "fiu"
_BAD_HEADER = (
    *(ValueError, KeyError, TypeError, SyntaxError, RecursionError, MemoryError),
    tokenize.TokenError,
)


@dataclass(frozen=True, slots=True)
class _Stored:
    """An array as it lies in its file: where its bytes begin, and how they are to be read."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    is_reversed: bool
    offset: int

    @property
    def n_bytes(self) -> int:
        """Its size."""
        return int(np.prod(self.shape, dtype=object)) * self.dtype.itemsize


class _NumpyFile(ArrayFile):
    """What .npy and .npz have in common: arrays read as streams, in the order in which they are stored."""

    def __init__(self, format_name: str, options: ReadOptions) -> None:
        super().__init__(format_name, "NumPy file", options)
        self._arrays: dict[str, _Stored] = {}

    @abstractmethod
    def _open(self, array: _Stored) -> IO[bytes]:
        """Return the stream that holds an array's bytes from its offset on."""

    def _read_small(self, array: _Stored) -> npt.NDArray[Any]:
        if array.n_bytes > _MAX_COLUMN_BYTES:
            raise refuse(f"'{array.name}' is too large to be a list of single values.")
        stream = self._open(array)
        stream.seek(array.offset)
        return np.frombuffer(_take(stream, array.n_bytes, array.name), array.dtype)

    def _note_array(self, name: str, array: _Stored) -> None:
        is_single = array.n_bytes == array.dtype.itemsize
        if array.dtype.kind in _NUMBER_KINDS and not is_single:
            self._arrays[name] = array
        elif array.dtype.kind in (*_NUMBER_KINDS, "U", "S", "b") and is_single:
            value = as_plain_column(self._read_small(array))[0]
            text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
            if text is not None:
                self._scalars[name] = text[:MAX_TEXT] if isinstance(text, str) else text
        else:
            self._notes.append(f"'{name}' is left out: its values are no real numbers.")

    def _list_arrays(self) -> list[ArrayInfo]:
        return [
            ArrayInfo(name, one.shape, one.dtype.name, is_reversed=one.is_reversed)
            for name, one in self._arrays.items()
        ]

    def _read_column(self, array: str) -> list[Attribute | None]:
        return as_plain_column(self._read_small(self._arrays[array]))

    def _open_stretches(self, array: str, place: Place) -> Stretch:
        stored = self._arrays[array]
        stream, size = self._open(stored), stored.dtype.itemsize
        _, n_samples, n_trail = place.stack

        def read(lead: int, start: int, stop: int) -> npt.NDArray[Any]:
            first = (lead * n_samples + start) * n_trail
            _seek(stream, stored.offset + first * size)
            values = _take(stream, (stop - start) * n_trail * size, array)
            return np.frombuffer(values, stored.dtype).reshape(stop - start, n_trail)

        return read


def _seek(stream: IO[bytes], target: int) -> None:
    if stream.tell() != target:
        stream.seek(target)


def _take(stream: IO[bytes], n_bytes: int, name: str) -> bytes:
    """Return exactly so many bytes."""
    try:
        found = stream.read(n_bytes)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise refuse(f"The bytes of '{name}' are damaged.", ErrorCode.FILE_UNREADABLE) from error
    if len(found) != n_bytes:
        raise refuse(f"'{name}' ends too early: the file is truncated.", ErrorCode.FILE_UNREADABLE)
    return found


def _read_header(stream: IO[bytes], name: str, size: int) -> _Stored:
    """Read what an array claims to be and compare it with the bytes that there are.

    Parameters
    ----------
    stream
        At the array's first byte.
    name
        Of the array.
    size
        Bytes from there to its end.
    """
    head = io.BytesIO(stream.read(min(size, 2 * _MAX_HEADER)))
    try:
        version = np.lib.format.read_magic(head)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, is_reversed, dtype = read(head, max_header_size=_MAX_HEADER)
    except _BAD_HEADER as error:
        raise refuse(
            f"'{name}' has no readable NumPy header; it is damaged or of another kind.",
            ErrorCode.FILE_UNREADABLE,
        ) from error
    if dtype.hasobject:
        raise refuse(f"'{name}' holds Python objects, which can run programs; they are never read.")
    if any(length < 0 for length in shape) or len(shape) > 8:
        raise refuse(f"'{name}' has an impossible shape.")
    stored = _Stored(name, tuple(shape), dtype, bool(is_reversed), head.tell())
    if stored.n_bytes + stored.offset > size:
        raise refuse(
            f"'{name}' claims {stored.n_bytes:,} bytes but only {max(size - stored.offset, 0):,} are there: "
            "the file is truncated or damaged.",
            ErrorCode.FILE_UNREADABLE,
        )
    return stored


class NpyFile(_NumpyFile):
    """An opened .npy file: one array, called ``array``."""

    def __init__(self, path: Path, options: ReadOptions = AS_FOUND) -> None:
        super().__init__("npy", options)
        size = file_size(path)
        self._file = path.open("rb")
        try:
            self._note_array("array", _read_header(self._file, "array", size))
        except BaseException:
            self._file.close()
            raise

    def _open(self, array: _Stored) -> IO[bytes]:  # noqa: ARG002 - it holds but one
        return self._file

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class NpzFile(_NumpyFile):
    """An opened .npz archive: arrays by name.

    A scalar named like a sample rate is that of all arrays; vectors with one value per recording of an array
    (labels, times, numbers) are kept with each recording.
    """

    def __init__(self, path: Path, options: ReadOptions = AS_FOUND) -> None:
        super().__init__("npz", options)
        self._members: dict[str, zipfile.ZipInfo] = {}
        self._stream: IO[bytes] | None = None
        self._stream_name = ""
        file_size(path)
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise refuse("The archive is truncated or damaged.", ErrorCode.FILE_UNREADABLE) from error
        try:
            self._list_members()
        except BaseException:
            self.close()
            raise

    def _list_members(self) -> None:
        members = self._archive.infolist()
        if len(members) > min(_MAX_MEMBERS, MAX_VARIABLES):
            raise refuse(f"The archive holds {len(members):,} members; at most {_MAX_MEMBERS:,} are read.")
        for member in members:
            name = member.filename.removesuffix(".npy")
            if name == member.filename or name in self._members:
                raise refuse(
                    "The archive holds something else than NumPy arrays, or one of them twice; archives of "
                    "other kinds can carry pickled objects and are never read."
                )
            if member.flag_bits & 1:
                raise refuse(f"'{name}' is encrypted. Save it without a password.")
            check_expansion(member.file_size, member.compress_size, name)
            self._members[name] = member
            stored = _read_header(self._open_member(name), name, member.file_size)
            self._note_array(name, stored)

    def _open_member(self, name: str) -> IO[bytes]:
        if self._stream is None or self._stream_name != name:
            if self._stream is not None:
                self._stream.close()
            try:
                self._stream = self._archive.open(self._members[name])
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
                raise refuse(f"'{name}' in the archive is damaged.", ErrorCode.FILE_UNREADABLE) from error
            self._stream_name = name
        return self._stream

    def _open(self, array: _Stored) -> IO[bytes]:
        return self._open_member(array.name)

    def close(self) -> None:
        """Close the archive."""
        if self._stream is not None:
            self._stream.close()
        self._archive.close()


NPY = ReaderSpec("npy", "NumPy array (.npy)", (".npy",), NpyFile)
NPZ = ReaderSpec("npz", "NumPy archive (.npz)", (".npz",), NpzFile)
