"""The rows of evaluations: found, described, written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer

from database.connection import get_db_session
from models.evaluation import Evaluation
from models.experiment import Experiment
from models.job import Job
from services.evaluations.kinds import TITLES, EvaluationKind, hash_config, parse_config
from services.jobs.board import describe_job
from services.shared.actors import Actor
from utils.clock import to_iso, utc_now
from utils.exceptions import NotFoundError

# Of a result: how often it met the test part. It is shown with the evaluation, not among its numbers.
PASSES = "n_test_evaluations"
# Of an open-set result: where the classes lie among the features, for the rule and not for reading.
REFERENCE = "reference"


def describe_evaluation(evaluation: Evaluation, experiment: Experiment) -> dict[str, Any]:
    """Return one evaluation as plain data."""
    results = dict(evaluation.results) if evaluation.results is not None else None
    n_passes = 0
    if results is not None:
        n_passes = results.pop(PASSES, 0)
        results.pop(REFERENCE, None)
    return {**_describe_header(evaluation, experiment), PASSES: n_passes, "results": results}


def _describe_header(evaluation: Evaluation, experiment: Experiment) -> dict[str, Any]:
    return {
        "evaluation_id": evaluation.id,
        "experiment_id": evaluation.experiment_id,
        "kind": evaluation.kind,
        "config": evaluation.config,
        "classifier_sha256": evaluation.classifier_sha256,
        "current": evaluation.classifier_sha256 == experiment.classifier_sha256,
        "job_id": evaluation.job_id,
        "created_at": to_iso(evaluation.created_at),
    }


def find_by_config(
    session: Session, experiment_id: int, kind: str, config: Mapping[str, Any]
) -> Evaluation | None:
    """Return the row of exactly this question."""
    chosen = select_kind(experiment_id, kind).where(Evaluation.config_sha256 == hash_config(config))
    return session.scalar(chosen)


def find_newest(session: Session, experiment: Experiment, kind: str) -> Evaluation | None:
    """Return the newest finished row of a kind for the classifier that the experiment has now."""
    chosen = select_kind(experiment.id, kind).where(
        Evaluation.results.is_not(None), Evaluation.classifier_sha256 == experiment.classifier_sha256
    )
    return session.scalar(chosen.order_by(Evaluation.id.desc()).limit(1))


def select_kind(experiment_id: int, kind: str) -> Select[Evaluation]:
    """Build the query over an experiment's evaluations of a kind."""
    return select(Evaluation).where(Evaluation.experiment_id == experiment_id, Evaluation.kind == kind)


def is_usable(evaluation: Evaluation | None, experiment: Experiment) -> bool:
    """Tell whether a row has results for the classifier that the experiment has now."""
    return (
        evaluation is not None
        and evaluation.results is not None
        and evaluation.classifier_sha256 == experiment.classifier_sha256
    )


def keep_results(
    experiment: Experiment, kind: str, config: Mapping[str, Any], results: Mapping[str, Any], actor: Actor
) -> int:
    """Write results in place of those before and return the row's id; two writers at once do no harm."""
    digest, kept = experiment.classifier_sha256, dict(results)
    try:
        with get_db_session() as session:
            evaluation = find_by_config(session, experiment.id, kind, config)
            if evaluation is None:
                evaluation = build_row(experiment.id, kind, config, actor)
                session.add(evaluation)
            evaluation.classifier_sha256, evaluation.results = digest, kept
            session.flush()
            evaluation_id = evaluation.id
            session.commit()
    except IntegrityError:
        with get_db_session() as session:
            found = find_by_config(session, experiment.id, kind, config)
            if found is None:
                raise NotFoundError("The experiment has been deleted.") from None
            session.execute(
                update(Evaluation)
                .where(Evaluation.id == found.id)
                .values(classifier_sha256=digest, results=kept)
            )
            session.commit()
            evaluation_id = found.id
    return evaluation_id


