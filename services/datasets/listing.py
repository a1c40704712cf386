"""Datasets, recordings and signals as lists and cards; a bounded number of queries each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from models.dataset import Dataset, DatasetVersion
from models.experiment import Experiment
from models.machine import Bearing, Machine
from models.recording import Recording
from models.recording import Signal as SignalRow
from models.user import User
from services.datasets import table
from services.datasets.bearings import resolve_bearing
from services.datasets.entered_bearings import load_entries
from services.datasets.rows import (
    Row,
    find_bearing_row,
    find_dataset,
    find_version,
    is_large,
    load_rows,
    load_rows_by_id,
)
from services.datasets.splitting import count_splits
from services.shared.signal_store import DAMAGED_FLAG
from services.shared.texts import check_text
from utils.clock import to_iso
from utils.constants import TRASH_KEPT_DAYS
from utils.exceptions import InvalidInputError, NotFoundError

MAX_PER_PAGE = 200
_STREAMED = 1_000
_DATASET_SORTS: dict[str, Any] = {
    "name": Dataset.name,
    "created_at": Dataset.created_at,
    "version": DatasetVersion.number,
    "n_recordings": DatasetVersion.n_recordings,
    "n_signals": DatasetVersion.n_signals,
}
_CARD_KEYS = ("duration_s", "classes", "channels", "sample_rates_hz")
_DETAIL_KEYS = (
    *("channel_classes", "units", "machines", "loads", "shaft_speed_rpm", "split_fields"),
    "has_given_parts",
)


class Shelf(StrEnum):
    """Where a dataset is."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    TRASH = "trash"
    ALL = "all"  # everything but the trash


def list_datasets(
    session: Session, *, limit: int, offset: int, query: str | None, sort: str, shelf: str = Shelf.ACTIVE
) -> dict[str, Any]:
    """Return datasets with their newest version: ``{items, total}``.

    Raises:
        InvalidInputError: ``sort`` names no column, ``shelf`` no shelf.
    """
    if shelf not in list(Shelf):
        raise InvalidInputError(f"Datasets are {', '.join(Shelf)}; '{shelf}' is none of these.")
    name = sort.removeprefix("-")
    if name not in _DATASET_SORTS:
        raise InvalidInputError(
            f"Datasets can't be sorted by '{name}'. Columns: {', '.join(_DATASET_SORTS)}."
        )
    chosen = _select_datasets(query, shelf)
    total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    column = _DATASET_SORTS[name]
    ordered = chosen.order_by(column.desc() if sort.startswith("-") else column.asc(), Dataset.id.desc())
    rows = session.execute(ordered.limit(min(max(limit, 1), MAX_PER_PAGE)).offset(max(offset, 0))).all()
    damaged = _list_damaged_datasets(session)
    items = [
        {**describe_dataset(dataset, version), "damaged": dataset.id in damaged} for dataset, version in rows
    ]
    return {"items": items, "total": total}


def _list_damaged_datasets(session: Session) -> set[int]:
    """Return the datasets with a signal that was found damaged."""
    chosen = select(Recording.dataset_id).join(SignalRow, SignalRow.recording_id == Recording.id)
    return set(session.scalars(chosen.where(SignalRow.damaged_at.is_not(None)).distinct()))


def _select_datasets(query: str | None, shelf: str) -> Select[Dataset, DatasetVersion]:
    any_version = aliased(DatasetVersion)
    newest = (
        select(func.max(any_version.number)).where(any_version.dataset_id == Dataset.id).correlate(Dataset)
    )
    chosen = select(Dataset, DatasetVersion).join(
        DatasetVersion,
        (DatasetVersion.dataset_id == Dataset.id) & (DatasetVersion.number == newest.scalar_subquery()),
    )
    thrown = shelf == Shelf.TRASH
    chosen = chosen.where(Dataset.trashed_at.is_not(None) if thrown else Dataset.trashed_at.is_(None))
    if shelf == Shelf.ACTIVE:
        chosen = chosen.where(Dataset.archived_at.is_(None))
    if shelf == Shelf.ARCHIVED:
        chosen = chosen.where(Dataset.archived_at.is_not(None))
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
        **describe_trash(dataset),
        "created_at": to_iso(dataset.created_at),
        "version": version.number,
        "n_recordings": version.n_recordings,
        "n_signals": version.n_signals,
        "n_bytes": version.summary.get("n_bytes"),
        **{key: version.summary[key] for key in _CARD_KEYS},
    }


