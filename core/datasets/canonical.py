"""Writes the canonical dataset file, the project's exchange format (HDF5)."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import h5py
import numpy as np

from core.datasets.readers.base import Float32Array
from core.datasets.readers.canonical_hdf5 import SCHEMA_VERSION
from core.datasets.store import hash_signal
from utils.exceptions import InvalidInputError

_NOT_ATTRIBUTES = {"recording_id", "channel", "values"}


@dataclass(frozen=True, slots=True)
class CanonicalSignal:
    """One channel of one recording; what is None is left out of the file."""

    recording_id: str
    channel: str
    values: Float32Array
    sample_rate_hz: float
    unit: str | None = None
    shaft_speed_rpm: float | None = None
    load: str | float | None = None
    machine: str | None = None
    measurement_point: str | None = None
    bearing: str | None = None
    fault_class: str | None = None
    severity: str | float | None = None
    group: str | None = None
    acquired_utc: str | None = None
    source_file: str | None = None


def write_canonical(
    path: Path,
    name: str,
    signals: Iterable[CanonicalSignal],
    *,
    created_utc: datetime,
    class_names: Sequence[str] = (),
) -> int:
    """Write ``/signals/<recording id>/<channel>`` with attributes; the file appears whole or not at all.

    Parameters
    ----------
    path
        The file to make or replace.
    name
        The dataset's name.
    signals
        Taken one by one; memory-mapped values are not loaded whole.
    created_utc
        An aware time.
    class_names
        The class order, where the dataset has one.

    Returns
    -------
    int
        The number of signals written.

    Raises
    ------
    InvalidInputError
        A recording id or channel can't be a name in the file, or a pair of them comes twice.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with h5py.File(temporary, "w", locking=False) as file:
            file.attrs.update({"schema_version": SCHEMA_VERSION, "name": name})
            file.attrs.update({"class_names": list(class_names), "created_utc": created_utc.isoformat()})
            group = file.create_group("signals")
            n_signals = sum(_write_signal(group, signal) for signal in signals)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return n_signals


def _write_signal(group: h5py.Group, signal: CanonicalSignal) -> int:
    for part in (signal.recording_id, signal.channel):
        if not part.strip(".") or "/" in part or "\0" in part:
            raise InvalidInputError(f"'{part[:80]}' can't name a recording or channel in a canonical file.")
    recording = group.require_group(signal.recording_id)
    if signal.channel in recording:
        raise InvalidInputError(f"'{signal.recording_id}/{signal.channel}' comes twice.")
    dataset = recording.create_dataset(signal.channel, data=np.asarray(signal.values, "<f4"))
    fields = {
        key: getattr(signal, key)
        for key in CanonicalSignal.__dataclass_fields__
        if key not in _NOT_ATTRIBUTES
    }
    dataset.attrs.update({key: value for key, value in fields.items() if value is not None})
    dataset.attrs["sha256"] = hash_signal(signal.values)
    return 1
