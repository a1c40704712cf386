"""An index over the rows of a table that never changes: a million rows filtered, searched and sorted at once.

Each column is kept as numbers that sort like its values: texts as ranks among the distinct texts, numbers as
they are. Beside it stands the order that sorts the rows by it, so that any page of any sorted and filtered
list is a look into arrays. Missing values come last, upwards and downwards.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from core.datasets.packed_arrays import Arrays, read_packed

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int32]

LINE_END = 10
_FEW_HITS = 2_000
# A selection smaller than this share of the rows is sorted itself instead of being picked out of the order.
_SMALL_SHARE = 8
_KEPT_SELECTIONS = 8
_STEP = 4_096
# So few rows are searched one by one.
_FEW_ROWS = 60_000
_LINES_AT_ONCE = 16_384  # their text fits a processor's cache
_MARK = b"\xff"  # a byte that no UTF-8 text has

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Equals:
    """Rows whose text is this one; None: rows without one."""

    column: str
    value: str | None


@dataclass(frozen=True, slots=True)
class OneOf:
    """Rows whose text is one of these."""

    column: str
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """Rows whose number lies between two, both included; None: no limit."""

    column: str
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Contains:
    """Rows with this text, in any case, in their search text or in one of the ``columns``."""

    text: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HasFlag:
    """Rows with this flag; ``also`` are keys of rows that have it without the index knowing."""

    name: str
    also: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Among:
    """Rows with one of these keys; ``name`` says which keys these are."""

    name: str
    keys: npt.NDArray[np.int64] = field(compare=False, repr=False)


Condition = Equals | OneOf | Between | Contains | HasFlag | Among


class RowIndex:
    """An index as `core.datasets.row_index_builder` writes it.

    Attributes
    ----------
    n_rows
        How many rows there are; a row's position is its place in the order of name.
    keys
        Int64, the id of each row by position.
    """

    def __init__(self, arrays: Arrays, facts: dict[str, Any]) -> None:
        self._arrays = arrays
        self._texts: list[str] = facts["texts"]
        self._flags: list[str] = facts["flags"]
        self.keys: npt.NDArray[np.int64] = arrays["keys"]
        self.n_rows = len(self.keys)
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    @classmethod
    def open(cls, path: Path) -> RowIndex:
        """Open an index file; what is not asked for stays on disk.

        Raises
        ------
        FileNotFoundError, DataDamagedError
            There is none, or it is not whole.
        """
        return cls(*read_packed(path))

    # --- choosing ----------------------------------------------------------------------------------------

    def choose(self, conditions: Sequence[Condition]) -> Mask | None:
        """Return which rows fulfil every condition, by position; None: all of them."""
        if not conditions:
            return None
        return self._keep(("choice", tuple(conditions)), lambda: self._choose(conditions))

    def _choose(self, conditions: Sequence[Condition]) -> Mask:
        mask = np.ones(self.n_rows, bool)
        for condition in sorted(conditions, key=lambda each: isinstance(each, Contains)):
            if isinstance(condition, Contains):
                mask &= self._contains(condition, mask)
            else:
                mask &= self._test(condition)
        return mask

    def _test(self, condition: Equals | OneOf | Between | HasFlag | Among) -> Mask:
        if isinstance(condition, Equals):
            return self._is_one_of(condition.column, [condition.value])
        if isinstance(condition, OneOf):
            return self._is_one_of(condition.column, condition.values)
        if isinstance(condition, Between):
            values = self.values(condition.column)
            low = -np.inf if condition.low is None else condition.low
            high = np.inf if condition.high is None else condition.high
            return np.asarray((values >= low) & (values <= high))
        if isinstance(condition, HasFlag):
            return self._has_flag(condition)
        return self._mark(np.zeros(self.n_rows, bool), condition.keys)

    def _is_one_of(self, column: str, texts: Sequence[str | None]) -> Mask:
        ranks = [-1 if text is None else self.find_rank(column, text) for text in texts]
        values, mask = self.values(column), np.zeros(self.n_rows, bool)
        for rank in ranks:
            if rank is not None:
                mask |= values == rank
        return mask

    def _has_flag(self, condition: HasFlag) -> Mask:
        if condition.name in self._flags:
            bit = np.uint64(1 << self._flags.index(condition.name))
            mask = (self._arrays["flags"] & bit) != 0
        else:
            mask = np.zeros(self.n_rows, bool)
        return self._mark(mask, condition.also)

    def _mark(self, mask: Mask, keys: Sequence[int] | npt.NDArray[np.int64]) -> Mask:
        mask[self.find_positions(keys)] = True
        return mask

    def _contains(self, condition: Contains, among: Mask) -> Mask:
        """Search the rows of ``among``; where these are few, only them."""
        needle = condition.text.lower().replace("\n", " ").encode()
        offsets = self._arrays["search.offsets"]
        if self.count(among) > _FEW_ROWS:
            mask = _search(self._search_text, offsets, needle)
        else:
            mask = np.zeros(self.n_rows, bool)
            text, rows = self._search_text, np.flatnonzero(among)
            spans = zip(offsets[rows].tolist(), offsets[rows + 1].tolist(), strict=True)
            mask[rows] = [text.find(needle, start, stop) >= 0 for start, stop in spans]
        for column in condition.columns:
            names = self.list_texts(column)
            codes = [code for code, name in enumerate(names) if needle in name.lower().encode()]
            if codes:
                mask |= np.isin(self.values(column), np.array(codes, np.int32))
        return mask

    @cached_property
    def _search_text(self) -> bytes:
        return self._arrays["search.text"].tobytes()

    def find_positions(self, keys: Sequence[int] | npt.NDArray[np.int64]) -> Positions:
        """Return the positions of the rows with these keys; unknown keys are left out."""
        wanted = np.asarray(keys, np.int64)
        order = self._arrays["keys.order"]
        if not len(order) or not len(wanted):
            return np.empty(0, np.int32)
        places = np.searchsorted(self.keys, wanted, sorter=order)
        found = order[np.minimum(places, self.n_rows - 1)]
        return np.asarray(found[self.keys[found] == wanted])

    # --- looking -----------------------------------------------------------------------------------------

    def values(self, column: str) -> npt.NDArray[Any]:
        """Return a column by position: ranks of texts (-1: none), or numbers (NaN: none)."""
        return self._arrays[f"{column}.values"]

    def list_texts(self, column: str) -> list[str]:
        """Return the distinct texts of a column, sorted; a text's place is its rank."""
        offsets, raw = self._arrays[f"{column}.offsets"], self._arrays[f"{column}.text"].tobytes()
        return [raw[a : b - 1].decode() for a, b in pairwise(offsets)]

    def count_texts(self, column: str) -> int:
        """Return how many distinct texts a column has."""
        return len(self._arrays[f"{column}.offsets"]) - 1

    def is_text(self, column: str) -> bool:
        """Tell whether a column holds texts, not numbers."""
        return column in self._texts

    def read_text(self, column: str, rank: int) -> str:
        """Return the text of a rank."""
        offsets = self._arrays[f"{column}.offsets"]
        return bytes(self._arrays[f"{column}.text"][offsets[rank] : offsets[rank + 1] - 1]).decode()

    def find_rank(self, column: str, text: str) -> int | None:
        """Return the rank of a text; None where no row has it."""
        count = self.count_texts(column)
        rank = bisect_left(range(count), text, key=lambda each: self.read_text(column, each))
        return rank if rank < count and self.read_text(column, rank) == text else None

    # --- paging ------------------------------------------------------------------------------------------

    def count(self, mask: Mask | None) -> int:
        """Return how many rows a choice has."""
        return self.n_rows if mask is None else int(np.count_nonzero(mask))

    def sort(self, conditions: Sequence[Condition], column: str, *, downwards: bool = False) -> Positions:
        """Return the positions of the rows that fulfil the conditions, sorted by a column.

        Equal values stand in the order of position, or downwards in its reverse; missing values come last.
        """
        mask = self.choose(conditions)
        if mask is None and not downwards:
            return np.asarray(self._arrays[f"{column}.order"])
        key = ("sorted", tuple(conditions), column, downwards)
        return self._keep(key, lambda: self._sort(mask, column, downwards))

    def _sort(self, mask: Mask | None, column: str, downwards: bool) -> Positions:
        order, n_present = self._arrays[f"{column}.order"], int(self._arrays[f"{column}.present"][0])
        if mask is None:
            present, missing = order[:n_present], order[n_present:]
        elif _SMALL_SHARE * self.count(mask) < self.n_rows:
            present, missing = self._sort_few(np.flatnonzero(mask).astype(np.int32), column)
        else:
            taken = mask[order]
            present, missing = order[:n_present][taken[:n_present]], order[n_present:][taken[n_present:]]
        return np.concatenate([present[::-1] if downwards else present, missing])

    def _sort_few(self, positions: Positions, column: str) -> tuple[Positions, Positions]:
        values = self.values(column)[positions]
        there = values >= 0 if self.is_text(column) else ~np.isnan(values)
        return positions[there][np.argsort(values[there], kind="stable")], positions[~there]

    def sort_groups(
        self, conditions: Sequence[Condition], column: str, group: str, *, downwards: bool = False
    ) -> npt.NDArray[np.int32]:
        """Return the groups (ranks of a text column) of the chosen rows, each once, by their first row."""
        key = ("groups", tuple(conditions), column, group, downwards)
        return self._keep(key, lambda: self._sort_groups(conditions, column, group, downwards))

    def _sort_groups(
        self, conditions: Sequence[Condition], column: str, group: str, downwards: bool
    ) -> npt.NDArray[np.int32]:
        ranks = self.values(group)[self.sort(conditions, column, downwards=downwards)]
        if self.count_texts(group) == self.n_rows:
            return np.asarray(ranks)
        first = np.empty(self.count_texts(group), np.int64)
        first[ranks[::-1]] = np.arange(len(ranks) - 1, -1, -1)  # of several writes the last one stays
        return np.asarray(ranks[first[ranks] == np.arange(len(ranks))])

    def find_in_groups(
        self, conditions: Sequence[Condition], group: str, ranks: npt.NDArray[np.int32]
    ) -> Positions:
        """Return the positions of the chosen rows of these groups; rows stand in the order of ``group``."""
        mask = self.choose(conditions)
        starts, stops = (np.searchsorted(self.values(group), ranks, side) for side in ("left", "right"))
        spans = [np.arange(start, stop, dtype=np.int32) for start, stop in zip(starts, stops, strict=True)]
        positions = np.concatenate([np.empty(0, np.int32), *spans])
        return positions if mask is None else positions[mask[positions]]

    def find_neighbours(self, position: int, column: str) -> tuple[int | None, int | None]:
        """Return the nearest positions before and after with the same value of a column."""
        values = self.values(column)
        return _look_back(values, position), _look_ahead(values, position)

    def forget_selections(self) -> None:
        """Drop what is kept of earlier answers."""
        self._kept.clear()

    def _keep(self, key: Hashable, make: Callable[[], T]) -> T:
        """Keep the last few selections: the next page asks for the same ones."""
        try:
            self._kept.move_to_end(key)
            kept: T = self._kept[key]
        except KeyError:
            kept = self._kept[key] = make()
            while len(self._kept) > _KEPT_SELECTIONS:
                self._kept.popitem(last=False)
        return kept


