"""Makes records in several processes: a thread can't, and a worker's child may have no process pool."""

from __future__ import annotations

import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from utils.exceptions import ErrorCode, LstmPfdError, ServiceUnavailableError, StorageFullError

_ROOT = Path(__file__).resolve().parents[2]
_LOOK_EVERY_S = 0.25
_MAX_PROCESSES = 8
_WORTH_A_PROCESS = 50
_SPARE_BYTES = 16 << 20
_FULL = "The disk is full. Free some space and start the job again."


def count_processes(n_tasks: int) -> int:
    """Return how many processes share the work: one per core that may be used, at most eight.

    A process takes longer to start than to make a few records.
    """
    return max(1, min(len(os.sched_getaffinity(0)), _MAX_PROCESSES, n_tasks // _WORTH_A_PROCESS))


def run_workers(
    requests: Sequence[Mapping[str, Any]], on_look: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """Start one process per request and yield their news as they come.

    News are ``{"signal": {…}, "process": i}`` for each signal that process ``i`` has handed to its shard, and
    ``{"shard": name, "process": i}`` once that shard is whole. Whatever ends this generator ends the
    processes.

    Parameters
    ----------
    requests
        See `core.synthesis.worker_child`.
    on_look
        Called several times a second, and with each batch of news; it may raise.

    Raises
    ------
    StorageFullError
        The disk has no room.
    ServiceUnavailableError
        A process died without a word.
    """
    processes: list[subprocess.Popen[bytes]] = []
    try:
        processes += [_start(request) for request in requests]
        for index, news in _listen(processes, on_look):
            if not news:
                raise _explain_death(Path(requests[index]["folder"]))
            yield {**news, "process": index}
    finally:
        for process in processes:
            _end(process)


def _start(request: Mapping[str, Any]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-s", "-m", "core.synthesis.worker_child"],
        cwd=_ROOT,
        env={
            "PATH": os.environ.get("PATH", ""),
            "LANG": "C.UTF-8",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None  # noqa: S101 - opened as a pipe
    with suppress(BrokenPipeError):
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
    return process


def _listen(
    processes: Sequence[subprocess.Popen[bytes]], on_look: Callable[[], None]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the lines of all processes as they come; nothing where one ended before its shard was whole."""
    rests = [b""] * len(processes)
    finished = [False] * len(processes)
    with selectors.DefaultSelector() as selector:
        for index, process in enumerate(processes):
            assert process.stdout is not None  # noqa: S101 - opened as a pipe
            selector.register(process.stdout, selectors.EVENT_READ, index)
        while selector.get_map():
            on_look()
            for key, _ in selector.select(_LOOK_EVERY_S):
                index = key.data
                block = os.read(key.fd, 1 << 18)
                if not block:
                    selector.unregister(key.fileobj)
                    if not finished[index]:
                        yield index, {}
                    continue
                *lines, rests[index] = (rests[index] + block).split(b"\n")
                for line in lines:
                    news = json.loads(line)
                    if "error" in news:
                        raise _as_error(news["error"])
                    finished[index] |= "shard" in news
                    yield index, news


def _explain_death(folder: Path) -> LstmPfdError:
    """Say why a process ended without a word: HDF5 may crash over a disk that has run full."""
    if shutil.disk_usage(folder).free < _SPARE_BYTES:
        return StorageFullError(_FULL)
    return ServiceUnavailableError(
        "A process that makes records ended without a word; most often the machine ran out of memory."
    )


def _as_error(error: Mapping[str, str]) -> LstmPfdError:
    if error["code"] == ErrorCode.STORAGE_FULL:
        return StorageFullError(_FULL)
    return LstmPfdError(error["sentence"], code=ErrorCode(error["code"]))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process with everything in its group."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
