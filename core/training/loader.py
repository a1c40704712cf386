"""Prepares the next batches in threads of its own while the network learns from this one."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, TypeVar

from utils.clock import monotonic_s

# Batches that are ready or being made beyond one for each thread.
_AHEAD = 2
_MOST_THREADS = 4
_LOOK_EVERY_S = 0.2
Place = TypeVar("Place")
Item = TypeVar("Item")


class Loader(Generic[Place, Item]):
    """Makes items in order, ahead of their reader.

    An item must not depend on when it is made: then a run with a loader equals one without. Numpy works in
    several threads at once; half of the machine's cores are used, at most four.

    Parameters
    ----------
    places
        What the items are made from, in order.
    make
        Makes one item, in any thread; an error in it leaves from `get`.

    Attributes
    ----------
    waiting_s
        How long the reader waited so far.
    """

    def __init__(self, places: Iterator[Place], make: Callable[[Place], Item]) -> None:
        self._places, self._make = places, make
        n_threads = max(1, min(_MOST_THREADS, (os.cpu_count() or 1) // 2))
        self._n_ahead = n_threads + _AHEAD
        self._threads = ThreadPoolExecutor(n_threads, thread_name_prefix="window-loader")
        self._coming: deque[Future[Item]] = deque()
        self.waiting_s = 0.0

    def __enter__(self) -> Loader[Place, Item]:
        self._order_more()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    def get(self, look: Callable[[], None]) -> Item:
        """Return the next item; ``look`` is called now and then while there is none, and may raise."""
        began_s = monotonic_s()
        next_one = self._coming[0]
        try:
            while True:
                try:
                    item = next_one.result(timeout=_LOOK_EVERY_S)
                    break
                except TimeoutError:
                    if next_one.done():
                        raise
                    look()
        finally:
            self.waiting_s += monotonic_s() - began_s
        self._coming.popleft()
        self._order_more()
        return item

    def _order_more(self) -> None:
        while len(self._coming) < self._n_ahead:
            try:
                place = next(self._places)
            except StopIteration:
                return
            self._coming.append(self._threads.submit(self._make, place))
