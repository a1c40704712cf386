"""HDF5 files of any layout: every array of numbers is offered, with what describes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from core.datasets.readers.array_file import ArrayFile
from core.datasets.readers.arrays import ArrayInfo, Place, Stretch, as_plain_column
from core.datasets.readers.base import (
    AS_FOUND,
    RATE_NAMES,
    STEP_NAMES,
    UNIT_NAMES,
    Attribute,
    ReaderSpec,
    ReadOptions,
    as_rate,
    rate_from_step,
    refuse,
)
from core.datasets.readers.hdf5_safety import (
    as_attribute,
    damaged,
    find_unit,
    open_checked,
    read_attributes,
    read_texts,
)

_CHANNEL_NAMES = ("channel_names", "channels", "columns", "column_names", "labels")
_MAX_COLUMN = 1 << 20


class GenericHdf5File(ArrayFile):
    """An opened HDF5 file of no layout that is known. A signal's name is the path of its dataset.

    A sample rate or unit comes from the attributes of the dataset, else of its groups, else from a scalar
    beside it. The sides of a matrix are told by its shape or by a person (`ReadOptions.arrangement`).
    """

    def __init__(self, path: Path, options: ReadOptions = AS_FOUND) -> None:
        super().__init__("hdf5", "HDF5 file", options)
        self._file = open_checked(path)
        # Places in the file: an open dataset would hold its cache of chunks.
        self._arrays: dict[str, str] = {}

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _list_arrays(self) -> list[ArrayInfo]:
        own = read_attributes(self._file)
        self._scalars |= own
        return list(self._walk(self._file, "", own))

    def _walk(self, group: h5py.Group, prefix: str, inherited: dict[str, Attribute]) -> Iterator[ArrayInfo]:
        for name, node in group.items():
            path = f"{prefix}{name}"
            if isinstance(node, h5py.Group):
                yield from self._walk(node, f"{path}/", {**inherited, **read_attributes(node)})
            elif isinstance(node, h5py.Dataset):
                yield from self._describe(node, path, prefix.rstrip("/"), inherited)

    def _describe(
        self, node: h5py.Dataset, path: str, scope: str, inherited: dict[str, Attribute]
    ) -> Iterator[ArrayInfo]:
        if node.shape is None:
            return
        if node.size == 1:
            value = as_attribute(node[()] if node.shape == () else node[()].ravel()[0])
            if value is not None:
                self._scalars[path] = value
            return
        if node.dtype.kind not in "fiu":
            self._notes.append(f"'{path[:100]}' is left out: it holds no plain numbers.")
            return
        self._arrays[path] = str(node.name)
        own = read_attributes(node)
        yield ArrayInfo(
            path,
            node.shape,
            node.dtype.name,
            scope.replace("/", "."),
            _find_rate(own) or _find_rate(inherited),
            find_unit(own) or find_unit(inherited),
            _find_channel_names(node),
            {key: value for key, value in {**inherited, **own}.items() if not _is_used(key)},
        )

    def _read_column(self, array: str) -> list[Attribute | None]:
        return read_small_column(self._file[self._arrays[array]])

    def _open_stretches(self, array: str, place: Place) -> Stretch:
        return open_stretches(self._file[self._arrays[array]], place.axis)


def read_small_column(node: h5py.Dataset) -> list[Attribute | None]:
    """Return the values of a short vector."""
    if node.size > _MAX_COLUMN:
        raise refuse(f"'{str(node.name)[:100]}' is too large to be a list of single values.")
    return as_plain_column(node[()])


def open_stretches(node: h5py.Dataset, axis: int) -> Stretch:
    """Return ``read(lead, start, stop)`` over a dataset whose samples run along an axis."""

    def read(lead: int, start: int, stop: int) -> npt.NDArray[Any]:
        before = tuple(int(at) for at in np.unravel_index(lead, node.shape[:axis])) if axis else ()
        try:
            values = node[(*before, slice(start, stop))]
        except (OSError, RuntimeError) as error:
            raise damaged() from error
        return np.asarray(values).reshape(stop - start, -1)

    return read


def _find_rate(attributes: dict[str, Attribute]) -> float | None:
    """Return the one rate that attributes declare, as itself or as the time between samples in seconds."""
    lowered = {key.lower(): value for key, value in attributes.items()}
    rates = {rate for key in lowered if key in RATE_NAMES and (rate := as_rate(lowered[key]))}
    if not rates:
        steps = (as_rate(lowered[key]) for key in lowered if key in STEP_NAMES)
        rates = {rate_from_step(step) for step in steps if step}
    return rates.pop() if len(rates) == 1 else None


def _is_used(key: str) -> bool:
    return key.lower() in RATE_NAMES | STEP_NAMES | UNIT_NAMES


def _find_channel_names(node: h5py.Dataset) -> tuple[str, ...]:
    for key in _CHANNEL_NAMES:
        if key in node.attrs:
            names = read_texts(node.attrs[key])
            if len(names) == len(set(names)):
                return tuple(names)
    return ()


GENERIC_HDF5 = ReaderSpec("hdf5", "HDF5 (.h5)", (".h5", ".hdf5", ".hdf", ".nc"), GenericHdf5File)
