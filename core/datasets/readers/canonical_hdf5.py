"""The project's own exchange format: ``/signals/<recording id>/<channel>`` with attributes on each signal."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import h5py

from core.datasets.readers.base import (
    AS_FOUND,
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
    is_signal,
    open_checked,
    read_attributes,
    read_texts,
    read_vector,
)
from utils.exceptions import ErrorCode

SCHEMA_VERSION = 1


def is_canonical(file: h5py.File) -> bool:
    """Whether the file has the canonical layout."""
    return isinstance(file.get("signals"), h5py.Group)


class CanonicalFile(OpenRecordingFile):
    """An opened canonical file. A signal's name is ``<recording id>/<channel>``."""

    def __init__(self, path: Path, options: ReadOptions = AS_FOUND) -> None:  # noqa: ARG002 - its layout is fixed
        self._file = open_checked(path)
        version = read_attributes(self._file).get("schema_version", SCHEMA_VERSION)
        if version != SCHEMA_VERSION:
            self._file.close()
            raise refuse(f"The file has schema version {version}; version {SCHEMA_VERSION} is read.")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _signals(self) -> Iterator[tuple[str, h5py.Dataset]]:
        for recording_id, recording in self._file["signals"].items():
            channels = recording.items() if isinstance(recording, h5py.Group) else ()
            for channel, dataset in channels:
                if is_signal(dataset):
                    yield f"{recording_id}/{channel}", dataset

    def preview(self) -> FilePreview:
        """List the signals with all that their attributes say."""
        variables = [_describe(name, dataset) for name, dataset in self._signals()]
        if not variables:
            raise refuse("The HDF5 file has no signal under /signals.", ErrorCode.NO_USABLE_VECTOR)
        class_names = read_texts(self._file.attrs.get("class_names", ()))
        return FilePreview("canonical_hdf5", variables, read_attributes(self._file), class_names=class_names)

    def read_blocks(self, variable: str) -> Iterator[Float32Array]:
        """Yield one signal; where the file carries its SHA-256 the samples are compared with it."""
        recording_id, _, channel = variable.partition("/")
        recording = self._file["signals"].get(recording_id) if recording_id.strip(".") else None
        found = recording.get(channel) if isinstance(recording, h5py.Group) and channel.strip(".") else None
        if not is_signal(found):
            raise missing_variable(variable, [name for name, _ in self._signals()])
        digest = hashlib.sha256()
        for block in read_vector(found):
            digest.update(block.data)
            yield block
        stated = read_attributes(found).get("sha256")
        if stated is not None and stated != digest.hexdigest():
            raise refuse(f"The samples of '{variable}' do not match their SHA-256: the file is damaged.")


def _describe(name: str, dataset: h5py.Dataset) -> VariablePreview:
    recording_id, _, channel = name.partition("/")
    attributes = {"recording_id": recording_id, "channel": channel, **read_attributes(dataset)}
    rate, unit = as_rate(attributes.pop("sample_rate_hz", None)), attributes.pop("unit", None)
    part = attributes.pop("part", None)
    return VariablePreview(
        name,
        len(dataset),
        dataset.dtype.name,
        rate,
        None if unit is None else str(unit),
        attributes,
        None if part is None else str(part),
    )


CANONICAL_HDF5 = ReaderSpec("canonical_hdf5", "Canonical dataset file (.h5)", (".h5", ".hdf5"), CanonicalFile)
