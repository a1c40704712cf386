"""Child processes that leave nothing behind: a group of their own, and a signal when their parent ends."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_IS_LINUX = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True) if _IS_LINUX else None


def die_with_parent(signal_number: int = signal.SIGKILL, parent_pid: int | None = None) -> None:
    """Have the kernel send ``signal_number`` to this process when its parent ends. No-op outside Linux.

    With ``parent_pid`` a parent that ended before the call counts too: this process then ends at once.
    The kernel means the parent's *thread*: start children from one that lives as long as the process.
    """
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if parent_pid is not None and os.getppid() != parent_pid:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose own parent died, so that they can be ended and reaped."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def start_process(
    command: Sequence[str | Path],
    *,
    death_signal: int = signal.SIGKILL,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: int | IO[Any] | None = None,
    pass_fds: Sequence[int] = (),
    user: str | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``command`` in a session of its own; ``output`` takes stdout and stderr.

    The process gets ``death_signal`` when the caller ends, however it ends.
    """
    groups: dict[str, Any] = {"user": user, "group": user, "extra_groups": []} if user else {}
    return subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=dict(env) if env is not None else None,
        cwd=cwd,
        start_new_session=True,
        pass_fds=pass_fds,
        preexec_fn=partial(die_with_parent, death_signal, os.getpid()),
        **groups,
    )


def signal_group(process: subprocess.Popen[bytes], signal_number: int) -> None:
    """Send a signal to the whole group that `start_process` made, the leader's orphans included."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal_number)


def stop_process(process: subprocess.Popen[bytes], grace_s: float = 5.0) -> int:
    """Ask the process to end, wait, then end its whole group; return its exit status."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace_s)
    signal_group(process, signal.SIGKILL)
    return process.wait()


def wait_until(condition: Any, timeout_s: float, interval_s: float = 0.02) -> bool:
    """Ask ``condition()`` until it is true or the time is over; return its last answer."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(interval_s)
    return True
