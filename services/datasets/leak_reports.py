"""The leak check's findings as a report: what is found now, with names to follow to the recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.datasets.leaks import LeakReport, check_dataset, check_split
from database.connection import get_db_session
from models.split import SplitMember
from services.datasets.leak_scans import StoredScan, estimate_scan_s, find_open_job, find_scan
from services.datasets.rows import Row, find_dataset, find_version, load_rows
from services.datasets.splitting import build_split_rows, count_parts, describe_split, find_split
from utils.exceptions import NotFoundError

_MOST_FINDINGS = 500


def load_report(dataset_id: int, version: int | None, split_id: int | None) -> dict[str, Any]:
    """Return the report of a split, or of a version before any split.

    Raises:
        NotFoundError: No such dataset, version or split.
    """
    with get_db_session(read_only=True) as session:
        split, parts = None, None
        if split_id is not None:
            split, version, parts = _load_split(session, dataset_id, split_id)
        found = find_version(session, dataset_id, version)
        rows = load_rows(session, found.id)
        name = find_dataset(session, dataset_id).name
    scan = find_scan(rows)
    job = None if scan is not None else find_open_job(dataset_id, found.number)
    report = _check(rows, parts, scan)
    return {
        "dataset_id": dataset_id,
        "dataset_name": name,
        "version": found.number,
        "split": split,
        "state": "done" if scan is not None else "running" if job else "missing",
        "job": job,
        "scan": _describe_scan(scan, rows),
        "colour": report.colour,
        "counts": report.counts,
        "part_counts": _count_parts(rows, parts),
        "findings": _describe_findings(report, rows, parts),
    }


def _load_split(
    session: Session, dataset_id: int, split_id: int
) -> tuple[dict[str, Any], int, dict[str, str]]:
    split, version = find_split(session, split_id)
    if version.dataset_id != dataset_id:
        raise NotFoundError("There is no such split in this dataset.")
    members = session.execute(
        select(SplitMember.signal_sha256, SplitMember.part).where(SplitMember.split_id == split_id)
    ).all()
    described = describe_split(split, dataset_id, version.number)
    return described, version.number, {sha256: part for sha256, part in members}  # noqa: C416 -- typed rows


def _check(rows: Sequence[Row], parts: Mapping[str, str] | None, scan: StoredScan | None) -> LeakReport:
    pairs = scan.pairs if scan is not None else ()
    if parts is None:
        return check_dataset(build_split_rows(rows), pairs)
    members = [row for row in rows if row["sha256"] in parts]
    return check_split(build_split_rows(members), parts, pairs)


def _describe_scan(scan: StoredScan | None, rows: Sequence[Row]) -> dict[str, Any]:
    if scan is None:
        return {"n_signals": len(rows), "estimate_s": round(estimate_scan_s(rows), 1)}
    return {
        "n_signals": scan.n_signals,
        "n_pairs": len(scan.pairs),
        "n_left_out": scan.n_left_out,
        "seconds": scan.seconds,
        "finished_at": scan.finished_at,
    }


def _count_parts(rows: Sequence[Row], parts: Mapping[str, str] | None) -> dict[str, Any]:
    held = parts or {}
    return count_parts(rows, {row["signal_id"]: held.get(row["sha256"]) for row in rows})


def _describe_findings(
    report: LeakReport, rows: Sequence[Row], parts: Mapping[str, str] | None
) -> list[dict[str, Any]]:
    known = {row["sha256"]: row for row in rows}
    described = []
    for finding in report.findings[:_MOST_FINDINGS]:
        sides = {
            side: _describe_side(known.get(sha256 or ""), parts)
            for side, sha256 in (("left", finding.left), ("right", finding.right))
        }
        described.append({**asdict(finding), **sides})
    return described


def _describe_side(row: Row | None, parts: Mapping[str, str] | None) -> dict[str, Any] | None:
    if row is None:
        return None
    names = ("signal_id", "recording_id", "recording", "channel", "group", "fault_class")
    return {**{name: row[name] for name in names}, "part": (parts or {}).get(row["sha256"])}
