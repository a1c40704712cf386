"""Opens HDF5 files without following anything out of them, and checks what they claim before it is read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from core.datasets.readers.base import (
    BLOCK_SAMPLES,
    MAX_DEPTH,
    MAX_TEXT,
    MAX_VARIABLES,
    UNIT_NAMES,
    Attribute,
    Float32Array,
    check_expansion,
    check_length,
    refuse,
    to_float32,
)
from utils.exceptions import ErrorCode

_CHUNK_CACHE_BYTES = 64 << 20
_MAX_CHUNK_BYTES = 256 << 20
_BUILT_IN_FILTERS = {
    h5py.h5z.FILTER_DEFLATE,
    h5py.h5z.FILTER_SHUFFLE,
    h5py.h5z.FILTER_FLETCHER32,
    h5py.h5z.FILTER_SZIP,
    h5py.h5z.FILTER_NBIT,
    h5py.h5z.FILTER_SCALEOFFSET,
    h5py.h5z.FILTER_LZF,
}


def open_checked(path: Path, *, with_references: bool = False) -> h5py.File:
    """Open a file for reading and check every link and dataset in it.

    Parameters
    ----------
    path
        The file.
    with_references
        Whether datasets may hold references to objects of the same file, as MATLAB's cells do. Nothing is
        followed here.

    Raises
    ------
    FileRefusedError
        The file is truncated or damaged, points outside itself or in circles, or claims
        what it does not hold.
    """
    try:
        file = h5py.File(path, "r", locking=False, rdcc_nbytes=_CHUNK_CACHE_BYTES, rdcc_nslots=100_003)
    except (OSError, RuntimeError, ValueError) as error:
        raise damaged() from error
    try:
        _check_tree(file, with_references)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        file.close()
        raise damaged() from error
    except BaseException:
        file.close()
        raise
    return file


def damaged() -> Exception:
    """Build the error for a file whose bytes are broken."""
    return refuse("The HDF5 file is truncated or damaged.", ErrorCode.FILE_UNREADABLE)


def _check_tree(file: h5py.File, with_references: bool) -> None:
    """Visit every object once, by hard links only."""
    open_groups, seen, n_objects = [(file["/"], 0)], {_address(file)}, 0
    while open_groups:
        group, depth = open_groups.pop()
        for name in group:
            n_objects += 1
            if n_objects > MAX_VARIABLES:
                raise refuse(f"The HDF5 file holds more than {MAX_VARIABLES:,} objects.")
            child = _hard_child(group, name)
            if _address(child) in seen:
                raise refuse(
                    f"The HDF5 file names '{_shown(child)}' twice: links that loop or repeat are not read."
                )
            seen.add(_address(child))
            if isinstance(child, h5py.Dataset):
                _check_dataset(child, with_references)
            elif isinstance(child, h5py.Group):
                if depth >= MAX_DEPTH:
                    raise refuse(f"The HDF5 file nests groups deeper than {MAX_DEPTH} levels.")
                open_groups.append((child, depth + 1))


def _hard_child(group: h5py.Group, name: str) -> Any:
    link = group.get(name, getlink=True)
    if not isinstance(link, h5py.HardLink):
        kind = "an external link" if isinstance(link, h5py.ExternalLink) else "a soft link"
        raise refuse(
            f"The HDF5 file has {kind} at '{name[:100]}': links are not followed. Store the data itself."
        )
    return group[name]


def _address(node: Any) -> int:
    return int(h5py.h5o.get_info(node.id).addr)


def _shown(node: Any) -> str:
    return str(node.name)[:100]


def _check_dataset(dataset: h5py.Dataset, with_references: bool) -> None:
    name = _shown(dataset)
    if dataset.is_virtual:
        raise refuse(f"'{name}' is a virtual dataset: its samples are in other files. Store the data itself.")
    plist = dataset.id.get_create_plist()
    if plist.get_external_count():
        raise refuse(f"'{name}' keeps its samples in an external file. Store the data itself.")
    kind = dataset.id.get_type()
    allowed = with_references and (_is_object_reference(kind) or _is_complex(kind))
    if not allowed and not _is_plain_type(kind):
        raise refuse(f"'{name}' holds objects; only numbers and text are read.")
    _check_filters(plist, name)
    _check_storage(dataset, plist, name)


def _is_plain_type(kind: Any) -> bool:
    if isinstance(kind, h5py.h5t.TypeStringID | h5py.h5t.TypeIntegerID | h5py.h5t.TypeFloatID):
        return True
    return isinstance(kind, h5py.h5t.TypeEnumID) and kind.get_super().get_size() <= 8


def _is_object_reference(kind: Any) -> bool:
    return bool(kind.equal(h5py.h5t.STD_REF_OBJ))


def _is_complex(kind: Any) -> bool:
    """Whether values are pairs of numbers: they are left out, but harm nothing."""
    if not isinstance(kind, h5py.h5t.TypeCompoundID) or kind.get_nmembers() != 2:
        return False
    return all(_is_plain_type(kind.get_member_type(at)) for at in (0, 1))


def _check_filters(plist: Any, name: str) -> None:
    for index in range(plist.get_nfilters()):
        if plist.get_filter(index)[0] not in _BUILT_IN_FILTERS:
            raise refuse(
                f"'{name}' is packed by a filter that HDF5 does not bring itself. Save it with gzip or plain."
            )


def _check_storage(dataset: h5py.Dataset, plist: Any, name: str) -> None:
    """Compare what the shape claims with what the file really stores."""
    space = dataset.id.get_space()
    n_values = math.prod(space.get_simple_extent_dims() or (1,))
    if space.get_simple_extent_type() == h5py.h5s.NULL or not n_values:
        return
    n_bytes = n_values * dataset.id.get_type().get_size()
    stored = dataset.id.get_storage_size()
    if plist.get_nfilters() and stored:
        check_expansion(n_bytes, stored, name)
    elif stored < n_bytes:
        raise refuse(f"'{name}' claims {n_bytes:,} bytes but the file stores {stored:,} of them.")
    if plist.get_layout() == h5py.h5d.CHUNKED:
        chunk = math.prod(plist.get_chunk()) * dataset.id.get_type().get_size()
        if chunk > _MAX_CHUNK_BYTES:
            raise refuse(
                f"'{name}' is stored in chunks of {chunk:,} bytes; at most {_MAX_CHUNK_BYTES:,} are read."
            )
    elif plist.get_layout() == h5py.h5d.CONTIGUOUS:
        _check_extent(dataset, n_bytes, name)


def _check_extent(dataset: h5py.Dataset, n_bytes: int, name: str) -> None:
    offset = dataset.id.get_offset()
    if offset is None or offset + n_bytes > dataset.file.id.get_filesize():
        raise refuse(
            f"'{name}' reaches beyond the end of the file: it is truncated.", ErrorCode.FILE_UNREADABLE
        )


def is_signal(node: Any, n_dims: int = 1) -> bool:
    """Whether a node is a numeric dataset of so many dimensions."""
    return isinstance(node, h5py.Dataset) and node.ndim == n_dims and node.dtype.kind in "fiu"


def read_attributes(node: Any) -> dict[str, Attribute]:
    """Return the attributes that are one number or one text; all others are left out."""
    found: dict[str, Attribute] = {}
    for index in range(min(h5py.h5a.get_num_attrs(node.id), 1_000)):
        attribute = h5py.h5a.open(node.id, index=index)
        name = attribute.name.decode("utf-8", "replace")
        if math.prod(attribute.shape) != 1 or not _is_plain_type(attribute.get_type()):
            continue
        value = as_attribute(node.attrs[name])
        if value is not None:
            found[name] = value
    return found


def find_unit(attributes: dict[str, Attribute]) -> str | None:
    """Return the unit that attributes name, or None."""
    for key, value in attributes.items():
        if key.lower() in UNIT_NAMES and isinstance(value, str) and value.strip():
            return value.strip()
    return None


def as_attribute(value: Any, max_text: int = MAX_TEXT) -> Attribute | None:
    """Turn what h5py returns for one value into text or a number; None where it is neither, or not finite."""
    value = value.item() if isinstance(value, np.ndarray | np.generic) and value.size == 1 else value
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        return value[:max_text]
    if isinstance(value, bool | int):
        return int(value)
    return value if isinstance(value, float) and math.isfinite(value) else None


def read_column(
    group: h5py.Group, name: str, n_rows: int, max_text: int = MAX_TEXT
) -> list[Attribute | None]:
    """Return a 1-D dataset beside the signals (labels, …) as plain values; [] where there is none.

    Raises
    ------
    FileRefusedError
        It has another length than there are signals.
    """
    node = group.get(name)
    if not isinstance(node, h5py.Dataset):
        return []
    if node.shape != (n_rows,):
        raise refuse(f"'{_shown(node)}' has the shape {node.shape}, but there are {n_rows} signals.")
    return [as_attribute(value, max_text) for value in node[()]]


def read_texts(node: Any) -> list[str]:
    """Return a list of names from an attribute or dataset value; [] where it is none."""
    if isinstance(node, str | bytes) or not np.iterable(node):
        return []
    return [str(as_attribute(value)) for value in list(node)[:1_000]]


def read_vector(dataset: h5py.Dataset, row: int | None = None) -> Iterator[Float32Array]:
    """Yield a 1-D dataset, or one row of a 2-D one, as float32 blocks."""
    n_samples = dataset.shape[-1]
    check_length(n_samples, _shown(dataset))
    for start in range(0, n_samples, BLOCK_SAMPLES):
        stretch = slice(start, start + BLOCK_SAMPLES)
        try:
            values = dataset[stretch] if row is None else dataset[row, stretch]
        except (OSError, RuntimeError) as error:
            raise damaged() from error
        yield to_float32(values)
