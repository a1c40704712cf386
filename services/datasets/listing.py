"""Datasets, recordings and signals as lists and cards; a bounded number of queries each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from models.dataset import Dataset, DatasetVersion, ManifestRow
from models.experiment import Experiment
from models.machine import Bearing, Machine
from models.recording import Recording, Signal
from services.datasets.rows import (
    Row,
    describe_row,
    find_dataset,
    find_version,
    load_rows,
    select_rows,
    sort_column,
)
from services.datasets.splitting import count_splits
from services.shared.texts import check_text
from utils.clock import to_iso
from utils.exceptions import InvalidInputError, NotFoundError

MAX_PER_PAGE = 200
_DATASET_SORTS: dict[str, Any] = {
    "name": Dataset.name,
    "created_at": Dataset.created_at,
    "version": DatasetVersion.number,
    "n_recordings": DatasetVersion.n_recordings,
    "n_signals": DatasetVersion.n_signals,
}
_CARD_KEYS = ("duration_s", "classes", "channels", "sample_rates_hz")
_DETAIL_KEYS = (
    *("channel_classes", "units", "machines", "loads", "shaft_speed_rpm", "quality", "split_fields"),
    "has_given_parts",
)


def list_datasets(
    session: Session, *, limit: int, offset: int, query: str | None, sort: str, include_archived: bool
) -> dict[str, Any]:
    """Return datasets with their newest version: ``{items, total}``.

    Raises:
        InvalidInputError: ``sort`` names no column.
    """
    name = sort.removeprefix("-")
    if name not in _DATASET_SORTS:
        raise InvalidInputError(
            f"Datasets can't be sorted by '{name}'. Columns: {', '.join(_DATASET_SORTS)}."
        )
    chosen = _select_datasets(query, include_archived)
    total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    column = _DATASET_SORTS[name]
    ordered = chosen.order_by(column.desc() if sort.startswith("-") else column.asc(), Dataset.id.desc())
    rows = session.execute(ordered.limit(min(max(limit, 1), MAX_PER_PAGE)).offset(max(offset, 0))).all()
    return {"items": [describe_dataset(dataset, version) for dataset, version in rows], "total": total}


def _select_datasets(query: str | None, include_archived: bool) -> Select[Dataset, DatasetVersion]:
    any_version = aliased(DatasetVersion)
    newest = (
        select(func.max(any_version.number)).where(any_version.dataset_id == Dataset.id).correlate(Dataset)
    )
    chosen = select(Dataset, DatasetVersion).join(
        DatasetVersion,
        (DatasetVersion.dataset_id == Dataset.id) & (DatasetVersion.number == newest.scalar_subquery()),
    )
    if not include_archived:
        chosen = chosen.where(Dataset.archived_at.is_(None))
    if query:
        check_text(query, "search text")
        chosen = chosen.where(
            or_(
                Dataset.name.icontains(query, autoescape=True),
                Dataset.description.icontains(query, autoescape=True),
            )
        )
    return chosen


def describe_dataset(dataset: Dataset, version: DatasetVersion) -> dict[str, Any]:
    """Return a dataset with one of its versions as plain data."""
    return {
        "dataset_id": dataset.id,
        "name": dataset.name,
        "description": dataset.description,
        "archived": dataset.archived_at is not None,
        "created_at": to_iso(dataset.created_at),
        "version": version.number,
        "n_recordings": version.n_recordings,
        "n_signals": version.n_signals,
        **{key: version.summary[key] for key in _CARD_KEYS},
    }


def load_details(session: Session, dataset_id: int, number: int | None) -> dict[str, Any]:
    """Return all that a dataset's card shows.

    Raises:
        NotFoundError: No such dataset or version.
    """
    dataset = find_dataset(session, dataset_id)
    version = find_version(session, dataset_id, number)
    versions = session.scalars(
        select(DatasetVersion)
        .where(DatasetVersion.dataset_id == dataset_id)
        .order_by(DatasetVersion.number.desc())
        .limit(MAX_PER_PAGE)
    ).all()
    n_experiments = session.scalar(
        select(func.count(Experiment.id))
        .join(DatasetVersion, DatasetVersion.id == Experiment.dataset_version_id)
        .where(DatasetVersion.dataset_id == dataset_id)
    )
    return {
        **describe_dataset(dataset, version),
        **{key: version.summary[key] for key in _DETAIL_KEYS},
        "quality": _count_flags(session, version),
        "manifest_sha256": version.manifest_sha256,
        "bearings": _list_bearings(session, version.id),
        "versions": [_describe_version(row) for row in versions],
        "import": version.summary.get("import"),
        "n_splits": count_splits(session, dataset_id),
        "n_experiments": n_experiments or 0,
    }


def _count_flags(session: Session, version: DatasetVersion) -> list[dict[str, Any]]:
    """Count quality flags as they are now: a signal found damaged later on shows here too."""
    counts: dict[tuple[str, str], int] = {}
    flags = (
        select(Signal.quality)
        .join(ManifestRow, ManifestRow.signal_id == Signal.id)
        .where(ManifestRow.dataset_version_id == version.id)
    )
    for quality in session.scalars(flags):
        for flag in quality:
            key = (flag["name"], flag["severity"])
            counts[key] = counts.get(key, 0) + 1
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    return [{"name": name, "severity": severity, "n_signals": n} for (name, severity), n in ranked]


def _list_bearings(session: Session, version_id: int) -> list[dict[str, Any]]:
    used = (
        select(Signal.bearing_id)
        .join(ManifestRow, ManifestRow.signal_id == Signal.id)
        .where(ManifestRow.dataset_version_id == version_id)
    )
    rows = session.execute(
        select(Bearing, Machine.name)
        .outerjoin(Machine, Machine.id == Bearing.machine_id)
        .where(Bearing.id.in_(used))
        .order_by(Machine.name, Bearing.designation)
    )
    return [
        {
            "bearing": bearing.designation,
            "machine": machine,
            "orders": bearing.orders,
            "orders_source": bearing.orders_source,
        }
        for bearing, machine in rows
    ]


def _describe_version(version: DatasetVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "n_recordings": version.n_recordings,
        "n_signals": version.n_signals,
        "manifest_sha256": version.manifest_sha256,
        "reason": version.reason,
        "created_at": to_iso(version.created_at),
    }


def list_signals(
    session: Session,
    version_id: int,
    *,
    page: int,
    per_page: int,
    sort: str,
    filters: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return one page of a version's signals.

    Raises:
        InvalidInputError: A sort column or filter that does not exist.
    """
    page, per_page = max(page, 1), min(max(per_page, 1), MAX_PER_PAGE)
    column, downwards = sort_column(sort)
    chosen = select_rows(version_id, filters)
    total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    order = column.desc().nulls_last() if downwards else column.asc().nulls_last()
    ordered = chosen.order_by(order, Recording.name, Signal.channel)
    rows = session.execute(ordered.limit(per_page).offset((page - 1) * per_page)).mappings()
    items = [describe_row(row) for row in rows]
    return {"items": items, "total": total, "page": page, "per_page": per_page}


