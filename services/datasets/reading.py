"""Read the planned signals of an import into a workspace: checked, hashed, no two alike."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.isolated import IsolatedReader
from core.datasets.readers.base import AS_FOUND, ReadOptions
from core.datasets.store import hash_signal
from core.signal.quality import QualitySeverity, assess_quality, check_usable
from services.datasets.planning import PlannedSignal, Skipped
from services.datasets.sources import SourceFile
from services.shared.texts import to_plain
from utils.exceptions import (
    ConflictError,
    ErrorCode,
    InvalidInputError,
    LstmPfdError,
    ServiceUnavailableError,
    StorageFullError,
)
from utils.ids import new_storage_name

# So many signals of one file are read per request to the reader: a cancellation waits for no more.
_BATCH = 32
_BATCH_SAMPLES = 1 << 23
_LONG_SAMPLES = 1 << 20
_BYTES_PER_SAMPLE = 4


@dataclass(frozen=True, slots=True)
class StagedSignal:
    """A signal that was read: its plan, its samples in a raw file, and what was found out about them.

    ``conditions`` is what else is known of how its recording came about.
    """

    planned: PlannedSignal
    path: Path
    n_samples: int
    sha256: str
    quality: list[dict[str, Any]]
    conditions: dict[str, Any] | None = None

    def load(self) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Return the samples, mapped from the raw file."""
        return np.memmap(self.path, dtype=np.float32, mode="r")


def check_room(signals: Sequence[PlannedSignal], folder: Path, reserve_bytes: int) -> None:
    """Refuse an import that the disk has no room for: samples are staged once and stored once.

    Raises:
        StorageFullError: Too little room.
    """
    needed = 2 * _BYTES_PER_SAMPLE * sum(signal.n_samples for signal in signals) + reserve_bytes
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise StorageFullError(
            f"The import needs {needed / 1e6:,.0f} MB, but only {free / 1e6:,.0f} MB are free. Nothing was "
            "changed; free some space and try again."
        )


def stage_signals(
    reader: IsolatedReader,
    sources: Sequence[SourceFile],
    signals: Sequence[PlannedSignal],
    folder: Path,
    on_progress: Callable[[int], None],
    options: ReadOptions = AS_FOUND,
) -> tuple[list[StagedSignal], list[Skipped]]:
    """Read every planned signal into ``folder``; one that is not usable is left out and named.

    Raises:
        ConflictError: Two signals have the same content (``duplicate_content``).
    """
    staged: list[StagedSignal] = []
    skipped: list[Skipped] = []
    seen: dict[str, PlannedSignal] = {}

    def read(batch: list[PlannedSignal]) -> list[Path | LstmPfdError]:
        return _read_batch(reader, sources[batch[0].source], batch, folder, options)

    for batch, outputs in _read_ahead(reader, list(_batches(signals)), read):
        for planned, output in zip(batch, outputs, strict=True):
            try:
                if isinstance(output, LstmPfdError):
                    raise output
                signal = _examine(planned, output)
            except (ServiceUnavailableError, StorageFullError):
                raise
            except LstmPfdError as error:
                skipped.append(_skip(planned, error))
                continue
            _refuse_twin(seen.setdefault(signal.sha256, planned), planned)
            staged.append(signal)
        on_progress(len(staged) + len(skipped))
    return staged, skipped


def _read_ahead(
    reader: IsolatedReader,
    batches: list[list[PlannedSignal]],
    read: Callable[[list[PlannedSignal]], list[Path | LstmPfdError]],
) -> Iterator[tuple[list[PlannedSignal], list[Path | LstmPfdError]]]:
    """Yield batches with what was read, while the reader is at the next one already."""
    with ThreadPoolExecutor(1) as ahead:
        waiting = [ahead.submit(read, batch) for batch in batches[:1]]
        try:
            for at, batch in enumerate(batches):
                found = waiting.pop().result()
                waiting += [ahead.submit(read, following) for following in batches[at + 1 : at + 2]]
                yield batch, found
        except BaseException:
            reader.close()  # nobody waits for what is being read
            raise


