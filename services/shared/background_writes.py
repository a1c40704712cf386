"""Small writes that a request wants done but must not wait for, such as "last seen"."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from functools import lru_cache

from utils.exceptions import ServiceUnavailableError
from utils.logger import setup_logger

logger = setup_logger(__name__)

_PATIENCE_S = 0.2


class BackgroundWriter:
    """One write at a time beside the requests: a locked database delays nobody who only reads."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="background-write")
        self._latest: Future[None] | None = None

    def run(self, write: Callable[[], None]) -> None:
        """Run ``write`` and wait a moment for it; dropped while an earlier one is still stuck."""
        if self._latest is not None and not self._latest.done():
            return
        self._latest = self._executor.submit(_run_quietly, write)
        try:
            self._latest.result(timeout=_PATIENCE_S)
        except FutureTimeoutError:
            logger.info("a background write waits for the database")


def _run_quietly(write: Callable[[], None]) -> None:
    try:
        write()
    except ServiceUnavailableError:
        logger.warning("a background write was dropped: database away")


@lru_cache(maxsize=1)
def _writer_of(_process_id: int) -> BackgroundWriter:
    return BackgroundWriter()


def get_background_writer() -> BackgroundWriter:
    """Return the writer of this process (a forked child gets its own)."""
    return _writer_of(os.getpid())
