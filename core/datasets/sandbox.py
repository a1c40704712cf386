"""Takes away from the current process what a file reader does not need: network, programs, memory, time."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_NO_NETWORK = ("socket.",)
_NO_PROGRAMS = (
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "pty.",
    "ctypes.dl",
    "pickle.",
)
_NO_FILE_CHANGES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod")
_DENIED_EVENTS = (*_NO_NETWORK, *_NO_PROGRAMS, *_NO_FILE_CHANGES)
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def leave_network() -> bool:
    """Move this process into an empty network namespace; return whether the system allowed it.

    Must run while the process has one thread. Without the right to do so as itself it is tried in a user
    namespace of its own.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    return any(libc.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))


def limit_resources(memory_bytes: int, file_bytes: int) -> None:
    """Set hard limits on address space and on the size of written files, and leave no core dump."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def limit_time(seconds: float) -> None:
    """Let the kernel end this process after so much processor time, and a little later by the clock.

    Called before each file; the clock works even if nobody waits for the answer any more.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    processor = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (processor, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_REAL, seconds + 2.0)


def deny_actions(may_write: Callable[[str], bool]) -> None:
    """Refuse, for the rest of this process, sockets, programs, unpickling and files that were not asked for.

    Parameters
    ----------
    may_write
        Whether a path may be opened for writing.
    """

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_DENIED_EVENTS):
            raise PermissionError(f"a file reader may not do this: {event}")
        if event == "open" and _is_write(arguments) and not may_write(os.fspath(arguments[0])):
            raise PermissionError("a file reader may not write here")

    sys.addaudithook(hook)


def _is_write(arguments: tuple[Any, ...]) -> bool:
    target, mode, flags = arguments
    if isinstance(target, int):
        return False
    by_mode = isinstance(mode, str) and any(letter in mode for letter in "wax+")
    return by_mode or bool(isinstance(flags, int) and flags & _WRITE_FLAGS)


def absolute(path: str) -> str:
    """Return the one spelling of a path that permissions are compared by."""
    return str(Path(path).absolute())
