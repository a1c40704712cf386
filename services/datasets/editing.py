"""Edits of labels and metadata: a new version that says otherwise, with who and why; no sample is copied."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Update, insert, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.datasets.naming import map_label
from core.datasets.row_index import RowIndex
from database.connection import get_db_session
from models.dataset import Dataset, DatasetVersion, ManifestRow
from models.split import Split
from services.datasets import table
from services.datasets.bearings import BearingOrders, resolve_bearing
from services.datasets.mapping import parse_field
from services.datasets.places import BearingKey, Places
from services.datasets.rows import (
    LABEL_FIELDS,
    RECORDING_FIELDS,
    SIGNAL_FIELDS,
    UNLABELLED,
    Row,
    find_bearing_row,
    find_dataset,
    find_version,
    iterate_rows,
)
from services.datasets.summary import ManifestHash, Summary
from services.shared.actors import Actor
from services.shared.audit import record_audit
from services.shared.batches import split_batches
from services.shared.texts import check_text
from utils.exceptions import ConflictError, InvalidInputError

EDITABLE = (*LABEL_FIELDS, *SIGNAL_FIELDS, *RECORDING_FIELDS)
_COLUMNS = {"fault_class": "fault_class", "severity": "severity", "group": "physical_bearing"}
_COPIED = ("signal_id", "fault_class", "severity", "physical_bearing", "given_part", "edits")
_MAX_REASON = 300
_MAX_VALUES = 8
_MAX_EXAMPLES = 5
_TELL_EVERY = 5_000

Positions = npt.NDArray[np.int32]


def _no_news(_share: float, _text: str) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class EditRequest:
    """What somebody wants changed: which fields, in which rows of which version, and why.

    ``labels`` are fault classes each with the signals that get it, in place of one class for all; of two that
    reach the same row the first counts.
    """

    dataset_id: int
    changes: dict[str, Any]
    reason: str = ""
    version: int | None = None
    signal_ids: tuple[int, ...] | None = None
    filters: dict[str, Any] = field(default_factory=dict)
    labels: tuple[tuple[str | None, tuple[int, ...]], ...] = ()

    def as_payload(self) -> dict[str, Any]:
        """Return it as a job's payload, which `parse_request` takes; labels name their signals themselves."""
        ids = None if self.signal_ids is None or self.labels else list(self.signal_ids)
        return {
            "dataset_id": self.dataset_id,
            "changes": self.changes,
            "reason": self.reason,
            "version": self.version,
            "signal_ids": ids,
            "filters": self.filters,
            "labels": [[label, list(ids)] for label, ids in self.labels],
        }


@dataclass(frozen=True, slots=True)
class PlannedEdit:
    """An edit worked out on its version, not yet stored; ``positions`` are rows whose value changes."""

    request: EditRequest
    dataset: Dataset
    version: DatasetVersion
    index: RowIndex
    selected: Positions
    positions: dict[str, Positions]
    labels: tuple[tuple[str | None, Positions], ...] = ()

    def list_values(self, name: str) -> list[tuple[Any, Positions]]:
        """Return every new value of a field with the rows that get it."""
        if name == "fault_class" and self.labels:
            return list(self.labels)
        return [(self.request.changes[name], self.positions[name])]

    def count_labels(self) -> dict[str, int]:
        """Return how many signals get each of several fault classes; empty where one is given to all."""
        counts: dict[str, int] = defaultdict(int)
        for label, positions in self.labels:
            counts[label or UNLABELLED] += len(positions)
        return dict(counts)

    @property
    def changed(self) -> Positions:
        """Rows in which anything changes."""
        return _unite(list(self.positions.values()))