def list_recordings(
    session: Session,
    version_id: int,
    *,
    page: int,
    per_page: int,
    sort: str,
    filters: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return one page of a version's recordings, each with those of its signals that the filters leave."""
    page, per_page = max(page, 1), min(max(per_page, 1), MAX_PER_PAGE)
    sort_column(sort)
    matching = select_rows(version_id, filters).subquery()
    total = session.scalar(select(func.count(matching.c.recording_id.distinct()))) or 0
    key = func.min(matching.c[sort.removeprefix("-")])
    order = key.desc().nulls_last() if sort.startswith("-") else key.asc().nulls_last()
    ids = session.scalars(
        select(matching.c.recording_id)
        .group_by(matching.c.recording_id)
        .order_by(order, func.min(matching.c.recording))
        .limit(per_page)
        .offset((page - 1) * per_page)
    ).all()
    chosen = select_rows(version_id, filters).where(Recording.id.in_(ids)).order_by(Signal.channel)
    rows = [describe_row(row) for row in session.execute(chosen).mappings()]
    grouped = {
        recording_id: [row for row in rows if row["recording_id"] == recording_id] for recording_id in ids
    }
    items = [describe_recording(signals) for signals in grouped.values()]
    return {"items": items, "total": total, "page": page, "per_page": per_page}


def describe_recording(signals: list[Row]) -> dict[str, Any]:
    """Return a recording as plain data from the rows of its signals."""
    shared = ("recording_id", "recording", "dataset_id", "source_file", "machine", "shaft_speed_rpm", "load")
    first = signals[0]
    return {
        **{name: first[name] for name in (*shared, "acquired_at")},
        "fault_classes": sorted({row["fault_class"] for row in signals if row["fault_class"]}),
        "signals": signals,
    }


def load_recording(session: Session, recording_id: int, number: int | None) -> dict[str, Any]:
    """Return one recording as a version of its dataset sees it.

    Raises:
        NotFoundError: There is none.
    """
    recording = session.get(Recording, recording_id)
    if recording is None:
        raise NotFoundError("There is no such recording.")
    version = find_version(session, recording.dataset_id, number)
    signals = load_rows(session, version.id, {"recording_id": recording_id})
    if not signals:
        raise NotFoundError("This version of the dataset does not hold the recording.")
    return describe_recording(signals)


def load_signal(session: Session, signal_id: int, number: int | None) -> dict[str, Any]:
    """Return one signal with its bearing's orders, its siblings and its neighbours in the dataset.

    Raises:
        NotFoundError: There is none.
    """
    found = session.execute(
        select(Recording.dataset_id, Bearing.orders, Bearing.orders_source)
        .select_from(Signal)
        .join(Recording, Recording.id == Signal.recording_id)
        .outerjoin(Bearing, Bearing.id == Signal.bearing_id)
        .where(Signal.id == signal_id)
    ).first()
    if found is None:
        raise NotFoundError("There is no such signal.")
    version = find_version(session, found.dataset_id, number)
    mapping = session.execute(select_rows(version.id).where(Signal.id == signal_id)).mappings().first()
    if mapping is None:
        raise NotFoundError("This version of the dataset does not hold the signal.")
    row = describe_row(mapping)
    siblings = load_rows(session, version.id, {"recording_id": row["recording_id"]})
    return {
        **row,
        "version": version.number,
        "bearing_orders": found.orders,
        "orders_source": found.orders_source,
        "siblings": [{"signal_id": one["signal_id"], "channel": one["channel"]} for one in siblings],
        **_find_neighbours(session, version.id, row),
    }


def _find_neighbours(session: Session, version_id: int, row: Row) -> dict[str, int | None]:
    """Return the signals of the same channel in the recordings before and after, by name."""
    ids = (
        select(Signal.id)
        .join(ManifestRow, ManifestRow.signal_id == Signal.id)
        .join(Recording, Recording.id == Signal.recording_id)
        .where(ManifestRow.dataset_version_id == version_id, Signal.channel == row["channel"])
        .limit(1)
    )
    before = ids.where(Recording.name < row["recording"]).order_by(Recording.name.desc())
    after = ids.where(Recording.name > row["recording"]).order_by(Recording.name.asc())
    return {"previous_signal_id": session.scalar(before), "next_signal_id": session.scalar(after)}
