"""Every file format that is read, and how a file is told apart from the others."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import cast

from core.datasets.readers.audio import FLAC, WAV
from core.datasets.readers.base import (
    AS_FOUND,
    FilePreview,
    Float32Array,
    OpenRecordingFile,
    ReaderSpec,
    ReadOptions,
    VariablePreview,
    collect,
    file_size,
    missing_variable,
    refuse,
)
from core.datasets.readers.canonical_hdf5 import CANONICAL_HDF5, is_canonical
from core.datasets.readers.csv_text import CSV
from core.datasets.readers.generic_hdf5 import GENERIC_HDF5
from core.datasets.readers.hdf5_safety import open_checked
from core.datasets.readers.matlab import MATLAB
from core.datasets.readers.matlab73 import MATLAB73
from core.datasets.readers.numpy_arrays import NPY, NPZ
from core.datasets.readers.parquet import PARQUET
from core.datasets.readers.split_hdf5 import FLAT_HDF5, SPLIT_HDF5, is_flat, is_split
from core.datasets.readers.tdms import TDMS
from core.datasets.readers.uff58 import MARK, UFF58
from utils.exceptions import ErrorCode

READERS: dict[str, ReaderSpec] = {
    spec.name: spec
    for spec in (
        *(MATLAB, MATLAB73, CANONICAL_HDF5, SPLIT_HDF5, FLAT_HDF5, GENERIC_HDF5, CSV, NPY, NPZ),
        *(WAV, FLAC, PARQUET, TDMS, UFF58),
    )
}

_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_MATLAB_VERSIONS = {b"\x00\x01IM", b"\x01\x00MI"}
_MAGIC = {b"\x93NUMPY": "npy", b"fLaC": "flac", b"PAR1": "parquet", b"TDSm": "tdms"}
_WAV_FORMS = {(b"RIFF", b"WAVE"), (b"RF64", b"WAVE")}
_REFUSED_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "packed by gzip; unpack it first"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"%PDF", "a PDF document"),
)
_READ_TITLES = "MATLAB, HDF5, CSV, NumPy, WAV, FLAC, Parquet, TDMS or UFF"
# A name that ends like this promises a binary format; texts are told by content alone.
_PROMISES = {
    ".mat": "MATLAB",
    ".h5": "HDF5",
    ".hdf5": "HDF5",
    ".npy": "NumPy array",
    ".npz": "NumPy archive",
    ".wav": "WAV",
    ".flac": "FLAC",
    ".parquet": "Parquet",
    ".tdms": "TDMS",
}
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
    return _agreed(_recognise(path, head), suffix)


def _recognise(path: Path, head: bytes) -> str:
    if head[124:128] in _MATLAB_VERSIONS and head[:1] != b"\x89":
        return "matlab5"
    if head[512:520] == _HDF5_MAGIC and head[124:126] in (b"\x00\x02", b"\x02\x00"):
        return "matlab73"
    if head.startswith(_HDF5_MAGIC):
        return _hdf5_layout(path)
    if head.startswith(b"PK\x03\x04"):
        return _archive_kind(path)
    if (head[:4], head[8:12]) in _WAV_FORMS:
        return "wav"
    found = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    return found or ("uff58" if _is_universal(head) else "csv")


def _archive_kind(path: Path) -> str:
    """An archive is read when it holds NumPy arrays and nothing else."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [member.filename for member in archive.infolist()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise refuse("The archive is truncated or damaged.", ErrorCode.FILE_UNREADABLE) from error
    if not names or not all(name.endswith(".npy") for name in names):
        raise refuse(
            "The file is an archive (ZIP, PyTorch) of something else than NumPy arrays. Such archives can "
            f"carry pickled objects and are never read; send {_READ_TITLES}."
        )
    return "npz"


def _is_universal(head: bytes) -> bool:
    """Whether a text begins with a line of -1 and the number of a data set."""
    lines = [line for line in head.splitlines() if line.strip()]
    if not lines or lines[0].strip() != MARK:
        return False
    number = next((line for line in lines[:3] if line.strip() != MARK), b"")
    return number[:6].strip().isdigit()


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
            raise refuse(f"The file is {what}. Send {_READ_TITLES}.")


def _agreed(found: str, suffix: str) -> str:
    """Refuse a file whose name promises a binary format that it is not."""
    promised = _PROMISES.get(suffix)
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
    return GENERIC_HDF5.name


def open_file(path: Path, name: str | None = None, options: ReadOptions = AS_FOUND) -> OpenRecordingFile:
    """Open a file with the reader that fits its content."""
    return cast(OpenRecordingFile, READERS[sniff(path, name)].open(path, options))


def preview_file(path: Path, name: str | None = None, options: ReadOptions = AS_FOUND) -> FilePreview:
    """List what a file holds, in this process: for files of our own. Others go through `IsolatedReader`."""
    with open_file(path, name, options) as file:
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