def describe_trash(dataset: Dataset) -> dict[str, Any]:
    """Return since when a dataset is in the trash, and until when it can be restored."""
    thrown_at = dataset.trashed_at
    until = None if thrown_at is None else thrown_at + timedelta(days=TRASH_KEPT_DAYS)
    return {"trashed_at": to_iso(thrown_at), "kept_until": to_iso(until)}


def load_details(session: Session, dataset_id: int, number: int | None) -> dict[str, Any]:
    """Return all that a dataset's card shows.

    Raises:
        NotFoundError: No such dataset or version.
    """
    dataset = find_dataset(session, dataset_id)
    version = find_version(session, dataset_id, number)
    n_experiments = session.scalar(
        select(func.count(Experiment.id))
        .join(DatasetVersion, DatasetVersion.id == Experiment.dataset_version_id)
        .where(DatasetVersion.dataset_id == dataset_id)
    )
    n_damaged = len(table.list_damaged(session, version.id))
    return {
        **describe_dataset(dataset, version),
        **{key: version.summary[key] for key in _DETAIL_KEYS},
        "severities": version.summary.get("severities", []),
        "quality": _list_flags(version, n_damaged),
        "n_damaged": n_damaged,
        "manifest_sha256": version.manifest_sha256,
        "bearings": _list_bearings(session, version),
        "versions": list_versions(session, dataset_id),
        "import": version.summary.get("import"),
        "card": version.card,
        "statistics_pending": "statistics" not in version.summary and is_large(version),
        "n_splits": count_splits(session, dataset_id),
        "n_experiments": n_experiments or 0,
    }


def _list_flags(version: DatasetVersion, n_damaged: int) -> list[dict[str, Any]]:
    """Return the quality flags found on import and how many signals were found damaged since."""
    flags = [flag for flag in version.summary["quality"] if flag["name"] != DAMAGED_FLAG]
    damaged = {"name": DAMAGED_FLAG, "severity": "error", "n_signals": n_damaged}
    return [damaged, *flags] if n_damaged else flags


def _list_bearings(session: Session, version: DatasetVersion) -> list[dict[str, Any]]:
    """Return the bearings of a version with their fault orders."""
    named = [(machine, bearing) for machine, bearing in version.summary.get("bearings", [])]
    rows = session.execute(
        select(Machine.name, Bearing)
        .select_from(Bearing)
        .outerjoin(Machine, Machine.id == Bearing.machine_id)
        .where(Bearing.designation.in_({bearing for _, bearing in named}))
    )
    known = {(machine, bearing.designation): bearing for machine, bearing in rows}
    return [
        {
            "bearing": designation,
            "machine": machine,
            "orders": found.orders if (found := known.get((machine, designation))) else None,
            "orders_source": found.orders_source if found else None,
        }
        for machine, designation in named
    ]


def list_versions(session: Session, dataset_id: int) -> list[dict[str, Any]]:
    """Return a dataset's versions, newest first: when, who, why, and what changed."""
    rows = session.execute(
        select(DatasetVersion, func.coalesce(func.nullif(User.display_name, ""), User.email))
        .outerjoin(User, User.id == DatasetVersion.created_by)
        .where(DatasetVersion.dataset_id == dataset_id)
        .order_by(DatasetVersion.number.desc())
        .limit(MAX_PER_PAGE)
    ).all()
    parents = _name_parents(session, [version for version, _ in rows])
    return [_describe_version(version, author, parents) for version, author in rows]


def _name_parents(session: Session, versions: list[DatasetVersion]) -> dict[int, dict[str, Any]]:
    """Return the versions that these were made from, by id."""
    ids = {(version.origin or {}).get("version_id") for version in versions} - {None}
    rows = session.execute(
        select(DatasetVersion.id, DatasetVersion.number, Dataset.id, Dataset.name)
        .join(Dataset, Dataset.id == DatasetVersion.dataset_id)
        .where(DatasetVersion.id.in_(ids))
    )
    return {
        version_id: {"dataset_id": dataset_id, "name": name, "version": number}
        for version_id, number, dataset_id, name in rows
    }


