"""The table of a version's signals: filtered, searched, sorted and paged through an index made once.

A version never changes, so its index is a file beside the database that is made when it is first asked for
(imports and edits make it at once) and can be thrown away at any time. The rows of a page come from the
database by their ids.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.datasets.row_index import (
    Among,
    Between,
    Condition,
    Contains,
    Equals,
    HasFlag,
    OneOf,
    RowIndex,
)
from core.datasets.row_index_builder import RowIndexBuilder
from dashboard_config import get_settings
from models.dataset import DatasetVersion, ManifestRow
from models.recording import Signal
from models.split import SplitMember
from services.datasets.rows import NO_VALUE, UNLABELLED, Row, load_rows_by_id, select_rows
from services.shared.batches import split_batches
from services.shared.signal_store import DAMAGED_FLAG
from services.shared.texts import check_text
from utils.clock import to_iso
from utils.exceptions import DataDamagedError, InvalidInputError
from utils.logger import setup_logger

logger = setup_logger(__name__)

_TEXTS = (
    *("recording", "channel", "measurement_point", "machine", "bearing", "unit", "load", "fault_class"),
    *("severity", "group", "given_part", "source_file", "acquired_at"),
)
_NUMBERS = ("signal_id", "recording_id", "sample_rate_hz", "n_samples", "duration_s", "shaft_speed_rpm")
SORT_KEYS = (*_TEXTS, *_NUMBERS)
_EQUAL_TEXTS = (
    *("channel", "machine", "load", "bearing", "severity", "group", "unit", "measurement_point"),
    "given_part",
)
_EQUAL_NUMBERS = ("recording_id", "sample_rate_hz")
_LIMITS = ("min_shaft_speed_rpm", "max_shaft_speed_rpm")
FILTER_KEYS = (
    *("q", "fault_class", "fault_classes", "flag", "split_id", "part", "signal_ids"),
    *(*_EQUAL_TEXTS, *_EQUAL_NUMBERS, *_LIMITS),
)
_SEARCHED = ("fault_class", "machine", "bearing")
_BATCH = 2_000
_building = threading.Lock()


# --- the index of a version ------------------------------------------------------------------------------


def open_index(session: Session, version: DatasetVersion) -> RowIndex:
    """Return the index of a version, made now where there is none yet."""
    path = locate_index(version)
    for _ in range(2):
        try:
            status = path.stat()
            return _open(path, status.st_mtime_ns, status.st_size)
        except FileNotFoundError:
            pass
        except DataDamagedError:
            logger.warning("index of a version is damaged and made anew", extra={"version_id": version.id})
            path.unlink(missing_ok=True)
        with _building:
            if not path.exists():
                build_index(session, version.id, path)
    raise DataDamagedError("The index of this dataset can't be read; look at the disk and try again.")


def locate_index(version: DatasetVersion) -> Path:
    """Return where the index of a version lies."""
    return get_settings().indexes_dir / f"{version.id}-{version.manifest_sha256[:32]}.rows"


@lru_cache(maxsize=8)
def _open(path: Path, modified_ns: int, size: int) -> RowIndex:  # noqa: ARG001 -- part of the cache key
    return RowIndex.open(path)


def build_index(session: Session, version_id: int, path: Path) -> None:
    """Read a version's rows once and write its index."""
    builder = RowIndexBuilder(_TEXTS, _NUMBERS, order_by=("recording", "channel"))
    chosen = select_rows(version_id).execution_options(yield_per=_BATCH)
    result = session.execute(chosen)
    names = list(result.keys())
    for rows in result.partitions(_BATCH):
        _add(builder, names, rows)
    builder.write(path)


def _add(builder: RowIndexBuilder, names: Sequence[str], rows: Sequence[Any]) -> None:
    columns: dict[str, list[Any]] = {
        name: list(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)
    }
    for at, edits in enumerate(columns["edits"]):
        for name, value in (edits or {}).items():
            columns[name][at] = value
    columns["acquired_at"] = [to_iso(moment) for moment in columns["acquired_at"]]
    columns["duration_s"] = [
        count / rate for count, rate in zip(columns["n_samples"], columns["sample_rate_hz"], strict=True)
    ]
    flags = [[flag["name"] for flag in quality] for quality in columns["quality"]]
    places = zip(columns["recording"], columns["source_file"], strict=True)
    search = [file if name in file else f"{name}\x1f{file}" for name, file in places]
    builder.add(columns["signal_id"], columns, flags, search)


def drop_indexes(versions: Sequence[DatasetVersion]) -> None:
    """Delete the index files of versions that are gone."""
    for version in versions:
        locate_index(version).unlink(missing_ok=True)


# --- filters ---------------------------------------------------------------------------------------------


