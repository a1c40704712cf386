"""Hears a command within a fraction of a second even where a single step takes minutes.

Work that was slow the last time runs in a thread of its own while this one asks for the command. A command
that ends the training leaves that thread behind: its result is dropped, and nothing but the network it was
computing with knows of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from core.training.hooks import Command, obey
from utils.clock import monotonic_s

# Work that takes longer than this is watched the next time.
SLOW_S = 0.5
_LOOK_EVERY_S = 0.2
Result = TypeVar("Result")

_left_behind: list[threading.Thread] = []


class Watch:
    """Runs the steps of one training.

    Parameters
    ----------
    command
        Says what the outside wants.
    on_leave
        Called when work is left behind, before the interruption is raised.
    """

    def __init__(self, command: Callable[[], Command | str], on_leave: Callable[[], None]) -> None:
        self._command, self._on_leave = command, on_leave
        self._is_slow = True  # until the first step has shown otherwise

    @property
    def is_slow(self) -> bool:
        """Whether the next work will be watched."""
        return self._is_slow

    def run(self, work: Callable[[], Result]) -> Result:
        """Do the work and return what it returns.

        Raises
        ------
        InterruptedTrainingError, JobCancelledError
            The outside wants an end; the work may still be going on.
        """
        began_s = monotonic_s()
        result = self._run_watched(work) if self._is_slow else work()
        self._is_slow = monotonic_s() - began_s > SLOW_S
        return result

    def _run_watched(self, work: Callable[[], Result]) -> Result:
        box = _Box(work)
        thread = threading.Thread(target=box.fill, name="training-step", daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(_LOOK_EVERY_S)
            if thread.is_alive():
                self._look(thread)
        return box.open()

    def _look(self, thread: threading.Thread) -> None:
        try:
            obey(self._command)
        except BaseException:
            _left_behind.append(thread)
            self._on_leave()
            raise


def wait_for_left_behind(look: Callable[[], None]) -> None:
    """Wait until no work of an earlier training is going on: it shares torch's random state with the next."""
    while _left_behind:
        _left_behind[0].join(_LOOK_EVERY_S)
        if _left_behind[0].is_alive():
            look()
        else:
            del _left_behind[0]


class _Box(Generic[Result]):
    """Carries a result or an error from one thread to another."""

    def __init__(self, work: Callable[[], Result]) -> None:
        self._work = work
        self._results: list[Result] = []
        self._error: BaseException | None = None

    def fill(self) -> None:
        try:
            self._results.append(self._work())
        except BaseException as error:  # noqa: BLE001 -- raised again where the result is asked for
            self._error = error

    def open(self) -> Result:
        if self._error is not None:
            raise self._error
        return self._results[0]
