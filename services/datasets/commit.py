"""One fenced transaction that makes an import visible: machines, recordings, signals, version, manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, insert, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from database.connection import get_db_session
from models.dataset import Dataset, DatasetVersion, ManifestRow
from models.job import Job
from models.recording import Recording, Signal
from models.upload import Upload
from services.datasets.bearings import BearingOrders, resolve_bearing
from services.datasets.entered_bearings import load_entries
from services.datasets.merging import (
    VersionBase,
    add_relatives,
    build_new_rows,
    iterate_merged,
    load_base,
)
from services.datasets.places import BearingKey, Places
from services.datasets.reading import StagedSignal
from services.datasets.rows import Row, find_version
from services.datasets.summary import ManifestHash, Summary
from services.datasets.table import open_index
from services.jobs.runner import JobHandle
from services.shared.batches import split_batches
from utils.exceptions import ConflictError, ServiceUnavailableError
from utils.logger import setup_logger

logger = setup_logger(__name__)

_TRIES = 5


@dataclass(frozen=True, slots=True)
class StagedImport:
    """All that an import has read and stored, ready to be made visible.

    ``shards`` says where each signal lies, by hash; ``reused`` are the hashes that were stored before.
    ``origin`` and ``card`` are kept with the version; ``only_new`` refuses a dataset that is there already.
    ``skipped`` may list only the first of ``n_skipped``; ``notes`` are what the files were found to be.
    """

    name: str
    description: str
    signals: Sequence[StagedSignal]
    shards: Mapping[str, str]
    reused: frozenset[str]
    skipped: Sequence[Mapping[str, Any]]
    upload_ids: Sequence[str] = ()
    n_skipped: int = 0
    notes: Sequence[str] = ()
    origin: Mapping[str, Any] = field(default_factory=lambda: {"kind": "import"})
    card: Mapping[str, Any] | None = None
    reason: str | None = None
    only_new: bool = False


@dataclass(slots=True)
class _Change:
    """What the transaction writes, worked out beforehand."""

    base: VersionBase
    new_rows: list[Row]
    bearings: dict[BearingKey, BearingOrders] = field(default_factory=dict)
    manifest_sha256: str = ""
    summary: dict[str, Any] = field(default_factory=dict)


class _BaseMovedError(Exception):
    """The dataset changed since it was looked at."""


def find_finished_import(job_id: int) -> dict[str, Any] | None:
    """Return the result of an earlier attempt of this job that had already become visible."""
    with get_db_session(read_only=True) as session:
        summary = session.scalar(
            select(DatasetVersion.summary).where(DatasetVersion.summary["job_id"].as_integer() == job_id)
        )
    return summary["import"] if summary else None


def list_stored_shards(hashes: Sequence[str]) -> dict[str, str]:
    """Return the shard of every one of these signals that the store already holds."""
    found: dict[str, str] = {}
    with get_db_session(read_only=True) as session:
        for chunk in split_batches(hashes):
            rows = session.execute(select(Signal.sha256, Signal.shard).where(Signal.sha256.in_(chunk)))
            found |= {row.sha256: row.shard for row in rows}
    return found


def commit_import(handle: JobHandle, staged: StagedImport) -> dict[str, Any]:
    """Write everything in one transaction and return the job's result.

    What is new is worked out before; where the dataset moved meanwhile, it is worked out again.

    Raises:
        ConflictError: The new recordings do not go together with those that the dataset holds.
        LeaseLostError: Another attempt owns the job.
    """
    for _ in range(_TRIES):
        change = _work_out(staged)
        try:
            with get_db_session() as session:
                handle.fenced(session)
                _look_again(session, staged, change.base)
                result = _write(session, handle, staged, change)
                session.commit()
        except (_BaseMovedError, IntegrityError):
            continue
        _write_index(result)
        return result
    raise ConflictError(f"Dataset '{staged.name}' is being changed by others; start the import again.")


def _write_index(result: Mapping[str, Any]) -> None:
    """Make the index of the new version's table now, so that nobody waits for it later.

    It is made again where it is missed; so what stops it here does not undo the import.
    """
    try:
        with get_db_session(read_only=True) as session:
            open_index(session, find_version(session, result["dataset_id"], result["version"]))
    except (OSError, ServiceUnavailableError):
        logger.warning("index of a new version not made", exc_info=True)


def _work_out(staged: StagedImport) -> _Change:
    with get_db_session(read_only=True) as session:
        base = load_base(session, staged.name)
        entered = load_entries(session)
        base = add_relatives(session, base, staged.signals)
    if staged.only_new and base.dataset_id is not None:
        raise ConflictError(f"There is already a dataset called '{staged.name}'. Choose another name.")
    new_rows = build_new_rows(base, staged.signals)
    bearings = {}
    for row in new_rows:
        known = resolve_bearing(row["bearing"], row["geometry"], row["orders"], entered=entered)
        if known is not None:
            bearings[row["machine"], known.designation] = known
    manifest, summary = ManifestHash(), Summary()
    with get_db_session(read_only=True) as session:
        for row in iterate_merged(session, base, new_rows):
            manifest.add(row)
            summary.add(row)
    return _Change(base, new_rows, bearings, manifest.hexdigest(), summary.describe())


def _look_again(session: Session, staged: StagedImport, base: VersionBase) -> None:
    """Under the write lock: the same newest version as before, and every reused blob still in use."""
    newest = session.execute(
        select(Dataset.id, DatasetVersion.number)
        .outerjoin(DatasetVersion, DatasetVersion.dataset_id == Dataset.id)
        .where(Dataset.name == staged.name)
        .order_by(DatasetVersion.number.desc())
        .limit(1)
    ).first()
    seen = (None, 0) if newest is None else (newest[0], newest[1] or 0)
    if seen != (base.dataset_id, base.number):
        raise _BaseMovedError
    for chunk in split_batches(sorted(staged.reused)):
        in_use = set(session.scalars(select(Signal.sha256).where(Signal.sha256.in_(chunk))))
        if in_use != set(chunk):
            raise ConflictError(
                "A dataset with the same signals was deleted meanwhile; start the import again."
            )


def _write(session: Session, handle: JobHandle, staged: StagedImport, change: _Change) -> dict[str, Any]:
    base = change.base
    dataset_id = base.dataset_id or _insert_dataset(session, staged, handle.actor_id)
    places = Places(session, change.new_rows, change.bearings)
    recording_ids = base.recording_ids | _insert_recordings(
        session, dataset_id, base, change.new_rows, places
    )
    signal_ids = _insert_signals(session, staged, change.new_rows, recording_ids, places)
    result = {
        "dataset_id": dataset_id,
        "dataset_name": staged.name,
        "version": base.number + 1,
        "n_recordings": len({row["recording"] for row in change.new_rows}),
        "n_signals": len(change.new_rows),
        "skipped": list(staged.skipped),
        "n_skipped": max(staged.n_skipped, len(staged.skipped)),
        "notes": _list_notes(staged, change),
    }
    version = DatasetVersion(
        dataset_id=dataset_id,
        number=base.number + 1,
        manifest_sha256=change.manifest_sha256,
        n_signals=change.summary["n_signals"],
        n_recordings=change.summary["n_recordings"],
        summary={**change.summary, "job_id": handle.job_id, "import": result},
        reason=staged.reason or f"import of {result['n_recordings']} recordings",
        origin=_describe_origin(staged, change),
        card=staged.card and {**staged.card, "manifest_sha256": change.manifest_sha256},
        created_by=handle.actor_id,
    )
    session.add(version)
    session.flush()
    _insert_manifest(session, version.id, base, change.new_rows, signal_ids)
    session.execute(delete(Upload).where(Upload.id.in_(staged.upload_ids)))
    session.execute(update(Job).where(Job.id == handle.job_id).values(link=f"/datasets/{dataset_id}"))
    return result


def _describe_origin(staged: StagedImport, change: _Change) -> dict[str, Any]:
    """Return where the version comes from; without a word on that, from the one before."""
    counts = {"added": len(change.new_rows), "removed": 0, "relabelled": 0, "edited": 0}
    return {"version_id": change.base.version_id, **staged.origin, "changes": counts}


def _list_notes(staged: StagedImport, change: _Change) -> list[str]:
    notes = list(staged.notes)
    if staged.reused:
        notes.append(f"{len(staged.reused)} signals were already stored by another dataset and are shared.")
    unlabelled = sum(row["fault_class"] is None for row in change.new_rows)
    if unlabelled:
        notes.append(f"{unlabelled} signals have no fault class: they can be diagnosed, but not trained on.")
    if change.base.number:
        notes.append(
            f"Version {change.base.number + 1} holds version {change.base.number} and the new recordings."
        )
    return notes


def _insert_dataset(session: Session, staged: StagedImport, created_by: int | None) -> int:
    dataset = Dataset(name=staged.name, description=staged.description, created_by=created_by)
    session.add(dataset)
    session.flush()
    return dataset.id


def _insert_recordings(
    session: Session, dataset_id: int, base: VersionBase, rows: Sequence[Row], places: Places
) -> dict[str, int]:
    known = base.recording_ids
    fresh = {row["recording"]: row for row in rows if row["recording"] not in known}
    values = [
        {
            "dataset_id": dataset_id,
            "name": name,
            "source_file": row["source_file"],
            "machine_id": places.machine_id(row["machine"]),
            "acquired_at": _parse_moment(row["acquired_utc"]),
            "shaft_speed_rpm": row["shaft_speed_rpm"],
            "load": row["load"],
            "conditions": row["conditions"],
        }
        for name, row in fresh.items()
    ]
    return dict(zip(fresh, _insert_many(session, Recording, values), strict=True))


def _insert_signals(
    session: Session,
    staged: StagedImport,
    rows: Sequence[Row],
    recording_ids: Mapping[str, int],
    places: Places,
) -> list[int]:
    values = [
        {
            "recording_id": recording_ids[row["recording"]],
            "channel": row["channel"],
            "measurement_point_id": places.point_id(row),
            "bearing_id": places.bearing_id(row),
            "unit": row["unit"],
            "sample_rate_hz": row["sample_rate_hz"],
            "n_samples": row["n_samples"],
            "sha256": row["sha256"],
            "shard": staged.shards[row["sha256"]],
            "quality": row["quality"],
        }
        for row in rows
    ]
    return _insert_many(session, Signal, values)


def _insert_many(
    session: Session, table: type[Recording | Signal], values: list[dict[str, Any]]
) -> list[int]:
    if not values:
        return []
    statement = insert(table).returning(table.id, sort_by_parameter_order=True)
    return list(session.scalars(statement, values))


def _insert_manifest(
    session: Session, version_id: int, base: VersionBase, rows: Sequence[Row], signal_ids: Sequence[int]
) -> None:
    if base.version_id is not None:
        kept = ("signal_id", "fault_class", "severity", "physical_bearing", "given_part", "edits")
        columns = [getattr(ManifestRow, name) for name in kept]
        previous = select(literal(version_id), *columns).where(
            ManifestRow.dataset_version_id == base.version_id
        )
        session.execute(insert(ManifestRow).from_select(["dataset_version_id", *kept], previous))
    session.execute(
        insert(ManifestRow),
        [
            {
                "dataset_version_id": version_id,
                "signal_id": signal_id,
                "fault_class": row["fault_class"],
                "severity": row["severity"],
                "physical_bearing": row["group"],
                "given_part": row["given_part"],
            }
            for row, signal_id in zip(rows, signal_ids, strict=True)
        ],
    )


def _parse_moment(text: str | None) -> datetime | None:
    """Return when a recording was taken, where the file says it in ISO 8601; a time without zone is UTC."""
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
