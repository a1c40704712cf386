"""Evaluations on request: found, worked out at once, or left to a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from database.connection import get_db_session
from models.evaluation import Evaluation
from models.experiment import Experiment
from models.job import Job, JobKind, JobQueue
from services.evaluations import open_set, others, sweeps
from services.evaluations.kinds import (
    QUICK_KINDS,
    TITLES,
    EvaluationKind,
    is_kept,
    parse_config,
    parse_kind,
)
from services.evaluations.quick import compute_quick
from services.evaluations.reading import load_finished
from services.evaluations.storing import (
    PASSES,
    build_answer,
    build_row,
    describe_evaluation,
    find_by_config,
    find_newest,
    is_usable,
    keep_results,
)
from services.evaluations.works import Worker, open_work
from services.jobs.board import OPEN_STATES
from services.jobs.queue import enqueue_job
from services.jobs.runner import JobHandle
from services.shared.actors import Actor
from services.shared.audit import record_audit
from utils.exceptions import ConflictError, NotFoundError

_WORKERS: Final[Mapping[EvaluationKind, Worker]] = {
    EvaluationKind.ROBUSTNESS: sweeps.run_robustness,
    EvaluationKind.OPEN_SET: open_set.run_open_set,
    EvaluationKind.RECORDINGS: others.run_recordings,
    EvaluationKind.LATENCY: sweeps.run_latency,
    EvaluationKind.PREDICTIONS: sweeps.run_predictions,
}


def get(
    experiment_id: int, kind: str, config: Mapping[str, Any] | None, actor: Actor
) -> dict[str, Any] | None:
    """Return an evaluation; a quick one is worked out where it is missing, a job's has to be stored."""
    known = parse_kind(kind)
    if known in QUICK_KINDS:
        return _get_quick(experiment_id, known, parse_config(known, config), actor)
    with get_db_session(read_only=True) as session:
        experiment = load_finished(session, experiment_id)
        if config is None:
            found = find_newest(session, experiment, known)
        else:
            found = find_by_config(session, experiment_id, known, parse_config(known, config))
        usable = found if is_usable(found, experiment) else None
        return describe_evaluation(usable, experiment) if usable else None


def request(
    experiment_id: int, kind: str, config: Mapping[str, Any] | None, actor: Actor, *, again: bool
) -> dict[str, Any]:
    """Return ``evaluation`` where it is there or quick, else ``job_id`` of the job that works it out."""
    known = parse_kind(kind)
    complete = parse_config(known, config)
    if known in QUICK_KINDS:
        found = _get_quick(experiment_id, known, complete, actor, in_use=True)
        return {"evaluation": found, "job_id": None, "reused": False}
    try:
        return _request_job(experiment_id, known, complete, actor, again=again)
    except IntegrityError:  # somebody asked the same at the same moment: now it is there to be found
        return _request_job(experiment_id, known, complete, actor, again=again)


def _request_job(
    experiment_id: int, known: EvaluationKind, complete: Mapping[str, Any], actor: Actor, *, again: bool
) -> dict[str, Any]:
    with get_db_session() as session:
        experiment = load_finished(session, experiment_id, in_use=True)
        row = find_by_config(session, experiment_id, known, complete)
        if row is not None and is_usable(row, experiment) and not again:
            return {"evaluation": describe_evaluation(row, experiment), "job_id": None, "reused": True}
        waiting = _find_open_job(session, row)
        if waiting is not None:
            return {"evaluation": None, "job_id": waiting, "reused": True}
        if row is None:
            row = build_row(experiment_id, known, complete, actor)
            session.add(row)
            session.flush()
        job = _enqueue(session, row, experiment, actor)
        session.commit()
        return {"evaluation": None, "job_id": job.id, "reused": False}


def _get_quick(
    experiment_id: int,
    kind: EvaluationKind,
    config: Mapping[str, Any],
    actor: Actor,
    *,
    in_use: bool = False,
) -> dict[str, Any]:
    with get_db_session(read_only=True) as session:
        experiment = load_finished(session, experiment_id, in_use=in_use)
        row = find_by_config(session, experiment_id, kind, config)
    if row is None or not is_usable(row, experiment):
        results = compute_quick(experiment_id, kind, config)
        if not is_kept(kind, config):
            return describe_evaluation(build_answer(experiment, kind, config, results, actor), experiment)
        evaluation_id = keep_results(experiment, kind, config, results, actor)
        with get_db_session(read_only=True) as session:
            row = session.get(Evaluation, evaluation_id)
        if row is None:
            raise NotFoundError("The experiment has been deleted.")
    return describe_evaluation(row, experiment)


def _find_open_job(session: Session, row: Evaluation | None) -> int | None:
    job = session.get(Job, row.job_id) if row is not None and row.job_id is not None else None
    return job.id if job is not None and job.state in OPEN_STATES else None


def _enqueue(session: Session, row: Evaluation, experiment: Experiment, actor: Actor) -> Job:
    title = TITLES[EvaluationKind(row.kind)]
    job = enqueue_job(
        session,
        kind=JobKind.EVALUATE,
        queue=JobQueue.TRAIN,
        title=f"{title}: {experiment.name}",
        payload={"evaluation_id": row.id},
        actor=actor,
        link=f"/evaluation?experiment={experiment.id}&tab={row.kind}",
    )
    row.job_id = job.id
    record_audit(session, actor, "evaluation.request", f"experiment {experiment.id}, {row.kind}")
    return job


def run_evaluation(handle: JobHandle) -> dict[str, Any]:
    """Work out the job's evaluation and store it under the job's fence, counting what met the test part."""
    with get_db_session(read_only=True) as session:
        row = session.get(Evaluation, handle.payload["evaluation_id"])
    if row is None:
        raise NotFoundError("The experiment has been deleted.")
    kind = EvaluationKind(row.kind)
    work = open_work(row.experiment_id, row.config, handle)
    results, n_passes = _WORKERS[kind](work)
    with get_db_session() as session:
        handle.fenced(session)
        _store(session, row, work.experiment, {**results, PASSES: n_passes}, n_passes)
        session.commit()
    return {"evaluation_id": row.id, "experiment_id": row.experiment_id, "kind": kind.value}


def _store(
    session: Session, row: Evaluation, experiment: Experiment, results: dict[str, Any], n_passes: int
) -> None:
    current = session.get(Experiment, row.experiment_id)
    if current is None:
        raise NotFoundError("The experiment has been deleted.")
    if current.classifier_sha256 != experiment.classifier_sha256:
        raise ConflictError("The classifier was trained again meanwhile. Start the evaluation once more.")
    session.execute(
        update(Evaluation)
        .where(Evaluation.id == row.id)
        .values(results=results, classifier_sha256=experiment.classifier_sha256)
    )
    session.execute(
        update(Experiment)
        .where(Experiment.id == row.experiment_id)
        .values(test_evaluations=Experiment.test_evaluations + n_passes)
    )