def build_row(experiment_id: int, kind: str, config: Mapping[str, Any], actor: Actor) -> Evaluation:
    """Return a new row without results."""
    return Evaluation(
        experiment_id=experiment_id,
        kind=kind,
        config=dict(config),
        config_sha256=hash_config(config),
        created_by=actor.user_id,
    )


def build_answer(
    experiment: Experiment, kind: str, config: Mapping[str, Any], results: Mapping[str, Any], actor: Actor
) -> Evaluation:
    """Return a row with results that is not stored: it has no id."""
    row = build_row(experiment.id, kind, config, actor)
    row.classifier_sha256, row.results, row.created_at = (
        experiment.classifier_sha256,
        dict(results),
        utc_now(),
    )
    return row


def list_rows(experiment_id: int) -> list[dict[str, Any]]:
    """Return an experiment's evaluations without their results, newest first, each with its job."""
    with get_db_session(read_only=True) as session:
        experiment = session.get(Experiment, experiment_id)
        if experiment is None:
            raise NotFoundError("There is no such experiment.")
        rows = session.execute(
            _select_headers(experiment_id)
            .add_columns(Evaluation.results.is_not(None))
            .where(Evaluation.kind.in_(list(EvaluationKind)))
            .order_by(Evaluation.id.desc())
        ).all()
        wanted = {row.job_id for row, _, _ in rows if row.job_id is not None}
        jobs = {job.id: job for job in session.scalars(select(Job).where(Job.id.in_(wanted)))}
    items = []
    for row, n_passes, has_results in rows:
        job = jobs.get(row.job_id) if row.job_id is not None else None
        items.append(
            {
                **_describe_header(row, experiment),
                PASSES: n_passes or 0,
                "has_results": bool(has_results),
                "job": describe_job(job) if job else None,
            }
        )
    return items


def count_test_use(experiment_id: int) -> dict[str, Any]:
    """Return how often an experiment has met its test part, and for what."""
    with get_db_session(read_only=True) as session:
        experiment = session.get(Experiment, experiment_id)
        if experiment is None:
            raise NotFoundError("There is no such experiment.")
        finished_at = session.scalar(select(Job.finished_at).where(Job.id == experiment.job_id))
        rows = session.execute(
            _select_headers(experiment_id).where(Evaluation.results.is_not(None)).order_by(Evaluation.id)
        ).all()
    items: list[dict[str, Any]] = []
    if experiment.results is not None and experiment.results.get("test"):
        items.append(
            {
                "what": "Judged when its training ended",
                "n": 1,
                "evaluation_id": None,
                "at": to_iso(finished_at),
            }
        )
    for row, n_passes in rows:
        if n_passes:
            what = TITLES[EvaluationKind(row.kind)]
            at = to_iso(row.created_at)
            items.append({"what": what, "n": n_passes, "evaluation_id": row.id, "at": at})
    rest = experiment.test_evaluations - sum(item["n"] for item in items)
    if rest > 0:
        what = "Evaluations whose results were replaced since"
        items.append({"what": what, "n": rest, "evaluation_id": None, "at": None})
    return {"n_test_evaluations": experiment.test_evaluations, "items": items}


def _select_headers(experiment_id: int) -> Select[Evaluation, int]:
    """Build the query over an experiment's rows and their passes; results stay in the database."""
    return (
        select(Evaluation, Evaluation.results[PASSES].as_integer())
        .where(Evaluation.experiment_id == experiment_id)
        .options(defer(Evaluation.results, raiseload=True))
    )


def find_results(
    experiment_id: int, kind: EvaluationKind, config: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """Return stored results of a kind, of this configuration or the newest, for the classifier of now."""
    with get_db_session(read_only=True) as session:
        experiment = session.get(Experiment, experiment_id)
        if experiment is None:
            return None
        if config is None:
            found = find_newest(session, experiment, kind)
        else:
            found = find_by_config(session, experiment_id, kind, parse_config(kind, config))
    if found is None or not is_usable(found, experiment):
        return None
    results: dict[str, Any] | None = describe_evaluation(found, experiment)["results"]
    return results
