"""Builds the index that `core.datasets.row_index` reads, from rows that come a piece at a time."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.datasets.packed_arrays import write_packed
from core.datasets.row_index import LINE_END

_MAX_FLAGS = 64


class RowIndexBuilder:
    """Takes rows in any order and writes their index.

    Parameters
    ----------
    texts, numbers
        Names of the columns.
    order_by
        Text columns that give the rows their positions.
    """

    def __init__(self, texts: Sequence[str], numbers: Sequence[str], order_by: Sequence[str]) -> None:
        self._order_by = order_by
        self._ranks: dict[str, dict[str, int]] = {name: {} for name in texts}
        self._codes = {name: array("i") for name in texts}
        self._numbers = {name: array("d") for name in numbers}
        self._keys = array("q")
        self._flags = array("Q")
        self._flag_names: list[str] = []
        self._search: list[bytes] = []

    def add(
        self,
        keys: Sequence[int],
        columns: Mapping[str, Sequence[Any]],
        flags: Sequence[Collection[str]],
        search: Sequence[str],
    ) -> None:
        """Add rows: their ids, their values by column (None: none), their flags, the text to search in."""
        self._keys.extend(keys)
        for name, codes in self._codes.items():
            seen = self._ranks[name]
            codes.extend(-1 if text is None else seen.setdefault(text, len(seen)) for text in columns[name])
        for name, values in self._numbers.items():
            values.extend(float("nan") if value is None else value for value in columns[name])
        self._flags.extend(self._pack(names) if names else 0 for names in flags)
        self._search.extend(text.lower().replace("\n", " ").encode() for text in search)

    def _pack(self, names: Collection[str]) -> int:
        packed = 0
        for name in names:
            if name not in self._flag_names and len(self._flag_names) < _MAX_FLAGS:
                self._flag_names.append(name)
            if name in self._flag_names:
                packed |= 1 << self._flag_names.index(name)
        return packed

    def write(self, path: Path) -> None:
        """Sort what came and write the index; the file appears whole or not at all."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        codes = {name: self._sort_texts(name, arrays) for name in self._codes}
        base = np.lexsort([codes[name] for name in reversed(self._order_by)])
        for name, ranks in codes.items():
            _put(arrays, name, ranks[base], ranks[base] < 0)
        for name, numbers in self._numbers.items():
            values = np.frombuffer(numbers, np.float64)[base]
            _put(arrays, name, values, np.isnan(values))
        keys = np.frombuffer(self._keys, np.int64)[base]
        arrays |= {
            "keys": keys,
            "keys.order": np.argsort(keys, kind="stable").astype(np.int32),
            "flags": np.frombuffer(self._flags, np.uint64)[base],
        }
        arrays["search.text"], arrays["search.offsets"] = _join([self._search[at] for at in base])
        write_packed(path, arrays, {"texts": list(self._codes), "flags": self._flag_names})

    def _sort_texts(self, name: str, arrays: dict[str, npt.NDArray[Any]]) -> npt.NDArray[np.int32]:
        """Store a column's distinct texts in their order and return the rows' ranks among them."""
        seen = self._ranks[name]
        names = sorted(seen)
        ranks = np.empty(len(names) + 1, np.int32)
        ranks[[seen[text] for text in names]] = np.arange(len(names), dtype=np.int32)
        ranks[-1] = -1
        arrays[f"{name}.text"], arrays[f"{name}.offsets"] = _join([text.encode() for text in names])
        return ranks[np.frombuffer(self._codes[name], np.int32)]


def _put(
    arrays: dict[str, npt.NDArray[Any]], name: str, values: npt.NDArray[Any], missing: npt.NDArray[np.bool_]
) -> None:
    """Store a column and the order that sorts by it, missing values last."""
    order = np.argsort(values, kind="stable")
    absent = missing[order]
    arrays[f"{name}.values"] = values
    arrays[f"{name}.order"] = np.concatenate([order[~absent], order[absent]]).astype(np.int32)
    arrays[f"{name}.present"] = np.array([len(values) - np.count_nonzero(missing)], np.int64)


def _join(lines: Sequence[bytes]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return lines as one text, each with its line end, and where each begins."""
    text = np.frombuffer(b"".join(line + bytes([LINE_END]) for line in lines), np.uint8)
    lengths = np.fromiter((len(line) + 1 for line in lines), np.int64, len(lines))
    return text, np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
