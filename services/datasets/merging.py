"""What a dataset would hold after an import: the rows of its newest version plus the new ones."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.dataset import Dataset, DatasetVersion
from models.recording import Recording, Signal
from services.datasets.reading import StagedSignal
from services.datasets.rows import Row, describe_row, iterate_rows, select_rows
from services.shared.batches import split_batches
from utils.exceptions import ConflictError, ErrorCode

_OF_RECORDING = ("machine", "shaft_speed_rpm", "load", "source_file")


@dataclass(frozen=True, slots=True)
class VersionBase:
    """The newest version that an import builds on; ids are None and the number 0 for a new dataset.

    ``rows`` are those of its rows that new ones could clash with: the same samples, or the same recording.
    """

    dataset_id: int | None
    version_id: int | None
    number: int
    rows: tuple[Row, ...] = ()

    @property
    def recording_ids(self) -> dict[str, int]:
        """Ids of the recordings by name."""
        return {row["recording"]: row["recording_id"] for row in self.rows}


def load_base(session: Session, name: str) -> VersionBase:
    """Return the newest version of the dataset of this name.

    Raises:
        ConflictError: It is in the trash.
    """
    found = session.execute(
        select(Dataset.id, DatasetVersion.id, DatasetVersion.number, Dataset.trashed_at)
        .outerjoin(DatasetVersion, DatasetVersion.dataset_id == Dataset.id)
        .where(Dataset.name == name)
        .order_by(DatasetVersion.number.desc())
        .limit(1)
    ).first()
    if found is None:
        return VersionBase(None, None, 0)
    dataset_id, version_id, number, trashed_at = found
    if trashed_at is not None:
        raise ConflictError(
            f"A dataset called '{name}' is in the trash. Restore it or delete it, or choose another name."
        )
    if version_id is None:
        return VersionBase(dataset_id, None, 0)
    return VersionBase(dataset_id, version_id, number)


def add_relatives(session: Session, base: VersionBase, staged: Sequence[StagedSignal]) -> VersionBase:
    """Return the version with its rows that new signals could clash with; the others are not loaded."""
    if base.version_id is None:
        return base
    found: dict[int, Row] = {}
    wanted = (
        (Signal.sha256, sorted({signal.sha256 for signal in staged})),
        (Recording.name, sorted({signal.planned.recording for signal in staged})),
    )
    for column, values in wanted:
        for batch in split_batches(values):
            chosen = select_rows(base.version_id).where(column.in_(batch))
            if column is Recording.name:
                chosen = chosen.where(Recording.dataset_id == base.dataset_id)
            found |= {row["signal_id"]: describe_row(row) for row in session.execute(chosen).mappings()}
    return replace(base, rows=tuple(found.values()))


def iterate_merged(session: Session, base: VersionBase, new_rows: Sequence[Row]) -> Iterator[Row]:
    """Yield what the next version holds, in the order of hashes, without holding it all."""

    def by_hash(row: Row) -> str:
        return str(row["sha256"])

    held = iterate_rows(session, base.version_id) if base.version_id is not None else iter(())
    yield from heapq.merge(held, sorted(new_rows, key=by_hash), key=by_hash)


def build_new_rows(base: VersionBase, staged: Sequence[StagedSignal]) -> list[Row]:
    """Return the rows that the import adds.

    Raises:
        ConflictError: The dataset already holds the same content (``duplicate_content``), or another
            recording or channel of the same name.
    """
    known = {row["sha256"]: row for row in base.rows}
    places = {(row["recording"], row["channel"]): row for row in base.rows}
    recordings = {row["recording"]: row for row in base.rows}
    new_rows = []
    for signal in staged:
        row = _as_row(signal)
        if row["sha256"] in known:
            raise _twin_error(row, known[row["sha256"]])
        taken = places.get((row["recording"], row["channel"]))
        same = recordings.get(row["recording"])
        if taken is not None or (same is not None and any(same[key] != row[key] for key in _OF_RECORDING)):
            raise ConflictError(
                f"The dataset already holds another recording called '{row['recording']}'. "
                f"Rename {row['source_file']}, or import it into a dataset of another name."
            )
        new_rows.append(row)
    return new_rows


def _twin_error(new: Row, old: Row) -> ConflictError:
    return ConflictError(
        f"{new['source_file']} ({new['channel']}) has the same content as recording '{old['recording']}' "
        f"({old['channel']}, from {old['source_file']}), which the dataset already holds. Leave it out.",
        code=ErrorCode.DUPLICATE_CONTENT,
    )


def _as_row(signal: StagedSignal) -> Row:
    planned = signal.planned
    return {
        "recording": planned.recording,
        "channel": planned.channel,
        "measurement_point": planned.measurement_point,
        "machine": planned.machine,
        "bearing": planned.bearing or planned.geometry or planned.orders,
        "unit": planned.unit,
        "sample_rate_hz": planned.sample_rate_hz,
        "n_samples": signal.n_samples,
        "shaft_speed_rpm": planned.shaft_speed_rpm,
        "load": planned.load,
        "fault_class": planned.fault_class,
        "severity": planned.severity,
        "group": planned.group,
        "given_part": planned.part,
        "source_file": planned.file,
        "acquired_utc": planned.acquired_utc,
        "sha256": signal.sha256,
        "quality": signal.quality,
        "geometry": planned.geometry,
        "orders": planned.orders,
        "conditions": signal.conditions,
    }
