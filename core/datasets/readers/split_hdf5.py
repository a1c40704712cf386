"""HDF5 files of signal matrices: split (``train``, ``val``, ``test``, ``test_…`` groups) and flat."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import h5py

from core.datasets.readers.base import (
    AS_FOUND,
    MAX_VARIABLES,
    RATE_NAMES,
    Attribute,
    FilePreview,
    Float32Array,
    OpenRecordingFile,
    ReaderSpec,
    ReadOptions,
    VariablePreview,
    as_rate,
    missing_variable,
    refuse,
)
from core.datasets.readers.hdf5_safety import (
    as_attribute,
    find_unit,
    is_signal,
    open_checked,
    read_attributes,
    read_column,
    read_texts,
    read_vector,
)
from utils.constants import FAULT_CLASSES
from utils.exceptions import ErrorCode

_MAX_METADATA = 64 << 10
_PART_NAMES = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}


def is_split(file: h5py.File) -> bool:
    """Whether the file has a ``train`` group with a matrix of signals."""
    return isinstance(file.get("train"), h5py.Group) and "signals" in file["train"]


def is_flat(file: h5py.File) -> bool:
    """Whether the file has one matrix (or vector) of signals at its root."""
    return is_signal(file.get("signals"), 1) or is_signal(file.get("signals"), 2)


class MatrixFile(OpenRecordingFile):
    """An opened split or flat file. A signal's name is ``<group>/<row>``, for a flat file ``signals/<row>``.

    A split file's parts are kept as given; its labels are the journal-bearing ids unless the file names its
    classes itself. The labels of a flat file are offered as they are: what they mean is not in the file.
    """

    def __init__(self, path: Path, options: ReadOptions = AS_FOUND) -> None:  # noqa: ARG002 - its layout is fixed
        self._file = open_checked(path)
        self._format = "split_hdf5" if is_split(self._file) else "flat_hdf5"
        self._unit = find_unit(read_attributes(self._file))
        self._class_names = read_texts(self._file.attrs.get("class_names", ()))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _groups(self) -> Iterator[tuple[str, str | None, h5py.Group]]:
        """Yield (name in the file, part, group holding ``signals``)."""
        if self._format == "flat_hdf5":
            yield "signals", None, self._file
            return
        for name in [*_PART_NAMES, *sorted(key for key in self._file if key.startswith("test_"))]:
            if name in self._file and isinstance(self._file[name], h5py.Group):
                yield name, _PART_NAMES.get(name, name), self._file[name]

    def preview(self) -> FilePreview:
        """List every row with its part, label and metadata."""
        file_attributes = read_attributes(self._file)
        rates = {as_rate(value) for name, value in file_attributes.items() if name.lower() in RATE_NAMES}
        rate = rates.pop() if len(rates) == 1 else None
        variables: list[VariablePreview] = []
        parts: list[str] = []
        for name, part, group in self._groups():
            variables += self._describe_rows(name, part, group, rate)
            parts += [part] if part else []
        if not variables:
            raise refuse("The HDF5 file has no signals in its matrices.", ErrorCode.NO_USABLE_VECTOR)
        class_names = self._class_names or (list(FAULT_CLASSES) if parts else [])
        return FilePreview(self._format, variables, file_attributes, parts, class_names)

    def _describe_rows(
        self, name: str, part: str | None, group: h5py.Group, rate: float | None
    ) -> list[VariablePreview]:
        matrix = _signal_matrix(group, name)
        n_rows = len(matrix) if matrix.ndim == 2 else 1
        if n_rows > MAX_VARIABLES:
            raise refuse(f"'{name}' claims {n_rows:,} signals; at most {MAX_VARIABLES:,} are read.")
        columns = {
            title: read_column(group, source, n_rows)
            for title, source in (
                ("label", "labels"),
                ("severity", "severities"),
                ("record_hash", "record_hashes"),
            )
        }
        metadata = read_column(group, "metadata", n_rows, _MAX_METADATA)
        rows = []
        for row in range(n_rows):
            attributes = _parse_metadata(metadata[row]) if metadata else {}
            attributes |= {
                title: value
                for title, values in columns.items()
                if values and (value := values[row]) is not None
            }
            attributes |= self._name_label(attributes.get("label"), part)
            rows.append(
                VariablePreview(
                    f"{name}/{row}", matrix.shape[-1], matrix.dtype.name, rate, self._unit, attributes, part
                )
            )
        return rows

    def _name_label(self, label: Attribute | None, part: str | None) -> dict[str, Attribute]:
        """Return the fault class that a numeric label stands for, where the file says what it means."""
        names = self._class_names or (FAULT_CLASSES if part else ())
        if isinstance(label, int) and 0 <= label < len(names):
            return {"fault_class": names[label]}
        return {"fault_class": label} if isinstance(label, str) else {}

    def read_blocks(self, variable: str) -> Iterator[Float32Array]:
        """Yield one row."""
        wanted, _, row = variable.rpartition("/")
        for name, _, group in self._groups():
            matrix = _signal_matrix(group, name)
            n_rows = len(matrix) if matrix.ndim == 2 else 1
            if name == wanted and row.isdecimal() and int(row) < n_rows:
                yield from read_vector(matrix, int(row) if matrix.ndim == 2 else None)
                return
        raise missing_variable(variable, [f"{name}/0" for name, _, _ in self._groups()])


def _signal_matrix(group: h5py.Group, name: str) -> h5py.Dataset:
    matrix = group.get("signals")
    if not is_signal(matrix, 2) and not is_signal(matrix, 1):
        raise refuse(
            f"'{name}/signals' is no matrix of numbers (signals × samples).", ErrorCode.NO_USABLE_VECTOR
        )
    return matrix


def _parse_metadata(text: Attribute | None) -> dict[str, Attribute]:
    """Return the plain values of one record's JSON; {} where it is none."""
    try:
        values = json.loads(str(text))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(values, dict):
        return {}
    plain = {str(key): as_attribute(value) for key, value in values.items()}
    return {key: value for key, value in plain.items() if value is not None}


SPLIT_HDF5 = ReaderSpec("split_hdf5", "HDF5 with train, val and test groups", (".h5", ".hdf5"), MatrixFile)
FLAT_HDF5 = ReaderSpec("flat_hdf5", "HDF5 with signals and labels", (".h5", ".hdf5"), MatrixFile)
