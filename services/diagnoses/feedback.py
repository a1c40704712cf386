"""What analysts say of diagnoses; the newest counts, older ones stay."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.datasets.naming import map_label
from database.connection import get_db_session
from models.dataset import DatasetVersion
from models.diagnosis import Diagnosis, DiagnosisFeedback
from models.user import User
from services.shared.actors import Actor
from services.shared.audit import record_audit
from services.shared.batches import split_batches
from services.shared.texts import check_text
from utils.clock import to_iso
from utils.exceptions import ConflictError, ErrorCode, InvalidInputError, NotFoundError

_MAX_NOTE = 2_000
_MAX_CLASS = 60


class OpinionKind(StrEnum):
    """What can be said of a diagnosis."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    RELABELLED = "relabelled"


def give_feedback(
    diagnosis_id: int, opinion: str, fault_class: str | None, note: str, actor: Actor
) -> dict[str, Any]:
    """Write down what somebody says of a diagnosis.

    Raises:
        NotFoundError: There is no such diagnosis.
        ConflictError: ``job_state``: it has no answer (yet).
        InvalidInputError: Not one of the opinions, or one that does not fit the answer.
    """
    kind, label = _check(opinion, fault_class, note)
    with get_db_session() as session:
        diagnosis = session.get(Diagnosis, diagnosis_id)
        if diagnosis is None:
            raise NotFoundError("There is no such diagnosis.")
        if diagnosis.answer is None:
            raise ConflictError("This diagnosis has no answer to speak of.", code=ErrorCode.JOB_STATE)
        if kind is OpinionKind.CONFIRMED and diagnosis.answer["verdict"]["fault_class"] is None:
            raise InvalidInputError(
                "This verdict names no class that could be confirmed. Say which class it is: relabel it."
            )
        row = DiagnosisFeedback(
            diagnosis_id=diagnosis_id,
            opinion=kind.value,
            fault_class=label,
            note=note.strip(),
            created_by=actor.user_id,
        )
        session.add(row)
        details = {"opinion": kind.value, "fault_class": label}
        record_audit(session, actor, "diagnosis.feedback", f"diagnosis {diagnosis_id}", details=details)
        session.commit()
        return list_feedback(session, [diagnosis_id])[diagnosis_id][0]


def _check(opinion: str, fault_class: str | None, note: str) -> tuple[OpinionKind, str | None]:
    if opinion not in set(OpinionKind):
        raise InvalidInputError(f"An opinion is one of {', '.join(OpinionKind)}.")
    kind = OpinionKind(opinion)
    check_text([fault_class, note], "feedback")
    if len(note.strip()) > _MAX_NOTE:
        raise InvalidInputError(f"Keep the note within {_MAX_NOTE} characters.")
    name = (fault_class or "").strip()
    if kind is not OpinionKind.RELABELLED:
        if name:
            raise InvalidInputError("A class is only given with another label.")
        return kind, None
    if not 0 < len(name) <= _MAX_CLASS:
        raise InvalidInputError(f"Say which class it is, in at most {_MAX_CLASS} characters.")
    return kind, map_label(name)


def list_feedback(session: Session, diagnosis_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Return what was said of diagnoses, newest first, by diagnosis."""
    found: dict[int, list[dict[str, Any]]] = {number: [] for number in diagnosis_ids}
    for batch in split_batches(list(found)):
        chosen = (
            select(DiagnosisFeedback, User.display_name, DatasetVersion.dataset_id, DatasetVersion.number)
            .outerjoin(User, User.id == DiagnosisFeedback.created_by)
            .outerjoin(DatasetVersion, DatasetVersion.id == DiagnosisFeedback.dataset_version_id)
            .where(DiagnosisFeedback.diagnosis_id.in_(batch))
            .order_by(DiagnosisFeedback.id.desc())
        )
        for row, person, dataset_id, number in session.execute(chosen):
            version = {"dataset_id": dataset_id, "version": number} if dataset_id else None
            found[row.diagnosis_id].append(_describe(row, person, version))
    return found


def find_newest(session: Session, diagnosis_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the newest word on each diagnosis that has one."""
    newest: dict[int, dict[str, Any]] = {}
    for batch in split_batches(list(diagnosis_ids)):
        last = (
            select(func.max(DiagnosisFeedback.id))
            .where(DiagnosisFeedback.diagnosis_id.in_(batch))
            .group_by(DiagnosisFeedback.diagnosis_id)
        )
        for row in session.scalars(select(DiagnosisFeedback).where(DiagnosisFeedback.id.in_(last))):
            newest[row.diagnosis_id] = _describe(row, None, None)
    return newest


def _describe(row: DiagnosisFeedback, person: str | None, version: dict[str, int] | None) -> dict[str, Any]:
    return {
        "feedback_id": row.id,
        "diagnosis_id": row.diagnosis_id,
        "opinion": row.opinion,
        "fault_class": row.fault_class,
        "note": row.note,
        "created_by_id": row.created_by,
        "created_by": person,
        "created_at": to_iso(row.created_at),
        "dataset_version": version,
    }