def parse_request(
    dataset_id: int,
    changes: Mapping[str, Any],
    *,
    reason: str = "",
    version: int | None = None,
    signal_ids: Sequence[int] | None = None,
    filters: Mapping[str, Any] | None = None,
    labels: Sequence[tuple[Any, Sequence[int]]] = (),
) -> EditRequest:
    """Check an edit as far as that goes without looking at the rows.

    ``labels`` give several fault classes at once, each with its signals, and stand alone: no other change,
    no other choice of rows.

    Raises:
        InvalidInputError: A field that can't be edited, a value that can't be its value, nothing to change.
    """
    unknown = sorted(set(changes) - set(EDITABLE))
    if unknown:
        raise InvalidInputError(f"'{unknown[0]}' can't be edited. Fields: {', '.join(EDITABLE)}.")
    if bool(changes) == bool(labels):
        raise InvalidInputError("Say which field gets which value.")
    named = tuple((_parse_label(label), tuple(int(each) for each in held)) for label, held in labels)
    if named:
        if signal_ids is not None or filters:
            raise InvalidInputError("Labels name their signals themselves; choose no other rows beside them.")
        signal_ids = [each for _, held in named for each in held]
    check_text([dict(changes), reason], "edit")
    if len(reason.strip()) > _MAX_REASON:
        raise InvalidInputError(f"Give the reason in at most {_MAX_REASON} characters.")
    parsed = {name: _parse_value(name, value) for name, value in changes.items()}
    ids = None if signal_ids is None else tuple(int(each) for each in signal_ids)
    if ids == ():
        raise InvalidInputError("Choose the rows to change.")
    return EditRequest(dataset_id, parsed, reason.strip(), version, ids, dict(filters or {}), named)


def _parse_label(value: Any) -> str | None:
    text = str(value or "").strip()
    return None if text in ("", UNLABELLED) else map_label(text)


def _parse_value(name: str, value: Any) -> str | float | None:
    """Return a field's value; a blank one means that it is not known."""
    if name == "fault_class":
        return _parse_label(value)
    parsed = parse_field(name, value)
    if isinstance(parsed, float) and not (math.isfinite(parsed) and parsed >= 0):
        raise InvalidInputError("The shaft speed must be a number of turns a minute, not below zero.")
    return parsed


def plan_edit(session: Session, request: EditRequest) -> PlannedEdit:
    """Find the rows that an edit changes.

    Speed, load and machine belong to the recording: they change in all its channels. A fault class belongs
    to the recording and the bearing: it changes in all channels that measure the same physical bearing.

    Raises:
        NotFoundError: No such dataset or version.
        ConflictError: The version is not the newest, or the dataset is in the trash.
        InvalidInputError: No row is meant, or nothing would change.
    """
    dataset = find_dataset(session, request.dataset_id)
    version = find_version(session, request.dataset_id)
    if dataset.trashed_at is not None:
        raise ConflictError(f"'{dataset.name}' is in the trash; restore it first.")
    if request.version not in (None, version.number):
        raise ConflictError(
            f"Version {version.number} is the newest now, not {request.version}. Look at it, then edit it."
        )
    filters = {**request.filters}
    if request.signal_ids is not None:
        filters["signal_ids"] = request.signal_ids
    index = table.open_index(session, version)
    selected = index.sort(table.build_conditions(session, version, filters), "recording")
    if not len(selected):
        raise InvalidInputError("No row is meant: the selection is empty in the newest version.")
    scopes = _find_scopes(index, selected, request.changes)
    positions = {
        name: scopes[name][_differs(index, scopes[name], name, value)]
        for name, value in request.changes.items()
    }
    labels = _place_labels(index, request)
    if labels:
        positions["fault_class"] = _unite([held for _, held in labels])
    planned = PlannedEdit(request, dataset, version, index, selected, positions, labels)
    if not len(planned.changed):
        raise InvalidInputError("Nothing would change: the rows already say so.")
    return planned


