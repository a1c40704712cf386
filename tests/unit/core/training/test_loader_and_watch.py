"""Batches made ahead come in order; a command is heard while a step is going on."""

from __future__ import annotations

import threading
import time

import pytest

from core.training import watch
from core.training.hooks import Command, InterruptedTrainingError
from core.training.loader import Loader
from core.training.watch import Watch, wait_for_left_behind
from utils.exceptions import JobCancelledError


def keep_on() -> None:
    """Nothing asks for an end."""


def test_items_come_in_order_and_are_made_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def make(number: int) -> int:
        time.sleep(0.002 * (number % 3))  # the later ones are ready first
        made.append(number)
        return number

    monkeypatch.setattr("os.cpu_count", lambda: 8)
    with Loader(iter(range(50)), make) as loader:
        first = loader.get(keep_on)
        deadline = time.monotonic() + 10
        while len(made) < 4 and time.monotonic() < deadline:
            time.sleep(0.001)
        assert len(made) >= 4
        assert [first, *(loader.get(keep_on) for _ in range(49))] == list(range(50))
    assert made != sorted(made)


def test_a_loader_left_early_ends_its_threads() -> None:
    with Loader(iter(range(10_000)), str) as loader:
        loader.get(keep_on)
    assert not any(thread.name.startswith("window-loader") for thread in threading.enumerate())


@pytest.mark.parametrize("error", [OSError("the disk is gone"), TimeoutError("the disk is gone")])
def test_an_error_while_reading_leaves_where_the_item_was_asked_for(error: OSError) -> None:
    def make(number: int) -> int:
        if number == 1:
            raise error
        return number

    with Loader(iter(range(3)), make) as loader:
        assert loader.get(keep_on) == 0
        with pytest.raises(OSError, match="disk is gone"):
            loader.get(keep_on)


def test_waiting_is_counted_and_interrupted_by_a_command() -> None:
    opened = threading.Event()

    def end() -> None:
        raise InterruptedTrainingError(Command.PAUSE)

    with Loader(iter(range(1)), lambda _: opened.wait(10)) as loader:
        with pytest.raises(InterruptedTrainingError):
            loader.get(end)
        opened.set()
        assert loader.get(keep_on) is True
        assert loader.waiting_s > 0.0


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (Command.PAUSE, InterruptedTrainingError),
        (Command.STOP, InterruptedTrainingError),
        (Command.CANCEL, JobCancelledError),
    ],
)
def test_a_step_that_takes_minutes_is_left_behind_at_a_command(
    command: Command, error: type[Exception]
) -> None:
    ended, left = threading.Event(), []
    began_s = time.monotonic()
    with pytest.raises(error):
        Watch(lambda: command, lambda: left.append(True)).run(lambda: ended.wait(60))
    assert time.monotonic() - began_s < 5
    assert left == [True] and len(watch._left_behind) == 1

    def look() -> None:
        ended.set()

    wait_for_left_behind(look)
    assert watch._left_behind == []


def test_quick_steps_are_done_at_once_and_a_slow_one_is_watched_the_next_time() -> None:
    runner = Watch(lambda: Command.CONTINUE, keep_on)
    assert runner.run(threading.current_thread) is not threading.current_thread()
    assert runner.run(threading.current_thread) is threading.current_thread()
    runner.run(lambda: time.sleep(watch.SLOW_S + 0.05))
    assert runner.is_slow
    assert runner.run(threading.current_thread) is not threading.current_thread()


def test_an_error_in_a_watched_step_is_raised_where_the_step_was_asked_for() -> None:
    def fail() -> None:
        raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        Watch(lambda: Command.CONTINUE, keep_on).run(fail)
