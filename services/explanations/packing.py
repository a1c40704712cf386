"""Curves packed into few bytes: whole numbers in place of floats, and fewer points where they must be."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from utils.exceptions import DataDamagedError

MAX_PACKED_BYTES: Final = 200_000
_MAGIC = b"PFDCURVE"
_WORDS: Final[Mapping[int, np.dtype[Any]]] = {16: np.dtype("<i2"), 8: np.dtype("i1")}
_LARGEST_HEADER = 1_000_000
# What names one group among others.
_FRAME_BYTES = 64


@dataclass(frozen=True, slots=True)
class PackedCurves:
    """Curves as they were read back.

    Attributes:
        arrays: By name, float32, ``(n_rows, n_points)``.
        n_samples: How many samples a row had when it was packed.
        samples_per_point: How many samples a point stands for; it has the value of the one furthest from 0.
        bits: Of the whole numbers.
    """

    arrays: dict[str, NDArray[np.float32]]
    n_samples: int
    samples_per_point: int
    bits: int


def pack_curves(arrays: Mapping[str, NDArray[np.floating[Any]]], limit: int = MAX_PACKED_BYTES) -> bytes:
    """Pack curves of one length into at most ``limit`` bytes.

    16 bits for each sample where that is little enough, else 8, else 8 for the extremes of ever longer
    stretches.

    Args:
        arrays: By name, each ``(n_rows, n_samples)``, finite.
        limit: In bytes.

    Raises:
        ValueError: Another shape, or values that are not finite.
    """
    rows = {name: np.asarray(values, dtype=np.float64) for name, values in arrays.items()}
    lengths = {values.shape[-1] if values.ndim == 2 else 0 for values in rows.values()}
    if len(lengths) != 1 or 0 in lengths or not all(np.isfinite(values).all() for values in rows.values()):
        raise ValueError("curves have rows of one length and finite values")
    (n_samples,) = lengths
    for bits, step in [(16, 1), (8, 1), *((8, 2**power) for power in range(1, n_samples.bit_length() + 1))]:
        content = _encode(rows, n_samples, bits, step)
        if len(content) <= limit:
            return content
    raise ValueError(f"even one point for each row takes more than {limit} bytes")


def pack_groups(
    groups: Mapping[str, Mapping[str, NDArray[np.floating[Any]]]], limit: int = MAX_PACKED_BYTES
) -> bytes:
    """Pack groups of curves, each group of one length, into at most ``limit`` bytes together.

    The shorter a group's curves, the sooner it is given its place; the longest take what is left.
    """
    sizes = {name: sum(np.size(values) for values in curves.values()) for name, curves in groups.items()}
    content: dict[str, bytes] = {}
    left = limit - _FRAME_BYTES * (len(groups) + 1)
    for position, name in enumerate(sorted(groups, key=lambda each: (sizes[each], each))):
        content[name] = pack_curves(groups[name], left // (len(groups) - position))
        left -= len(content[name])
    lengths = json.dumps({name: len(content[name]) for name in groups}).encode()
    return len(lengths).to_bytes(4, "little") + lengths + b"".join(content[name] for name in groups)


def unpack_groups(content: bytes) -> dict[str, PackedCurves]:
    """Read packed groups back.

    Raises:
        DataDamagedError: They are not whole.
    """
    begin = 4 + int.from_bytes(content[:4], "little")
    try:
        lengths = json.loads(content[4:begin])
        found = {}
        for name, length in lengths.items():
            found[name] = unpack_curves(content[begin : begin + length])
            begin += length
    except (ValueError, TypeError, AttributeError) as error:
        raise _damaged() from error
    return found


def _damaged() -> DataDamagedError:
    return DataDamagedError("The stored curves can't be read any more. Ask for them again.")


def thin(rows: NDArray[np.floating[Any]], step: int) -> NDArray[np.float64]:
    """Return of every ``step`` samples the one furthest from 0, ``(n_rows, ceil(n_samples / step))``."""
    values = np.asarray(rows, dtype=np.float64)
    if step <= 1:
        return values
    n_points = math.ceil(values.shape[1] / step)
    padded = np.zeros((len(values), n_points * step))
    padded[:, : values.shape[1]] = values
    blocks = padded.reshape(len(values), n_points, step)
    places = np.abs(blocks).argmax(axis=2)
    found: NDArray[np.float64] = np.take_along_axis(blocks, places[:, :, None], axis=2)[:, :, 0]
    return found


def _encode(rows: Mapping[str, NDArray[np.float64]], n_samples: int, bits: int, step: int) -> bytes:
    largest = 2 ** (bits - 1) - 1
    described, parts = [], []
    for name, values in rows.items():
        thinned = thin(values, step)
        peaks = np.abs(thinned).max(axis=1)
        scales = np.where(peaks > 0, peaks, 1.0) / largest
        parts.append(np.rint(thinned / scales[:, None]).astype(_WORDS[bits]).tobytes())
        described.append({"name": name, "shape": list(thinned.shape), "scales": scales.tolist()})
    header = {"n_samples": n_samples, "samples_per_point": step, "bits": bits, "arrays": described}
    text = json.dumps(header).encode()
    return _MAGIC + len(text).to_bytes(4, "little") + text + zlib.compress(b"".join(parts), 6)


def unpack_curves(content: bytes) -> PackedCurves:
    """Read packed curves back.

    Raises:
        DataDamagedError: They are not whole.
    """
    try:
        length = int.from_bytes(content[8:12], "little")
        if content[:8] != _MAGIC or length > _LARGEST_HEADER:
            raise ValueError("no curves")
        header = json.loads(content[12 : 12 + length])
        word = _WORDS[header["bits"]]
        raw = zlib.decompress(content[12 + length :])
        arrays, offset = {}, 0
        for entry in header["arrays"]:
            shape, scales = tuple(entry["shape"]), np.asarray(entry["scales"])
            count = int(np.prod(shape, dtype=np.int64))
            whole = np.frombuffer(raw, dtype=word, count=count, offset=offset).reshape(shape)
            arrays[entry["name"]] = (whole * scales[:, None]).astype(np.float32)
            offset += count * word.itemsize
        return PackedCurves(arrays, header["n_samples"], header["samples_per_point"], header["bits"])
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        raise _damaged() from error
