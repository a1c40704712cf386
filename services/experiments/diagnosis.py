"""Diagnoses: a stored or newly given recording through a trained classifier, with its limits."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload

from core.signal.bearings import FaultOrders
from core.signal.quality import check_usable
from dashboard_config import get_settings
from database.connection import get_db_session
from models.diagnosis import Diagnosis
from models.experiment import Experiment
from models.job import Job, JobKind, JobQueue
from models.recording import Signal
from models.upload import Upload
from services.datasets.bearings import name_fault_orders
from services.datasets.entered_bearings import load_entries
from services.datasets.sources import resolve_sources
from services.datasets.uploads import remove_upload_files
from services.experiments.answer import build_answer
from services.experiments.given import (
    GivenSignal,
    check_rate,
    complete,
    list_quality_sentences,
    rate_missing,
    read_file,
    read_stored,
)
from services.experiments.limits import word_learned_part
from services.experiments.listing import describe_experiment, find_experiment
from services.experiments.material import find_learned_part
from services.experiments.open_set import find_rule, follow_rule
from services.experiments.runs import get_run_folder
from services.jobs.queue import enqueue_job
from services.jobs.runner import JobHandle
from services.shared.actors import SYSTEM, Actor
from services.shared.texts import check_text
from utils.clock import to_iso
from utils.exceptions import (
    DataDamagedError,
    ErrorCode,
    InvalidInputError,
    NotFoundError,
    SignalError,
    StorageFullError,
)
from utils.ids import new_storage_name

_MAX_RATE_HZ = 10_000_000.0
_MAX_SPEED_RPM = 1_000_000.0
_SOURCE_KEYS = {"signal_id", "upload_id", "path", "samples"}


def request_diagnosis(
    experiment_id: int, source: Mapping[str, Any], facts: Mapping[str, Any], actor: Actor
) -> dict[str, Any]:
    """Check the request, write the diagnosis with its job, and return both ids."""
    named = [key for key in _SOURCE_KEYS if source.get(key) is not None]
    if len(named) != 1:
        raise InvalidInputError("Name one recording: a stored signal, an uploaded file, or samples.")
    _check_facts(facts)
    with get_db_session(read_only=True) as session:
        name, reference = _check_source(session, named[0], source[named[0]], facts, actor)
        _check_experiment(session, experiment_id)
    if "samples" in reference:
        reference = _stage_samples(reference["samples"], facts)
    with get_db_session() as session:
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
            experiment_id=experiment_id,
            signal_id=reference.get("signal_id"),
            source_name=name[:400],
            request={"source": reference, "facts": dict(facts)},
            created_by=actor.user_id,
        )
        session.add(diagnosis)
        session.flush()
        job.payload = {"diagnosis_id": diagnosis.id}
        job.link = f"/diagnose?diagnosis={diagnosis.id}"
        session.commit()
        return {"diagnosis_id": diagnosis.id, "job_id": job.id}


def _check_facts(facts: Mapping[str, Any]) -> None:
    check_text(dict(facts), "request")
    rate_hz, speed_rpm = facts.get("sample_rate_hz"), facts.get("shaft_speed_rpm")
    if rate_hz is not None and not 1.0 <= float(rate_hz) <= _MAX_RATE_HZ:
        raise SignalError(
            f"A sample rate of {float(rate_hz):g} Hz is not possible; give hertz, for example 12000.",
            code=ErrorCode.SAMPLE_RATE_INVALID,
        )
    if speed_rpm is not None and not 0.0 < float(speed_rpm) <= _MAX_SPEED_RPM:
        raise InvalidInputError("The shaft speed is given in rpm, above 0, for example 1797.")


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
    if experiment.classifier_sha256 is None:
        raise InvalidInputError(
            "This experiment has no trained classifier (yet). Choose one that is done.",
            code=ErrorCode.NOT_TRAINED,
        )


def _stage_samples(samples: Any, facts: Mapping[str, Any]) -> dict[str, Any]:
    try:
        values = np.asarray(samples, dtype=np.float32)
    except (TypeError, ValueError):
        raise SignalError("Samples are a list of numbers.", code=ErrorCode.NO_USABLE_VECTOR) from None
    if values.ndim != 1:
        raise SignalError("Samples are one list of numbers.", code=ErrorCode.NO_USABLE_VECTOR)
    check_usable(values)
    if facts.get("sample_rate_hz") is None:
        raise rate_missing("The samples come without a sample rate")
    folder = get_settings().uploads_dir
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if shutil.disk_usage(folder).free < get_settings().storage_reserve_bytes + values.nbytes:
        raise StorageFullError("The disk is nearly full. Free some space, then ask again.")
    path = folder / f"samples-{new_storage_name()}.f32"
    values.tofile(path)
    return {"samples_file": path.name}


def run_diagnosis(handle: JobHandle) -> dict[str, Any]:
    """Judge the job's recording and store the answer."""
    from core.training.classifier_files import read_digest
    from core.training.ensemble import load_classifier

    with get_db_session(read_only=True) as session:
        diagnosis = session.get_one(Diagnosis, handle.payload["diagnosis_id"])
        experiment = find_experiment(session, diagnosis.experiment_id)
    if diagnosis.answer is not None:  # by an attempt that died before it could say so
        return diagnosis.answer
    if experiment is None:
        raise NotFoundError("The experiment has been deleted.")
    handle.report(0.1, "reading the recording")
    given = _read_given(diagnosis)
    doubts = _list_doubts(given, experiment)
    handle.report(0.4, "asking the classifier")
    folder = get_run_folder(experiment.folder) / "classifier"
    if read_digest(folder) != experiment.classifier_sha256:
        raise DataDamagedError("The stored classifier is not the one that was trained. Train it again.")
    classifier = load_classifier(folder)
    prediction = classifier.predict(
        given.values, given.sample_rate_hz, given.shaft_speed_rpm, _find_orders(given)
    )
    handle.raise_if_interrupted()
    described = describe_experiment(experiment)
    strange = follow_rule(find_rule(experiment.id), given, prediction, classifier)
    names = list(classifier.class_names)
    answer = build_answer(given, prediction, names, described, classifier, doubts, strange)
    answer["diagnosis_id"] = diagnosis.id
    with get_db_session() as session:
        handle.fenced(session)
        session.get_one(Diagnosis, diagnosis.id).answer = answer
        session.execute(delete(Upload).where(Upload.id == diagnosis.request["source"].get("upload_id")))
        session.commit()
    _discard_source(diagnosis)
    return answer


