"""MATLAB level 5: a file per recording, a vector per channel, and a struct ``metadata`` about them.

The vectors are written as a stream, which `scipy.io.savemat` can't; the layout is that of MathWorks'
"MAT-File Format": a header of 128 bytes, then elements of a type, a length and data padded to 8 bytes.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import IO, Any

import numpy as np
import scipy.io

from core.datasets.writers.archive import SUFFIX, name_member, write_archive
from core.datasets.writers.base import ExportedDataset, ExportedSignal, OnSignal
from utils.exceptions import InvalidInputError

__all__ = ["SUFFIX", "write"]

_MI_INT8, _MI_INT32, _MI_UINT32, _MI_SINGLE, _MI_MATRIX = 1, 5, 6, 7, 14
_MX_SINGLE = 7
# A level 5 element carries its length in 32 bits, and programs read it as signed.
_MOST_BYTES = (1 << 31) - 4096
_MAX_NAME = 63
_RESERVED = {"metadata", "sample_rate_hz"}


def write(path: Path, dataset: ExportedDataset, on_signal: OnSignal) -> None:
    """Write a version as a ZIP of MATLAB files with their table; see `canonical_hdf5.write`.

    Raises
    ------
    InvalidInputError
        A signal is longer than a level 5 file can hold.
    """
    written = 0
    with write_archive(path, dataset, compressed=False) as archive:
        recordings = groupby(dataset.signals, key=lambda signal: signal.recording)
        for number, (recording, group) in enumerate(recordings, start=1):
            signals = list(group)
            name = name_member(number, recording, suffix=".mat")
            variables = _name_variables([signal.channel for signal in signals])
            with archive.open_member(name) as member:
                _write_recording(member, signals, variables)
            for signal, variable in zip(signals, variables, strict=True):
                archive.add_row(name, variable, signal)
                written += 1
                on_signal(written)


def _name_variables(channels: Sequence[str]) -> list[str]:
    """Return a MATLAB name for each channel.

    >>> _name_variables(["DE", "2 x", "2-x"])
    ['DE', 'ch_2_x', 'ch_2_x_2']
    """
    names: list[str] = []
    for channel in channels:
        plain = re.sub(r"[^A-Za-z0-9_]+", "_", channel)[: _MAX_NAME - 8]
        name = plain if re.match(r"[A-Za-z]", plain) and plain not in _RESERVED else f"ch_{plain}"
        n_before = sum(known == name or known.startswith(f"{name}_") for known in names)
        names.append(f"{name}_{n_before + 1}" if name in names else name)
    return names


def _write_recording(file: IO[bytes], signals: Sequence[ExportedSignal], variables: Sequence[str]) -> None:
    about = {
        variable: {name: value for name, value in signal.describe().items() if name != "n_samples"}
        for variable, signal in zip(variables, signals, strict=True)
    }
    others: dict[str, Any] = {"metadata": about}
    if len({signal.sample_rate_hz for signal in signals}) == 1:
        others["sample_rate_hz"] = signals[0].sample_rate_hz
    small: Any = io.BytesIO()
    scipy.io.savemat(small, others, oned_as="column", long_field_names=True)
    file.write(small.getvalue())
    for variable, signal in zip(variables, signals, strict=True):
        _write_vector(file, variable, signal)


def _write_vector(file: IO[bytes], variable: str, signal: ExportedSignal) -> None:
    """Append a column vector of single precision."""
    n_bytes = 4 * signal.n_samples
    name = variable.encode("ascii")
    head = b"".join(
        [
            _element(_MI_UINT32, struct.pack("<II", _MX_SINGLE, 0)),
            _element(_MI_INT32, struct.pack("<ii", signal.n_samples, 1)),
            _element(_MI_INT8, name),
            struct.pack("<II", _MI_SINGLE, min(n_bytes, 0xFFFFFFFF)),
        ]
    )
    padding = -n_bytes % 8
    total = len(head) + n_bytes + padding
    if total > _MOST_BYTES:
        raise InvalidInputError(
            f"'{signal.recording}' ({signal.channel}) holds {n_bytes / 1e9:.1f} GB: a MATLAB level 5 "
            "file takes at most 2 GB per signal. Export as HDF5 instead, which MATLAB reads too."
        )
    file.write(struct.pack("<II", _MI_MATRIX, total) + head)
    for block in signal.blocks():
        file.write(np.ascontiguousarray(block, "<f4").data)
    file.write(bytes(padding))


def _element(kind: int, content: bytes) -> bytes:
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)
