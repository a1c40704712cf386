"""Judge a recording in a job: its lines, a classifier where one was chosen, one verdict that is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.evidence.findings import Decision
from core.evidence.fusion import fuse
from core.evidence.similarity import build_signature
from core.evidence.verdict import Status, Verdict
from core.signal.bearings import BearingEntry
from database.connection import get_db_session
from models.diagnosis import Diagnosis
from models.experiment import Experiment
from models.upload import Upload
from services.datasets.entered_bearings import load_entries
from services.datasets.sources import resolve_sources
from services.datasets.uploads import remove_upload_files
from services.diagnoses.answer import build_answer
from services.diagnoses.evidence import Reading, read_evidence
from services.diagnoses.opinions import Asked, ask_classifier
from services.diagnoses.samples import keep_samples, load_kept
from services.diagnoses.similar import list_similar
from services.experiments.given import GivenSignal, complete, list_quality_sentences, read_file, read_stored
from services.experiments.limits import word_learned_part
from services.experiments.listing import find_experiment
from services.experiments.material import find_learned_part
from services.jobs.runner import JobHandle
from services.shared.actors import SYSTEM, Actor
from utils.exceptions import ConflictError, DataDamagedError, InvalidInputError, NotFoundError, SignalError


def run_diagnosis(handle: JobHandle) -> dict[str, Any]:
    """Judge the job's recording and store the answer."""
    with get_db_session(read_only=True) as session:
        diagnosis = session.get_one(Diagnosis, handle.payload["diagnosis_id"])
        experiment = _find_experiment(session, diagnosis)
        entered = load_entries(session)
    if diagnosis.answer is not None:  # by an attempt that died before it could say so
        return diagnosis.answer
    handle.report(0.1, "reading the recording")
    given = _read_given(diagnosis, entered)
    doubts = _list_doubts(given, experiment)
    handle.raise_if_interrupted()
    handle.report(0.3, "reading the lines")
    reading = read_evidence(given, experiment.class_names if experiment else ())
    handle.raise_if_interrupted()
    asked, refused = None, None
    if experiment is not None:
        handle.report(0.7, "asking the classifier")
        asked, refused = _ask(experiment, given, entered, reading)
        handle.raise_if_interrupted()
    reading, verdict = _decide(given, reading, asked)
    answer = build_answer(given, reading, asked, refused, verdict, doubts)
    handle.report(0.9, "comparing with past cases")
    return _store(handle, diagnosis, given, reading, answer)


def _find_experiment(session: Session, diagnosis: Diagnosis) -> Experiment | None:
    """Return the experiment whose classifier is asked; None for evidence alone."""
    wanted = diagnosis.request.get("experiment_id", diagnosis.experiment_id)
    if wanted is None:
        return None
    found = find_experiment(session, wanted)
    if found is None or diagnosis.experiment_id is None:
        raise NotFoundError("The experiment has been deleted.")
    if found.trashed_at is not None:
        raise ConflictError("The experiment was put into the trash meanwhile.")
    return found


def _ask(
    experiment: Experiment, given: GivenSignal, entered: Sequence[BearingEntry], reading: Reading
) -> tuple[Asked | None, str | None]:
    """Return what the classifier said, or why it could not judge; without evidence that ends the job."""
    try:
        return ask_classifier(experiment, given, entered, reading.evidence), None
    except DataDamagedError:
        raise
    except (SignalError, InvalidInputError) as error:
        if reading.evidence is None or reading.evidence.decision is Decision.REFUSED:
            raise
        return None, error.sentence


def _decide(given: GivenSignal, reading: Reading, asked: Asked | None) -> tuple[Reading, Verdict]:
    opinion = asked.opinion if asked else None
    check = None if reading.check.is_passed else reading.check
    verdict = fuse(reading.evidence, opinion, missing=reading.missing, check=check)
    if verdict.status is not Status.DIAGNOSED:
        return reading, verdict
    doubt = reading.doubt_rate(given.sample_rate_hz)
    if doubt.is_passed:
        return reading, verdict
    return replace(reading, check=doubt), fuse(reading.evidence, opinion, check=doubt)


def _store(
    handle: JobHandle, diagnosis: Diagnosis, given: GivenSignal, reading: Reading, answer: dict[str, Any]
) -> dict[str, Any]:
    sha256 = given.sha256 if "signal_id" in diagnosis.request["source"] else keep_samples(given.values)
    signature = build_signature(reading.evidence, answer["probabilities"])
    verdict, source = answer["verdict"], diagnosis.request["source"]
    with get_db_session() as session:
        handle.fenced(session)
        answer["similar_cases"] = list_similar(session, signature, sha256, diagnosis.id)
        answer["diagnosis_id"] = diagnosis.id
        row = session.get_one(Diagnosis, diagnosis.id)
        row.answer, row.signal_sha256 = answer, sha256
        # Lists are filtered by what stands here: answers are long.
        row.signature = {**signature.to_dict(), **{key: verdict[key] for key in ("status", "fault_class")}}
        session.execute(delete(Upload).where(Upload.id == source.get("upload_id")))
        session.commit()
    if "signal_id" not in source:
        keep_samples(given.values)  # again, should another diagnosis of them have been deleted meanwhile
    if "upload_id" in source:
        remove_upload_files([source["upload_id"]])
    return answer


def _list_doubts(given: GivenSignal, experiment: Experiment | None) -> list[str]:
    part = None
    if experiment is not None:
        with get_db_session(read_only=True) as session:
            part = find_learned_part(session, experiment, given)
    return [*word_learned_part(part), *list_quality_sentences(given)]


def _read_given(diagnosis: Diagnosis, entered: Sequence[BearingEntry]) -> GivenSignal:
    source, facts = diagnosis.request["source"], diagnosis.request["facts"]
    if "signal_id" in source:
        found = read_stored(source["signal_id"])
    elif "samples_sha256" in source:
        values = load_kept(source["samples_sha256"])
        found = GivenSignal(diagnosis.source_name, values, float(facts["sample_rate_hz"]))
    else:
        with get_db_session(read_only=True) as session:
            file = resolve_sources(session, [source], _owner_of(diagnosis))[0]
        found = read_file(file, facts)
    return complete(found, facts, entered)


def _owner_of(diagnosis: Diagnosis) -> Actor:
    """Paths can only come from this machine's commands; uploads are looked up as their owner's."""
    if diagnosis.created_by is None:
        return SYSTEM
    return replace(SYSTEM, user_id=diagnosis.created_by, name=f"user {diagnosis.created_by}")
