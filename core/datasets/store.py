"""The signal store: immutable float32 blobs, named by their SHA-256, in memory-mapped HDF5 shards.

A shard holds ``/signals/<sha256>`` (contiguous), for long signals ``/pyramids/<sha256>``, for all
``/fingerprints/<sha256>``, and an index of where each lies, so that opening a signal costs the same in a
shard of ten and of ten thousand.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from core.datasets.fingerprints import STRETCH_SAMPLES, Fingerprints, fingerprint_signal
from core.datasets.readers.base import Float32Array
from core.signal.decimation import PYRAMID_FACTOR, build_pyramid
from core.signal.stretches import iterate_stretches
from utils.exceptions import DataDamagedError, InvalidInputError, StorageFullError

PYRAMID_FROM_SAMPLES = 1 << 16
_SCHEMA_VERSION = 1
_SHARD_NAME = re.compile(r"[0-9a-f]{32}\.h5")
_SPARE_BYTES = 8 << 20
_ALIGNMENT_BYTES = 64
# Signals are gone through in parts of so many samples; a multiple of the pyramid's factor.
_PART_SAMPLES = 1 << 22
_DAMAGED = "The stored signals in '{}' are damaged. Restore the file from a backup, or import the data again."


@dataclass(frozen=True, slots=True)
class _Extent:
    """Where a signal and what was derived from it lie in a shard: (offset in bytes, rows) each."""

    signal: tuple[int, int]
    pyramid: tuple[int, int]
    fingerprints: tuple[int, int]


@dataclass(frozen=True, slots=True)
class SignalView:
    """A stored signal, read by memory map: nothing is loaded that is not asked for.

    Attributes
    ----------
    sha256
        Its name.
    n_samples
        Its length.
    pyramid
        Float32 ``(n_bins, 2)`` of smallest and largest sample per `factor` samples; None for a short signal.
    factor
        Samples per bin of the pyramid.
    fingerprints
        Sorted uint64, for the leak check.
    """

    sha256: str
    n_samples: int
    pyramid: Float32Array | None
    factor: int
    fingerprints: Fingerprints
    _values: Float32Array

    def read(self, start: int = 0, stop: int | None = None) -> Float32Array:
        """Return the samples from `start` up to, not including, `stop`, as a read-only view."""
        return self._values[start:stop]


def hash_signal(values: Float32Array) -> str:
    """Return the SHA-256 of a signal's little-endian float32 bytes, in hexadecimal digits."""
    digest = hashlib.sha256()
    for _, stretch in iterate_stretches(values, _PART_SAMPLES):
        digest.update(np.ascontiguousarray(stretch, "<f4").data)
    return digest.hexdigest()


