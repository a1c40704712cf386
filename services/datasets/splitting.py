"""Splits of a version: built by a rule, checked for leaks, stored with what was found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.datasets.leaks import LeakReport, check_split, require_acceptable
from core.datasets.shared_pairs import SharedPair
from core.datasets.splits import Parts, SplitRow, build_split, join_copies
from database.connection import get_db_session
from models.dataset import DatasetVersion
from models.split import Split, SplitMember
from services.datasets.leak_scans import require_scan
from services.datasets.rows import Row, find_version, load_rows
from services.datasets.summary import SPLIT_FIELDS, count_recordings
from services.shared.actors import Actor
from services.shared.texts import check_text
from utils.clock import to_iso
from utils.exceptions import ConflictError, InvalidInputError, NotFoundError

GIVEN = "given"
_MAX_PART_NAME = 12


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How a split comes about; kept with it, so that it can be made again."""

    by: str
    test_values: tuple[str, ...] | None = None
    channel: str | None = None
    seed: int = 0
    validation_fraction: float = 0.2
    test_fraction: float = 0.2


@dataclass(frozen=True, slots=True)
class CheckedSplit:
    """A split that was worked out and checked, not yet stored."""

    version_id: int
    rule: SplitRule
    rows: list[Row]
    parts: Parts
    report: LeakReport
    carried_from: dict[str, Any] | None = None

    def describe(self) -> dict[str, Any]:
        """Return what a person decides by."""
        return {
            "by": self.rule.by,
            "test_values": list(self.rule.test_values) if self.rule.test_values is not None else None,
            "channel": self.rule.channel,
            "seed": self.rule.seed,
            "colour": self.report.colour,
            "findings": [asdict(finding) for finding in self.report.findings],
            "counts": count_parts(
                self.rows, {row["signal_id"]: self.parts.get(row["sha256"]) for row in self.rows}
            ),
            "class_names": sorted({row["fault_class"] for row in self.rows}),
            "carried_from": self.carried_from,
        }


def work_out_split(dataset_id: int, version: int | None, rule: SplitRule, actor: Actor) -> CheckedSplit:
    """Build a split of a version by a rule and check it for leaks.

    Raises:
        NotFoundError: No such dataset or version.
        InvalidInputError: The rule does not fit the rows; the sentence says what would.
        ConflictError: ``leak_check_running``: the signals of a big dataset are still being compared.
        DataDamagedError: A signal can't be compared because its stored file is broken.
    """
    with get_db_session(read_only=True) as session:
        found = find_version(session, dataset_id, version)
        every_row = load_rows(session, found.id)
    rows = _choose_channel([row for row in every_row if row["fault_class"] is not None], rule.channel)
    split_rows = build_split_rows(rows)
    scan = require_scan(every_row, dataset_id, found.number, actor)
    parts = _take_given(rows) if rule.by == GIVEN else _deal(split_rows, rule, scan.pairs)
    return CheckedSplit(found.id, rule, rows, parts, check_split(split_rows, parts, scan.pairs))


def _choose_channel(rows: list[Row], channel: str | None) -> list[Row]:
    if channel is None:
        return rows
    chosen = [row for row in rows if row["channel"] == channel]
    if not chosen:
        there = ", ".join(sorted({row["channel"] for row in rows})) or "none with a fault class"
        raise InvalidInputError(f"There is no labelled signal of channel '{channel}'. Channels: {there}.")
    return chosen


def _deal(rows: Sequence[SplitRow], rule: SplitRule, pairs: Iterable[SharedPair]) -> Parts:
    copies = [(pair.left, pair.right) for pair in pairs]
    return build_split(
        join_copies(rows, copies, rule.by, rule.test_values) if copies else rows,
        by=rule.by,
        test_values=rule.test_values,
        validation_fraction=rule.validation_fraction,
        test_fraction=rule.test_fraction,
        seed=rule.seed,
    )


def _take_given(rows: Iterable[Row]) -> Parts:
    """Return the parts that the imported file came with; signals without one stay out."""
    parts = {row["sha256"]: row["given_part"] for row in rows if row["given_part"]}
    if not parts:
        raise InvalidInputError(
            "The imported files came without a split of their own; choose what to split by."
        )
    long_name = next((part for part in parts.values() if len(part) > _MAX_PART_NAME), None)
    if long_name is not None:
        raise InvalidInputError(f"The part name '{long_name}' is longer than {_MAX_PART_NAME} characters.")
    return parts


def build_split_rows(rows: Sequence[Row]) -> list[SplitRow]:
    """Return what the split builder and the leak check need to know of each signal."""
    keys = _name_bearings(rows)
    return [
        SplitRow(
            signal_sha256=row["sha256"],
            recording_id=str(row["recording_id"]),
            recording_key=row["recording"],
            bearing_key=keys.get(row["signal_id"]),
            machine=row["machine"],
            fault_class=row["fault_class"] or "",
            fields={name: row[name] for name in (*SPLIT_FIELDS, "channel", "unit") if name != "machine"},
        )
        for row in rows
    ]


