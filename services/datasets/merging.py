"""What a dataset would hold after an import: the rows of its newest version plus the new ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.dataset import Dataset, DatasetVersion
from services.datasets.reading import StagedSignal
from services.datasets.rows import Row, load_rows
from utils.exceptions import ConflictError, ErrorCode

_OF_RECORDING = ("machine", "shaft_speed_rpm", "load", "source_file")


@dataclass(frozen=True, slots=True)
class VersionBase:
    """The newest version that an import builds on; ids are None and the number 0 for a new dataset."""

    dataset_id: int | None
    version_id: int | None
    number: int
    rows: tuple[Row, ...]

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
        return VersionBase(None, None, 0, ())
    dataset_id, version_id, number, trashed_at = found
    if trashed_at is not None:
        raise ConflictError(
            f"A dataset called '{name}' is in the trash. Restore it or delete it, or choose another name."
        )
    if version_id is None:
        return VersionBase(dataset_id, None, 0, ())
    return VersionBase(dataset_id, version_id, number, tuple(load_rows(session, version_id)))


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
