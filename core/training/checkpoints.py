"""Full-state checkpoints: whole or absent, hash-checked, the previous one kept.

A checkpoint file is ``magic + SHA-256 of the payload + payload``; the payload is a safetensors document
(arrays, and a JSON text of plain values), so that reading one never runs code.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from utils.exceptions import DataDamagedError

CURRENT_NAME = "state.checkpoint"
PREVIOUS_NAME = "state.previous.checkpoint"
_MAGIC = b"PFDSTATE1\n"
_DIGEST_SIZE = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class TrainingState:
    """Everything that a training needs to go on as if nothing had happened.

    ``fingerprint`` says which training it belongs to.
    """

    fingerprint: str
    arrays: Mapping[str, NDArray[Any]]
    values: Mapping[str, Any]


def save_state(folder: Path, state: TrainingState) -> None:
    """Write the state; a kill at any point leaves this checkpoint or the one before, whole.

    Raises
    ------
    OSError
        The disk refused (full, gone); the checkpoints before are untouched.
    """
    payload = encode_document(state.arrays, {"fingerprint": state.fingerprint, "values": state.values})
    current, previous = folder / CURRENT_NAME, folder / PREVIOUS_NAME
    temporary = write_temporary(current, _MAGIC + hashlib.sha256(payload).digest() + payload)
    if current.exists():
        link = folder / (PREVIOUS_NAME + ".tmp")
        link.unlink(missing_ok=True)
        link.hardlink_to(current)
        link.replace(previous)
    temporary.replace(current)
    sync_folder(folder)


def load_state(folder: Path) -> TrainingState | None:
    """Read the newest whole checkpoint; None where there is none.

    Raises
    ------
    DataDamagedError
        Checkpoints are there but none is whole.
    """
    for leftover in folder.glob("*.checkpoint.tmp"):
        leftover.unlink()
    candidates = [folder / name for name in (CURRENT_NAME, PREVIOUS_NAME) if (folder / name).exists()]
    for path in candidates:
        try:
            return _read_state(path)
        except DataDamagedError:
            continue
    if candidates:
        raise DataDamagedError(
            "No checkpoint of this training is whole any more: it starts from the beginning."
        )
    return None


def discard_states(folder: Path) -> None:
    """Remove the checkpoints of a training that will not go on."""
    for name in (CURRENT_NAME, PREVIOUS_NAME):
        (folder / name).unlink(missing_ok=True)
    for leftover in folder.glob("*.checkpoint.tmp"):
        leftover.unlink()


def encode_document(arrays: Mapping[str, NDArray[Any]], values: Mapping[str, Any]) -> bytes:
    """Encode arrays and JSON values as one safetensors document."""
    # Not ascontiguousarray: it would give a scalar a dimension.
    contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    return save_tensors(contiguous, metadata={"values": json.dumps(values)})


def decode_document(payload: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Undo `encode_document`.

    Raises
    ------
    DataDamagedError
        The bytes are no such document.
    """
    try:
        arrays = load_tensors(payload)
        header_size = int.from_bytes(payload[:8], "little")
        header = json.loads(payload[8 : 8 + header_size])
        return arrays, json.loads(header["__metadata__"]["values"])
    except (SafetensorError, ValueError, KeyError) as error:
        raise DataDamagedError(f"The stored arrays can't be read ({error}).") from error


def write_temporary(path: Path, content: bytes) -> Path:
    """Write ``content`` beside ``path``, on the disk and readable by the owner only; rename it to finish."""
    temporary = path.with_name(path.name + ".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def sync_folder(folder: Path) -> None:
    """Make renames in ``folder`` last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_state(path: Path) -> TrainingState:
    content = path.read_bytes()
    start = len(_MAGIC) + _DIGEST_SIZE
    digest, payload = content[len(_MAGIC) : start], content[start:]
    if not content.startswith(_MAGIC) or hashlib.sha256(payload).digest() != digest:
        raise DataDamagedError(f"The checkpoint {path.name} is not whole.")
    arrays, document = decode_document(payload)
    return TrainingState(document["fingerprint"], arrays, document["values"])
