"""Remove what nobody needs any more: leftovers of lost trainings and imports, old uploads, old trash."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, select

from dashboard_config import get_settings
from database.connection import get_db_session
from models.dataset import DatasetVersion
from models.evaluation import Evaluation
from models.experiment import Experiment
from models.feature_set import FeatureSet
from models.job import Job, JobState
from models.recording import Signal
from models.upload import Upload
from services.shared.file_age import is_old
from services.shared.old_exports import drop_old_exports
from utils.clock import utc_now
from utils.constants import OPEN_SET_FOLDER, UPLOAD_KEPT_H
from utils.logger import setup_logger

logger = setup_logger(__name__)

UPLOAD_KEPT = timedelta(hours=UPLOAD_KEPT_H)
_IMPORT_FOLDER = re.compile(r"(?:import|generate|noise)-(\d+)-\w+")
_RESULTLESS = (JobState.CANCELLED, JobState.FAILED, JobState.DEAD)


def tidy_up() -> dict[str, int]:
    """Do all of it; return how many things went, by kind."""
    gone = {
        "run_folders": _drop_dead_runs(),
        "open_set_folds": _drop_dead_folds(),
        "import_folders": _drop_dead_imports(),
        "uploads": _drop_old_uploads(),
        "files": _drop_strays(),
        "exports": drop_old_exports(),
        "features": _drop_stray_features(),
        "indexes": _drop_old_indexes(),
    }
    if any(gone.values()):
        logger.info("tidied up", extra=gone)
    return gone


def _drop_dead_runs() -> int:
    """Drop run folders of trainings that ended without a classifier, and of no experiment at all."""
    folders = {path.name: path for path in _list(get_settings().experiments_dir)}
    with get_db_session(read_only=True) as session:
        rows = session.execute(select(Experiment.folder, Job.state).join(Job, Job.id == Experiment.job_id))
        known = {folder: state for folder, state in rows}  # noqa: C416 -- dict() can't type SQLAlchemy's rows
    dead = [
        path
        for name, path in folders.items()
        if (name in known and known[name] in _RESULTLESS) or (name not in known and is_old(path))
    ]
    for path in dead:
        shutil.rmtree(path, ignore_errors=True)
    return len(dead)


def _drop_dead_folds() -> int:
    """Drop the folds of open-set jobs that were lost, or cancelled while they waited to go on."""
    folds = [path for path in get_settings().experiments_dir.glob(f"*/{OPEN_SET_FOLDER}/*") if is_old(path)]
    with get_db_session(read_only=True) as session:
        under_way = select(Evaluation.id).join(Job, Job.id == Evaluation.job_id)
        open_ones = session.scalars(under_way.where(Job.state.not_in((*_RESULTLESS, JobState.DONE))))
        known = {str(number) for number in open_ones}
    dead = [path for path in folds if path.name.partition("-")[0] not in known]
    for path in dead:
        shutil.rmtree(path, ignore_errors=True)
    return len(dead)


def _drop_dead_imports() -> int:
    """Drop what imports and generators wrote that ended for good before it became visible."""
    signals = get_settings().signals_dir
    folders = {
        path: int(found[1])
        for place in (signals, signals / "staging")
        for path in _list(place)
        if (found := _IMPORT_FOLDER.fullmatch(path.name)) and is_old(path)
    }
    with get_db_session(read_only=True) as session:
        dead = set(session.scalars(select(Job.id).where(Job.state.in_(_RESULTLESS))))
        used = {shard.partition("/")[0] for shard in session.scalars(select(Signal.shard).distinct())}
    gone = [path for path, job_id in folders.items() if job_id in dead and path.name not in used]
    for path in gone:
        shutil.rmtree(path, ignore_errors=True)
    return len(gone)


def _drop_old_uploads() -> int:
    """Drop uploads that have waited for two days; their rows go first, so that none names a missing file."""
    with get_db_session() as session:
        old = session.scalars(select(Upload.id).where(Upload.created_at < utc_now() - UPLOAD_KEPT)).all()
        if old:
            session.execute(delete(Upload).where(Upload.id.in_(old)))
            session.commit()
    for upload_id in old:
        (get_settings().uploads_dir / f"{upload_id}.bin").unlink(missing_ok=True)
    return len(old)


def _drop_strays() -> int:
    """Drop files of the upload folder that no row names: what a kill left half-written."""
    files = [path for path in _list(get_settings().uploads_dir) if is_old(path, UPLOAD_KEPT.total_seconds())]
    with get_db_session(read_only=True) as session:
        known = set(session.scalars(select(Upload.id)))
    strays = [path for path in files if path.stem not in known]
    for path in strays:
        path.unlink(missing_ok=True)
    return len(strays)


def _drop_old_indexes() -> int:
    """Drop the indexes of versions that are gone; one that is missed is made anew."""
    files = [path for path in _list(get_settings().indexes_dir) if is_old(path)]
    with get_db_session(read_only=True) as session:
        known = {str(number) for number in session.scalars(select(DatasetVersion.id))}
    old = [path for path in files if path.name.partition("-")[0] not in known]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _drop_stray_features() -> int:
    """Drop folders of feature values that no set names: what a kill or a deleted dataset left."""
    with get_db_session(read_only=True) as session:
        used = {path.partition("/")[0] for path in session.scalars(select(FeatureSet.relative_path))}
    strays = [path for path in _list(get_settings().features_dir) if path.name not in used and is_old(path)]
    for path in strays:
        shutil.rmtree(path, ignore_errors=True)
    return len(strays)


def _list(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
