"""The files of an import: waiting uploads, or paths that a script of this machine names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from services.datasets.uploads import clean_file_name, find_uploads, upload_path
from services.shared.actors import Actor
from utils.exceptions import AccessDeniedError, ErrorCode, InvalidInputError

MAX_FILES = 20_000

FileReference = str | dict[str, Any]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read: the name to show, where its bytes lie, and its upload where it is one."""

    name: str
    path: Path
    upload_id: str | None = None

    @property
    def as_reference(self) -> dict[str, Any]:
        """What a job's payload keeps of it."""
        if self.upload_id is not None:
            return {"upload_id": self.upload_id}
        return {"path": str(self.path), "name": self.name}


def resolve_sources(session: Session, files: Sequence[FileReference], actor: Actor) -> list[SourceFile]:
    """Return the files that ``files`` names, each with a name of its own.

    Args:
        session: An open session; uploads are looked up in one query.
        files: Upload ids, ``{"upload_id": …}``, or for scripts ``{"path": …, "name": …}``.
        actor: Uploads must be theirs; only a script on this machine may name paths.

    Raises:
        InvalidInputError: Nothing named, too much named, or a path that is no file.
        NotFoundError: An upload that is not there.
        AccessDeniedError: A path named by somebody who is signed in from afar.
    """
    if not files:
        raise InvalidInputError("Choose at least one file.")
    if len(files) > MAX_FILES:
        raise InvalidInputError(
            f"{len(files)} files at once are too many; import at most {MAX_FILES:,} at a time."
        )
    references = [{"upload_id": file} if isinstance(file, str) else file for file in files]
    upload_ids = [str(reference["upload_id"]) for reference in references if "upload_id" in reference]
    uploads = {row.id: row for row in find_uploads(session, upload_ids, actor)} if upload_ids else {}
    sources = []
    for reference in references:
        if "upload_id" in reference:
            row = uploads[str(reference["upload_id"])]
            sources.append(SourceFile(row.file_name, upload_path(row.id), row.id))
        else:
            sources.append(_resolve_path(reference, actor))
    _refuse_equal_names(sources)
    return sources


def _resolve_path(reference: dict[str, Any], actor: Actor) -> SourceFile:
    if not actor.is_system:
        raise AccessDeniedError("Files on the server can't be named from here; upload them.")
    if "path" not in reference:
        raise InvalidInputError("A file is named by its upload_id.")
    path = Path(str(reference["path"]))
    if not path.is_file():
        raise InvalidInputError(f"There is no file {path}.", code=ErrorCode.FILE_UNREADABLE)
    return SourceFile(clean_file_name(str(reference.get("name") or path.name)), path.resolve())


def _refuse_equal_names(sources: list[SourceFile]) -> None:
    name, count = Counter(source.name for source in sources).most_common(1)[0]
    if count > 1:
        raise InvalidInputError(
            f"{count} of the files are called '{name}'. Rename them, or import them from one folder, so "
            "that their recordings can be told apart."
        )
