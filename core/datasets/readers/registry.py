"""Every file format that is read, and how a file is told apart from the others."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import cast

from core.datasets.readers.base import (
    FilePreview,
    Float32Array,
    OpenRecordingFile,
    ReaderSpec,
    VariablePreview,
    collect,
    file_size,
    missing_variable,
    refuse,
)
from core.datasets.readers.canonical_hdf5 import CANONICAL_HDF5, is_canonical
from core.datasets.readers.csv_text import CSV
from core.datasets.readers.hdf5_safety import open_checked
from core.datasets.readers.matlab import MATLAB
from core.datasets.readers.split_hdf5 import FLAT_HDF5, SPLIT_HDF5, is_flat, is_split
from utils.exceptions import ErrorCode

READERS: dict[str, ReaderSpec] = {
    spec.name: spec for spec in (MATLAB, CANONICAL_HDF5, SPLIT_HDF5, FLAT_HDF5, CSV)
}

_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_MATLAB_VERSIONS = {b"\x00\x01IM", b"\x01\x00MI"}
_REFUSED_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x93NUMPY", "a NumPy array file (.npy), which can carry pickled objects"),
    (b"PK\x03\x04", "an archive (ZIP, .npz, PyTorch), which can carry pickled objects"),
    (b"\x1f\x8b", "packed by gzip; unpack it first"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"%PDF", "a PDF document"),
)
_PICKLE_STARTS = tuple(bytes((0x80, version)) for version in range(2, 6))


def sniff(path: Path, name: str | None = None) -> str:
    """Return the format's name in `READERS`, judged by content.

    Parameters
    ----------
    path
        The stored file.
    name
        What its sender called it, where the stored name is another one: a ``.mat`` or ``.h5`` that is no such
        file is refused.

    Raises
    ------
    FileRefusedError
        Nothing in the content is a format that is read; the sentence says what was found.
    """
    if not file_size(path):
        raise refuse("The file is empty.", ErrorCode.FILE_UNREADABLE)
    head = _read_head(path)
    suffix = Path(name or path.name).suffix.lower()
    _refuse_foreign(head)
    if head[124:128] in _MATLAB_VERSIONS and head[:1] != b"\x89":
        return _agreed("matlab5", suffix)
    if head[512:520] == _HDF5_MAGIC and head[124:126] == b"\x00\x02":
        raise refuse("This is a MATLAB v7.3 file. Save it with -v7 in MATLAB, or convert it to HDF5 or CSV.")
    if head.startswith(_HDF5_MAGIC):
        return _agreed(_hdf5_layout(path), suffix)
    return _agreed("csv", suffix)


def _read_head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(1024)
    except OSError as error:
        raise refuse(f"The file can't be opened: {error.strerror}.", ErrorCode.FILE_UNREADABLE) from error


def _refuse_foreign(head: bytes) -> None:
    if head.startswith(_PICKLE_STARTS):
        raise refuse("The file is a Python pickle; such files can run programs and are never read.")
    for magic, what in _REFUSED_MAGIC:
        if head.startswith(magic):
            raise refuse(f"The file is {what}. Send MATLAB level 5, HDF5 or CSV.")


def _agreed(found: str, suffix: str) -> str:
    """Refuse a file whose name promises a binary format that it is not."""
    promised = {".mat": "MATLAB level 5", ".h5": "HDF5", ".hdf5": "HDF5"}.get(suffix)
    if promised and suffix not in READERS[found].suffixes:
        raise refuse(
            f"The file is named {suffix} but is no {promised} file (it looks like {READERS[found].title}). "
            "It is damaged or has the wrong name."
        )
    return found


def _hdf5_layout(path: Path) -> str:
    with open_checked(path) as file:
        for spec, fits in ((CANONICAL_HDF5, is_canonical), (SPLIT_HDF5, is_split), (FLAT_HDF5, is_flat)):
            if fits(file):
                return spec.name
        held = ", ".join(list(file)[:8]) or "nothing"
    raise refuse(
        "The HDF5 file has no layout that is read: expected /signals/<recording>/<channel>, groups train, "
        f"val, test, or matrices signals and labels. It holds: {held}.",
        ErrorCode.NO_USABLE_VECTOR,
    )


def open_file(path: Path, name: str | None = None) -> OpenRecordingFile:
    """Open a file with the reader that fits its content."""
    return cast(OpenRecordingFile, READERS[sniff(path, name)].open(path))


def preview_file(path: Path, name: str | None = None) -> FilePreview:
    """List what a file holds, in this process: for files of our own. Others go through `IsolatedReader`."""
    with open_file(path, name) as file:
        return file.preview()


def read_file(path: Path, selections: Sequence[str]) -> dict[str, Float32Array]:
    """Read signals into memory, in this process: for files of our own.

    Parameters
    ----------
    path
        The file.
    selections
        Names or globs.

    Returns
    -------
    dict
        Float32 samples by the signal's name, in the order of the file.

    Raises
    ------
    FileRefusedError
        The file is not read, or a selection fits nothing in it.
    """
    with open_file(path) as file:
        preview = file.preview()
        chosen = {entry.name for selection in selections for entry in pick_variables(preview, selection)}
        names = [entry.name for entry in preview.variables if entry.name in chosen]
        return {name: collect(file.read_blocks(name)) for name in names}


def pick_variables(preview: FilePreview, selection: str) -> list[VariablePreview]:
    """Return the signals of an exact name or, failing that, of a glob such as ``*_DE_time``.

    Raises
    ------
    FileRefusedError
        None fits (``NO_USABLE_VECTOR``); the sentence names what is there.
    """
    exact = [entry for entry in preview.variables if entry.name == selection]
    fitting = exact or [entry for entry in preview.variables if fnmatchcase(entry.name, selection)]
    if not fitting:
        raise missing_variable(selection, [entry.name for entry in preview.variables])
    return fitting
