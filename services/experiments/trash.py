"""Experiments into the trash, out of it, and away for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from database.connection import get_db_session
from models.diagnosis import Diagnosis
from models.evaluation import Evaluation
from models.experiment import Experiment
from models.explanation import Explanation
from models.job import Job
from services.experiments.runs import remove_run_folder
from services.jobs.board import OPEN_STATES
from services.shared.actors import SYSTEM, Actor
from services.shared.audit import record_audit
from services.shared.batches import split_batches
from utils.clock import utc_now
from utils.constants import TRASH_KEPT_DAYS
from utils.exceptions import ConflictError, ErrorCode, InvalidInputError, NotFoundError
from utils.logger import setup_logger

logger = setup_logger(__name__)

MAX_AT_ONCE = 5_000
_MAX_NAMED = 5


def set_trashed(ids: Sequence[int], actor: Actor, *, trashed: bool) -> int:
    """Move experiments to the trash, or back, all or none; return how many were moved.

    Raises:
        NotFoundError: One is not there.
        ConflictError: One is still training, or an evaluation or explanation of it is not over.
    """
    wanted = _check_ids(ids)
    with get_db_session() as session:
        if trashed:
            _refuse_open(session, wanted)
        moved: list[int] = []
        for batch in split_batches(wanted):
            elsewhere = Experiment.trashed_at.is_(None) if trashed else Experiment.trashed_at.is_not(None)
            chosen = session.scalars(select(Experiment.id).where(Experiment.id.in_(batch), elsewhere)).all()
            moved += chosen
            moment = utc_now() if trashed else None
            session.execute(update(Experiment).where(Experiment.id.in_(chosen)).values(trashed_at=moment))
        word = "trash" if trashed else "restore"
        for experiment_id in moved:
            record_audit(session, actor, f"experiment.{word}", f"experiment {experiment_id}")
        session.commit()
    return len(moved)


def describe_removal(ids: Sequence[int]) -> dict[str, Any]:
    """Return what goes with experiments: their names (a few), how many; diagnoses and offspring stay."""
    wanted = _check_ids(ids)
    n_diagnoses = n_offspring = 0
    with get_db_session(read_only=True) as session:
        names = _list_names(session, wanted)
        for batch in split_batches(wanted):
            n_diagnoses += session.scalar(_count(Diagnosis.id).where(Diagnosis.experiment_id.in_(batch))) or 0
            n_offspring += session.scalar(_count(Experiment.id).where(Experiment.parent_id.in_(batch))) or 0
    return {
        "n_experiments": len(wanted),
        "names": names,
        "n_diagnoses": n_diagnoses,
        "n_offspring": n_offspring,
        "kept_days": TRASH_KEPT_DAYS,
    }


def delete_experiments(ids: Sequence[int], actor: Actor) -> int:
    """Delete experiments with their classifiers; return how many. Diagnoses that they made stay.

    Raises:
        NotFoundError: One is not there.
        ConflictError: One is still training, or an evaluation or explanation of it is not over.
    """
    wanted = _check_ids(ids)
    folders: list[str] = []
    with get_db_session() as session:
        _refuse_open(session, wanted)
        for batch in split_batches(wanted):
            mine = Experiment.id.in_(batch)
            folders += session.scalars(select(Experiment.folder).where(mine))
            jobs = select(Experiment.job_id).where(mine)
            asked = select(Evaluation.job_id).where(Evaluation.experiment_id.in_(batch))
            explained = select(Explanation.job_id).where(Explanation.experiment_id.in_(batch))
            for ended in (jobs, asked, explained):
                session.execute(update(Job).where(Job.id.in_(ended)).values(link=None))
            kept = update(Diagnosis).where(Diagnosis.experiment_id.in_(batch))
            session.execute(kept.values(experiment_id=None))
            session.execute(delete(Experiment).where(mine))
        for experiment_id in wanted:
            record_audit(session, actor, "experiment.delete", f"experiment {experiment_id}")
        session.commit()
    for folder in folders:
        remove_run_folder(folder)
    return len(wanted)


def purge_trash() -> int:
    """Delete what has been in the trash for longer than it is kept; return how many experiments went."""
    limit = utc_now() - timedelta(days=TRASH_KEPT_DAYS)
    with get_db_session(read_only=True) as session:
        due = session.scalars(select(Experiment.id).where(Experiment.trashed_at < limit)).all()
    gone = sum(delete_experiments(batch, SYSTEM) for batch in split_batches(due))
    if gone:
        logger.info("experiments in the trash were deleted", extra={"n_experiments": gone})
    return gone


def _count(column: Any) -> Any:
    return select(func.count(column))


def _check_ids(ids: Sequence[int]) -> list[int]:
    wanted = list(dict.fromkeys(ids))
    if not 0 < len(wanted) <= MAX_AT_ONCE:
        raise InvalidInputError(f"Choose 1 to {MAX_AT_ONCE} experiments.")
    found: set[int] = set()
    with get_db_session(read_only=True) as session:
        for batch in split_batches(wanted):
            found |= set(session.scalars(select(Experiment.id).where(Experiment.id.in_(batch))))
    missing = sorted(set(wanted) - found)
    if missing:
        raise NotFoundError(f"There is no experiment {missing[0]}.")
    return wanted


def _list_names(session: Session, ids: Sequence[int]) -> list[str]:
    chosen = select(Experiment.name).where(Experiment.id.in_(ids[:_MAX_NAMED])).order_by(Experiment.id)
    return list(session.scalars(chosen))


def _refuse_open(session: Session, ids: Sequence[int]) -> None:
    of_training = select(Experiment.name).join(Job, Job.id == Experiment.job_id)
    training = _list_open(session, of_training, ids)
    if training:
        raise ConflictError(
            f"The training is not over: {training}. Cancel it first.", code=ErrorCode.JOB_STATE
        )
    of_evaluation = select(Experiment.name).join(Evaluation).join(Job, Job.id == Evaluation.job_id)
    evaluated = _list_open(session, of_evaluation, ids)
    if evaluated:
        raise ConflictError(
            f"An evaluation is not over: {evaluated}. Cancel it first.", code=ErrorCode.JOB_STATE
        )
    of_explanation = select(Experiment.name).join(Explanation).join(Job, Job.id == Explanation.job_id)
    explained = _list_open(session, of_explanation, ids)
    if explained:
        raise ConflictError(
            f"An explanation is not over: {explained}. Cancel it first.", code=ErrorCode.JOB_STATE
        )


def _list_open(session: Session, chosen: Select[str], ids: Sequence[int]) -> str:
    """Return the quoted names of a few of the experiments whose job is not over; "" where there is none."""
    names: list[str] = []
    for batch in split_batches(ids):
        names += session.scalars(
            chosen.where(Experiment.id.in_(batch), Job.state.in_(OPEN_STATES))
            .order_by(Experiment.id)
            .limit(_MAX_NAMED)
        )
    return ", ".join(f"'{name}'" for name in dict.fromkeys(names[:_MAX_NAMED]))
