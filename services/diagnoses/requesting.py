"""Ask for a diagnosis: what is wrong is said at once, the answer comes from a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sqlalchemy.orm import Session, joinedload

from core.signal.quality import check_usable
from database.connection import get_db_session
from models.diagnosis import Diagnosis
from models.experiment import Experiment
from models.job import JobKind, JobQueue
from models.recording import Signal
from services.datasets.sources import resolve_sources
from services.diagnoses.facts import check_facts
from services.diagnoses.samples import keep_samples
from services.experiments.given import check_rate, rate_missing
from services.jobs.queue import enqueue_job
from services.shared.actors import Actor
from utils.exceptions import ConflictError, ErrorCode, InvalidInputError, NotFoundError, SignalError

_SOURCE_KEYS = ("signal_id", "upload_id", "path", "samples")


def request_diagnosis(
    experiment_id: int | None, source: Mapping[str, Any], facts: Mapping[str, Any], actor: Actor
) -> dict[str, Any]:
    """Check the request, write the diagnosis with its job, and return both ids."""
    named = [key for key in _SOURCE_KEYS if source.get(key) is not None]
    if len(named) != 1:
        raise InvalidInputError("Name one recording: a stored signal, an uploaded file, or samples.")
    known = check_facts(facts)
    with get_db_session(read_only=True) as session:
        name, reference = _check_source(session, named[0], source[named[0]], known, actor)
        if experiment_id is not None:
            _check_experiment(session, experiment_id)
    if named[0] == "samples":
        reference = {"samples_sha256": _stage_samples(reference["samples"], known)}
    request = {"experiment_id": experiment_id, "source": reference, "facts": known}
    with get_db_session() as session:
        diagnosis = _write(session, name, request, actor)
        session.commit()
        return {"diagnosis_id": diagnosis.id, "job_id": diagnosis.job_id}


def _write(session: Session, name: str, request: dict[str, Any], actor: Actor) -> Diagnosis:
    job = enqueue_job(
        session,
        kind=JobKind.DIAGNOSE,
        queue=JobQueue.QUICK,
        title=f"Diagnose {name}",
        payload={},
        actor=actor,
    )
    diagnosis = Diagnosis(
        job_id=job.id,
        experiment_id=request["experiment_id"],
        signal_id=request["source"].get("signal_id"),
        signal_sha256=request["source"].get("samples_sha256"),
        source_name=name[:400],
        request=request,
        created_by=actor.user_id,
    )
    session.add(diagnosis)
    session.flush()
    job.payload = {"diagnosis_id": diagnosis.id}
    job.link = f"/diagnose?diagnosis={diagnosis.id}"
    return diagnosis


def _check_source(
    session: Session, kind: str, value: Any, facts: Mapping[str, Any], actor: Actor
) -> tuple[str, dict[str, Any]]:
    if kind == "signal_id":
        signal = session.get(Signal, int(value), options=[joinedload(Signal.recording)])
        if signal is None:
            raise NotFoundError("There is no such signal.")
        name = f"{signal.recording.name} ({signal.channel})"
        check_rate(facts.get("sample_rate_hz"), signal.sample_rate_hz, name)
        return name, {"signal_id": signal.id}
    if kind == "samples":
        return "samples sent by REST", {"samples": value}
    found = resolve_sources(session, [{kind: value}], actor)[0]
    return found.name, found.as_reference


def _check_experiment(session: Session, experiment_id: int) -> None:
    experiment = session.get(Experiment, experiment_id)
    if experiment is None:
        raise NotFoundError("There is no such experiment.")
    if experiment.trashed_at is not None:
        raise ConflictError("This experiment is in the trash; restore it first, or choose another one.")
    if experiment.classifier_sha256 is None:
        raise InvalidInputError(
            "This experiment has no trained classifier (yet). Choose one that is done.",
            code=ErrorCode.NOT_TRAINED,
        )


def _stage_samples(samples: Any, facts: Mapping[str, Any]) -> str:
    try:
        with np.errstate(over="ignore"):  # what float32 can't hold is refused below as not finite
            values = np.asarray(samples, dtype=np.float32)
    except (TypeError, ValueError):
        raise SignalError("Samples are a list of numbers.", code=ErrorCode.NO_USABLE_VECTOR) from None
    if values.ndim != 1:
        raise SignalError("Samples are one list of numbers.", code=ErrorCode.NO_USABLE_VECTOR)
    check_usable(values)
    if facts.get("sample_rate_hz") is None:
        raise rate_missing("The samples come without a sample rate")
    return keep_samples(values)
