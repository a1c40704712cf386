"""Uploads: streamed to a file of our own naming, private to whoever sent them, within a quota."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboard_config import get_settings
from database.connection import get_db_session
from models.upload import Upload
from services.shared.actors import Actor
from services.shared.texts import to_plain
from utils.clock import to_iso
from utils.exceptions import (
    AccessDeniedError,
    ErrorCode,
    InvalidInputError,
    LstmPfdError,
    NotFoundError,
    StorageFullError,
)
from utils.ids import new_storage_name

_BLOCK_BYTES = 1 << 20
_MAX_NAME = 400
_MAX_LISTED = 1000


class ByteStream(Protocol):
    """Whatever bytes can be read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes; none at the end."""


def upload_path(upload_id: str) -> Path:
    """Return where an upload's bytes lie; the name is ours, never the sender's."""
    return get_settings().uploads_dir / f"{upload_id}.bin"


def clean_file_name(name: str) -> str:
    """Return a name for display: no control characters, forward slashes, at most 400 characters.

    >>> clean_file_name("a\\\\b\\x00.mat")
    'a/b\\ufffd.mat'
    """
    text = to_plain(name).replace("\\", "/").strip().strip("/")
    return (text if len(text) <= _MAX_NAME else f"…{text[1 - _MAX_NAME :]}") or "unnamed"


def store_upload(stream: ByteStream, file_name: str, actor: Actor) -> dict[str, Any]:
    """Stream bytes to disk and note the upload; on any failure nothing is left behind."""
    user_id = _owner(actor)
    allowed = _find_allowance(user_id)
    upload_id = new_storage_name()
    path = upload_path(upload_id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".part")
    try:
        n_bytes, digest = _write_stream(stream, draft, allowed)
        draft.rename(path)
        row = Upload(
            id=upload_id,
            user_id=user_id,
            file_name=clean_file_name(file_name),
            n_bytes=n_bytes,
            sha256=digest,
        )
        _note_upload(row)
    except BaseException:
        for leftover in (draft, path):
            leftover.unlink(missing_ok=True)
        raise
    return describe_upload(row)


def _owner(actor: Actor) -> int:
    if actor.user_id is None:
        raise AccessDeniedError("An upload belongs to a person; scripts name files by path instead.")
    return actor.user_id


def _find_allowance(user_id: int) -> int:
    settings = get_settings()
    with get_db_session(read_only=True) as session:
        left = settings.upload_quota_bytes - _sum_waiting(session, user_id)
    if left <= 0:
        raise _quota_error()
    return min(settings.upload_max_bytes, left)


def _sum_waiting(session: Session, user_id: int) -> int:
    return int(session.scalar(select(func.sum(Upload.n_bytes)).where(Upload.user_id == user_id)) or 0)


def _quota_error() -> LstmPfdError:
    quota_mb = get_settings().upload_quota_bytes / 1e6
    return LstmPfdError(
        f"Your waiting uploads fill your quota of {quota_mb:,.0f} MB. Import or discard some of them first.",
        code=ErrorCode.QUOTA_EXCEEDED,
    )


def _write_stream(stream: ByteStream, path: Path, allowed: int) -> tuple[int, str]:
    settings = get_settings()
    digest = hashlib.sha256()
    n_bytes = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while block := stream.read(_BLOCK_BYTES):
            n_bytes += len(block)
            if n_bytes > allowed:
                raise _size_error(allowed)
            if shutil.disk_usage(path.parent).free < settings.storage_reserve_bytes:
                raise StorageFullError(
                    "The disk is almost full. Nothing was stored; free some space and try again."
                )
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    if n_bytes == 0:
        raise InvalidInputError(
            "The file is empty. Choose a file that holds a recording.", code=ErrorCode.FILE_REFUSED
        )
    return n_bytes, digest.hexdigest()


def _size_error(allowed: int) -> LstmPfdError:
    largest = get_settings().upload_max_bytes
    if allowed < largest:
        return _quota_error()
    return LstmPfdError(
        f"The file is larger than {largest / 1e6:,.0f} MB, the most that one upload may have.",
        code=ErrorCode.TOO_LARGE,
    )


def _note_upload(row: Upload) -> None:
    """Insert the row; uploads that ran side by side are counted together here."""
    with get_db_session() as session:
        if _sum_waiting(session, row.user_id) + row.n_bytes > get_settings().upload_quota_bytes:
            raise _quota_error()
        session.add(row)
        session.commit()


def describe_upload(row: Upload) -> dict[str, Any]:
    """Return an upload's row as plain data."""
    return {
        "upload_id": row.id,
        "file_name": row.file_name,
        "n_bytes": row.n_bytes,
        "sha256": row.sha256,
        "created_at": to_iso(row.created_at),
    }


def list_own_uploads(actor: Actor) -> list[dict[str, Any]]:
    """Return the actor's waiting uploads, oldest first."""
    with get_db_session(read_only=True) as session:
        chosen = select(Upload).where(Upload.user_id == _owner(actor))
        rows = session.scalars(chosen.order_by(Upload.created_at, Upload.id).limit(_MAX_LISTED)).all()
    return [describe_upload(row) for row in rows]


def find_uploads(session: Session, upload_ids: list[str], actor: Actor) -> list[Upload]:
    """Return uploads in the order asked for; another person's is as unknown as a missing one."""
    chosen = select(Upload).where(Upload.id.in_(upload_ids))
    if not actor.is_system:
        chosen = chosen.where(Upload.user_id == actor.user_id)
    found = {row.id: row for row in session.scalars(chosen)}
    if any(upload_id not in found for upload_id in upload_ids):
        raise NotFoundError("An uploaded file is no longer there. Upload it again.")
    return [found[upload_id] for upload_id in upload_ids]


def drop_upload(upload_id: str, actor: Actor) -> None:
    """Forget an upload and delete its bytes."""
    with get_db_session() as session:
        (row,) = find_uploads(session, [upload_id], actor)
        session.delete(row)
        session.commit()
    remove_upload_files([upload_id])


def remove_upload_files(upload_ids: list[str]) -> None:
    """Delete the bytes of uploads whose rows are gone."""
    for upload_id in upload_ids:
        with suppress(FileNotFoundError):
            upload_path(upload_id).unlink()
