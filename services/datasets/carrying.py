"""Carries a split over to a newer version: the same signals, by hash, in the same parts, checked again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.datasets.leaks import check_split
from core.datasets.splits import Parts
from database.connection import get_db_session
from models.dataset import DatasetVersion
from models.split import Split, SplitMember
from services.datasets.leak_scans import require_scan
from services.datasets.rows import Row, find_version, load_rows
from services.datasets.splitting import (
    CheckedSplit,
    SplitRule,
    build_split_rows,
    find_split,
)
from services.shared.actors import Actor
from utils.exceptions import InvalidInputError


@dataclass(frozen=True, slots=True)
class CarriedSplit:
    """A split as a newer version would have it, checked, not yet stored."""

    name: str
    dataset_id: int
    version: int
    checked: CheckedSplit

    def describe(self) -> dict[str, Any]:
        """Return what a person decides by."""
        place = {"name": self.name, "dataset_id": self.dataset_id, "version": self.version}
        return {**place, **self.checked.describe()}


def work_out_carried_split(split_id: int, to_version: int | None, actor: Actor) -> CarriedSplit:
    """Take a split's parts over to a newer version and check them there for leaks.

    Signals that the split's own version did not have stay out; both those and the ones that are gone are
    counted in ``carried_from``.

    Raises:
        NotFoundError: No such split or version.
        InvalidInputError: The version is not newer than the split's.
        ConflictError: ``leak_check_running``: the signals of a big dataset are still being compared.
        DataDamagedError: A signal can't be compared because its stored file is broken.
    """
    with get_db_session(read_only=True) as session:
        split, own = find_split(session, split_id)
        newer = find_version(session, own.dataset_id, to_version)
        _require_newer(newer, own)
        rule = _read_rule(split)
        parts = _load_parts(session, split_id)
        known = {row["sha256"] for row in _keep_usable(load_rows(session, own.id), rule)}
        every_row = load_rows(session, newer.id)
    there = list(_keep_usable(every_row, rule))
    rows = [row for row in there if row["sha256"] in parts]
    hashes = {row["sha256"] for row in there}
    kept = {sha256: part for sha256, part in parts.items() if sha256 in hashes}
    origin = {
        "split_id": split.id,
        "version": own.number,
        "n_new": len(hashes - known - set(parts)),
        "n_gone": len(set(parts) - hashes),
    }
    scan = require_scan(every_row, own.dataset_id, newer.number, actor)
    report = check_split(build_split_rows(rows), kept, scan.pairs)
    checked = CheckedSplit(newer.id, rule, rows, kept, report, carried_from=origin)
    return CarriedSplit(split.name, own.dataset_id, newer.number, checked)


def _require_newer(newer: DatasetVersion, own: DatasetVersion) -> None:
    if newer.number <= own.number:
        raise InvalidInputError(
            f"The split belongs to version {own.number}; it can be carried over to a newer one only, not to "
            f"version {newer.number}."
        )


def _read_rule(split: Split) -> SplitRule:
    stored = split.rule
    values = stored["test_values"]
    return SplitRule(
        by=stored["by"],
        test_values=None if values is None else tuple(values),
        channel=stored["channel"],
        seed=stored["seed"],
        validation_fraction=stored["validation_fraction"],
        test_fraction=stored["test_fraction"],
    )


def _load_parts(session: Session, split_id: int) -> Parts:
    members = session.execute(
        select(SplitMember.signal_sha256, SplitMember.part).where(SplitMember.split_id == split_id)
    ).all()
    return dict(members)


def _keep_usable(rows: Iterable[Row], rule: SplitRule) -> Iterable[Row]:
    """Yield the labelled signals that the rule is about."""
    for row in rows:
        if row["fault_class"] is not None and rule.channel in (None, row["channel"]):
            yield row
