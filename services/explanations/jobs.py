"""The body of explanation jobs: what was asked, worked out, and stored under the job's fence."""

from __future__ import annotations

from typing import Any

from database.connection import get_db_session
from models.experiment import Experiment
from models.explanation import Explanation
from services.evaluations.reading import load_finished
from services.experiments.classifiers import load_checked
from services.explanations.atlas import explain_recordings
from services.explanations.options import WHAT_IF
from services.explanations.signals import Work, explain_signal
from services.explanations.storing import describe_row, keep_answer
from services.explanations.what_if import try_bands
from services.jobs.runner import JobHandle
from utils.exceptions import ConflictError, NotFoundError


def run_explanation(handle: JobHandle) -> dict[str, Any]:
    """Work out the job's explanation and store it."""
    row, experiment = _load(int(handle.payload["explanation_id"]))
    facts = describe_row(row, experiment)
    handle.report(0.02, "loading the classifier")
    work = Work(experiment, load_checked(experiment), row.method, dict(row.options), handle)
    if row.signal_id is None:
        summary, arrays = explain_recordings(work, str(facts["part"]))
    elif row.method == WHAT_IF:
        summary, arrays = try_bands(work, row.signal_id), None
    else:
        summary, arrays = explain_signal(work, row.signal_id)
    with get_db_session() as session:
        handle.fenced(session)
        keep_answer(session, row.id, summary, arrays)
        session.commit()
    return {
        "explanation_id": row.id,
        "experiment_id": row.experiment_id,
        "signal_id": row.signal_id,
        "part": facts["part"],
        "method": row.method,
    }


def _load(explanation_id: int) -> tuple[Explanation, Experiment]:
    with get_db_session(read_only=True) as session:
        row = session.get(Explanation, explanation_id)
        if row is None:
            raise NotFoundError("The experiment or its recording has been deleted.")
        experiment = load_finished(session, row.experiment_id, in_use=True)
    if row.classifier_sha256 != experiment.classifier_sha256:
        raise ConflictError("The classifier was trained again meanwhile. Ask for the explanation once more.")
    return row, experiment