def _place_labels(index: RowIndex, request: EditRequest) -> tuple[tuple[str | None, Positions], ...]:
    """Return each class with the rows that it changes; a row goes to the first class that reaches it."""
    taken, placed = np.empty(0, np.int32), []
    for label, signal_ids in request.labels:
        asked = np.sort(np.flatnonzero(np.isin(index.keys, signal_ids))).astype(np.int32)
        scope = _find_scopes(index, asked, {"fault_class": label})["fault_class"]
        scope = scope[~np.isin(scope, taken)]
        taken = _unite([taken, scope])
        placed.append((label, scope[_differs(index, scope, "fault_class", label)]))
    return tuple((label, held) for label, held in placed if len(held))


def _find_scopes(index: RowIndex, selected: Positions, changes: Mapping[str, Any]) -> dict[str, Positions]:
    """Return per field the rows that share it with the selected ones."""
    recordings = index.values("recording")
    same_recording = np.flatnonzero(np.isin(recordings, np.unique(recordings[selected]))).astype(np.int32)
    groups = index.values("group").astype(np.int64)
    owners = recordings.astype(np.int64) * (index.count_texts("group") + 1) + groups
    chosen = selected[groups[selected] >= 0]
    same_bearing = same_recording[np.isin(owners[same_recording], np.unique(owners[chosen]))]
    shared = {
        **dict.fromkeys(SIGNAL_FIELDS, np.sort(selected)),
        **dict.fromkeys(RECORDING_FIELDS, same_recording),
        **dict.fromkeys(LABEL_FIELDS, _unite([selected, same_bearing])),
        "group": np.sort(selected),
    }
    return {name: shared[name] for name in changes}


def _unite(parts: Sequence[Positions]) -> Positions:
    return np.unique(np.concatenate([np.empty(0, np.int32), *parts]))


def _differs(index: RowIndex, positions: Positions, name: str, value: Any) -> npt.NDArray[np.bool_]:
    values = index.values(name)[positions]
    if not index.is_text(name):
        return np.asarray(~np.isnan(values) if value is None else values != value)
    rank = -1 if value is None else index.find_rank(name, value)
    return np.ones(len(positions), bool) if rank is None else np.asarray(values != rank)


# --- preview ---------------------------------------------------------------------------------------------


def describe_plan(session: Session, planned: PlannedEdit) -> dict[str, Any]:
    """Return what an edit would do, for a person to decide by."""
    index, changed = planned.index, planned.changed
    n_splits = session.query(Split.id).where(Split.dataset_version_id == planned.version.id).count()
    return {
        "dataset_id": planned.dataset.id,
        "dataset_name": planned.dataset.name,
        "version": planned.version.number,
        "next_version": planned.version.number + 1,
        "n_selected": len(planned.selected),
        "n_signals": len(changed),
        "n_recordings": len(np.unique(index.values("recording")[changed])),
        "changes": [_describe_change(planned, name) for name in planned.positions],
        "examples": _list_examples(planned),
        "n_splits": n_splits,
    }


def _describe_change(planned: PlannedEdit, name: str) -> dict[str, Any]:
    index, positions = planned.index, planned.positions[name]
    found, counts = np.unique(index.values(name)[positions], return_counts=True)
    ranked = np.argsort(-counts, kind="stable")[:_MAX_VALUES]
    counts_by_label = planned.count_labels()
    several = {"labels": counts_by_label} if counts_by_label else {}
    return {
        "field": name,
        "value": planned.request.changes.get(name),
        **several,
        "n_signals": len(positions),
        "n_beyond_selection": int(np.count_nonzero(~np.isin(positions, planned.selected))),
        "before": [
            {"value": read_value(index, name, found[at]), "n_signals": int(counts[at])} for at in ranked
        ],
    }


def read_value(index: RowIndex, name: str, stored: Any) -> str | float | None:
    """Return a column's value as plain data from how the index keeps it."""
    if index.is_text(name):
        return None if stored < 0 else index.read_text(name, int(stored))
    return None if np.isnan(stored) else float(stored)


