"""Exports whose time is over: their rows, their files, and files that no row names."""

from __future__ import annotations

import shutil
from datetime import timedelta

from sqlalchemy import delete, select

from dashboard_config import get_settings
from database.connection import get_db_session
from models.export import Export
from models.job import Job, JobState
from services.shared.file_age import is_old
from utils.clock import utc_now
from utils.constants import EXPORT_KEPT_H

_ENDED_BADLY = (JobState.FAILED, JobState.CANCELLED, JobState.DEAD)
_STRAY_KEPT = timedelta(hours=6)


def drop_old_exports() -> int:
    """Delete exports whose time is over, those that never came to be, and files that no row names."""
    with get_db_session() as session:
        rows = session.scalars(
            select(Export)
            .join(Job, Job.id == Export.job_id)
            .where(
                (Export.expires_at < utc_now())
                | (
                    Job.state.in_(_ENDED_BADLY)
                    & (Job.finished_at < utc_now() - timedelta(hours=EXPORT_KEPT_H))
                )
            )
        ).all()
        paths = [row.relative_path for row in rows if row.relative_path]
        if rows:
            session.execute(delete(Export).where(Export.id.in_([row.id for row in rows])))
            session.commit()
    for relative in paths:
        (get_settings().data_dir / relative).unlink(missing_ok=True)
    return len(rows) + _drop_strays()


def _drop_strays() -> int:
    folder = get_settings().exports_dir
    if not folder.is_dir():
        return 0
    with get_db_session(read_only=True) as session:
        known = {path.rpartition("/")[2] for path in session.scalars(select(Export.relative_path)) if path}
    kept_s = _STRAY_KEPT.total_seconds()
    strays = [path for path in folder.iterdir() if path.name not in known and is_old(path, kept_s)]
    for path in strays:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return len(strays)
