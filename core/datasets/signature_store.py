"""Keeps signatures beside the shard whose signals they are of: made once, and made again when lost.

A file ``<shard>.signatures-<version>.npy`` holds an array of records (hash, sample rate, signature). It holds
nothing that the shard does not: whatever is wrong with it, it is left aside and written anew.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from core.datasets.signatures import N_LINES, SIGNATURE_VERSION, STRETCHES, Signature, compute_signature
from core.datasets.store import open_signal

Key: TypeAlias = tuple[str, float]

_SHAPE = (len(STRETCHES), 2, N_LINES)
_RECORD = np.dtype([("sha256", "S64"), ("sample_rate_hz", "<f8"), ("signature", "i1", _SHAPE)])


def load_signatures(
    folder: Path, shard: str, wanted: Sequence[Key], on_signal: Callable[[], None] = lambda: None
) -> dict[Key, Signature]:
    """Return the signatures of signals of one shard, computing and keeping those that are not there yet.

    Parameters
    ----------
    folder, shard
        Where the signals lie.
    wanted
        Hash and sample rate of each.
    on_signal
        Called after each signal that had to be computed; may raise, then nothing is kept.

    Returns
    -------
    dict
        Signatures, most of them mapped from the file.

    Raises
    ------
    DataDamagedError
        The shard is missing or damaged.
    """
    path = folder / f"{Path(shard).stem}.signatures-{SIGNATURE_VERSION}.npy"
    known = _read(path)
    missing = [key for key in dict.fromkeys(wanted) if key not in known]
    if missing:
        _write(path, known, _compute(folder, shard, missing, on_signal), len(missing))
        known = _read(path)
    return {key: known[key] for key in wanted}


def _compute(
    folder: Path, shard: str, missing: Sequence[Key], on_signal: Callable[[], None]
) -> Iterable[tuple[Key, Signature]]:
    for sha256, rate in missing:
        yield (sha256, rate), compute_signature(open_signal(folder, shard, sha256).read(), rate)
        on_signal()


def _read(path: Path) -> dict[Key, Signature]:
    try:
        records = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return {}
    if records.dtype != _RECORD or records.ndim != 1:
        return {}
    keys = zip(records["sha256"].tolist(), records["sample_rate_hz"].tolist(), strict=True)
    signatures: npt.NDArray[np.int8] = records["signature"]
    return {(name.decode(), rate): signatures[index] for index, (name, rate) in enumerate(keys)}


def _write(
    path: Path, known: dict[Key, Signature], fresh: Iterable[tuple[Key, Signature]], n_fresh: int
) -> None:
    """Write what was known and what is new, one after the other; the file appears whole or not at all."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    header = {"descr": np.lib.format.dtype_to_descr(_RECORD), "fortran_order": False}
    try:
        with temporary.open("xb") as file:
            np.lib.format.write_array_header_1_0(file, {**header, "shape": (len(known) + n_fresh,)})
            for keys in (known.items(), fresh):
                for (sha256, rate), signature in keys:
                    file.write(np.array([(sha256.encode(), rate, signature)], _RECORD).tobytes())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