def write_shard(folder: Path, blobs: Iterable[tuple[str, Float32Array]]) -> str:
    """Write signals into a new shard; it appears whole or not at all.

    Parameters
    ----------
    folder
        The store; made when it is not there.
    blobs
        (SHA-256 by `hash_signal`, samples), taken one by one; a repeated hash is written once.

    Returns
    -------
    str
        The shard's name in the folder.

    Raises
    ------
    StorageFullError
        The disk has no room; nothing is left behind.
    InvalidInputError
        There were no blobs.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{secrets.token_hex(16)}.h5"
    temporary = folder / f".{name}.part"
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with h5py.File(
            temporary, "w", alignment_threshold=_ALIGNMENT_BYTES, alignment_interval=_ALIGNMENT_BYTES
        ) as file:
            _fill(file, folder, blobs)
        _sync(temporary)
        temporary.replace(folder / name)
        _sync(folder)
    except (OSError, RuntimeError) as error:
        raise _as_storage_error(error) from error
    finally:
        temporary.unlink(missing_ok=True)
    return name


def list_signals(folder: Path, shard: str) -> list[str]:
    """Return the hashes of the signals in a shard.

    Raises
    ------
    DataDamagedError
        The shard is missing or damaged.
    """
    return list(_index(folder, shard))


def open_signal(folder: Path, shard: str, sha256: str) -> SignalView:
    """Open a stored signal.

    Raises
    ------
    DataDamagedError
        The shard is missing, truncated or damaged, or does not hold the signal.
    """
    extent = _index(folder, shard).get(sha256)
    if extent is None:
        raise DataDamagedError(_DAMAGED.format(shard))
    path = _shard_path(folder, shard)
    try:
        values = _map(path, extent.signal, "<f4")
        pyramid = _map(path, extent.pyramid, "<f4", 2) if extent.pyramid[1] else None
        fingerprints = _map(path, extent.fingerprints, "<u8")
    except (OSError, ValueError) as error:
        raise DataDamagedError(_DAMAGED.format(shard)) from error
    return SignalView(sha256, len(values), pyramid, PYRAMID_FACTOR, fingerprints, values)


def verify_signal(folder: Path, shard: str, sha256: str) -> None:
    """Read a signal whole and compare it with its hash, and its pyramid with it.

    Raises
    ------
    DataDamagedError
        Any byte differs.
    """
    view = open_signal(folder, shard, sha256)
    whole = hash_signal(view.read()) == sha256
    if not whole or (
        view.pyramid is not None and not np.array_equal(view.pyramid, build_pyramid(view.read()))
    ):
        raise DataDamagedError(_DAMAGED.format(shard))


def _fill(file: h5py.File, folder: Path, blobs: Iterable[tuple[str, Float32Array]]) -> None:
    extents: dict[str, tuple[int, ...]] = {}
    for sha256, values in blobs:
        if sha256 in extents:
            continue
        if shutil.disk_usage(folder).free < values.nbytes + values.nbytes // 16 + _SPARE_BYTES:
            raise OSError(errno.ENOSPC, "no room for the next signal")
        extents[sha256] = _write_signal(file, sha256, values)
    if not extents:
        raise InvalidInputError("There are no signals to store.")
    names = np.frombuffer(bytes.fromhex("".join(extents)), np.uint8).reshape(-1, 32)
    file.create_dataset("index/sha256", data=names)
    file.create_dataset("index/extents", data=np.array(list(extents.values()), np.int64))
    file.attrs["schema_version"] = _SCHEMA_VERSION


def _write_signal(file: h5py.File, sha256: str, values: Float32Array) -> tuple[int, ...]:
    """Write a signal part by part, and what is worked out of it beside the writing."""
    if not len(values):
        return 0, 0, 0, 0, 0, 0
    dataset = file.create_dataset(f"signals/{sha256}", (len(values),), "<f4")
    with_pyramid = len(values) >= PYRAMID_FROM_SAMPLES
    pyramids: list[Float32Array] = [np.empty((0, 2), "<f4")]
    prints: list[Callable[[], Fingerprints]] = []
    with ThreadPoolExecutor(1) as beside:  # starts its thread on first use
        for start, stretch in iterate_stretches(values, _PART_SAMPLES, overlap=STRETCH_SAMPLES - 1):
            part = np.array(stretch, "<f4")  # the pages of a mapped file are given back behind us
            if with_pyramid:
                prints.append(beside.submit(fingerprint_signal, part).result)
                pyramids.append(build_pyramid(part[:_PART_SAMPLES]))
            else:
                prints.append(partial(fingerprint_signal, part))
            dataset[start : start + _PART_SAMPLES] = part[:_PART_SAMPLES]
        fingerprints = np.unique(np.concatenate([result() for result in prints]))
    return (
        *(int(dataset.id.get_offset()), len(values)),
        *_write(file, f"pyramids/{sha256}", np.concatenate(pyramids), "<f4"),
        *_write(file, f"fingerprints/{sha256}", fingerprints, "<u8"),
    )


def _write(file: h5py.File, name: str, values: npt.NDArray[Any], dtype: str) -> tuple[int, int]:
    """Write an array contiguously; return (offset, rows)."""
    if not len(values):
        return 0, 0
    dataset = file.create_dataset(name, data=np.ascontiguousarray(values, dtype))
    return int(dataset.id.get_offset()), len(values)


def _index(folder: Path, shard: str) -> dict[str, _Extent]:
    path = _shard_path(folder, shard)
    try:
        status = path.stat()
        return _load_index(path, status.st_mtime_ns, status.st_size)
    except (OSError, KeyError, ValueError, RuntimeError, TypeError) as error:
        raise DataDamagedError(_DAMAGED.format(shard)) from error


@lru_cache(maxsize=64)
def _load_index(path: Path, modified_ns: int, size: int) -> dict[str, _Extent]:  # noqa: ARG001 - part of the cache key
    with h5py.File(path, "r", locking=False) as file:
        names, extents = file["index/sha256"][()], file["index/extents"][()]
    ends = np.concatenate([extents[:, 0] + 4 * extents[:, 1], extents[:, 2] + 8 * extents[:, 3]])
    if extents.min() < 0 or ends.max() > size:
        raise ValueError("an extent reaches beyond the end of the shard")
    rows = (tuple(map(int, row)) for row in extents)
    found = (_Extent((a, b), (c, d), (e, f)) for a, b, c, d, e, f in rows)
    return dict(zip((bytes(name).hex() for name in names), found, strict=True))


def _map(path: Path, extent: tuple[int, int], dtype: str, n_columns: int | None = None) -> npt.NDArray[Any]:
    offset, rows = extent
    shape = (rows,) if n_columns is None else (rows, n_columns)
    if not rows:
        return np.empty(shape, dtype)
    return np.asarray(np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape))


def _shard_path(folder: Path, shard: str) -> Path:
    if not _SHARD_NAME.fullmatch(shard):
        raise DataDamagedError("A stored signal names a shard that can't be one.")
    return folder / shard


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _as_storage_error(error: OSError | RuntimeError) -> Exception:
    """Tell a full disk from other failures; h5py reports it in its text only, and as either of the two."""
    codes = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    told = any(f"errno = {code}," in str(error) for code in codes)
    full = told or (isinstance(error, OSError) and error.errno in codes)
    return StorageFullError("The disk is full; nothing was stored.") if full else error
