"""From a diagnosis in the database to its report: its answer, its samples, what is known of its recording."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from database.connection import get_db_session
from models.dataset import Dataset
from services.datasets.listing import load_signal
from services.diagnoses.listing import get_diagnosis
from services.diagnoses.samples import load_judged
from services.reports.attribution import build_attribution, find_explanation
from services.reports.document import build_document
from services.reports.parts import Section
from services.reports.views import View, build_views, join_faults
from utils.exceptions import ConflictError, DataDamagedError, NotFoundError

_PAPER_POINTS = 1300
_OPEN = frozenset({"queued", "running", "paused"})


def find_diagnosis(diagnosis_id: int) -> dict[str, Any]:
    """Return a diagnosis.

    Raises:
        NotFoundError: There is none of this number.
    """
    found = get_diagnosis(diagnosis_id)
    if found is None:
        raise NotFoundError("There is no such diagnosis. It may have been deleted.")
    return found


def build_report(diagnosis: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of a diagnosis, made from what is stored.

    Raises:
        ConflictError: It has no answer (yet).
    """
    if diagnosis["answer"] is None:
        waits = diagnosis["state"] in _OPEN
        raise ConflictError(
            "This diagnosis is not finished yet; wait for its job, then open the report."
            if waits
            else f"This diagnosis has no answer, so there is no report. {diagnosis['error'] or ''}".strip()
        )
    if "decision" not in diagnosis["answer"]:
        raise ConflictError(
            "This diagnosis was made by an older version, which gathered no evidence. Diagnose the recording "
            "again for a report."
        )
    views, missing = draw_views(diagnosis, _PAPER_POINTS)
    return build_document(
        diagnosis,
        views,
        views_missing=missing,
        attribution=_find_attribution(diagnosis),
        signal=_find_signal(diagnosis["signal_id"]),
    )


def draw_views(
    diagnosis: Mapping[str, Any], n_points: int, keys: Collection[str] | None = None
) -> tuple[list[View], str | None]:
    """Return the curves behind an answer, by default all, or why there are none."""
    try:
        values = load_judged(diagnosis["signal_sha256"])
    except (NotFoundError, DataDamagedError) as error:
        return [], f"There are no drawings. {error.sentence}"
    answer = diagnosis["answer"]
    recording, decision = answer["recording"], answer.get("decision")
    views = build_views(
        values,
        recording["sample_rate_hz"],
        recording["unit"],
        join_faults(answer) if decision else [],
        decision["shaft_frequency_hz"] if decision else None,
        n_points,
        keys,
    )
    return views, None


def _find_attribution(diagnosis: Mapping[str, Any]) -> Section | None:
    classifier = diagnosis["answer"]["classifier"]
    if classifier is None:
        return None
    found = find_explanation(diagnosis["experiment_id"], diagnosis["signal_id"], classifier["sha256"])
    return build_attribution(found) if found else None


def _find_signal(signal_id: int | None) -> dict[str, Any] | None:
    """Return dataset and label of a stored recording, as they are now."""
    if signal_id is None:
        return None
    try:
        with get_db_session(read_only=True) as session:
            signal = load_signal(session, signal_id, None)
            dataset = session.get_one(Dataset, signal["dataset_id"]).name
    except NotFoundError:
        return None
    return {"dataset": dataset, "fault_class": signal["fault_class"]}