def _search(text: bytes, offsets: npt.NDArray[np.int64], needle: bytes) -> Mask:
    """Return which lines of a text hold ``needle``: few hits one by one, many all at once."""
    mask = np.zeros(len(offsets) - 1, bool)
    at, begin = text.find(needle), 0
    hits: list[int] = []
    while at >= 0 and len(hits) < _FEW_HITS:
        hits.append(at)
        begin = text.find(b"\n", at) + 1
        at = text.find(needle, begin)
    mask[np.searchsorted(offsets, hits, side="right") - 1] = True
    if at >= 0:
        for line in range(int(np.searchsorted(offsets, begin)), len(mask), _LINES_AT_ONCE):
            begins = offsets[line : line + _LINES_AT_ONCE + 1]
            piece = text[begins[0] : begins[-1]].replace(needle, _MARK * len(needle))
            marked = np.frombuffer(piece, np.uint8)
            found = np.maximum.reduceat(marked, begins[:-1] - begins[0]) == _MARK[0]
            mask[line : line + _LINES_AT_ONCE] = found
    return mask


def _look_back(values: npt.NDArray[Any], position: int) -> int | None:
    for stop in range(position, 0, -_STEP):
        start = max(stop - _STEP, 0)
        found = np.flatnonzero(values[start:stop] == values[position])
        if len(found):
            return start + int(found[-1])
    return None


def _look_ahead(values: npt.NDArray[Any], position: int) -> int | None:
    for start in range(position + 1, len(values), _STEP):
        found = np.flatnonzero(values[start : start + _STEP] == values[position])
        if len(found):
            return start + int(found[0])
    return None