def _list_examples(planned: PlannedEdit) -> list[dict[str, Any]]:
    index = planned.index
    examples = []
    for position in planned.changed[:_MAX_EXAMPLES]:
        fields = [name for name, held in planned.positions.items() if position in held]
        examples.append(
            {
                "recording": read_value(index, "recording", index.values("recording")[position]),
                "channel": read_value(index, "channel", index.values("channel")[position]),
                "before": {name: read_value(index, name, index.values(name)[position]) for name in fields},
            }
        )
    return examples


# --- storing ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The new version, worked out row by row."""

    manifest_sha256: str
    summary: dict[str, Any]
    places: list[Row]
    bearings: dict[BearingKey, BearingOrders]


def store_edit(
    planned: PlannedEdit,
    actor: Actor,
    *,
    extra: Mapping[str, Any] | None = None,
    tell: Callable[[float, str], None] = _no_news,
    fence: Callable[[Session], None] | None = None,
) -> int:
    """Write the edited manifest as the dataset's next version and return its number.

    Args:
        planned: What changes where.
        actor: Who; noted in the version and in the audit log.
        extra: More for the version's summary, such as the job that makes it.
        tell: Takes progress from 0 to 1 with a text.
        fence: Raises inside the transaction where the job belongs to another attempt.

    Raises:
        InvalidInputError: There is no reason.
        ConflictError: Somebody else made a version meanwhile.
    """
    request = planned.request
    if not request.reason:
        raise InvalidInputError("Say why: the reason is kept with the new version.")
    outcome = _work_out(planned, tell)
    try:
        with get_db_session() as session:
            if fence is not None:
                fence(session)
            _require_newest(session, planned)
            Places(session, outcome.places, _keep_new(session, outcome.bearings))
            version = _insert_version(session, planned, outcome, actor, extra or {})
            _copy_manifest(session, planned, version.id)
            record_audit(
                session,
                actor,
                "dataset.edit",
                f"dataset {request.dataset_id}",
                details={**request.as_payload(), "signal_ids": None, "n_signals": len(planned.changed)},
            )
            session.commit()
    except IntegrityError:
        raise _moved(planned) from None
    tell(0.95, "writing the table's index")
    with get_db_session(read_only=True) as session:
        table.open_index(session, version)
    return version.number


def _work_out(planned: PlannedEdit, tell: Callable[[float, str], None]) -> _Outcome:
    values_of = _list_changes(planned)
    manifest, summary = ManifestHash(), Summary()
    places: set[tuple[Any, Any]] = set()
    named: set[BearingKey] = set()
    with get_db_session(read_only=True) as session:
        for count, row in enumerate(iterate_rows(session, planned.version.id)):
            fields = values_of.get(row["signal_id"], {})
            row |= fields
            manifest.add(row)
            summary.add(row)
            if fields:
                places.add((row["machine"], row["measurement_point"]))
            if fields and row["bearing"]:
                named.add((row["machine"], row["bearing"]))
            if count % _TELL_EVERY == 0:
                tell(0.7 * count / planned.index.n_rows, f"row {count} of {planned.index.n_rows}")
    known = {key: resolve_bearing(key[1]) for key in named}
    return _Outcome(
        manifest.hexdigest(),
        summary.describe(),
        [{"machine": machine, "measurement_point": point} for machine, point in places],
        {key: orders for key, orders in known.items() if orders is not None},
    )


def _list_changes(planned: PlannedEdit) -> dict[int, dict[str, Any]]:
    """Return the fields that change in each signal, with their new values."""
    keys = planned.index.keys
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    for name in planned.positions:
        for value, positions in planned.list_values(name):
            for signal_id in keys[positions].tolist():
                found[signal_id][name] = value
    return found


def _keep_new(
    session: Session, bearings: Mapping[BearingKey, BearingOrders]
) -> dict[BearingKey, BearingOrders]:
    """A bearing that is there already keeps the orders that it has."""
    return {key: known for key, known in bearings.items() if find_bearing_row(session, *key) is None}


