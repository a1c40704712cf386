"""What the pages, REST and reports read of diagnoses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from core.evidence.similarity import Signature
from core.evidence.verdict import Status
from database.connection import get_db_session
from models.diagnosis import Diagnosis, DiagnosisFeedback
from models.job import Job
from models.recording import Recording, Signal
from services.diagnoses.feedback import OpinionKind, find_newest, list_feedback
from services.diagnoses.samples import are_kept
from services.diagnoses.similar import list_similar
from utils.clock import to_iso
from utils.constants import MAX_ID
from utils.exceptions import InvalidInputError, NotFoundError

MAX_PER_PAGE = 200
_NO_OPINION = "none"
_MAX_WORDS = 8
_ID_FILTERS = {"experiment_id": Diagnosis.experiment_id, "signal_id": Diagnosis.signal_id}
_FILTERS = {*_ID_FILTERS, "dataset_id", "query", "status", "fault_class", "opinion"}


def get_diagnosis(diagnosis_id: int) -> dict[str, Any] | None:
    """Return one diagnosis with its answer and what was said of it; None where there is none."""
    with get_db_session(read_only=True) as session:
        found = session.get(Diagnosis, diagnosis_id)
        if found is None:
            return None
        job = session.get_one(Job, found.job_id)
        feedback = list_feedback(session, [diagnosis_id])[diagnosis_id]
    return {
        "diagnosis_id": found.id,
        "job_id": found.job_id,
        "experiment_id": found.experiment_id,
        "asked_experiment_id": found.request.get("experiment_id", found.experiment_id),
        "signal_id": found.signal_id,
        "signal_sha256": found.signal_sha256,
        "source_name": found.source_name,
        "facts": found.request["facts"],
        "state": job.state,
        "error": job.error,
        "answer": found.answer,
        "feedback": feedback,
        "samples_kept": are_kept(found.signal_sha256),
        "created_by_id": found.created_by,
        "created_at": to_iso(found.created_at),
    }


def list_cases(diagnosis_id: int, limit: int) -> list[dict[str, Any]]:
    """Return past diagnoses that look like one, with what has been said of them by now.

    Raises:
        NotFoundError: There is no such diagnosis.
    """
    with get_db_session(read_only=True) as session:
        found = session.get(Diagnosis, diagnosis_id)
        if found is None:
            raise NotFoundError("There is no such diagnosis.")
        if found.signature is None:
            return []
        signature = Signature.from_dict(found.signature)
        return list_similar(session, signature, found.signal_sha256, found.id, max(limit, 1))


def list_page(page: int, per_page: int, filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return diagnoses, newest first; of their answers the verdict only.

    Raises:
        InvalidInputError: A filter that does not exist, or a value that can't be one of its.
    """
    page, per_page = max(page, 1), min(max(per_page, 1), MAX_PER_PAGE)
    chosen = _filter(
        select(
            Diagnosis.id,
            Diagnosis.job_id,
            Diagnosis.experiment_id,
            Diagnosis.signal_id,
            Diagnosis.source_name,
            Diagnosis.answer["verdict"].label("verdict"),
            Diagnosis.answer["recording"]["machine_kind"].as_string().label("machine_kind"),
            Diagnosis.created_at,
            Job.state,
            Job.error,
        ).join(Job, Job.id == Diagnosis.job_id),
        filters,
    )
    with get_db_session(read_only=True) as session:
        total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
        newest = chosen.order_by(Diagnosis.id.desc()).limit(per_page).offset((page - 1) * per_page)
        items = _describe_rows(session, newest)
    return {"items": items, "total": total, "page": page, "per_page": per_page}


def _describe_rows(session: Session, chosen: Select[Any]) -> list[dict[str, Any]]:
    rows = session.execute(chosen).all()
    opinions = find_newest(session, [row.id for row in rows])
    return [
        {
            "diagnosis_id": row.id,
            "job_id": row.job_id,
            "experiment_id": row.experiment_id,
            "signal_id": row.signal_id,
            "source_name": row.source_name,
            "state": row.state,
            "error": row.error,
            "verdict": row.verdict,
            "machine_kind": row.machine_kind,
            "opinion": opinions[row.id]["opinion"] if row.id in opinions else None,
            "created_at": to_iso(row.created_at),
        }
        for row in rows
    ]


def _filter(chosen: Select[Any], filters: Mapping[str, Any]) -> Select[Any]:
    unknown = sorted(set(filters) - _FILTERS)
    if unknown:
        raise InvalidInputError(f"Diagnoses have no '{unknown[0]}'. Filters: {', '.join(sorted(_FILTERS))}.")
    known = {name: value for name, value in filters.items() if value not in (None, "")}
    for name, column in _ID_FILTERS.items():
        if name in known:
            chosen = chosen.where(column == _check_id(known[name]))
    if "dataset_id" in known:
        own = select(Signal.id).join(Recording).where(Recording.dataset_id == _check_id(known["dataset_id"]))
        chosen = chosen.where(Diagnosis.signal_id.in_(own))
    for word in str(known.get("query", "")).split()[:_MAX_WORDS]:
        chosen = chosen.where(Diagnosis.source_name.icontains(word, autoescape=True))
    if "status" in known and known["status"] not in set(Status):
        raise InvalidInputError(f"The status of a verdict is one of {', '.join(Status)}.")
    for name in ("status", "fault_class"):
        if name in known:
            chosen = chosen.where(_says(name, str(known[name])))
    return _filter_opinion(chosen, known["opinion"]) if "opinion" in known else chosen


def _says(name: str, value: str) -> ColumnElement[bool]:
    """Answers from before there were signatures are read themselves."""
    return (
        case(
            (Diagnosis.signature.is_not(None), Diagnosis.signature[name].as_string()),
            else_=Diagnosis.answer["verdict"][name].as_string(),
        )
        == value
    )


def _check_id(value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise InvalidInputError("An id is a whole number.") from None
    return number if 0 < number <= MAX_ID else 0


def _filter_opinion(chosen: Select[Any], opinion: str) -> Select[Any]:
    if opinion == _NO_OPINION:
        return chosen.where(Diagnosis.id.not_in(select(DiagnosisFeedback.diagnosis_id)))
    if opinion not in set(OpinionKind):
        raise InvalidInputError(f"An opinion is one of {', '.join((*OpinionKind, _NO_OPINION))}.")
    last = select(func.max(DiagnosisFeedback.id)).group_by(DiagnosisFeedback.diagnosis_id)
    said = select(DiagnosisFeedback.diagnosis_id).where(
        DiagnosisFeedback.id.in_(last), DiagnosisFeedback.opinion == opinion
    )
    return chosen.where(Diagnosis.id.in_(said))
