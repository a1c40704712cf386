"""The process that opens files from outside: ``python -m core.datasets.reader_child``.

One JSON line in, one JSON line out. Started and stopped by `core.datasets.isolated`; anything that goes wrong
here ends here.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

from core.datasets import sandbox
from utils.exceptions import ErrorCode, LstmPfdError

_STDOUT = 1


class ReaderChild:
    """Answers requests; keeps the last file open, because its signals are asked for one after the other."""

    def __init__(self) -> None:
        self.writable: set[str] = set()
        self._open_key: tuple[object, ...] = ()
        self._open_file: Any = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do one request: ``preview``, ``read`` or ``match``."""
        sandbox.limit_time(float(request["seconds"]))
        if request["op"] == "match":
            return {"groups": _match_names(request["pattern"], request["names"])}
        file = self._file(Path(request["path"]), request.get("name"), request.get("options") or {})
        if request["op"] == "preview":
            return {"preview": _preview_as_dict(file.preview())}
        return {"n_samples": self._read(file, request["outputs"], request.get("divisors") or {})}

    def _file(self, path: Path, name: str | None, options: dict[str, Any]) -> Any:
        from core.datasets.readers.base import ReadOptions, file_size
        from core.datasets.readers.registry import open_file

        file_size(path)
        status = path.stat()
        said = ReadOptions(**options)
        key = (path, name, said, status.st_size, status.st_mtime_ns, status.st_ino)
        if key != self._open_key:
            if self._open_file is not None:
                self._open_file.close()
            self._open_key, self._open_file = (), None
            self._open_file = open_file(path, name, said)
            self._open_key = key
        return self._open_file

    def _read(self, file: Any, outputs: dict[str, str], divisors: dict[str, float]) -> dict[str, int]:
        """Write each signal as raw little-endian float32, divided where asked; return the lengths."""
        self.writable = {sandbox.absolute(output) for output in outputs.values()}
        n_samples = dict.fromkeys(outputs, 0)
        targets: dict[str, BinaryIO] = {}
        try:
            for variable, output in outputs.items():
                targets[variable] = Path(output).open("wb")  # noqa: SIM115 - several at once, closed below
            for variable, block in file.read_many(list(outputs)):
                if variable in divisors:
                    block = (block.astype("f8") / divisors[variable]).astype("f4")
                targets[variable].write(block.astype("<f4", copy=False).data)
                n_samples[variable] += block.size
        finally:
            for target in targets.values():
                target.close()
            self.writable = set()
        return n_samples


def _preview_as_dict(preview: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(preview)


def _match_names(pattern: str, names: list[str]) -> list[dict[str, str] | None]:
    from core.datasets.naming import match_pattern

    return [match_pattern(pattern, name) for name in names]


def _failure(error: Exception) -> dict[str, Any]:
    """Say in plain words what went wrong."""
    if isinstance(error, LstmPfdError):
        return {"code": error.code.value, "sentence": error.sentence}
    if isinstance(error, MemoryError):
        sentence = "The file needs more memory than a reader is allowed; it is damaged or far too large."
        return {"code": ErrorCode.FILE_REFUSED.value, "sentence": sentence}
    if isinstance(error, OSError) and error.errno == 28:
        return {
            "code": ErrorCode.STORAGE_FULL.value,
            "sentence": "The disk is full; nothing was kept of the file.",
        }
    sentence = f"The file can't be read: it is damaged ({type(error).__name__})."
    return {"code": ErrorCode.FILE_UNREADABLE.value, "sentence": sentence}


def _take_stdout() -> BinaryIO:
    """Keep the answer channel for answers: whatever a library prints goes nowhere."""
    answers = os.fdopen(os.dup(_STDOUT), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDOUT)
    os.close(nowhere)
    return answers


def main(memory_bytes: int, file_bytes: int) -> None:
    """Answer requests from standard input until it closes."""
    answers = _take_stdout()
    sandbox.leave_network()
    import core.datasets.naming
    import core.datasets.readers.registry  # noqa: F401 - everything is loaded before the doors close

    child = ReaderChild()
    sandbox.limit_resources(memory_bytes, file_bytes)
    sandbox.deny_actions(lambda path: sandbox.absolute(path) in child.writable)
    answers.write(b'{"ready": true}\n')
    answers.flush()
    for line in sys.stdin.buffer:
        try:
            answer = child.answer(json.loads(line))
        except Exception as error:  # noqa: BLE001 - the edge of this process: every failure becomes an answer
            answer = {"error": _failure(error)}
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
