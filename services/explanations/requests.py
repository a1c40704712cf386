"""Explanations on request: found, or left to a job."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.explain.catalogue import METHODS
from database.connection import get_db_session
from models.experiment import Experiment
from models.explanation import Explanation
from models.job import Job, JobKind, JobQueue
from services.evaluations.reading import load_finished
from services.explanations.facts import read_part_facts, read_signal_facts
from services.explanations.options import (
    WHAT_IF,
    check_baseline,
    check_method,
    describe_methods,
    parse_part_options,
    parse_signal_options,
    parse_what_if,
)
from services.explanations.storing import Question, build_row, describe_row, find_row, touch
from services.jobs.board import OPEN_STATES
from services.jobs.queue import enqueue_job
from services.shared.actors import Actor
from services.shared.audit import record_audit
from utils.exceptions import InvalidInputError

PARTS = ("test", "validation", "train")
_SUBSET = re.compile(r"test_[a-z0-9_]{1,16}")


@dataclass(frozen=True, slots=True)
class _Request:
    """A question with what its job is called and where its answer is shown."""

    question: Question
    title: str
    link: str
    queue: JobQueue


def list_methods(experiment_id: int) -> dict[str, Any]:
    """Return what explains an experiment's classifier, and what does not, with the reason.

    Raises:
        NotFoundError, ConflictError: As `load_finished`.
    """
    with get_db_session(read_only=True) as session:
        experiment = load_finished(session, experiment_id)
    described = describe_methods(experiment.network, experiment.class_names)
    return {
        "experiment_id": experiment.id,
        "network": experiment.network,
        "classifier_sha256": experiment.classifier_sha256,
        **described,
    }


def request_signal(
    experiment_id: int, signal_id: int, method: str, options: Mapping[str, Any], actor: Actor, *, again: bool
) -> dict[str, Any]:
    """Return ``explanation`` where it is there, else ``job_id`` of the job that works it out."""
    return _answer_or_enqueue(_prepare_signal(experiment_id, signal_id, method, options), actor, again=again)


def find_explained(
    experiment_id: int, signal_id: int, method: str, options: Mapping[str, Any]
) -> tuple[Question, Experiment]:
    """Return the question that these arguments ask; errors as `request_signal`."""
    with get_db_session(read_only=True) as session:
        experiment = load_finished(session, experiment_id)
        _, facts = read_signal_facts(session, signal_id)
    return _ask_signal(experiment, signal_id, method, options, facts), experiment


def _prepare_signal(experiment_id: int, signal_id: int, method: str, options: Mapping[str, Any]) -> _Request:
    with get_db_session(read_only=True) as session:
        experiment = load_finished(session, experiment_id, in_use=True)
        name, facts = read_signal_facts(session, signal_id)
    question = _ask_signal(experiment, signal_id, method, options, facts)
    if method == WHAT_IF:
        title = f"What if: {name}"
    else:
        check_method(experiment.network, method)
        check_baseline(question.options.get("baseline"), experiment.class_names)
        title = f"{METHODS[method].title}: {name}"
    link = _build_link(experiment=experiment.id, signal=signal_id, method=method)
    return _Request(question, f"{title}, by {experiment.name}", link, JobQueue.QUICK)


def _ask_signal(
    experiment: Experiment,
    signal_id: int,
    method: str,
    options: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> Question:
    if method == WHAT_IF:
        complete = parse_what_if(options, experiment.class_names)
    else:
        complete = parse_signal_options(method, options, experiment.class_names)
    digest = experiment.classifier_sha256 or ""
    return Question(experiment.id, digest, signal_id, None, method, complete, facts)


def request_part(
    experiment_id: int, part: str, method: str, options: Mapping[str, Any], actor: Actor, *, again: bool
) -> dict[str, Any]:
    """Return ``explanation`` of a whole part where it is there, else ``job_id``."""
    if part not in PARTS and not _SUBSET.fullmatch(part):
        raise InvalidInputError(f"There is no part '{part}'. Known: {', '.join(PARTS)}.")
    with get_db_session(read_only=True) as session:
        experiment = load_finished(session, experiment_id, in_use=True)
        facts = read_part_facts(session, experiment, part)
    check_method(experiment.network, method)
    complete = parse_part_options(method, options)
    check_baseline(complete.get("baseline"), experiment.class_names)
    digest = experiment.classifier_sha256 or ""
    question = Question(experiment.id, digest, None, part, method, complete, facts)
    title = f"{METHODS[method].title} of the {part} part, by {experiment.name}"
    link = _build_link(experiment=experiment.id, part=part, method=method)
    return _answer_or_enqueue(_Request(question, title, link, JobQueue.TRAIN), actor, again=again)


def _answer_or_enqueue(request: _Request, actor: Actor, *, again: bool) -> dict[str, Any]:
    try:
        return _find_or_enqueue(request, actor, again=again)
    except IntegrityError:  # somebody asked the same at the same moment: now it is there to be found
        return _find_or_enqueue(request, actor, again=False)


def _find_or_enqueue(request: _Request, actor: Actor, *, again: bool) -> dict[str, Any]:
    question = request.question
    with get_db_session() as session:
        experiment = load_finished(session, question.experiment_id, in_use=True)
        row = find_row(session, question)
        if row is not None and row.summary is not None and not again:
            found = describe_row(row, experiment)
        else:
            found = None
            job_id, reused = _find_or_write_job(session, request, row, actor)
            session.commit()
    if found is None:
        return {"explanation": None, "job_id": job_id, "reused": reused}
    touch(row)  # type: ignore[arg-type]  # there is one where it was found
    return {"explanation": found, "job_id": None, "reused": True}


def _find_or_write_job(
    session: Session, request: _Request, row: Explanation | None, actor: Actor
) -> tuple[int, bool]:
    waiting = session.get(Job, row.job_id) if row is not None and row.job_id is not None else None
    if waiting is not None and waiting.state in OPEN_STATES:
        return waiting.id, True
    question = request.question
    if row is None:
        row = build_row(question, actor)
        session.add(row)
        session.flush()
    job = enqueue_job(
        session,
        kind=JobKind.EXPLAIN,
        queue=request.queue,
        title=request.title,
        payload={"explanation_id": row.id},
        actor=actor,
        link=f"{request.link}&explanation={row.id}",
    )
    row.job_id = job.id
    record_audit(
        session, actor, "explanation.request", f"experiment {question.experiment_id}, {question.method}"
    )
    return job.id, False


def _build_link(**query: object) -> str:
    return f"/xai?{urlencode(query)}"
