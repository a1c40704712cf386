"""``/datasets``: import, look, split, change, delete."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import current_app, request

from dashboard.api import data_schemas as shapes
from dashboard.api.bodies import describes_body
from dashboard.api.errors import require_found, unwrap
from dashboard.api.jobs import Job
from dashboard.api.multipart import FilePart, read_parts
from dashboard.api.scopes import current_actor, requires
from dashboard.auth.access import JSON_TYPE, accepts_json_or_upload
from services.dataset_service import DatasetService
from services.jobs import board
from utils.exceptions import InvalidInputError, NotFoundError

blueprint = APIBlueprint("datasets", __name__, url_prefix="/api/v1", tag="Datasets")

_FIELDS = set(shapes.ImportRequest.model_fields)


@blueprint.post("/datasets/import")
@requires("write")
@accepts_json_or_upload
@describes_body(files=["files[]"], form=shapes.ImportForm, json=shapes.ImportRequest)
@blueprint.output(Job, status_code=202)
def import_dataset() -> tuple[dict[str, Any], int, dict[str, str]]:
    """Import files as a dataset, or as the next version of the dataset of this name.

    Send a multipart form with ``name``, ``mapping`` (JSON), ``description``, ``strict`` and any number of
    files, or JSON with ``upload_ids`` of files that were uploaded before.
    """
    staged: list[str] = []
    try:
        fields = _read_json_fields() if request.mimetype == JSON_TYPE else _read_form(staged)
        upload_ids = [*_list_ids(fields), *staged]
        started = unwrap(
            DatasetService.import_dataset(
                upload_ids,
                _read_mapping(fields.get("mapping")),
                str(fields.get("name") or ""),
                description=str(fields.get("description") or ""),
                strict=fields.get("strict") in (True, "true", "1"),
                actor=current_actor(),
            )
        )
    except BaseException:
        for upload_id in staged:
            DatasetService.discard_upload(upload_id, actor=current_actor())
        raise
    job = require_found(board.get_job(started["job_id"], actor=current_actor()), "job")
    return job, 202, {"Location": f"/api/v1/jobs/{job['id']}"}


def _read_json_fields() -> dict[str, Any]:
    fields = request.get_json()
    if not isinstance(fields, dict):
        raise InvalidInputError("Send an object with name, mapping and upload_ids.")
    return _known(fields)


def _read_form(staged: list[str]) -> dict[str, Any]:
    """Read the form; every file is stored as it arrives and its id noted in ``staged`` at once."""
    fields: dict[str, Any] = {}
    for part in read_parts(request):
        if not isinstance(part, FilePart):
            fields[part.name] = part.text
        elif part.file_name:
            stored = unwrap(DatasetService.stage_upload(part, part.file_name, actor=current_actor()))
            staged.append(stored["upload_id"])
    return _known(fields)


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(fields) - _FIELDS)
    if unknown:
        raise InvalidInputError(f"'{unknown[0]}' is not a field here. Fields: {', '.join(sorted(_FIELDS))}.")
    return fields


def _list_ids(fields: dict[str, Any]) -> list[str]:
    ids = fields.get("upload_ids") or []
    if isinstance(ids, str):
        ids = [part.strip() for part in ids.split(",") if part.strip()]
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise InvalidInputError("upload_ids must be a list of ids.")
    return ids


def _read_mapping(raw: Any) -> dict[str, Any]:
    if isinstance(raw, str) and raw.strip():
        try:
            raw = current_app.json.loads(raw)
        except (ValueError, RecursionError):
            raise InvalidInputError("The mapping is not valid JSON, or nested too deeply.") from None
    if not raw:
        return {}
    if not isinstance(raw, dict):
        raise InvalidInputError("The mapping must be an object.")
    return raw


@blueprint.get("/datasets")
@requires("read")
@blueprint.input(shapes.DatasetQuery, location="query")
@blueprint.output(shapes.DatasetPage)
def list_datasets(query_data: shapes.DatasetQuery) -> dict[str, Any]:
    """Return datasets, newest first."""
    found = DatasetService.list_datasets(
        query_data.per_page,
        (query_data.page - 1) * query_data.per_page,
        query_data.q,
        sort=query_data.sort,
        shelf="all" if query_data.archived else query_data.shelf,
        actor=current_actor(),
    )
    return {**found, "page": query_data.page, "per_page": query_data.per_page}


@blueprint.get("/datasets/<int:dataset_id>")
@requires("read")
@blueprint.input(shapes.VersionQuery, location="query")
@blueprint.output(shapes.Dataset)
def show_dataset(dataset_id: int, query_data: shapes.VersionQuery) -> dict[str, Any]:
    """Return all that is known of a dataset: classes, speeds, bearings, quality, versions."""
    return _find(dataset_id, query_data.version)


def _find(dataset_id: int, version: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = require_found(
        DatasetService.get_dataset_details(dataset_id, version, actor=current_actor()), "dataset"
    )
    return found


@blueprint.patch("/datasets/<int:dataset_id>")
@requires("write")
@blueprint.input(shapes.DatasetChange)
@blueprint.output(shapes.Dataset)
def change_dataset(dataset_id: int, json_data: shapes.DatasetChange) -> dict[str, Any]:
    """Rename, describe, archive or unarchive a dataset."""
    actor = current_actor()
    if json_data.name is not None or json_data.description is not None:
        unwrap(
            DatasetService.update_dataset(
                dataset_id, name=json_data.name, description=json_data.description, actor=actor
            )
        )
    if json_data.archived is not None:
        change = DatasetService.archive_dataset if json_data.archived else DatasetService.unarchive_dataset
        unwrap(change(dataset_id, actor=actor))
    return _find(dataset_id)


@blueprint.delete("/datasets/<int:dataset_id>")
@requires("write")
@blueprint.input(shapes.RemovalQuery, location="query")
@blueprint.output({}, status_code=204)
def delete_dataset(dataset_id: int, query_data: shapes.RemovalQuery) -> str:
    """Move a dataset to the trash, or delete it for good; refused while experiments use it.

    From the trash it can be restored for 30 days; then it is deleted.
    """
    if query_data.permanently:
        unwrap(DatasetService.delete_dataset(dataset_id, True, actor=current_actor()))
    else:
        unwrap(DatasetService.trash_dataset(dataset_id, actor=current_actor()))
    return ""


@blueprint.post("/datasets/<int:dataset_id>/restore")
@requires("write")
@blueprint.output(shapes.Dataset)
def restore_dataset(dataset_id: int) -> dict[str, Any]:
    """Take a dataset out of the trash."""
    unwrap(DatasetService.restore_dataset(dataset_id, actor=current_actor()))
    return _find(dataset_id)


@blueprint.get("/datasets/<int:dataset_id>/splits")
@requires("read")
@blueprint.input(shapes.VersionQuery, location="query")
@blueprint.output(shapes.SplitList)
def list_splits(dataset_id: int, query_data: shapes.VersionQuery) -> dict[str, Any]:
    """Return the splits of a dataset, newest first."""
    _find(dataset_id, query_data.version)
    return {"items": DatasetService.list_splits(dataset_id, query_data.version, actor=current_actor())}


@blueprint.post("/datasets/<int:dataset_id>/splits")
@requires("write")
@blueprint.input(shapes.SplitBody)
@blueprint.output(shapes.Split, status_code=201)
def create_split(dataset_id: int, json_data: shapes.SplitBody) -> dict[str, Any]:
    """Store a split that passes the leak check, or is amber and accepted with a reason.

    It comes from a rule (``by``), or is carried over from an older version (``carry_from``): the same
    signals in the same parts, checked again; ``carried_from`` counts what came since and what is gone.
    """
    asked, actor = json_data.root, current_actor()
    if isinstance(asked, shapes.CarriedSplit):
        _find_split(dataset_id, asked.carry_from)
        return _unwrap_split(
            DatasetService.carry_split(
                asked.carry_from,
                asked.version,
                name=asked.name,
                accept_amber=asked.accept_amber,
                actor=actor,
            )
        )
    return _unwrap_split(DatasetService.create_split(dataset_id, **asked.model_dump(), actor=actor))


@blueprint.post("/datasets/<int:dataset_id>/splits/check")
@requires("read")
@blueprint.input(shapes.SplitCheckBody)
@blueprint.output(shapes.CheckedSplit)
def check_split(dataset_id: int, json_data: shapes.SplitCheckBody) -> dict[str, Any]:
    """Work out a split, by a rule or carried over, and check it for leaks without storing it."""
    asked, actor = json_data.root, current_actor()
    if isinstance(asked, shapes.CarryRequest):
        _find_split(dataset_id, asked.carry_from)
        return _unwrap_split(DatasetService.check_carried_split(asked.carry_from, asked.version, actor=actor))
    return _unwrap_split(DatasetService.check_split(dataset_id, **asked.model_dump(), actor=actor))


def _unwrap_split(result: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = unwrap(result)
    return found


def _find_split(dataset_id: int, split_id: int) -> None:
    """Refuse a split that this dataset does not have."""
    split = require_found(DatasetService.get_split(split_id, actor=current_actor()), "split")
    if split["dataset_id"] != dataset_id:
        raise NotFoundError("There is no such split in this dataset.")