def _batches(signals: Sequence[PlannedSignal]) -> Iterator[list[PlannedSignal]]:
    """Yield signals of one file, a few at a time; those whose samples lie side by side stay together."""
    batch: list[PlannedSignal] = []
    n_samples = 0
    for signal in signals:
        full = len(batch) >= _BATCH or (n_samples >= _BATCH_SAMPLES and not _lie_together(batch[-1], signal))
        if batch and (signal.source != batch[0].source or full):
            yield batch
            batch, n_samples = [], 0
        n_samples += signal.n_samples
        batch.append(signal)
    if batch:
        yield batch


def _lie_together(one: PlannedSignal, other: PlannedSignal) -> bool:
    """Whether reading one signal goes through the samples of the other, as in the columns of a table."""
    same_array = one.variable.partition("[")[0] == other.variable.partition("[")[0]
    return one.is_interleaved or same_array


def _read_batch(
    reader: IsolatedReader,
    source: SourceFile,
    batch: list[PlannedSignal],
    folder: Path,
    options: ReadOptions,
) -> list[Path | LstmPfdError]:
    """Read several signals at once; where that fails, one by one, so that a broken one spares the others."""
    outputs = {signal.variable: folder / f"{new_storage_name()}.f32" for signal in batch}
    divisors = {signal.variable: signal.divisor for signal in batch if signal.divisor is not None}
    if len(outputs) > 1:
        try:
            reader.read_many(source.path, outputs, source.name, options, divisors)
            return [outputs[signal.variable] for signal in batch]
        except StorageFullError:
            raise
        except LstmPfdError:
            pass

    def read_one(variable: str) -> Path | LstmPfdError:
        return _read_one(reader, source, {variable: outputs[variable]}, options, divisors)

    return [read_one(signal.variable) for signal in batch]


def _read_one(
    reader: IsolatedReader,
    source: SourceFile,
    output: dict[str, Path],
    options: ReadOptions,
    divisors: dict[str, float],
) -> Path | LstmPfdError:
    try:
        (found,) = reader.read_many(source.path, output, source.name, options, divisors).values()
        return found.path
    except StorageFullError:
        raise
    except LstmPfdError as error:
        return error


def _examine(planned: PlannedSignal, path: Path) -> StagedSignal:
    assert planned.sample_rate_hz is not None  # noqa: S101 -- a plan without rates is refused before
    samples = np.memmap(path, dtype=np.float32, mode="r")
    with ThreadPoolExecutor(1) as beside:  # starts its thread on first use
        is_long = samples.size >= _LONG_SAMPLES
        digest = beside.submit(hash_signal, samples).result if is_long else partial(hash_signal, samples)
        check_usable(samples)
        flags = assess_quality(samples, planned.sample_rate_hz)
        sha256 = digest()
    return StagedSignal(
        planned,
        path,
        int(samples.size),
        sha256,
        [*_say_scaling(planned), *({**asdict(f), "severity": str(f.severity)} for f in flags)],
    )


def _say_scaling(planned: PlannedSignal) -> list[dict[str, Any]]:
    """A signal that is not as it stands in its file says so wherever its quality is shown."""
    if planned.scaling is None:
        return []
    return [{"name": "scaled", "severity": str(QualitySeverity.INFO), "sentence": planned.scaling}]


def _refuse_twin(first: PlannedSignal, second: PlannedSignal) -> None:
    if first is second:
        return
    if first.file == second.file:
        where = f"'{first.variable}' and '{second.variable}' in {first.file} hold the same signal"
    else:
        where = f"{first.file} ({first.variable}) and {second.file} ({second.variable}) have the same content"
    raise ConflictError(f"{where}. Leave one of them out.", code=ErrorCode.DUPLICATE_CONTENT)


def _skip(planned: PlannedSignal, error: LstmPfdError) -> Skipped:
    known = planned.variable in error.sentence
    sentence = error.sentence if known else f"'{planned.variable}': {error.sentence}"
    return Skipped(planned.file, error.code.value, to_plain(sentence))


def refuse_skipped(skipped: Sequence[Skipped]) -> None:
    """For a strict import: one file that can't be used refuses them all."""
    if skipped:
        first = skipped[0]
        raise InvalidInputError(
            f"{first.file}: {first.sentence} A strict import takes every file or none.",
            code=ErrorCode(first.code),
        )
