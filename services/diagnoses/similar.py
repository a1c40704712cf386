"""Past diagnoses that look like one, and what analysts said of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.evidence.similarity import Signature, measure_distance
from models.diagnosis import Diagnosis
from services.diagnoses.feedback import find_newest
from utils.clock import to_iso

# Only the newest are looked at, so that the cost does not grow for ever.
_MOST_COMPARED = 1_000
# A quarter of the greatest possible distance: beyond it nothing is called similar.
_FARTHEST = 0.25
MOST_LISTED = 20
_TOLD = select(
    Diagnosis.id, Diagnosis.source_name, Diagnosis.answer["verdict"].label("verdict"), Diagnosis.created_at
)


def list_similar(
    session: Session, signature: Signature, sha256: str | None, own_id: int, limit: int = 5
) -> list[dict[str, Any]]:
    """Return the nearest past diagnoses, each recording once, with what was confirmed of them."""
    nearest: dict[str, _Near] = {}
    for near in sorted(_measure(session, signature, own_id)):
        nearest.setdefault(near.sha256 or f"diagnosis {near.diagnosis_id}", near)
        if len(nearest) == min(limit, MOST_LISTED):
            break
    ids = [near.diagnosis_id for near in nearest.values()]
    rows = {row.id: row for row in session.execute(_TOLD.where(Diagnosis.id.in_(ids)))}
    opinions = find_newest(session, ids)
    return [
        _describe(rows[near.diagnosis_id], near, sha256, opinions.get(near.diagnosis_id))
        for near in nearest.values()
    ]


class _Near(NamedTuple):
    """A past diagnosis and how far it is, in the order in which they are listed."""

    distance: float
    age: int
    diagnosis_id: int
    sha256: str | None


def _measure(session: Session, signature: Signature, own_id: int) -> list[_Near]:
    chosen = (
        select(Diagnosis.id, Diagnosis.signal_sha256, Diagnosis.signature)
        .where(Diagnosis.signature.is_not(None), Diagnosis.id < own_id)
        .order_by(Diagnosis.id.desc())
        .limit(_MOST_COMPARED)
    )
    found = []
    for row in session.execute(chosen):
        distance = measure_distance(signature, Signature.from_dict(row.signature))
        if distance is not None and distance <= _FARTHEST:
            found.append(_Near(distance, own_id - row.id, row.id, row.signal_sha256))
    return found


def _describe(row: Any, near: _Near, sha256: str | None, opinion: Mapping[str, Any] | None) -> dict[str, Any]:
    verdict = row.verdict or {}
    return {
        "diagnosis_id": row.id,
        "source_name": row.source_name,
        "status": verdict.get("status"),
        "fault_class": verdict.get("fault_class"),
        "distance": round(near.distance, 4),
        "same_samples": near.sha256 == sha256 is not None,
        "opinion": opinion["opinion"] if opinion else None,
        "confirmed_class": _find_confirmed(verdict, opinion),
        "created_at": to_iso(row.created_at),
    }


def _find_confirmed(verdict: Mapping[str, Any], opinion: Mapping[str, Any] | None) -> str | None:
    """Return the class that an analyst stands for."""
    if opinion is None:
        return None
    confirmed: str | None = {
        "confirmed": verdict.get("fault_class"),
        "relabelled": opinion["fault_class"],
    }.get(opinion["opinion"])
    return confirmed
