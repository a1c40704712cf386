"""Prepares the next batches in a thread of its own while the network learns from this one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Generic, TypeVar

from utils.clock import monotonic_s

_DEPTH = 3
_LOOK_EVERY_S = 0.2
Item = TypeVar("Item")


class Loader(Generic[Item]):
    """Runs an iterator ahead of its reader.

    The items must not depend on when they are made: then a run with a loader equals one without.

    Parameters
    ----------
    items
        Made in the thread; an error in it leaves from `get`.

    Attributes
    ----------
    waiting_s
        How long the reader waited so far.
    """

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._ready: queue.Queue[Item | BaseException] = queue.Queue(maxsize=_DEPTH)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._fill, name="window-loader", daemon=True)
        self.waiting_s = 0.0

    def __enter__(self) -> Loader[Item]:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def get(self, look: Callable[[], None]) -> Item:
        """Return the next item; ``look`` is called now and then while there is none, and may raise."""
        began_s = monotonic_s()
        while True:
            try:
                item = self._ready.get(timeout=_LOOK_EVERY_S)
                break
            except queue.Empty:
                look()
        self.waiting_s += monotonic_s() - began_s
        if isinstance(item, BaseException):
            raise item
        return item

    def _fill(self) -> None:
        try:
            for item in self._items:
                self._put(item)
                if self._ended.is_set():
                    return
        except Exception as error:  # noqa: BLE001 -- handed to the reader, which raises it
            self._put(error)

    def _put(self, item: Item | BaseException) -> None:
        while not self._ended.is_set():
            try:
                self._ready.put(item, timeout=_LOOK_EVERY_S)
                return
            except queue.Full:
                continue