def build_conditions(
    session: Session, version: DatasetVersion, filters: Mapping[str, Any] | None
) -> tuple[Condition, ...]:
    """Return what the index is asked for.

    Raises:
        InvalidInputError: A filter that does not exist, or whose value can't be.
    """
    given = {name: value for name, value in (filters or {}).items() if value not in (None, "", [])}
    check_text(given, "filter")
    if "part" in given and "split_id" not in given:
        raise InvalidInputError("Rows have a part only within a split; give split_id too.")
    unknown = sorted(set(given) - set(FILTER_KEYS))
    if unknown:
        raise InvalidInputError(f"'{unknown[0]}' is not a filter. Filters: {', '.join(FILTER_KEYS)}.")
    conditions: list[Condition] = [
        _build_condition(session, version, name, value)
        for name, value in given.items()
        if name not in ("split_id", "part", *_LIMITS)
    ]
    if "split_id" in given:
        conditions.append(
            _find_members(session, _read_number("split_id", given["split_id"]), given.get("part"))
        )
    if any(name in given for name in _LIMITS):
        low, high = (_read_number(name, given[name]) if name in given else None for name in _LIMITS)
        conditions.append(Between("shaft_speed_rpm", low, high))
    return tuple(conditions)


def _build_condition(session: Session, version: DatasetVersion, name: str, value: Any) -> Condition:
    if name in _EQUAL_TEXTS:
        return Equals(name, None if value == NO_VALUE else str(value))
    if name in _EQUAL_NUMBERS:
        number = _read_number(name, value)
        return Between(name, number, number)
    if name == "fault_class":
        return Equals(name, None if value == UNLABELLED else str(value))
    if name == "fault_classes":
        return OneOf("fault_class", tuple(None if each == UNLABELLED else str(each) for each in value))
    if name == "flag":
        also = list_damaged(session, version.id) if value == DAMAGED_FLAG else ()
        return HasFlag(str(value), tuple(also))
    if name == "signal_ids":
        ids = np.array(sorted({int(each) for each in value}), np.int64)
        return Among(hashlib.sha256(ids.tobytes()).hexdigest(), ids)
    return Contains(str(value), _SEARCHED)


def _read_number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InvalidInputError(f"'{name}' must be a number.") from None


def _find_members(session: Session, split_id: float, part: Any) -> Among:
    chosen = select(SplitMember.signal_id).where(SplitMember.split_id == int(split_id))
    if part is not None:
        chosen = chosen.where(SplitMember.part == str(part))
    ids = np.fromiter(session.scalars(chosen), np.int64)
    return Among(f"split {int(split_id)} {part}", ids)


def list_damaged(session: Session, version_id: int) -> list[int]:
    """Return the signals of a version that were found damaged on reading."""
    damaged = list(session.scalars(select(Signal.id).where(Signal.damaged_at.is_not(None))))
    found: list[int] = []
    for batch in split_batches(damaged):
        chosen = select(ManifestRow.signal_id).where(
            ManifestRow.dataset_version_id == version_id, ManifestRow.signal_id.in_(batch)
        )
        found += session.scalars(chosen)
    return found


def check_sort(sort: str) -> tuple[str, bool]:
    """Return the column that ``sort`` names and whether it runs downwards.

    Raises:
        InvalidInputError: It is not a column.
    """
    name = sort.removeprefix("-")
    if name not in SORT_KEYS:
        raise InvalidInputError(f"Rows can't be sorted by '{name}'. Columns: {', '.join(SORT_KEYS)}.")
    return name, sort.startswith("-")


# --- pages -----------------------------------------------------------------------------------------------


def find_signal_ids(
    session: Session,
    version: DatasetVersion,
    *,
    sort: str = "recording",
    filters: Mapping[str, Any] | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[list[int], int]:
    """Return the ids of one stretch of the sorted, filtered signals, and how many there are in all."""
    column, downwards = check_sort(sort)
    conditions = build_conditions(session, version, filters)
    index = open_index(session, version)
    positions = index.sort(conditions, column, downwards=downwards)
    stop = None if limit is None else offset + limit
    return index.keys[positions[offset:stop]].tolist(), len(positions)


def load_page(
    session: Session, version: DatasetVersion, *, offset: int, limit: int, **asked: Any
) -> tuple[list[Row], int]:
    """Return the rows of one stretch of the sorted, filtered signals, and how many there are in all."""
    ids, total = find_signal_ids(session, version, offset=offset, limit=limit, **asked)
    return load_rows_by_id(session, version.id, ids), total


def load_recordings_page(
    session: Session,
    version: DatasetVersion,
    *,
    offset: int,
    limit: int,
    sort: str,
    filters: Mapping[str, Any] | None,
) -> tuple[list[list[Row]], int]:
    """Return recordings, each as those of its signals that the filters leave, and how many there are."""
    column, downwards = check_sort(sort)
    conditions = build_conditions(session, version, filters)
    index = open_index(session, version)
    groups = index.sort_groups(conditions, column, "recording", downwards=downwards)
    wanted = groups[offset : offset + limit]
    ids = index.keys[index.find_in_groups(conditions, "recording", wanted)].tolist()
    held: dict[str, list[Row]] = {}
    for row in load_rows_by_id(session, version.id, ids):
        held.setdefault(row["recording"], []).append(row)
    names = [index.read_text("recording", int(rank)) for rank in wanted]
    return [held[name] for name in names], len(groups)
