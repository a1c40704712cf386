"""``/exports``: dataset versions as files to take away."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlencode

from apiflask import APIBlueprint
from flask import Response, send_file
from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.errors import require_found, unwrap
from dashboard.api.jobs import Job
from dashboard.api.scopes import current_actor, requires
from services.dataset_service import DatasetService
from services.jobs import board
from utils.constants import MAX_ID

blueprint = APIBlueprint("exports", __name__, url_prefix="/api/v1", tag="Datasets")

Format = Literal["hdf5", "mat", "csv", "parquet"]
# As bytes, whatever they are: no browser shall show or run them.
_BYTES = "application/octet-stream"


class ExportRequest(BaseModel):
    """What to export."""

    model_config = ConfigDict(extra="forbid")

    format: Format = Field("hdf5", description="hdf5: one file; the others: a ZIP with an import table.")
    version: int | None = Field(None, ge=1, le=MAX_ID, description="By default the newest.")


class ExportJob(Job):
    """The job that writes an export."""

    export_id: int


class Export(BaseModel):
    """A file that is there, is being written, or could not be."""

    export_id: int
    dataset_id: int
    version: int
    format: Format
    title: str
    file_name: str
    n_bytes: int | None
    sha256: str | None
    created_at: str
    expires_at: str | None = Field(description="When the file is deleted.")
    downloadable: bool
    job: Job
    download_url: str | None = Field(None, description="Works ten minutes, for the caller only.")


class ExportList(BaseModel):
    """The exports of a dataset."""

    items: list[Export]


class SignedQuery(BaseModel):
    """The signed part of a link."""

    model_config = ConfigDict(extra="forbid")

    expires: int = Field(ge=0, le=1 << 53)
    signature: str = Field(min_length=1, max_length=100)


@blueprint.post("/datasets/<int:dataset_id>/export")
@requires("write")
@blueprint.input(ExportRequest)
@blueprint.output(ExportJob, status_code=202)
def start_export(dataset_id: int, json_data: ExportRequest) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Start to write a dataset version into a file."""
    actor = current_actor()
    started = unwrap(
        DatasetService.export_dataset(dataset_id, json_data.format, version=json_data.version, actor=actor)
    )
    job = require_found(board.get_job(started["job_id"], actor=actor), "job")
    place = f"/api/v1/exports/{started['export_id']}"
    return {**job, "export_id": started["export_id"]}, 202, {"Location": place}


@blueprint.get("/datasets/<int:dataset_id>/exports")
@requires("read")
@blueprint.output(ExportList)
def list_exports(dataset_id: int) -> dict[str, Any]:
    """Return the exports of a dataset, newest first."""
    actor = current_actor()
    require_found(DatasetService.get_dataset_details(dataset_id, actor=actor), "dataset")
    return {"items": DatasetService.list_exports(dataset_id, actor=actor)}


@blueprint.get("/exports/<int:export_id>")
@requires("read")
@blueprint.output(Export)
def show_export(export_id: int) -> dict[str, Any]:
    """Return an export, with a link to its file where it is there."""
    found: dict[str, Any] = require_found(
        DatasetService.get_export(export_id, actor=current_actor()), "export"
    )
    link = found["link"]
    address = f"/api/v1/exports/{export_id}/download?{urlencode(link)}" if link else None
    return {**found, "download_url": address}


@blueprint.get("/exports/<int:export_id>/download")
@requires("read")
@blueprint.input(SignedQuery, location="query")
@blueprint.doc(responses={200: {"description": "The file.", "content": {_BYTES: {}}}})
def download_export(export_id: int, query_data: SignedQuery) -> Response:
    """Return the file of an export, for a link from `GET /exports/{id}`."""
    opened = unwrap(
        DatasetService.open_export(export_id, query_data.expires, query_data.signature, actor=current_actor())
    )
    response = send_file(
        opened["path"], mimetype=_BYTES, as_attachment=True, download_name=opened["file_name"], etag=False
    )
    response.headers["X-Checksum-Sha256"] = opened["sha256"]
    return response
