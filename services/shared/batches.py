"""Long lists, a piece at a time: databases take only so many parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

MAX_PARAMETERS = 500


def split_batches(items: Sequence[T], size: int = MAX_PARAMETERS) -> Iterator[Sequence[T]]:
    """Yield ``items`` in pieces of at most ``size``.

    >>> list(split_batches([1, 2, 3], 2))
    [[1, 2], [3]]
    """
    for start in range(0, len(items), size):
        yield items[start : start + size]


def stream_batches(items: Iterable[T], size: int = MAX_PARAMETERS) -> Iterator[list[T]]:
    """Yield what comes in pieces of at most ``size``, without waiting for the end.

    >>> list(stream_batches(iter("abc"), 2))
    [['a', 'b'], ['c']]
    """
    stream = iter(items)
    while batch := list(islice(stream, size)):
        yield batch