def _describe_version(
    version: DatasetVersion, author: str | None, parents: Mapping[int, dict[str, Any]]
) -> dict[str, Any]:
    origin = version.origin or {"kind": "import"}
    return {
        "number": version.number,
        "version_id": version.id,
        "n_recordings": version.n_recordings,
        "n_signals": version.n_signals,
        "manifest_sha256": version.manifest_sha256,
        "reason": version.reason,
        "author": author,
        "kind": origin.get("kind", "import"),
        "changes": origin.get("changes"),
        "labels": origin.get("labels"),
        "origin": origin,
        "parent": parents.get(origin.get("version_id", 0)),
        "created_at": to_iso(version.created_at),
    }


def list_signals(
    session: Session,
    version: DatasetVersion,
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
    items, total = table.load_page(
        session, version, offset=(page - 1) * per_page, limit=per_page, sort=sort, filters=filters
    )
    return {"items": items, "total": total, "page": page, "per_page": per_page}


def stream_signals(
    session: Session, version: DatasetVersion, *, offset: int, sort: str, filters: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the next signals from an offset on, more than a page takes."""
    items, total = table.load_page(
        session, version, offset=max(offset, 0), limit=_STREAMED, sort=sort, filters=filters
    )
    return {"items": items, "total": total}


def list_recordings(
    session: Session,
    version: DatasetVersion,
    *,
    page: int,
    per_page: int,
    sort: str,
    filters: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return one page of a version's recordings, each with those of its signals that the filters leave."""
    page, per_page = max(page, 1), min(max(per_page, 1), MAX_PER_PAGE)
    found, total = table.load_recordings_page(
        session, version, offset=(page - 1) * per_page, limit=per_page, sort=sort, filters=filters
    )
    items = [describe_recording(signals) for signals in found]
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
    signals = load_rows(session, version.id, recording_id=recording_id)
    if not signals:
        raise NotFoundError("This version of the dataset does not hold the recording.")
    return {**describe_recording(signals), "conditions": recording.conditions}


def load_signal(session: Session, signal_id: int, number: int | None) -> dict[str, Any]:
    """Return one signal with its bearing's orders, its siblings and its neighbours in the dataset.

    Raises:
        NotFoundError: There is none.
    """
    place = session.execute(
        select(Recording.dataset_id, Recording.conditions)
        .join(SignalRow, SignalRow.recording_id == Recording.id)
        .where(SignalRow.id == signal_id)
    ).first()
    if place is None:
        raise NotFoundError("There is no such signal.")
    version = find_version(session, place.dataset_id, number)
    found = load_rows_by_id(session, version.id, [signal_id])
    if not found:
        raise NotFoundError("This version of the dataset does not hold the signal.")
    row = found[0]
    siblings = load_rows(session, version.id, recording_id=row["recording_id"])
    return {
        **row,
        "version": version.number,
        "conditions": place.conditions,
        **_find_orders(session, row),
        "siblings": [{"signal_id": one["signal_id"], "channel": one["channel"]} for one in siblings],
        **_find_neighbours(session, version, signal_id),
    }


def _find_orders(session: Session, row: Row) -> dict[str, Any]:
    """Return the fault orders of a row's bearing: the machine's own, else the catalogue's."""
    known: Any = None
    if row["bearing"] is not None:
        own = find_bearing_row(session, row["machine"], row["bearing"])
        entered = load_entries(session)
        known = own if own is not None and own.orders else resolve_bearing(row["bearing"], entered=entered)
    if known is None:
        return {"bearing_orders": None, "orders_source": None}
    source = known.orders_source if isinstance(known, Bearing) else known.source
    return {"bearing_orders": known.orders, "orders_source": source}


def _find_neighbours(session: Session, version: DatasetVersion, signal_id: int) -> dict[str, int | None]:
    """Return the signals of the same channel in the recordings before and after, by name."""
    index = table.open_index(session, version)
    (position,) = index.find_positions([signal_id])
    before, after = (
        None if place is None else int(index.keys[place])
        for place in index.find_neighbours(int(position), "channel")
    )
    return {"previous_signal_id": before, "next_signal_id": after}
