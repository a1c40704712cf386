"""The comparison of a version's signals with one another: done once, kept, and used by every split's check.

It depends on the signals and their rates alone, not on labels or splits, and is kept under their hash.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import select

from core.datasets.near_duplicates import Copy
from core.datasets.readers.base import Float32Array
from core.datasets.shared_pairs import ComparedSignal, SharedPair, find_shared_pairs
from core.datasets.signature_store import Key, load_signatures
from core.datasets.signatures import SIGNATURE_VERSION
from core.datasets.store import open_signal
from dashboard_config import get_settings
from database.connection import get_db_session
from models.job import Job, JobKind, JobQueue, JobState
from models.recording import Signal
from models.user import Role
from services.datasets.rows import Row, find_dataset, find_version, load_rows
from services.jobs.queue import enqueue_job
from services.jobs.runner import JobHandle
from services.shared.actors import Actor
from services.shared.batches import split_batches
from services.shared.signal_store import open_signal_view
from utils.clock import monotonic_s, utc_now
from utils.exceptions import ConflictError, DataDamagedError, ErrorCode

_SCAN_VERSION = 1
# A comparison that takes longer than this runs as a job; the paces are of one core of a small machine.
_INLINE_S = 3.0
# Nor does one that turns out to take longer than this: many signals that are alike are looked at one by one.
_PATIENCE_S = 8.0
_SIGNALS_PER_S = 150.0
_SAMPLES_PER_S = 15e6
_PAIRS_PER_S = 3e6
_SHARE_SIGNATURES = 0.5
Report = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class StoredScan:
    """A finished comparison."""

    pairs: tuple[SharedPair, ...]
    n_left_out: int
    n_signals: int
    seconds: float
    finished_at: str


def find_scan(rows: Sequence[Row]) -> StoredScan | None:
    """Return the comparison of exactly these signals, where it was done."""
    try:
        stored = json.loads(_scan_path(rows).read_text(encoding="utf-8"))
        pairs = tuple(_read_pair(pair) for pair in stored.pop("pairs"))
        return StoredScan(pairs, **stored)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError):
        return None  # torn or of another make: done again


def _read_pair(stored: dict[str, Any]) -> SharedPair:
    copy = stored.pop("copy")
    return SharedPair(**stored, copy=Copy(**copy) if copy else None)


def _scan_path(rows: Sequence[Row]) -> Path:
    lines = sorted({f"{row['sha256']} {row['sample_rate_hz']!r}" for row in rows})
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    folder: Path = get_settings().leak_scans_dir
    return folder / f"{digest}-{SIGNATURE_VERSION}.{_SCAN_VERSION}.json"


def estimate_scan_s(rows: Sequence[Row]) -> float:
    """Return about how long a comparison takes that starts from nothing."""
    n_samples = sum(min(row["n_samples"], 64 * row["sample_rate_hz"]) for row in rows)
    n_pairs = len(rows) ** 2 / 2
    return float(len(rows) / _SIGNALS_PER_S + n_samples / _SAMPLES_PER_S + n_pairs / _PAIRS_PER_S)


def require_scan(rows: Sequence[Row], dataset_id: int, version: int, actor: Actor) -> StoredScan:
    """Return the comparison of a version's signals: the stored one, or a quick one made now.

    Args:
        rows: Every signal of the version.
        dataset_id: Which.
        version: Its number.
        actor: Who asks; an engineer's question starts the job that a long comparison needs.

    Raises:
        ConflictError: ``leak_check_running``: it takes long and is not finished.
        DataDamagedError: A signal can't be read.
    """
    found = find_scan(rows)
    if found is not None:
        return found
    if estimate_scan_s(rows) <= _INLINE_S:
        with suppress(_TakesTooLongError):
            return scan_rows(rows, _lose_patience_after(_PATIENCE_S))
    job = find_open_job(dataset_id, version)
    if job is None and actor.may(Role.ENGINEER):
        request_scan(dataset_id, version, actor)
        job = find_open_job(dataset_id, version)
    if job is None:
        sentence = (
            "The signals of this dataset have not been compared for copies. An engineer can start that."
        )
        raise ConflictError(sentence, code=ErrorCode.LEAK_CHECK_RUNNING)
    raise ConflictError(
        f"The {len(rows):,} signals of this dataset are being compared for copies "
        f"({job['progress']:.0%} done). Try again when that has finished.",
        code=ErrorCode.LEAK_CHECK_RUNNING,
    )


class _TakesTooLongError(Exception):
    """A comparison that nobody should wait for."""


def _lose_patience_after(seconds: float) -> Report:
    end_s = monotonic_s() + seconds

    def report(_share: float, _text: str) -> None:
        if monotonic_s() > end_s:
            raise _TakesTooLongError

    return report


def find_open_job(dataset_id: int, version: int) -> dict[str, Any] | None:
    """Return the waiting or running comparison of a version: id, state, progress, progress_text."""
    chosen = select(Job).where(
        Job.kind == JobKind.LEAK_CHECK, Job.state.in_((JobState.QUEUED, JobState.RUNNING))
    )
    with get_db_session(read_only=True) as session:
        for job in session.scalars(chosen.order_by(Job.id)):
            if job.payload == {"dataset_id": dataset_id, "version": version}:
                return {
                    "id": job.id,
                    "state": str(job.state),
                    "progress": job.progress,
                    "progress_text": job.progress_text,
                }
    return None


def request_scan(dataset_id: int, version: int | None, actor: Actor) -> int | None:
    """Enqueue the comparison of a version's signals; None where it is done already.

    Raises:
        NotFoundError: No such dataset or version.
    """
    with get_db_session(read_only=True) as session:
        found = find_version(session, dataset_id, version)
        name, rows = find_dataset(session, dataset_id).name, load_rows(session, found.id)
    if find_scan(rows) is not None:
        return None
    waiting = find_open_job(dataset_id, found.number)
    if waiting is not None:
        return int(waiting["id"])
    with get_db_session() as session:
        job = enqueue_job(
            session,
            kind=JobKind.LEAK_CHECK,
            queue=JobQueue.QUICK,
            title=f"Leak check of '{name}', version {found.number}",
            payload={"dataset_id": dataset_id, "version": found.number},
            actor=actor,
            link=f"/datasets/{dataset_id}/leaks?version={found.number}",
        )
        session.commit()
        return job.id


def run_scan(handle: JobHandle) -> dict[str, Any]:
    """Do the comparison that a job asks for and return the job's result."""
    dataset_id, number = handle.payload["dataset_id"], handle.payload["version"]
    with get_db_session(read_only=True) as session:
        rows = load_rows(session, find_version(session, dataset_id, number).id)

    def report(share: float, text: str) -> None:
        handle.report(share, text)
        handle.raise_if_interrupted()

    scan = find_scan(rows) or scan_rows(rows, report)
    return {
        "dataset_id": dataset_id,
        "version": number,
        "n_signals": scan.n_signals,
        "n_pairs": len(scan.pairs),
        "n_left_out": scan.n_left_out,
        "seconds": scan.seconds,
    }


