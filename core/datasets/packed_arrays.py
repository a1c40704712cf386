"""Several arrays and a few facts in one file, read by memory map: what is not asked for is not loaded."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from utils.exceptions import DataDamagedError

_MAGIC = b"PFDARRAY"
_ALIGNMENT_BYTES = 64

Arrays = Mapping[str, npt.NDArray[Any]]


def write_packed(path: Path, arrays: Arrays, facts: Mapping[str, Any]) -> None:
    """Write arrays and JSON-ready facts into one file; it appears whole or not at all.

    Parameters
    ----------
    path
        The file; its folder is made when it is not there.
    arrays
        By name; C-contiguous copies are made where needed.
    facts
        What else a reader needs to know.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    extents, offset = {}, 0
    for name, values in arrays.items():
        extents[name] = [values.dtype.str, list(values.shape), offset]
        offset += -(-values.nbytes // _ALIGNMENT_BYTES) * _ALIGNMENT_BYTES
    header = json.dumps({"arrays": extents, "n_bytes": offset, "facts": dict(facts)}).encode()
    header += b" " * (-(len(header) + 16) % _ALIGNMENT_BYTES)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(_MAGIC + len(header).to_bytes(8, "little") + header)
            for values in arrays.values():
                file.write(np.ascontiguousarray(values).data)
                file.write(b"\0" * (-values.nbytes % _ALIGNMENT_BYTES))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_packed(path: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Return the arrays, as read-only views of the file, and the facts.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    DataDamagedError
        It is not whole.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(16)
        length = int.from_bytes(start[8:], "little")
        text = file.read(length) if start[:8] == _MAGIC and length <= size else b""
    try:
        header = json.loads(text)
        begin = 16 + length
        if size != begin + header["n_bytes"]:
            raise ValueError("the file is cut")
        raw = np.memmap(path, dtype=np.uint8, mode="r")
        arrays = {name: _view(raw, begin, *extent) for name, extent in header["arrays"].items()}
        return arrays, header["facts"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataDamagedError(f"'{path.name}' is damaged.") from error


def _view(
    raw: npt.NDArray[np.uint8], begin: int, dtype: str, shape: list[int], offset: int
) -> npt.NDArray[Any]:
    n_bytes = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    start = begin + offset
    return np.asarray(raw[start : start + n_bytes]).view(dtype).reshape(shape)