def _find_orders(given: GivenSignal) -> FaultOrders | None:
    """What the recording's bearing says, else what its name stands for."""
    if given.fault_orders is not None or given.bearing is None:
        return given.fault_orders
    with get_db_session(read_only=True) as session:
        return name_fault_orders(given.bearing, load_entries(session))


def _list_doubts(given: GivenSignal, experiment: Experiment) -> list[str]:
    with get_db_session(read_only=True) as session:
        part = find_learned_part(session, experiment, given)
    return [*word_learned_part(part), *list_quality_sentences(given)]


def _read_given(diagnosis: Diagnosis) -> GivenSignal:
    source, facts = diagnosis.request["source"], diagnosis.request["facts"]
    if "signal_id" in source:
        return complete(read_stored(source["signal_id"]), facts)
    if "samples_file" in source:
        path = get_settings().uploads_dir / source["samples_file"]
        values = np.fromfile(path, dtype=np.float32)
        return complete(GivenSignal(diagnosis.source_name, values, float(facts["sample_rate_hz"])), facts)
    with get_db_session(read_only=True) as session:
        found = resolve_sources(session, [source], _owner_of(diagnosis))[0]
    return complete(read_file(found, facts), facts)


def _owner_of(diagnosis: Diagnosis) -> Actor:
    """Paths can only come from this machine's commands; uploads are looked up as their owner's."""
    if diagnosis.created_by is None:
        return SYSTEM
    return replace(SYSTEM, user_id=diagnosis.created_by, name=f"user {diagnosis.created_by}")


def _discard_source(diagnosis: Diagnosis) -> None:
    source = diagnosis.request["source"]
    if "upload_id" in source:
        remove_upload_files([source["upload_id"]])
    elif "samples_file" in source:
        (get_settings().uploads_dir / source["samples_file"]).unlink(missing_ok=True)


def describe_diagnosis(diagnosis: Diagnosis, state: str, error: str | None) -> dict[str, Any]:
    """Return one diagnosis as plain data."""
    return {
        "diagnosis_id": diagnosis.id,
        "job_id": diagnosis.job_id,
        "experiment_id": diagnosis.experiment_id,
        "source_name": diagnosis.source_name,
        "state": state,
        "error": error,
        "answer": diagnosis.answer,
        "created_at": to_iso(diagnosis.created_at),
    }


def list_page(page: int, per_page: int) -> dict[str, Any]:
    """Return diagnoses, newest first, without their window timelines."""
    page, per_page = max(page, 1), min(max(per_page, 1), 200)
    with get_db_session(read_only=True) as session:
        total = session.scalar(select(func.count()).select_from(Diagnosis)) or 0
        rows = session.execute(
            select(Diagnosis, Job.state, Job.error)
            .join(Job, Job.id == Diagnosis.job_id)
            .order_by(Diagnosis.id.desc())
            .limit(per_page)
            .offset((page - 1) * per_page)
        ).all()
    items = []
    for diagnosis, state, error in rows:
        item = describe_diagnosis(diagnosis, state, error)
        item["verdict"] = (item.pop("answer") or {}).get("verdict")
        items.append(item)
    return {"items": items, "total": total, "page": page, "per_page": per_page}
