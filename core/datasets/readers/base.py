"""What every reader offers, and the limits that all of them keep."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from utils.exceptions import ErrorCode, FileRefusedError, SignalError

Attribute: TypeAlias = str | float | int
Float32Array: TypeAlias = npt.NDArray[np.float32]

BLOCK_SAMPLES = 1 << 20
MAX_SIGNAL_SAMPLES = 1 << 30
MAX_VARIABLES = 200_000
MAX_DEPTH = 16
MAX_CHANNELS = 64
MAX_TEXT = 4_096
# No measurement packs this well: beyond it a file is a decompression bomb.
MAX_COMPRESSION_RATIO = 100
COMPRESSION_ALLOWANCE_BYTES = 8 << 20

RATE_NAMES = frozenset(
    {"sr", "fs", "fs_hz", "sample_rate", "sample_rate_hz", "samplerate", "sampling_rate", "samplingrate"}
    | {"sampling_rate_hz", "sampling_frequency", "sampling_frequency_hz"}
)


# The time between two samples, in seconds.
STEP_NAMES = frozenset({"dt", "dt_s", "delta_t", "wf_increment", "increment", "sample_interval", "time_step"})
UNIT_NAMES = frozenset({"unit", "units", "unit_string", "y_unit", "unit_y"})


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a person says about the layout of a file, where the file does not say it itself.

    Attributes
    ----------
    arrangement
        One of `utils.constants.ARRANGEMENTS`: what stands in the rows or columns of a table of numbers.
    exact_lengths
        Whether a preview says how long signals are to the sample; else that of a long text is an estimate.
    """

    arrangement: str = "auto"
    exact_lengths: bool = True


AS_FOUND = ReadOptions()


@dataclass(frozen=True, slots=True)
class VariablePreview:
    """One signal that a file offers.

    Attributes
    ----------
    name
        How to ask for it; unique inside the file.
    n_samples
        Length; 0 when the file holds an empty vector.
    dtype
        Number type in the file, in numpy's words.
    sample_rate_hz
        The rate that the file itself declares, or None.
    unit
        The unit that the file itself declares, or None.
    attributes
        Whatever else the file says about this signal (`fault_class`, `bearing`, ...).
    part
        ``train``, ``validation``, ``test`` or ``test_...`` where the file comes with its own split.
    """

    name: str
    n_samples: int
    dtype: str
    sample_rate_hz: float | None = None
    unit: str | None = None
    attributes: dict[str, Attribute] = field(default_factory=dict)
    part: str | None = None


@dataclass(frozen=True, slots=True)
class FilePreview:
    """What a file holds, without its samples.

    Attributes
    ----------
    format
        Name of the reader.
    variables
        The signals, in the order of the file.
    scalars
        Single values beside the signals (``X097RPM``, ``bearing.load``): hints for a person.
    parts
        The parts of the file's own split, in order; empty where it has none.
    class_names
        The class order that the file declares, or empty.
    notes
        What was found out about the layout, as sentences.
    """

    format: str
    variables: list[VariablePreview]
    scalars: dict[str, Attribute] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    class_names: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class OpenRecordingFile(ABC):
    """An opened file of one format; a context manager."""

    @abstractmethod
    def preview(self) -> FilePreview:
        """List the signals without reading their samples."""

    @abstractmethod
    def read_blocks(self, variable: str) -> Iterator[Float32Array]:
        """Yield the samples of one signal as float32 blocks of at most about `BLOCK_SAMPLES`.

        Raises
        ------
        FileRefusedError
            The signal is not there (``NO_USABLE_VECTOR``), or its bytes are broken.
        """

    def read_many(self, variables: Sequence[str]) -> Iterator[tuple[str, Float32Array]]:
        """Yield (signal, block) for several signals; a text file is gone through only once."""
        for variable in variables:
            for block in self.read_blocks(variable):
                yield variable, block

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class ReaderSpec:
    """A registered format: its name, a title for people, its usual suffixes and how to open a file."""

    name: str
    title: str
    suffixes: tuple[str, ...]
    # Callable[[Path, ReadOptions], OpenRecordingFile]; Any because a dataclass field would bind as a method
    open: Any


