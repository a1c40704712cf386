"""The rows of explanations: found, described, written, forgotten."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer, undefer

from database.connection import get_db_session
from models.experiment import Experiment
from models.explanation import Explanation
from models.job import Job
from models.recording import Recording, Signal
from services.explanations.options import WHAT_IF
from services.explanations.packing import PackedCurves, unpack_groups
from services.jobs.board import OPEN_STATES, describe_job
from services.shared.actors import Actor
from services.shared.background_writes import get_background_writer
from services.shared.batches import split_batches
from utils.clock import to_iso, utc_now
from utils.exceptions import ConflictError, ErrorCode, NotFoundError

# A change of what explanations mean raises this: stored ones are worked out anew.
RESULTS_VERSION: Final = 1
# What has not been looked at for so many days goes, and the longest unseen where all together is too much.
KEPT_DAYS: Final = 30
MAX_TOTAL_BYTES: Final = 500_000_000
# A question whose job ended without an answer is forgotten after a day.
_UNANSWERED_KEPT = timedelta(days=1)
# A look is written down at most so often.
_TOUCH_EVERY = timedelta(hours=1)
_SIGNAL, _PART = "signal:", "part:"


@dataclass(frozen=True, slots=True)
class Question:
    """What makes an explanation the same as another one.

    Attributes:
        experiment_id: Whose classifier.
        classifier_sha256: Which classifier.
        signal_id: The signal explained; None for a part of the split.
        part: The part explained; None for a signal.
        method: How.
        options: Complete.
        facts: What is known of the recordings' machines: a speed or bearing that is entered later asks anew.
    """

    experiment_id: int
    classifier_sha256: str
    signal_id: int | None
    part: str | None
    method: str
    options: Mapping[str, Any]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """What makes the options and facts the same as others."""
        return hash_options(self.options, self.facts)

    @property
    def subject(self) -> str:
        """What is explained, as the row has it."""
        return f"{_SIGNAL}{self.signal_id}" if self.signal_id is not None else f"{_PART}{self.part}"


def hash_options(options: Mapping[str, Any], facts: Mapping[str, Any] | None = None) -> str:
    """Return what makes complete options, and facts about the recording, the same as others."""
    text = json.dumps([RESULTS_VERSION, dict(options), dict(facts or {})], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def find_row(session: Session, question: Question) -> Explanation | None:
    """Return the row of exactly this question."""
    return session.scalar(
        select(Explanation).where(
            Explanation.experiment_id == question.experiment_id,
            Explanation.classifier_sha256 == question.classifier_sha256,
            Explanation.subject == question.subject,
            Explanation.method == question.method,
            Explanation.options_sha256 == question.digest,
        )
    )


def find_newest(session: Session, experiment: Experiment, signal_id: int, method: str) -> Explanation | None:
    """Return the newest answered row of a signal and method for the classifier that there is now."""
    return session.scalar(
        select(Explanation)
        .where(
            Explanation.experiment_id == experiment.id,
            Explanation.classifier_sha256 == (experiment.classifier_sha256 or ""),
            Explanation.subject == f"{_SIGNAL}{signal_id}",
            Explanation.method == method,
            Explanation.summary.is_not(None),
        )
        .order_by(Explanation.id.desc())
        .limit(1)
    )


def find_newest_attribution(
    session: Session, experiment_id: int, signal_id: int, classifier_sha256: str
) -> int | None:
    """Return the newest answered row of a signal and classifier by any method that attributes."""
    return session.scalar(
        select(Explanation.id)
        .where(
            Explanation.experiment_id == experiment_id,
            Explanation.classifier_sha256 == classifier_sha256,
            Explanation.subject == f"{_SIGNAL}{signal_id}",
            Explanation.method != WHAT_IF,
            Explanation.summary.is_not(None),
        )
        .order_by(Explanation.id.desc())
        .limit(1)
    )


def build_row(question: Question, actor: Actor) -> Explanation:
    """Return a new row without an answer."""
    return Explanation(
        experiment_id=question.experiment_id,
        classifier_sha256=question.classifier_sha256,
        subject=question.subject,
        signal_id=question.signal_id,
        method=question.method,
        options=dict(question.options),
        options_sha256=question.digest,
        created_by=actor.user_id,
    )


def keep_answer(
    session: Session, explanation_id: int, summary: Mapping[str, Any], arrays: bytes | None
) -> None:
    """Write an answer into its row.

    Raises:
        NotFoundError: The row has gone with its experiment.
    """
    n_bytes = len(arrays or b"") + len(json.dumps(summary, allow_nan=False))
    found = session.execute(
        update(Explanation)
        .where(Explanation.id == explanation_id)
        .values(summary=dict(summary), arrays=arrays, n_bytes=n_bytes, last_used_at=utc_now())
        .returning(Explanation.id)
    ).scalar()
    if found is None:
        raise NotFoundError("The experiment or its recording has been deleted meanwhile.")


def keep_question(question: Question, summary: Mapping[str, Any], arrays: bytes | None, actor: Actor) -> int:
    """Write an answer that was worked out elsewhere, in place of one before; two writers do no harm."""
    try:
        return _keep_question(question, summary, arrays, actor)
    except IntegrityError:  # somebody wrote the same question at the same moment
        return _keep_question(question, summary, arrays, actor)


def _keep_question(question: Question, summary: Mapping[str, Any], arrays: bytes | None, actor: Actor) -> int:
    with get_db_session() as session:
        row = find_row(session, question)
        if row is None:
            row = build_row(question, actor)
            session.add(row)
            session.flush()
        keep_answer(session, row.id, summary, arrays)
        explanation_id = row.id
        session.commit()
    return explanation_id


# --- reading ---------------------------------------------------------------------------------------------


def describe_row(row: Explanation, experiment: Experiment) -> dict[str, Any]:
    """Return an explanation without its curves as plain data."""
    return {**describe_header(row, experiment), "summary": row.summary}


def describe_header(row: Explanation, experiment: Experiment) -> dict[str, Any]:
    """Return an explanation without its answer as plain data."""
    part = row.subject.removeprefix(_PART) if row.signal_id is None else None
    return {
        "explanation_id": row.id,
        "experiment_id": row.experiment_id,
        "experiment": experiment.name,
        "classifier_sha256": row.classifier_sha256,
        "current": row.classifier_sha256 == experiment.classifier_sha256,
        "signal_id": row.signal_id,
        "part": part,
        "method": row.method,
        "options": row.options,
        "job_id": row.job_id,
        "n_bytes": row.n_bytes,
        "created_at": to_iso(row.created_at),
        "last_used_at": to_iso(row.last_used_at),
        "created_by": row.created_by,
    }


def load_row(explanation_id: int) -> tuple[Explanation, Experiment, dict[str, PackedCurves]]:
    """Return an answered or unanswered row with its experiment and its curves, and note that it was used.

    Raises:
        NotFoundError: There is none.
        DataDamagedError: Its curves can't be read.
    """
    with get_db_session(read_only=True) as session:
        row = session.get(Explanation, explanation_id, options=[undefer(Explanation.arrays)])
        if row is None:
            raise NotFoundError("There is no such explanation (any more). Ask for it again.")
        experiment = session.get_one(Experiment, row.experiment_id)
    touch(row)
    return row, experiment, unpack_groups(row.arrays) if row.arrays is not None else {}


def touch(row: Explanation) -> None:
    """Note that an explanation was looked at, where the last note is an hour old; nobody waits for it."""
    now, explanation_id = utc_now(), row.id
    if now - row.last_used_at < _TOUCH_EVERY:
        return

    def write() -> None:
        with get_db_session() as session:
            found = Explanation.id == explanation_id
            session.execute(update(Explanation).where(found).values(last_used_at=now))
            session.commit()

    get_background_writer().run(write)


def list_headers(
    *,
    experiment_id: int | None = None,
    signal_id: int | None = None,
    method: str | None = None,
    page: int = 1,
    per_page: int = 10,
) -> dict[str, Any]:
    """Return a page of headers, newest first: no curves, and of the answer only what a list shows."""
    page, per_page = max(page, 1), min(max(per_page, 1), 100)
    found = select(Explanation, Explanation.summary.is_not(None), Explanation.summary["headline"])
    chosen = _filter(found.options(defer(Explanation.summary)), experiment_id, signal_id, method)
    with get_db_session(read_only=True) as session:
        total = session.scalar(_filter(select(func.count(Explanation.id)), experiment_id, signal_id, method))
        answers = session.execute(
            chosen.order_by(Explanation.id.desc()).limit(per_page).offset((page - 1) * per_page)
        ).all()
        rows = [row for row, _, _ in answers]
        experiments = _load_by_id(session, Experiment, [row.experiment_id for row in rows])
        jobs = _load_by_id(session, Job, [row.job_id for row in rows])
        recordings = _load_recordings(session, [row.signal_id for row in rows])
    items = []
    for row, is_done, headline in answers:
        described = describe_header(row, experiments[row.experiment_id])
        job = jobs.get(row.job_id) if row.job_id is not None else None
        items.append(
            {
                **described,
                **recordings.get(row.signal_id, {"recording": None, "channel": None, "dataset_id": None}),
                "is_done": bool(is_done),
                "headline": headline,
                "job": describe_job(job, with_result=False) if job else None,
            }
        )
    return {"items": items, "total": total or 0, "page": page, "per_page": per_page}


def _filter(
    chosen: Select[Any], experiment_id: int | None, signal_id: int | None, method: str | None
) -> Select[Any]:
    for column, wanted in (
        (Explanation.experiment_id, experiment_id),
        (Explanation.signal_id, signal_id),
        (Explanation.method, method),
    ):
        if wanted is not None:
            chosen = chosen.where(column == wanted)
    return chosen


def _load_by_id(session: Session, model: Any, ids: Sequence[int | None]) -> dict[int, Any]:
    wanted = {each for each in ids if each is not None}
    return {row.id: row for row in session.scalars(select(model).where(model.id.in_(wanted)))}


def _load_recordings(session: Session, signal_ids: Sequence[int | None]) -> dict[int | None, dict[str, Any]]:
    wanted = {each for each in signal_ids if each is not None}
    rows = session.execute(
        select(Signal.id, Recording.name, Signal.channel, Recording.dataset_id)
        .join(Recording, Recording.id == Signal.recording_id)
        .where(Signal.id.in_(wanted))
    )
    return {
        signal_id: {"recording": name, "channel": channel, "dataset_id": dataset_id}
        for signal_id, name, channel, dataset_id in rows
    }


# --- forgetting ------------------------------------------------------------------------------------------


def delete_row(session: Session, explanation_id: int) -> bool:
    """Delete an explanation in the caller's transaction; False where there is none.

    Raises:
        ConflictError: Its job is not over.
    """
    row = session.get(Explanation, explanation_id)
    if row is None:
        return False
    job = session.get(Job, row.job_id) if row.job_id is not None else None
    if job is not None and job.state in OPEN_STATES:
        raise ConflictError("Its job is not over. Cancel it first.", code=ErrorCode.JOB_STATE)
    session.delete(row)
    return True


def forget_old(days: float, max_total_bytes: int = MAX_TOTAL_BYTES) -> dict[str, int]:
    """Delete what nobody looks at any more; what a job is working on stays.

    Returns:
        ``n_old`` (not looked at for ``days``), ``n_unanswered`` (their jobs left no answer) and ``n_evicted``
        (the longest unseen, where all together took more than ``max_total_bytes``).
    """
    now = utc_now()
    with get_db_session() as session:
        busy = select(Job.id).where(Job.state.in_(OPEN_STATES))
        idle: ColumnElement[bool] = Explanation.job_id.is_(None) | Explanation.job_id.not_in(busy)
        counts = {
            "n_old": _delete_where(session, idle, Explanation.last_used_at < now - timedelta(days=days)),
            "n_unanswered": _delete_where(
                session,
                idle,
                Explanation.summary.is_(None),
                Explanation.last_used_at < now - _UNANSWERED_KEPT,
            ),
            "n_evicted": _evict(session, idle, max_total_bytes),
        }
        session.commit()
    return counts


def _delete_where(session: Session, *conditions: ColumnElement[bool]) -> int:
    return len(session.execute(delete(Explanation).where(*conditions).returning(Explanation.id)).all())


def _evict(session: Session, idle: ColumnElement[bool], max_total_bytes: int) -> int:
    newest_first = (Explanation.last_used_at.desc(), Explanation.id.desc())
    kept_so_far = func.sum(Explanation.n_bytes).over(order_by=newest_first, rows=(None, 0))
    ranked = select(Explanation.id, kept_so_far.label("kept")).where(idle).subquery()
    beyond = session.scalars(select(ranked.c.id).where(ranked.c.kept > max_total_bytes)).all()
    for batch in split_batches(beyond):
        session.execute(delete(Explanation).where(Explanation.id.in_(batch)))
    return len(beyond)


def measure_cache() -> dict[str, Any]:
    """Return how much is kept, by method and in all."""
    with get_db_session(read_only=True) as session:
        by_method = session.execute(
            select(Explanation.method, func.count(Explanation.id), func.sum(Explanation.n_bytes))
            .where(Explanation.summary.is_not(None))
            .group_by(Explanation.method)
            .order_by(Explanation.method)
        ).all()
        oldest, newest = session.execute(
            select(func.min(Explanation.last_used_at), func.max(Explanation.last_used_at)).where(
                Explanation.summary.is_not(None)
            )
        ).one()
        waiting = session.scalar(select(func.count(Explanation.id)).where(Explanation.summary.is_(None)))
    return {
        "n_explanations": sum(count for _, count, _ in by_method),
        "n_unanswered": waiting or 0,
        "n_bytes": sum(int(size or 0) for _, _, size in by_method),
        "max_bytes": MAX_TOTAL_BYTES,
        "kept_days": KEPT_DAYS,
        "by_method": [
            {"method": method, "n": count, "n_bytes": int(size or 0)} for method, count, size in by_method
        ],
        "longest_unused_at": to_iso(oldest),
        "last_used_at": to_iso(newest),
    }
