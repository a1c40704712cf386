"""What every writer is given, and how a file appears whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from core.datasets.readers.base import Float32Array

BLOCK_SAMPLES = 1 << 20
OnSignal: TypeAlias = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ExportedSignal:
    """One channel of one recording with all that is known of it; what is None is left out.

    Attributes
    ----------
    recording, channel
        Their names; a pair of them comes once.
    sha256
        Of the samples, from the store.
    load_values
        Gives the samples, float32, 1-D; memory-mapped ones are not loaded whole.
    on_block
        Called before every million samples; may raise, then nothing is left of the file.
    """

    recording: str
    channel: str
    n_samples: int
    sample_rate_hz: float
    sha256: str
    load_values: Callable[[], Float32Array]
    unit: str | None = None
    shaft_speed_rpm: float | None = None
    load: str | None = None
    machine: str | None = None
    measurement_point: str | None = None
    bearing: str | None = None
    orders: str | None = None
    fault_class: str | None = None
    severity: str | None = None
    group: str | None = None
    part: str | None = None
    acquired_utc: str | None = None
    source_file: str | None = None
    on_block: Callable[[], None] = lambda: None

    def describe(self) -> dict[str, str | float]:
        """Return everything but the samples that is known, in the order of the fields."""
        fields = [*ABOUT_SIGNAL, *METADATA]
        known = {name: getattr(self, name) for name in fields}
        return {name: value for name, value in known.items() if value is not None}

    def blocks(self) -> Iterator[Float32Array]:
        """Yield the samples a million at a time."""
        values = self.load_values()
        for start in range(0, len(values), BLOCK_SAMPLES):
            self.on_block()
            yield values[start : start + BLOCK_SAMPLES]


ABOUT_SIGNAL = ("recording", "channel", "sample_rate_hz", "n_samples", "sha256")
METADATA = (
    *("unit", "shaft_speed_rpm", "load", "machine", "measurement_point", "bearing", "orders"),
    *("fault_class", "severity", "group", "part", "acquired_utc", "source_file"),
)


@dataclass(frozen=True, slots=True)
class ExportedDataset:
    """What is exported: a version of a dataset.

    Attributes
    ----------
    created_utc
        When it is written; an aware time.
    signals
        Sorted by recording and channel; taken one by one.
    """

    name: str
    version: int
    manifest_sha256: str
    class_names: tuple[str, ...]
    created_utc: datetime
    n_signals: int
    signals: Iterable[ExportedSignal]


@contextmanager
def write_whole(path: Path) -> Iterator[Path]:
    """Give a path to write to; what was written is synced and takes the place of ``path`` at the end.

    Whatever goes wrong, nothing is left behind and an older file stays as it was.

    Raises
    ------
    OSError
        With ``ENOSPC`` where the disk is full, also where a library says so in its own words.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield temporary
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    except OSError as error:
        if "errno = 28" in str(error) or "No space left" in str(error):
            raise OSError(errno.ENOSPC, "No space left on device") from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Have a file or folder written through to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
