"""Exports: a dataset version as a file, written by a job, kept for two days, deleted when that is over."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.datasets.readers.base import Float32Array
from core.datasets.writers.base import ExportedDataset, ExportedSignal, hash_file
from core.datasets.writers.registry import WRITERS, WriterSpec, get_writer
from dashboard_config import get_settings
from database.connection import get_db_session
from models.dataset import Dataset, DatasetVersion
from models.export import Export
from models.job import Job, JobKind, JobQueue
from models.machine import Bearing
from models.recording import Signal
from services.datasets.rows import Row, find_dataset, find_version, load_rows
from services.jobs.board import describe_job
from services.jobs.queue import enqueue_job
from services.jobs.runner import JobHandle
from services.shared.actors import Actor
from services.shared.audit import record_audit
from services.shared.batches import split_batches
from services.shared.signal_store import open_signal_view
from utils.clock import to_iso, utc_now
from utils.constants import EXPORT_KEPT_H
from utils.exceptions import (
    AccessDeniedError,
    InvalidInputError,
    NotFoundError,
    ServiceUnavailableError,
    StorageFullError,
)
from utils.ids import new_storage_name

_MAX_LISTED = 200
_BYTES_PER_SIGNAL = 2_048


def request_export(
    dataset_id: int, file_format: str, version: int | None, output_dir: str | None, actor: Actor
) -> tuple[int, int]:
    """Enqueue an export and return its id and its job's.

    Args:
        dataset_id: Which.
        file_format: A name of `core.datasets.writers.registry.WRITERS`.
        version: By default the newest.
        output_dir: A folder to write to, for scripts only; by default the file waits for its download.
        actor: Who asks.

    Raises:
        InvalidInputError: No such format or folder.
        NotFoundError: No such dataset or version.
        AccessDeniedError: Somebody who is no script names a folder.
    """
    writer = get_writer(file_format)
    folder = _check_folder(output_dir, actor)
    with get_db_session(read_only=True) as session:
        found = find_version(session, dataset_id, version)
        name, number, version_id = find_dataset(session, dataset_id).name, found.number, found.id
    with get_db_session() as session:
        job = enqueue_job(
            session,
            kind=JobKind.EXPORT,
            queue=JobQueue.QUICK,
            title=f"Export of '{name}', version {number}, as {writer.name}",
            payload={"output_dir": folder},
            actor=actor,
            link=f"/datasets/{dataset_id}?tab=export",
        )
        export = Export(
            dataset_version_id=version_id,
            job_id=job.id,
            format=writer.name,
            file_name=f"{_as_file_name(name)}-v{number}{_mark(writer)}{writer.suffix}",
            created_by=actor.user_id,
        )
        session.add(export)
        session.flush()
        record_audit(session, actor, "dataset.export", f"dataset {dataset_id}", details={"export": export.id})
        session.commit()
        return export.id, job.id


def _check_folder(output_dir: str | None, actor: Actor) -> str | None:
    if output_dir is None:
        return None
    if not actor.is_system:
        raise AccessDeniedError("Only a script may name a folder; download the file instead.")
    folder = Path(output_dir).resolve()
    if not folder.is_dir():
        raise InvalidInputError(f"There is no folder '{folder}' to write the export to.")
    return str(folder)


def _as_file_name(name: str) -> str:
    """Return a dataset's name as a file can be called.

    >>> _as_file_name("CWRU 12k / DE")
    'CWRU-12k-DE'
    """
    return re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-.")[:80] or "dataset"


def _mark(writer: WriterSpec) -> str:
    return "" if writer.suffix == ".h5" else f"-{writer.name}"


def run_export(handle: JobHandle) -> dict[str, Any]:
    """Write the file that a job asks for and return the job's result.

    The file appears whole under a name of our own; one fenced transaction then makes it visible.
    """
    with get_db_session(read_only=True) as session:
        export = session.scalars(select(Export).where(Export.job_id == handle.job_id)).one()
        version = session.get_one(DatasetVersion, export.dataset_version_id)
        name = session.get_one(Dataset, version.dataset_id).name
        rows = load_rows(session, version.id)
    writer = get_writer(export.format)
    folder = Path(handle.payload["output_dir"] or get_settings().exports_dir)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(folder, handle.job_id)
    _check_room(writer, rows, folder)
    path = folder / f"export-{handle.job_id}-{new_storage_name()}{writer.suffix}"
    try:
        signals = _list_signals(rows, handle.raise_if_interrupted)
        dataset = _describe_dataset(name, version, rows, signals)
        writer.write(path, dataset, lambda done: _tell(handle, done, len(rows)))
        return _publish(handle, export, path)
    except ServiceUnavailableError:
        raise  # nobody can tell whether the row names the file already: the next attempt sweeps
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _tell(handle: JobHandle, done: int, total: int) -> None:
    handle.report(0.98 * done / total, f"wrote {done:,} of {total:,} signals")
    handle.raise_if_interrupted()


def _sweep(folder: Path, job_id: int) -> None:
    """Remove what an earlier attempt of the job left behind."""
    for pattern in (f"export-{job_id}-*", f".export-{job_id}-*"):
        for leftover in folder.glob(pattern):
            leftover.unlink(missing_ok=True)


def _check_room(writer: WriterSpec, rows: Sequence[Row], folder: Path) -> None:
    needed = writer.bytes_per_sample * sum(row["n_samples"] for row in rows) + _BYTES_PER_SIGNAL * len(rows)
    free = shutil.disk_usage(folder).free - get_settings().storage_reserve_bytes
    if needed > free:
        raise StorageFullError(
            f"The disk is full: the export needs up to {needed / 1e6:,.0f} MB, and "
            f"{max(free, 0) / 1e6:,.0f} MB are free. Free some space and start it again."
        )


def _describe_dataset(
    name: str, version: DatasetVersion, rows: Sequence[Row], signals: Iterator[ExportedSignal]
) -> ExportedDataset:
    if not rows:
        raise InvalidInputError("This version holds no signals to export.")
    return ExportedDataset(
        name=name,
        version=version.number,
        manifest_sha256=version.manifest_sha256,
        class_names=tuple(sorted({row["fault_class"] for row in rows if row["fault_class"]})),
        created_utc=utc_now(),
        n_signals=len(rows),
        signals=signals,
    )


def _list_signals(rows: Sequence[Row], on_block: Callable[[], None]) -> Iterator[ExportedSignal]:
    """Yield the signals by recording and channel, a few hundred rows at a time."""
    for batch in split_batches(sorted(rows, key=lambda row: (row["recording"], row["channel"]))):
        with get_db_session(read_only=True) as session:
            chosen = select(Signal).where(Signal.id.in_([row["signal_id"] for row in batch]))
            signals = {signal.id: signal for signal in session.scalars(chosen)}
            places = {signal.bearing_id for signal in signals.values() if signal.bearing_id is not None}
            chosen_bearings = select(Bearing).where(Bearing.id.in_(places))
            bearings = {bearing.id: bearing for bearing in session.scalars(chosen_bearings)}
        for row in batch:
            signal = signals[row["signal_id"]]
            yield _describe_signal(
                row, signal, _word_orders(row, bearings.get(signal.bearing_id or 0)), on_block
            )


def _word_orders(row: Row, bearing: Bearing | None) -> str | None:
    """Return the fault orders of a bearing that no catalogue has, as an import takes them."""
    if bearing is None or bearing.designation != row["bearing"] or bearing.orders is None:
        return None  # none is known, or this version names another bearing
    if (bearing.orders_source or "").startswith("catalogue"):
        return None
    return ",".join(f"{name}={value!r}" for name, value in bearing.orders.items())


def _describe_signal(
    row: Row, signal: Signal, orders: str | None, on_block: Callable[[], None]
) -> ExportedSignal:
    def load_values() -> Float32Array:
        return open_signal_view(signal).read()

    same = ("unit", "shaft_speed_rpm", "load", "machine", "measurement_point", "bearing", "fault_class")
    return ExportedSignal(
        recording=row["recording"],
        channel=row["channel"],
        n_samples=row["n_samples"],
        sample_rate_hz=row["sample_rate_hz"],
        sha256=row["sha256"],
        load_values=load_values,
        severity=row["severity"],
        group=row["group"],
        part=row["given_part"],
        acquired_utc=row["acquired_at"],
        source_file=row["source_file"],
        orders=orders,
        on_block=on_block,
        **{name: row[name] for name in same},
    )


def _publish(handle: JobHandle, export: Export, path: Path) -> dict[str, Any]:
    """Make a written file visible: in the folder of exports under its row, else under its own name."""
    n_bytes, digest = path.stat().st_size, hash_file(path)
    named_folder = handle.payload["output_dir"]
    values: dict[str, Any] = {"n_bytes": n_bytes, "sha256": digest}
    if named_folder is None:
        values["relative_path"] = str(path.relative_to(get_settings().data_dir))
        values["expires_at"] = utc_now() + timedelta(hours=EXPORT_KEPT_H)
    with get_db_session() as session:
        handle.fenced(session)
        session.execute(update(Export).where(Export.id == export.id).values(**values))
        session.commit()
    result = {
        "export_id": export.id,
        "format": export.format,
        "file_name": export.file_name,
        "n_bytes": n_bytes,
        "sha256": digest,
    }
    if named_folder is not None:
        target = Path(named_folder) / export.file_name
        path.replace(target)
        result["path"] = str(target)
    return result


def list_exports(dataset_id: int) -> list[dict[str, Any]]:
    """Return the exports of a dataset, newest first.

    Raises:
        NotFoundError: No such dataset.
    """
    chosen = (
        select(Export, DatasetVersion, Job)
        .join(DatasetVersion, DatasetVersion.id == Export.dataset_version_id)
        .join(Job, Job.id == Export.job_id)
        .where(DatasetVersion.dataset_id == dataset_id)
        .order_by(Export.id.desc())
        .limit(_MAX_LISTED)
    )
    with get_db_session(read_only=True) as session:
        find_dataset(session, dataset_id)
        return [_describe(*found) for found in session.execute(chosen)]


def load_export(session: Session, export_id: int) -> tuple[dict[str, Any], Path | None]:
    """Return an export as plain data, and its file where that can be downloaded.

    Raises:
        NotFoundError: There is none.
    """
    found = session.execute(
        select(Export, DatasetVersion, Job)
        .join(DatasetVersion, DatasetVersion.id == Export.dataset_version_id)
        .join(Job, Job.id == Export.job_id)
        .where(Export.id == export_id)
    ).first()
    if found is None:
        raise NotFoundError("There is no such export; it may have been deleted after its two days.")
    described, export = _describe(*found), found[0]
    place = export.relative_path
    path = get_settings().data_dir / place if place and described["downloadable"] else None
    return described, path


def _describe(export: Export, version: DatasetVersion, job: Job) -> dict[str, Any]:
    over = export.expires_at is not None and export.expires_at <= utc_now()
    return {
        "export_id": export.id,
        "dataset_id": version.dataset_id,
        "version": version.number,
        "format": export.format,
        "title": WRITERS[export.format].title,
        "file_name": export.file_name,
        "n_bytes": export.n_bytes,
        "sha256": export.sha256,
        "created_at": to_iso(export.created_at),
        "expires_at": to_iso(export.expires_at),
        "downloadable": export.relative_path is not None and not over,
        "job": describe_job(job),
    }