def _require_newest(session: Session, planned: PlannedEdit) -> None:
    """Under the write lock: nobody made another version meanwhile."""
    if find_version(session, planned.dataset.id).id != planned.version.id:
        raise _moved(planned)


def _moved(planned: PlannedEdit) -> ConflictError:
    return ConflictError(
        f"'{planned.dataset.name}' got another version meanwhile. Look at it, then edit it again."
    )


def _insert_version(
    session: Session, planned: PlannedEdit, outcome: _Outcome, actor: Actor, extra: Mapping[str, Any]
) -> DatasetVersion:
    base = planned.version
    relabelled = len(planned.positions.get("fault_class", ()))
    others = _unite([held for name, held in planned.positions.items() if name != "fault_class"])
    counts = {"added": 0, "removed": 0, "relabelled": relabelled, "edited": len(others)}
    labels = planned.count_labels()
    version = DatasetVersion(
        dataset_id=base.dataset_id,
        number=base.number + 1,
        manifest_sha256=outcome.manifest_sha256,
        n_signals=base.n_signals,
        n_recordings=base.n_recordings,
        summary={**outcome.summary, **extra},
        reason=planned.request.reason,
        origin={
            "kind": "edit",
            "version_id": base.id,
            "changes": counts,
            "values": planned.request.changes,
            **({"labels": labels} if labels else {}),
        },
        card=base.card,
        created_by=actor.user_id,
    )
    session.add(version)
    session.flush()
    return version


def _copy_manifest(session: Session, planned: PlannedEdit, version_id: int) -> None:
    """Copy the rows of the base version, then write what is new in the changed ones."""
    copied = select(literal(version_id), *(getattr(ManifestRow, name) for name in _COPIED)).where(
        ManifestRow.dataset_version_id == planned.version.id
    )
    session.execute(insert(ManifestRow).from_select(["dataset_version_id", *_COPIED], copied))
    keys, n_rows = planned.index.keys, planned.index.n_rows
    for name in set(planned.positions) & set(_COLUMNS):
        for value, positions in planned.list_values(name):
            _update(session, version_id, keys[positions].tolist(), n_rows, {_COLUMNS[name]: value})
    for edits, signal_ids in _group_edits(session, planned):
        _update(session, version_id, signal_ids, n_rows, {"edits": edits})


def _group_edits(session: Session, planned: PlannedEdit) -> list[tuple[dict[str, Any], list[int]]]:
    """Return each set of edits with the signals that get it: their old ones and the new ones."""
    values_of = {
        signal_id: {name: value for name, value in values.items() if name not in _COLUMNS}
        for signal_id, values in _list_changes(planned).items()
    }
    held = session.execute(
        select(ManifestRow.signal_id, ManifestRow.edits).where(
            ManifestRow.dataset_version_id == planned.version.id, ManifestRow.edits.is_not(None)
        )
    )
    old = {signal_id: edits or {} for signal_id, edits in held if values_of.get(signal_id)}
    groups: dict[str, list[int]] = defaultdict(list)
    for signal_id, values in values_of.items():
        if values:
            edits = old.get(signal_id, {}) | values
            groups[json.dumps(edits, sort_keys=True)].append(signal_id)
    return [(json.loads(text), signal_ids) for text, signal_ids in groups.items()]


def _update(
    session: Session, version_id: int, signal_ids: list[int], n_rows: int, values: Mapping[str, Any]
) -> None:
    changed: Update = update(ManifestRow).where(ManifestRow.dataset_version_id == version_id).values(**values)
    changed = changed.execution_options(synchronize_session=False)
    if len(signal_ids) == n_rows:
        session.execute(changed)
        return
    for batch in split_batches(signal_ids):
        session.execute(changed.where(ManifestRow.signal_id.in_(batch)))
