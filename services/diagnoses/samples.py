"""Samples that were diagnosed, kept by their SHA-256, so that a report can be made again."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.datasets.store import hash_signal
from dashboard_config import get_settings
from database.connection import get_db_session
from models.diagnosis import Diagnosis
from models.job import Job
from models.recording import Signal
from services.jobs.board import OPEN_STATES
from services.shared.signal_store import load_samples
from utils.exceptions import DataDamagedError, NotFoundError, StorageFullError
from utils.ids import new_storage_name

_NAME = re.compile(r"[0-9a-f]{64}")


def keep_samples(values: NDArray[np.float32]) -> str:
    """Keep samples and return their SHA-256; what is there already is written once.

    Raises:
        StorageFullError: The disk has no room.
    """
    sha256 = hash_signal(values)
    path = _locate(sha256)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists():
        os.utime(path)  # housekeeping leaves young files alone until a row names them
        return sha256
    if shutil.disk_usage(path.parent).free < get_settings().storage_reserve_bytes + values.nbytes:
        raise StorageFullError("The disk is nearly full. Free some space, then ask again.")
    draft = path.with_name(f"{new_storage_name()}.part")
    try:
        np.ascontiguousarray(values, "<f4").tofile(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return sha256


def load_kept(sha256: str) -> NDArray[np.float32]:
    """Return kept samples.

    Raises:
        NotFoundError: They are not kept (any more).
        DataDamagedError: They are not what was kept.
    """
    try:
        values = np.fromfile(_locate(sha256), dtype="<f4")
    except FileNotFoundError:
        raise NotFoundError("The samples of this diagnosis are not kept any more.") from None
    if hash_signal(values) != sha256:
        raise DataDamagedError("The kept samples are damaged. Restore the file from a backup.")
    return values


def load_judged(sha256: str | None) -> NDArray[np.float32]:
    """Return the samples that a diagnosis judged, from the store or as kept.

    Raises:
        NotFoundError, DataDamagedError: As `load_kept`.
    """
    if sha256 is None:
        raise NotFoundError("The samples of this diagnosis were not kept.")
    stored = _find_stored(sha256)
    return load_samples(stored) if stored is not None else load_kept(sha256)


def are_kept(sha256: str | None) -> bool:
    """Tell whether the samples of a diagnosis can still be had."""
    if sha256 is None:
        return False
    return _locate(sha256).exists() or _find_stored(sha256) is not None


def _find_stored(sha256: str) -> Signal | None:
    """Return the judged signal, or another one of the same samples."""
    chosen = select(Signal).where(Signal.sha256 == sha256).order_by(Signal.id).limit(1)
    with get_db_session(read_only=True) as session:
        return session.scalar(chosen)


def drop_unused(session: Session, sha256: str | None) -> Path | None:
    """Return the file of samples that no diagnosis names any more; it is deleted after the commit."""
    if sha256 is None:
        return None
    if session.scalar(select(Diagnosis.id).where(Diagnosis.signal_sha256 == sha256).limit(1)) is not None:
        return None
    return _locate(sha256)


def list_needed() -> set[str]:
    """Return the hashes of samples that a finished diagnosis, or one under way, stands on."""
    chosen = (
        select(Diagnosis.signal_sha256)
        .join(Job, Job.id == Diagnosis.job_id)
        .where(
            Diagnosis.signal_sha256.is_not(None),
            or_(Diagnosis.signature.is_not(None), Job.state.in_(OPEN_STATES)),
        )
    )
    with get_db_session(read_only=True) as session:
        return {sha256 for sha256 in session.scalars(chosen) if sha256}


def _locate(sha256: str) -> Path:
    if not _NAME.fullmatch(sha256):
        raise DataDamagedError("A diagnosis names samples that can't be there.")
    return get_settings().diagnoses_dir / f"{sha256}.f32"