def _name_bearings(rows: Sequence[Row]) -> dict[int, str]:
    """Name each signal's physical bearing: its group, with machine and type where groups share a name."""
    owners: dict[str, set[tuple[str | None, str | None]]] = defaultdict(set)
    for row in rows:
        if row["group"]:
            owners[row["group"]].add((row["machine"], row["bearing"]))
    names = {}
    for row in rows:
        if row["group"]:
            place = [row["machine"] or "", row["bearing"] or ""] if len(owners[row["group"]]) > 1 else []
            names[row["signal_id"]] = " / ".join(filter(None, [*place, row["group"]]))
    return names


def count_parts(rows: Iterable[Row], part_of: Mapping[int, str | None]) -> dict[str, dict[str, Any]]:
    """Count the signals, recordings and classes of each part."""
    held: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        part = part_of.get(row["signal_id"])
        if part is not None:
            held[part].append(row)
    return {
        part: {
            "n_signals": len(held[part]),
            "n_recordings": len({row["recording"] for row in held[part]}),
            "classes": count_recordings(held[part]),
        }
        for part in sorted(held, key=_part_order)
    }


def _part_order(part: str) -> tuple[int, str]:
    known = ("train", "validation", "test")
    return (known.index(part) if part in known else len(known), part)


def store_split(checked: CheckedSplit, name: str, accept_amber: str | None, actor: Actor) -> int:
    """Store a split that may be used and return its id.

    Raises:
        ConflictError: ``split_leaks``, ``class_without_training``, ``split_needs_acceptance``, or a name that
            is taken.
    """
    check_text(accept_amber, "reason")
    require_acceptable(checked.report, amber_accepted=bool(accept_amber and accept_amber.strip()))
    described = checked.describe()
    worked_out = {name: described[name] for name in ("counts", "class_names", "carried_from")}
    rule = {**asdict(checked.rule), **worked_out}
    split = Split(
        dataset_version_id=checked.version_id,
        name=name,
        rule=rule,
        colour=checked.report.colour,
        findings=described["findings"],
        accepted_reason=accept_amber if checked.report.colour == "amber" else None,
        created_by=actor.user_id,
    )
    try:
        with get_db_session() as session:
            session.add(split)
            session.flush()
            members = [
                {
                    "split_id": split.id,
                    "signal_id": row["signal_id"],
                    "signal_sha256": row["sha256"],
                    "part": checked.parts[row["sha256"]],
                }
                for row in checked.rows
                if row["sha256"] in checked.parts
            ]
            session.execute(insert(SplitMember), members)
            session.commit()
    except IntegrityError:
        raise ConflictError(
            f"This version already has a split called '{name}'. Choose another name."
        ) from None
    return split.id


def describe_split(split: Split, dataset_id: int, version: int) -> dict[str, Any]:
    """Return a split's row as plain data, without its findings."""
    rule = split.rule
    return {
        "split_id": split.id,
        "name": split.name,
        "dataset_id": dataset_id,
        "version": version,
        "colour": split.colour,
        "accepted_reason": split.accepted_reason,
        "by": rule["by"],
        "test_values": rule["test_values"],
        "channel": rule["channel"],
        "seed": rule["seed"],
        "counts": rule["counts"],
        "class_names": rule["class_names"],
        "carried_from": rule.get("carried_from"),
        "created_at": to_iso(split.created_at),
    }


def list_splits(dataset_id: int, version: int | None) -> list[dict[str, Any]]:
    """Return the splits of a dataset, newest first; of one version where it is named."""
    chosen = (
        select(Split, DatasetVersion.number)
        .join(DatasetVersion, DatasetVersion.id == Split.dataset_version_id)
        .where(DatasetVersion.dataset_id == dataset_id)
        .order_by(Split.id.desc())
        .limit(500)
    )
    if version is not None:
        chosen = chosen.where(DatasetVersion.number == version)
    with get_db_session(read_only=True) as session:
        return [describe_split(split, dataset_id, number) for split, number in session.execute(chosen)]


def load_split(split_id: int) -> dict[str, Any]:
    """Return one split with its findings and the signals of each part.

    Raises:
        NotFoundError: There is none.
    """
    with get_db_session(read_only=True) as session:
        split, version = find_split(session, split_id)
        members = session.execute(
            select(SplitMember.part, SplitMember.signal_id)
            .where(SplitMember.split_id == split_id)
            .order_by(SplitMember.signal_id)
        ).all()
    parts: dict[str, list[int]] = defaultdict(list)
    for part, signal_id in members:
        parts[part].append(signal_id)
    described = describe_split(split, version.dataset_id, version.number)
    return {**described, "findings": split.findings, "parts": dict(parts)}


def find_split(session: Session, split_id: int) -> tuple[Split, DatasetVersion]:
    """Return a split's row and its version's.

    Raises:
        NotFoundError: There is none.
    """
    found = session.execute(
        select(Split, DatasetVersion)
        .join(DatasetVersion, DatasetVersion.id == Split.dataset_version_id)
        .where(Split.id == split_id)
    ).first()
    if found is None:
        raise NotFoundError("There is no such split.")
    return found[0], found[1]


def count_splits(session: Session, dataset_id: int) -> int:
    """Return how many splits a dataset's versions have together."""
    return (
        session.scalar(
            select(func.count(Split.id))
            .join(DatasetVersion, DatasetVersion.id == Split.dataset_version_id)
            .where(DatasetVersion.dataset_id == dataset_id)
        )
        or 0
    )