def scan_rows(rows: Sequence[Row], report: Report = lambda _share, _text: None) -> StoredScan:
    """Compare all signals with one another and keep the outcome.

    Raises:
        DataDamagedError: A signal can't be read.
    """
    started_s = monotonic_s()
    signals = _gather(rows, lambda share, text: report(_SHARE_SIGNATURES * share, text))
    rest = 1 - _SHARE_SIGNATURES
    found = find_shared_pairs(signals, lambda share, text: report(_SHARE_SIGNATURES + rest * share, text))
    scan = StoredScan(
        pairs=tuple(found.pairs),
        n_left_out=found.n_left_out,
        n_signals=len(signals),
        seconds=round(monotonic_s() - started_s, 2),
        finished_at=utc_now().isoformat(),
    )
    _store(_scan_path(rows), scan)
    return scan


def _store(path: Path, scan: StoredScan) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("x", encoding="utf-8") as file:
            json.dump(asdict(scan), file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _gather(rows: Sequence[Row], report: Report) -> list[ComparedSignal]:
    """Return what the comparison needs of every signal, shard by shard."""
    by_shard: dict[str, dict[Key, Signal]] = defaultdict(dict)
    with get_db_session(read_only=True) as session:
        for batch in split_batches([row["signal_id"] for row in rows]):
            for signal in session.scalars(select(Signal).where(Signal.id.in_(batch))):
                by_shard[signal.shard][signal.sha256, signal.sample_rate_hz] = signal
    compared: list[ComparedSignal] = []
    for shard, wanted in sorted(by_shard.items()):
        compared += _gather_shard(shard, wanted, _Counter(len(compared), len(rows), report))
    return compared


@dataclass(slots=True)
class _Counter:
    """Tells how many signatures were taken."""

    done: int
    total: int
    report: Report

    def __call__(self) -> None:
        self.done += 1
        text = f"took the signature of {self.done:,} of {self.total:,} signals"
        self.report(min(self.done / self.total, 1.0), text)


def _gather_shard(shard: str, wanted: dict[Key, Signal], on_signal: _Counter) -> list[ComparedSignal]:
    place = PurePosixPath(shard)
    folder = get_settings().signals_dir / place.parent
    try:
        signatures = load_signatures(folder, place.name, list(wanted), on_signal)
        return [
            ComparedSignal(
                sha256=sha256,
                sample_rate_hz=rate,
                n_samples=signal.n_samples,
                fingerprints=open_signal(folder, place.name, sha256).fingerprints.copy(),
                signature=signatures[sha256, rate],
                load=_Loader(folder, place.name, sha256),
            )
            for (sha256, rate), signal in wanted.items()
        ]
    except DataDamagedError:
        for signal in wanted.values():
            open_signal_view(signal)  # flags the one that is broken, so that its dataset shows it
        raise


@dataclass(frozen=True, slots=True)
class _Loader:
    """Opens a signal when it is looked at closely; thousands of them are never open at once."""

    folder: Path
    shard: str
    sha256: str

    def __call__(self) -> Float32Array:
        return open_signal(self.folder, self.shard, self.sha256).read()
