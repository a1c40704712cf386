"""``/uploads``: files that wait for their import or diagnosis."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import request
from pydantic import BaseModel, Field

from dashboard.api.bodies import describes_body
from dashboard.api.errors import unwrap
from dashboard.api.multipart import FilePart, read_parts
from dashboard.api.scopes import current_actor, requires
from dashboard.auth.access import accepts_upload
from services.dataset_service import DatasetService
from utils.exceptions import InvalidInputError

blueprint = APIBlueprint("uploads", __name__, url_prefix="/api/v1", tag="Datasets")


class Upload(BaseModel):
    """A waiting file."""

    upload_id: str
    file_name: str = Field(description="The sender's name for it; only ever shown.")
    n_bytes: int
    sha256: str
    created_at: str


class UploadList(BaseModel):
    """The caller's waiting files."""

    items: list[Upload]


@blueprint.post("/uploads")
@requires("write")
@accepts_upload
@describes_body(files=["file"])
@blueprint.output(Upload, status_code=201)
def add_upload() -> dict[str, Any]:
    """Store one file: a multipart form with a part called ``file``. It is streamed to disk."""
    for part in read_parts(request):
        if isinstance(part, FilePart) and part.file_name:
            stored: dict[str, Any] = unwrap(
                DatasetService.stage_upload(part, part.file_name, actor=current_actor())
            )
            return stored
    raise InvalidInputError("The form holds no file. Send it as a part called 'file'.")


@blueprint.get("/uploads")
@requires("write")
@blueprint.output(UploadList)
def list_uploads() -> dict[str, Any]:
    """Return the caller's waiting files, oldest first."""
    return {"items": DatasetService.list_uploads(actor=current_actor())}


@blueprint.delete("/uploads/<string:upload_id>")
@requires("write")
@blueprint.output({}, status_code=204)
def discard_upload(upload_id: str) -> str:
    """Delete a waiting file."""
    unwrap(DatasetService.discard_upload(upload_id, actor=current_actor()))
    return ""
