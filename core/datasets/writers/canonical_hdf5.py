"""The canonical HDF5 file: one file, ``/signals/<recording>/<channel>`` with attributes on each signal."""

from __future__ import annotations

from pathlib import Path

import h5py

from core.datasets.readers.canonical_hdf5 import SCHEMA_VERSION
from core.datasets.writers.base import ExportedDataset, ExportedSignal, OnSignal, write_whole

SUFFIX = ".h5"
# Where a name can't stand in a path of the file, this stands in its place and the name is an attribute.
_SLASH = "\N{DIVISION SLASH}"
_OWN = {"recording", "channel", "n_samples"}


def write(path: Path, dataset: ExportedDataset, on_signal: OnSignal) -> None:
    """Write a version as a canonical file.

    Parameters
    ----------
    path
        The file to make or replace.
    dataset
        What to write.
    on_signal
        Told how many signals are written after each; may raise, then nothing is left.
    """
    with write_whole(path) as temporary, h5py.File(temporary, "w", locking=False) as file:
        file.attrs.update({"schema_version": SCHEMA_VERSION, "name": dataset.name})
        file.attrs.update({"version": dataset.version, "manifest_sha256": dataset.manifest_sha256})
        file.attrs["class_names"] = list(dataset.class_names)
        file.attrs["created_utc"] = dataset.created_utc.isoformat()
        group = file.create_group("signals")
        for number, signal in enumerate(dataset.signals, start=1):
            _write_signal(group, signal)
            on_signal(number)


def _write_signal(group: h5py.Group, signal: ExportedSignal) -> None:
    recording, channel = _as_member(signal.recording), _as_member(signal.channel)
    written = group.require_group(recording).create_dataset(channel, (signal.n_samples,), "<f4")
    start = 0
    for block in signal.blocks():
        written[start : start + len(block)] = block
        start += len(block)
    written.attrs.update({name: value for name, value in signal.describe().items() if name not in _OWN})
    if recording != signal.recording:
        written.attrs["recording_id"] = signal.recording
    if channel != signal.channel:
        written.attrs["channel"] = signal.channel


def _as_member(name: str) -> str:
    """Return a name that can stand in a path of the file.

    >>> _as_member("run 3/a"), _as_member("..")
    ('run 3∕a', '..∕')
    """
    plain = name.replace("/", _SLASH).replace("\0", " ")
    return plain if plain.strip(".") else f"{plain}{_SLASH}"