def refuse(sentence: str, code: ErrorCode = ErrorCode.FILE_REFUSED) -> FileRefusedError:
    """Build the error for a file that is not read."""
    return FileRefusedError(sentence, code=code)


def missing_variable(name: str, available: list[str]) -> FileRefusedError:
    """Build the error for a signal that the file does not hold."""
    shown = ", ".join(available[:8]) + (", …" if len(available) > 8 else "")
    return refuse(
        f"The file has no signal named '{name[:200]}'. It holds: {shown or 'no signal at all'}.",
        ErrorCode.NO_USABLE_VECTOR,
    )


def check_expansion(n_bytes: int, stored_bytes: int, what: str) -> None:
    """Refuse what would unpack to far more than a measurement ever does.

    Parameters
    ----------
    n_bytes
        Size after unpacking, as declared.
    stored_bytes
        Size in the file.
    what
        Its name for the sentence.
    """
    if n_bytes > COMPRESSION_ALLOWANCE_BYTES and n_bytes > MAX_COMPRESSION_RATIO * stored_bytes:
        ratio = n_bytes // max(stored_bytes, 1)
        raise refuse(
            f"'{what}' claims {n_bytes:,} bytes but only {stored_bytes:,} are stored ({ratio:,} times less). "
            "No measurement packs like that; the file was not unpacked."
        )


def check_length(n_samples: int, what: str) -> None:
    """Refuse a signal that is longer than the store takes."""
    if n_samples > MAX_SIGNAL_SAMPLES:
        raise refuse(f"'{what}' claims {n_samples:,} samples; at most {MAX_SIGNAL_SAMPLES:,} are read.")


def as_rate(value: Attribute | None) -> float | None:
    """Return a declared sample rate in Hz, or None where the value can't be one."""
    try:
        rate = float(value) if value is not None else 0.0
    except ValueError:
        return None
    return rate if np.isfinite(rate) and rate > 0 else None


def rate_from_step(step_s: float) -> float:
    """Return 1 / step in Hz; the whole number that the step, as it is written, can't be told from.

    >>> rate_from_step(8.33333e-05), rate_from_step(3.90625e-05), rate_from_step(1 / 12_000.4)
    (12000.0, 25600.0, 12000.4)
    """
    rate = 1.0 / step_s
    nearest = float(round(rate))
    shown = f"{step_s:.15g}"
    for whole in (nearest, round(rate, 3)):
        digits = max(len(shown.partition("e")[0].replace(".", "").strip("0")), 6)
        if whole and f"{1.0 / whole:.{digits}g}" == f"{step_s:.{digits}g}":
            return whole
    return rate


def to_float32(values: npt.NDArray[Any]) -> Float32Array:
    """Convert samples to contiguous float32; what is too large becomes infinite and is caught as such."""
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values, dtype=np.float32)


def collect(blocks: Iterator[Float32Array]) -> Float32Array:
    """Join blocks into one 1-D array.

    Raises
    ------
    SignalError
        There are no samples (``EMPTY_SIGNAL``).
    """
    parts = list(blocks)
    if not sum(part.size for part in parts):
        raise SignalError("The signal is empty: it has no samples.", code=ErrorCode.EMPTY_SIGNAL)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def unit_in_brackets(title: str) -> str | None:
    """Return ``g`` from ``acc [g]`` or ``acc (g)``.

    >>> unit_in_brackets("speed [mm/s]")
    'mm/s'
    """
    found = re.search(r"[\[(]\s*([^\[\]()]{1,16}?)\s*[\])]\s*$", title)
    return found.group(1) if found else None


def file_size(path: Path) -> int:
    """Return the size in bytes; an unreadable path is refused in plain words."""
    try:
        return path.stat().st_size
    except OSError as error:
        raise refuse(f"The file can't be opened: {error.strerror}.", ErrorCode.FILE_UNREADABLE) from error
