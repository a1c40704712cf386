"""Starts child processes, watches them, starts them again with back-off, stops them within a bounded time.

Every child leads a session of its own and is told by the kernel when the supervisor ends, however it ends;
what a dead child leaves in its process group is killed and reaped here.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from dashboard.children import ChildSpec
from utils.clock import monotonic_s
from utils.processes import adopt_orphans, signal_group, start_process

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOG_LIMIT_BYTES = 10 * 1024**2
_TAIL_BYTES = 4096
_TAIL_LINES = 8


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """How soon a child that ended comes back: doubling pauses, forgotten after a stable while."""

    first_s: float = 0.5
    longest_s: float = 30.0
    stable_s: float = 60.0
    poll_s: float = 0.1

    def compute_pause_s(self, n_failures: int) -> float:
        """Return the pause before the next start after ``n_failures`` in a row."""
        return min(self.first_s * 2.0 ** (n_failures - 1), self.longest_s)


class ChildLog:
    """One child's output in a file of its own, cut off at a bounded size with one older file kept."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self) -> int:
        """Return a descriptor that appends to the file; the caller closes it."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.rotate()
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def rotate(self) -> None:
        """Copy a file that grew too long aside and empty it in place: its writers append."""
        if self.path.exists() and self.path.stat().st_size > _LOG_LIMIT_BYTES:
            shutil.copyfile(self.path, self.path.with_suffix(".log.1"))
            os.truncate(self.path, 0)

    def read_tail(self) -> list[str]:
        """Return the last lines."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as stream:
            stream.seek(max(0, self.path.stat().st_size - _TAIL_BYTES))
            return stream.read().decode(errors="replace").splitlines()[-_TAIL_LINES:]


class Child:
    """One supervised process over all its starts."""

    def __init__(self, spec: ChildSpec, log: ChildLog) -> None:
        self.spec = spec
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.n_failures = 0
        self._started_s = 0.0
        self._next_start_s: float | None = None

    @property
    def is_running(self) -> bool:
        """True from a start until the end of the process was seen."""
        return self.process is not None

    def start(self, cwd: Path) -> None:
        """Start the process, its output going to its log."""
        self._next_start_s = None
        self._started_s = monotonic_s()
        output = self.log.open()
        try:
            self.process = start_process(
                self.spec.command,
                death_signal=signal.SIGTERM,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **self.spec.env},
                cwd=cwd,
                output=output,
                pass_fds=self.spec.pass_fds,
            )
        finally:
            os.close(output)

    def has_ended(self) -> bool:
        """Tell once whether the process ended by itself, and clear away what it left."""
        if self.process is None or self.process.poll() is None:
            return False
        self._clear_away()
        return True

    def plan_restart(self, policy: RestartPolicy) -> float:
        """Count the failure and return the pause in seconds until the next start."""
        stable = monotonic_s() - self._started_s >= policy.stable_s
        self.n_failures = 1 if stable else self.n_failures + 1
        pause_s = policy.compute_pause_s(self.n_failures)
        self._next_start_s = monotonic_s() + pause_s
        return pause_s

    def is_due(self) -> bool:
        """Tell whether a planned restart's time has come."""
        return self._next_start_s is not None and monotonic_s() >= self._next_start_s

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the process itself; it ends its own children."""
        self._next_start_s = None
        if self.process is not None:
            self.process.terminate()

    def kill(self) -> None:
        """End the process and its whole group at once."""
        if self.process is not None:
            self._clear_away()

    def _clear_away(self) -> None:
        assert self.process is not None  # noqa: S101 -- both callers have looked
        signal_group(self.process, signal.SIGKILL)
        self.process.wait()
        with suppress(ChildProcessError):
            while os.waitpid(-self.process.pid, os.WNOHANG)[0]:
                pass
        self.process = None


class Supervisor:
    """Runs children until it is told to stop; ``say`` takes its sentences for the console."""

    def __init__(
        self, log_dir: Path, cwd: Path, say: Callable[[str], None], policy: RestartPolicy | None = None
    ) -> None:
        self._log_dir = log_dir
        self._cwd = cwd
        self._say = say
        self._policy = policy or RestartPolicy()
        self._children: list[Child] = []
        self._n_stop_signals = 0

    @property
    def stop_requested(self) -> bool:
        """True once a stop signal came."""
        return self._n_stop_signals > 0

    def listen_to_signals(self) -> None:
        """Take SIGINT, SIGTERM and SIGHUP as the wish to stop; a second one as the wish to stop at once."""
        adopt_orphans()
        for number in _STOP_SIGNALS:
            signal.signal(number, self._count_signal)

    def _count_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._n_stop_signals += 1

    def start(self, *specs: ChildSpec) -> None:
        """Start children and watch them from now on."""
        for spec in specs:
            child = Child(spec, ChildLog(self._log_dir / f"{spec.name}.log"))
            self._children.append(child)
            child.start(self._cwd)

    def count_failures(self, name: str) -> int:
        """Return how often in a row a child has ended by itself."""
        return next(child.n_failures for child in self._children if child.spec.name == name)

    def watch_until(self, condition: Callable[[], bool]) -> bool:
        """Watch over the children until the condition holds (True) or a stop is wanted (False)."""
        while not self.stop_requested:
            self.watch_once()
            if condition():
                return True
            time.sleep(self._policy.poll_s)
        return False

    def watch_once(self) -> None:
        """Look at every child once; start those again whose pause is over."""
        for child in self._children:
            if child.has_ended():
                pause_s = child.plan_restart(self._policy)
                self._say(f"{child.spec.name} ended unexpectedly and is started again in {pause_s:g} s.")
                if child.n_failures == 1:
                    self._say_tail(child)
            elif child.is_due():
                child.start(self._cwd)
            elif child.is_running:
                child.log.rotate()

    def _say_tail(self, child: Child) -> None:
        for line in child.log.read_tail():
            self._say(f"  {child.spec.name} | {line}")
        self._say(f"  {child.spec.name} | all of it: {child.log.path}")

    def stop_all(self) -> None:
        """Stop every child in order: those that stop last after all others, each within its grace."""
        for stops_last in (False, True):
            self._stop([child for child in self._children if child.spec.stops_last == stops_last])
        self._children.clear()

    def _stop(self, children: list[Child]) -> None:
        asked_s = monotonic_s()
        n_signals = self._n_stop_signals
        for child in children:
            child.ask_to_stop()
        while running := [child for child in children if child.is_running and not child.has_ended()]:
            in_a_hurry = self._n_stop_signals > max(n_signals, 1)
            for child in running:
                if in_a_hurry or monotonic_s() - asked_s > child.spec.grace_s:
                    self._say(f"{child.spec.name} did not stop in time and is killed.")
                    child.kill()
            time.sleep(min(self._policy.poll_s, 0.05))
