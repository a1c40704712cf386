"""Delete diagnoses with what was said of them and the samples that were kept for them."""

from __future__ import annotations

from sqlalchemy import delete

from dashboard_config import get_settings
from database.connection import get_db_session
from models.diagnosis import Diagnosis
from models.job import Job
from services.diagnoses.samples import drop_unused, list_needed
from services.jobs.board import OPEN_STATES
from services.shared.actors import Actor
from services.shared.audit import record_audit
from services.shared.file_age import is_old
from utils.exceptions import ConflictError, ErrorCode, NotFoundError


def delete_diagnosis(diagnosis_id: int, actor: Actor) -> None:
    """Delete a diagnosis for good.

    Raises:
        NotFoundError: There is none.
        ConflictError: ``job_state``: its job is not over.
    """
    with get_db_session() as session:
        diagnosis = session.get(Diagnosis, diagnosis_id)
        if diagnosis is None:
            raise NotFoundError("There is no such diagnosis.")
        job = session.get_one(Job, diagnosis.job_id)
        if job.state in OPEN_STATES:
            raise ConflictError("The diagnosis is not over. Cancel its job first.", code=ErrorCode.JOB_STATE)
        sha256, name = diagnosis.signal_sha256, diagnosis.source_name
        job.link = None
        session.execute(delete(Diagnosis).where(Diagnosis.id == diagnosis_id))
        record_audit(
            session, actor, "diagnosis.delete", f"diagnosis {diagnosis_id}", details={"source_name": name}
        )
        path = drop_unused(session, sha256)
        session.commit()
    if path is not None:
        path.unlink(missing_ok=True)


def drop_stray_samples() -> int:
    """Delete kept samples that no diagnosis stands on; return how many files went.

    Younger ones may belong to a request that is about to be written.
    """
    folder = get_settings().diagnoses_dir
    if not folder.is_dir():
        return 0
    old = [path for path in folder.iterdir() if is_old(path)]
    needed = list_needed() if old else set()
    # Looked at once more: a request that asks for the same samples makes its file young again.
    strays = [path for path in old if path.stem not in needed and is_old(path)]
    for path in strays:
        path.unlink(missing_ok=True)
    return len(strays)
