"""MATLAB v7.3 files: HDF5 underneath, with structs as groups and cells as references inside the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from core.datasets.readers.array_file import ArrayFile
from core.datasets.readers.arrays import ArrayInfo, Place, Stretch
from core.datasets.readers.base import (
    AS_FOUND,
    MAX_DEPTH,
    MAX_TEXT,
    Attribute,
    ReaderSpec,
    ReadOptions,
    refuse,
)
from core.datasets.readers.generic_hdf5 import open_stretches, read_small_column
from core.datasets.readers.hdf5_safety import as_attribute, damaged, open_checked

_MAX_VISITED = 50_000
# The same empty array or text may stand in many cells; cells of the same cells would never end.
_MAX_REPEATS = 5_000
_NUMBERS = {
    *(
        "double",
        "single",
        "logical",
        "int8",
        "uint8",
        "int16",
        "uint16",
        "int32",
        "uint32",
        "int64",
        "uint64",
    ),
}


class Matlab73File(ArrayFile):
    """An opened v7.3 file. Signals are named as in level 5: ``m[0]``, ``b.gs``, ``runs(2).acc``, ``c{1}``.

    References are followed within the file only, never round in a circle and never more than a level 5 file
    may nest.
    """

    def __init__(self, path: Path, options: ReadOptions = AS_FOUND) -> None:
        super().__init__("matlab73", "MATLAB file", options)
        self._file = open_checked(path, with_references=True)
        # Places in the file: an open dataset would hold its cache of chunks.
        self._arrays: dict[str, str] = {}
        self._n_visited = self._n_repeats = 0
        self._seen: set[int] = set()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _list_arrays(self) -> list[ArrayInfo]:
        infos: list[ArrayInfo] = []
        try:
            for name, node in self._file.items():
                if not name.startswith("#"):  # what cells refer to, and the innards of objects
                    infos += self._visit(node, name, "", ())
        except (KeyError, ValueError, OSError, RuntimeError, TypeError) as error:
            raise damaged() from error
        return infos

    def _visit(self, node: Any, path: str, scope: str, above: tuple[int, ...]) -> Iterator[ArrayInfo]:
        """Yield the arrays in a node; ``above`` are the addresses of the nodes that led here."""
        self._n_visited += 1
        if self._n_visited > _MAX_VISITED:
            raise refuse(f"The MATLAB file holds more than {_MAX_VISITED:,} arrays.")
        address = int(h5py.h5o.get_info(node.id).addr)
        if address in above:
            raise refuse(
                f"The MATLAB file refers to '{path[:100]}' from within itself; such circles are not read."
            )
        if len(above) > MAX_DEPTH:
            raise refuse(f"The MATLAB file nests structs deeper than {MAX_DEPTH} levels.")
        self._n_repeats += address in self._seen
        self._seen.add(address)
        if self._n_repeats > _MAX_REPEATS:
            raise refuse("The MATLAB file refers to the same arrays again and again: it is hostile.")
        above = (*above, address)
        if isinstance(node, h5py.Group):
            yield from self._visit_struct(node, path, above)
        elif isinstance(node, h5py.Dataset) and not _is_empty(node):
            yield from self._visit_dataset(node, path, scope, above)

    def _visit_struct(self, node: h5py.Group, path: str, above: tuple[int, ...]) -> Iterator[ArrayInfo]:
        """A struct is a group; an array of structs has a reference per element in each field."""
        for field, child in node.items():
            is_array = isinstance(child, h5py.Dataset) and _holds_references(child) and not _class_of(child)
            if not is_array:
                yield from self._visit(child, f"{path}.{field}", path, above)
                continue
            for at, target in enumerate(self._follow(child)):
                element = f"{path}({at + 1})"
                yield from self._visit(target, f"{element}.{field}", element, above)

    def _visit_dataset(
        self, node: h5py.Dataset, path: str, scope: str, above: tuple[int, ...]
    ) -> Iterator[ArrayInfo]:
        kind = _class_of(node)
        if _holds_references(node):
            for at, target in enumerate(self._follow(node)):
                yield from self._visit(target, f"{path}{{{at + 1}}}", path, above)
        elif kind == "char":
            self._scalars[path] = _read_text(node)
        elif node.dtype.kind not in "fiu" or (kind and kind not in _NUMBERS) or "MATLAB_sparse" in node.attrs:
            self._notes.append(f"'{path[:100]}' is left out: it holds no real numbers.")
        elif node.size == 1:
            value = as_attribute(node[()].ravel()[0])
            if value is not None:
                self._scalars[path] = value
        else:
            self._arrays[path] = str(node.name)
            yield ArrayInfo(path, node.shape[::-1], node.dtype.name, scope, is_reversed=True)

    def _follow(self, node: h5py.Dataset) -> Iterator[Any]:
        if node.size > _MAX_VISITED:
            raise refuse(f"The MATLAB file claims a cell or struct of {node.size:,} parts.")
        for reference in node[()].ravel():
            if reference:
                yield self._file[reference]

    def _read_column(self, array: str) -> list[Attribute | None]:
        return read_small_column(self._file[self._arrays[array]])

    def _open_stretches(self, array: str, place: Place) -> Stretch:
        return open_stretches(self._file[self._arrays[array]], place.axis)


def _class_of(node: Any) -> str:
    value = node.attrs.get("MATLAB_class", b"")
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _holds_references(node: h5py.Dataset) -> bool:
    return h5py.check_ref_dtype(node.dtype) is h5py.Reference


def _is_empty(node: h5py.Dataset) -> bool:
    """An empty array is stored as its shape, marked as such."""
    return node.shape is None or not node.size or bool(node.attrs.get("MATLAB_empty", 0))


def _read_text(node: h5py.Dataset) -> str:
    """A char array is stored as UTF-16 codes."""
    if node.size > MAX_TEXT or node.dtype.kind != "u":
        return ""
    codes = np.asarray(node[()]).T.ravel().astype("<u2")
    return codes.tobytes().decode("utf-16-le", "replace").strip("\0 ")


MATLAB73 = ReaderSpec("matlab73", "MATLAB v7.3 (.mat)", (".mat",), Matlab73File)
