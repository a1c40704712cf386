"""Reads files from outside in a separate, limited process, so that a broken or hostile one harms nothing."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from core.datasets.readers.base import AS_FOUND, FilePreview, ReadOptions, VariablePreview, refuse
from utils.exceptions import (
    ErrorCode,
    FileRefusedError,
    ServiceUnavailableError,
    SignalError,
    StorageFullError,
)

_ROOT = Path(__file__).resolve().parents[2]
_MAX_ANSWER_BYTES = 256 << 20
_START_SECONDS = 20.0
# A reader that gets through less than this per second is stuck.
_SLOWEST_BYTES_PER_S = 4 << 20
# Counting the rows of a text table takes a second more for so many bytes.
_FASTEST_BYTES_PER_S = 64 << 20


@dataclass(frozen=True, slots=True)
class ReadSignal:
    """A signal that was written out: raw little-endian float32, `n_samples` of them, at `path`."""

    variable: str
    n_samples: int
    path: Path


class IsolatedReader:
    """A context manager around the reader process; it is started on first use and again after it died.

    Parameters
    ----------
    seconds
        Time for a preview or a small file; a read gets a second more for each 4 MiB.
    memory_bytes
        Address space of the reader process.
    file_bytes
        Largest file that it may write.

    Notes
    -----
    Not for use by several threads at once. Every method raises `FileRefusedError` with a plain sentence
    when the file is broken, hostile or of no known layout, when the reader died over it, or when its time
    ran out.
    """

    def __init__(
        self, *, seconds: float = 7.0, memory_bytes: int = 2 << 30, file_bytes: int = 4 << 30
    ) -> None:
        self._seconds, self._memory_bytes, self._file_bytes = seconds, memory_bytes, file_bytes
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the reader process with everything in its process group."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def preview(self, path: Path, name: str | None = None, options: ReadOptions = AS_FOUND) -> FilePreview:
        """List what a file holds.

        Parameters
        ----------
        path
            The stored file.
        name
            What its sender called it, where the stored name is another one.
        options
            What a person said about its layout.
        """
        request = {"op": "preview", "path": str(path), "name": name, "options": asdict(options)}
        answer = self._ask(request, self._seconds + _size(path) / _FASTEST_BYTES_PER_S)
        return _as_preview(answer["preview"])

    def read(
        self,
        path: Path,
        variable: str,
        out_path: Path,
        name: str | None = None,
        options: ReadOptions = AS_FOUND,
    ) -> ReadSignal:
        """Write one signal as raw float32 to `out_path`.

        Raises
        ------
        SignalError
            The signal is empty (``EMPTY_SIGNAL``).
        """
        return self.read_many(path, {variable: out_path}, name, options)[variable]

    def read_many(
        self,
        path: Path,
        outputs: Mapping[str, Path],
        name: str | None = None,
        options: ReadOptions = AS_FOUND,
        divisors: Mapping[str, float] | None = None,
    ) -> dict[str, ReadSignal]:
        """Write several signals of one file, going through a text file only once.

        Parameters
        ----------
        path
            The stored file.
        outputs
            Where each signal goes, by its name in the preview. After a failure none of these files is left.
        name
            What its sender called it.
        options
            What a person said about its layout.
        divisors
            What the samples of some signals are divided by, for a sensitivity.
        """
        request = {
            "op": "read",
            "divisors": dict(divisors or {}),
            "path": str(path),
            "name": name,
            "options": asdict(options),
            "outputs": {variable: str(output) for variable, output in outputs.items()},
        }
        try:
            answer = self._ask(request, self._seconds + _size(path) / _SLOWEST_BYTES_PER_S)
            lengths: dict[str, int] = answer["n_samples"]
            return {
                variable: _check_read(variable, lengths[variable], out) for variable, out in outputs.items()
            }
        except BaseException:
            for output in outputs.values():
                output.unlink(missing_ok=True)
            raise

    def match_names(self, pattern: str, names: Sequence[str]) -> list[dict[str, str] | None]:
        """Match a user's pattern against file names where an endless match does no harm.

        Returns
        -------
        list
            The named groups per name; None where the pattern does not fit.
        """
        answer = self._ask({"op": "match", "pattern": pattern, "names": list(names)}, self._seconds)
        groups: list[dict[str, str] | None] = answer["groups"]
        return groups

    def _ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        process = self._send(json.dumps({**request, "seconds": seconds}).encode() + b"\n")
        line = self._read_line(process, time.monotonic() + seconds)
        if not line:
            raise self._died(process)
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise _as_error(answer["error"])
        return answer

    def _send(self, line: bytes) -> subprocess.Popen[bytes]:
        """Send a request; a reader that died before it could read one is not held against the file."""
        for last_try in (False, True):
            process = self._running()
            assert process.stdin is not None  # noqa: S101 - opened as a pipe
            try:
                process.stdin.write(line)
                process.stdin.flush()
            except BrokenPipeError as error:
                self.close()
                if last_try:
                    raise _not_started() from error
            else:
                break
        return process

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        limits = [str(self._memory_bytes), str(self._file_bytes)]
        self._process = subprocess.Popen(
            [sys.executable, "-s", "-m", "core.datasets.reader_child", *limits],
            cwd=_ROOT,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        if not self._read_line(self._process, time.monotonic() + _START_SECONDS):
            self.close()
            raise _not_started()
        return self._process

    def _read_line(self, process: subprocess.Popen[bytes], deadline: float) -> bytes:
        """Return the answer, or nothing when the reader died or its time ran out."""
        assert process.stdout is not None  # noqa: S101 - opened as a pipe
        received = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while b"\n" not in received[-(1 << 16) :]:
                left = deadline - time.monotonic()
                if left <= 0 or len(received) > _MAX_ANSWER_BYTES or not selector.select(left):
                    return b""
                block = os.read(process.stdout.fileno(), 1 << 16)
                if not block:
                    return b""
                received += block
        return bytes(received)

    def _died(self, process: subprocess.Popen[bytes]) -> FileRefusedError:
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.2)
        status = process.poll()
        self.close()
        timed_out = status is None or status in (-signal.SIGALRM, -signal.SIGXCPU)
        if timed_out:
            return refuse("Reading the file took too long; it is damaged or built to keep a reader busy.")
        return refuse(
            "The file brought its reader down; it is damaged or hostile and nothing of it was kept."
        )


def _not_started() -> ServiceUnavailableError:
    return ServiceUnavailableError("The process that reads files could not be started.")


def _environment() -> dict[str, str]:
    """Build an environment without secrets and with one thread per library."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "HDF5_PLUGIN_PRELOAD": "::",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "ARROW_IO_THREADS": "1",
    }


def _as_preview(answer: dict[str, Any]) -> FilePreview:
    variables = [VariablePreview(**entry) for entry in answer.pop("variables")]
    return FilePreview(variables=variables, **answer)


def _as_error(error: dict[str, str]) -> FileRefusedError | SignalError | StorageFullError:
    code = ErrorCode(error["code"])
    if code is ErrorCode.STORAGE_FULL:
        return StorageFullError(error["sentence"])
    return FileRefusedError(error["sentence"], code=code)


def _check_read(variable: str, n_samples: int, output: Path) -> ReadSignal:
    if not n_samples:
        raise SignalError(f"'{variable}' is empty: it has no samples.", code=ErrorCode.EMPTY_SIGNAL)
    if output.stat().st_size != 4 * n_samples:
        raise refuse(f"'{variable}' was not written out completely.", ErrorCode.FILE_UNREADABLE)
    return ReadSignal(variable, n_samples, output)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
