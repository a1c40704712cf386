"""The signals of a dataset version, as rows that leave the services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from models.dataset import Dataset, DatasetVersion, ManifestRow
from models.machine import Bearing, Machine, MeasurementPoint
from models.recording import Recording, Signal
from models.split import SplitMember
from services.shared.texts import check_text
from utils.clock import to_iso
from utils.exceptions import InvalidInputError, NotFoundError

UNLABELLED = "unlabelled"

Row = dict[str, Any]

_COLUMNS: dict[str, Any] = {
    "signal_id": Signal.id,
    "recording_id": Recording.id,
    "recording": Recording.name,
    "dataset_id": Recording.dataset_id,
    "channel": Signal.channel,
    "measurement_point": MeasurementPoint.name,
    "machine": Machine.name,
    "bearing": Bearing.designation,
    "unit": Signal.unit,
    "sample_rate_hz": Signal.sample_rate_hz,
    "n_samples": Signal.n_samples,
    "shaft_speed_rpm": Recording.shaft_speed_rpm,
    "load": Recording.load,
    "fault_class": ManifestRow.fault_class,
    "severity": ManifestRow.severity,
    "group": ManifestRow.physical_bearing,
    "given_part": ManifestRow.given_part,
    "source_file": Recording.source_file,
    "acquired_at": Recording.acquired_at,
    "sha256": Signal.sha256,
    "quality": Signal.quality,
}
SORT_KEYS = tuple(name for name in _COLUMNS if name not in ("quality", "sha256", "dataset_id"))
_EQUAL_FILTERS = ("channel", "machine", "load", "bearing", "severity", "group", "recording_id", "unit")
FILTER_KEYS = ("q", "fault_class", "split_id", "part", *_EQUAL_FILTERS)


def find_dataset(session: Session, dataset_id: int) -> Dataset:
    """Return a dataset's row.

    Raises:
        NotFoundError: There is none.
    """
    dataset = session.get(Dataset, dataset_id)
    if dataset is None:
        raise NotFoundError("There is no such dataset.")
    return dataset


def find_version(session: Session, dataset_id: int, number: int | None = None) -> DatasetVersion:
    """Return a version's row, by default the newest.

    Raises:
        NotFoundError: There is none.
    """
    chosen = select(DatasetVersion).where(DatasetVersion.dataset_id == dataset_id)
    if number is not None:
        chosen = chosen.where(DatasetVersion.number == number)
    version = session.scalars(chosen.order_by(DatasetVersion.number.desc()).limit(1)).first()
    if version is None:
        raise NotFoundError(
            "There is no such dataset." if number is None else f"There is no version {number}."
        )
    return version


def select_rows(version_id: int, filters: Mapping[str, Any] | None = None) -> Select[Any]:
    """Build the query over the signals of one version; its columns are those of a signal's row.

    Raises:
        InvalidInputError: A filter that does not exist.
    """
    chosen = _join(select(*(column.label(name) for name, column in _COLUMNS.items()))).where(
        ManifestRow.dataset_version_id == version_id
    )
    given = {name: value for name, value in (filters or {}).items() if value not in (None, "")}
    check_text(given, "filter")
    if "part" in given and "split_id" not in given:
        raise InvalidInputError("Rows have a part only within a split; give split_id too.")
    for name in sorted(given, key=lambda name: name != "split_id"):
        chosen = _filter(chosen, name, given[name])
    return chosen


def _join(chosen: Select[Any]) -> Select[Any]:
    return (
        chosen.select_from(ManifestRow)
        .join(Signal, Signal.id == ManifestRow.signal_id)
        .join(Recording, Recording.id == Signal.recording_id)
        .outerjoin(Machine, Machine.id == Recording.machine_id)
        .outerjoin(MeasurementPoint, MeasurementPoint.id == Signal.measurement_point_id)
        .outerjoin(Bearing, Bearing.id == Signal.bearing_id)
    )


def _filter(chosen: Select[Any], name: str, value: Any) -> Select[Any]:
    if name in _EQUAL_FILTERS:
        return chosen.where(_COLUMNS[name] == value)
    if name == "fault_class":
        label = ManifestRow.fault_class
        return chosen.where(label.is_(None) if value == UNLABELLED else label == value)
    if name == "q":
        return chosen.where(_matches_text(str(value)))
    if name == "split_id":
        return chosen.join(
            SplitMember, and_(SplitMember.signal_id == Signal.id, SplitMember.split_id == int(value))
        )
    if name == "part":
        return chosen.where(SplitMember.part == value)
    raise InvalidInputError(f"'{name}' is not a filter. Filters: {', '.join(FILTER_KEYS)}.")


def _matches_text(text: str) -> ColumnElement[bool]:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    places = (
        Recording.name,
        Recording.source_file,
        ManifestRow.fault_class,
        Machine.name,
        Bearing.designation,
    )
    return or_(*(place.ilike(f"%{escaped}%", escape="\\") for place in places))


def sort_column(sort: str) -> tuple[Any, bool]:
    """Return the column that ``sort`` names and whether it runs downwards.

    Raises:
        InvalidInputError: It is not a column.
    """
    name = sort.removeprefix("-")
    if name not in SORT_KEYS:
        raise InvalidInputError(f"Rows can't be sorted by '{name}'. Columns: {', '.join(SORT_KEYS)}.")
    return _COLUMNS[name], sort.startswith("-")


def describe_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a signal's row as plain data."""
    described = dict(row)
    described["acquired_at"] = to_iso(described["acquired_at"])
    described["duration_s"] = described["n_samples"] / described["sample_rate_hz"]
    return described


def load_rows(
    session: Session, version_id: int, filters: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Return every signal of a version, in the order of recording and channel."""
    chosen = select_rows(version_id, filters).order_by(Recording.name, Signal.channel)
    return [describe_row(row) for row in session.execute(chosen).mappings()]
