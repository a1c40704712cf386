"""What a version of a dataset holds: recordings, their edit, statistics, and the versions themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel

from dashboard.api import data_schemas as shapes
from dashboard.api.errors import require_found, unwrap
from dashboard.api.scopes import current_actor, requires
from services.dataset_service import DatasetService
from services.shared.actors import Actor
from utils.csv_text import build_csv
from utils.exceptions import ConflictError, InvalidInputError

blueprint = APIBlueprint("dataset_versions", __name__, url_prefix="/api/v1", tag="Datasets")

CSV_FIELDS = (
    *("recording", "channel", "fault_class", "severity", "group", "sample_rate_hz", "n_samples"),
    *("shaft_speed_rpm", "load", "unit", "machine", "bearing", "measurement_point", "acquired_at"),
    *("source_file", "sha256", "quality"),
)


def _find(dataset_id: int, version: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = require_found(
        DatasetService.get_dataset_details(dataset_id, version, actor=current_actor()), "dataset"
    )
    return found


def _check_part(filters: dict[str, Any]) -> dict[str, Any]:
    if "part" in filters and "split_id" not in filters:
        raise InvalidInputError("Recordings have a part only within a split; give split_id too.")
    return filters


@blueprint.get("/datasets/<int:dataset_id>/recordings")
@requires("read")
@blueprint.input(shapes.RecordingQuery, location="query")
@blueprint.output(shapes.RecordingPage)
def list_recordings(dataset_id: int, query_data: shapes.RecordingQuery) -> dict[str, Any]:
    """Return the recordings of a dataset with their signals."""
    _find(dataset_id, query_data.version)
    return DatasetService.list_recordings(
        dataset_id,
        query_data.version,
        page=query_data.page,
        per_page=query_data.per_page,
        sort=query_data.sort,
        filters=_check_part(query_data.filters),
        actor=current_actor(),
    )


@blueprint.get("/datasets/<int:dataset_id>/recordings.csv")
@requires("read")
@blueprint.input(shapes.RecordingOrder, location="query")
@blueprint.doc(responses={200: {"description": "One line per signal.", "content": {"text/csv": {}}}})
def download_recordings(dataset_id: int, query_data: shapes.RecordingOrder) -> Response:
    """Return every signal that matches as a line of CSV; a text that starts like a formula stays text."""
    version = _find(dataset_id, query_data.version)["version"]
    filters = _check_part(query_data.filters)
    lines = _stream_lines(dataset_id, version, query_data.sort, filters, current_actor())
    name = f"dataset-{dataset_id}-version-{version}.csv"
    return Response(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _stream_lines(
    dataset_id: int, version: int, sort: str, filters: dict[str, Any], actor: Actor
) -> Iterator[str]:
    """Yield the lines a thousand signals at a time: memory does not grow with the download."""
    headers, offset = CSV_FIELDS, 0
    yield build_csv(headers, [])
    while rows := DatasetService.stream_signals(
        dataset_id, version, offset=offset, sort=sort, filters=filters, actor=actor
    )["items"]:
        text = build_csv(headers, [[_show(row, name) for name in headers] for row in rows])
        yield text.partition("\r\n")[2]
        offset += len(rows)


def _show(row: dict[str, Any], name: str) -> Any:
    return ", ".join(flag["name"] for flag in row[name]) if name == "quality" else row[name]


@blueprint.patch("/datasets/<int:dataset_id>/recordings")
@requires("write")
@blueprint.input(shapes.RecordingEdit)
@blueprint.output(shapes.EditOutcome)
@blueprint.doc(responses={202: {"description": "The dataset is large: a job makes the version."}})
def edit_recordings(dataset_id: int, json_data: shapes.RecordingEdit) -> Any:
    """Change labels or metadata of signals as a new version; the version before stays as it is.

    Without ``signal_ids`` and ``filters`` every signal is meant. Speed, load and machine change in all
    channels of a recording, a fault class in all that measure the same physical bearing.
    """
    changes = json_data.changes.model_dump(exclude_unset=True)
    rows = {
        "version": json_data.version,
        "signal_ids": json_data.signal_ids,
        "filters": _check_part(json_data.filters.model_dump(exclude_none=True)),
    }
    actor = current_actor()
    if json_data.preview:
        return unwrap(DatasetService.preview_edit(dataset_id, changes, **rows, actor=actor))
    done = unwrap(DatasetService.edit_recordings(dataset_id, changes, json_data.reason, **rows, actor=actor))
    if done["job_id"] is None:
        return done
    return done, 202, {"Location": f"/api/v1/jobs/{done['job_id']}"}


class Statistics(BaseModel):
    """Level and shape of the signals per fault class and channel."""

    dataset_id: int
    version: int
    n_signals: int
    n_damaged: int
    per_class: list[dict[str, Any]]


@blueprint.get("/datasets/<int:dataset_id>/statistics")
@requires("read")
@blueprint.input(shapes.VersionQuery, location="query")
@blueprint.output(Statistics)
def show_statistics(dataset_id: int, query_data: shapes.VersionQuery) -> dict[str, Any]:
    """Return rms, peak, crest factor and kurtosis per fault class and channel.

    Those of a large version have to be worked out once by ``POST``; until then this is a 409.
    """
    details = _find(dataset_id, query_data.version)
    if details["statistics_pending"]:
        raise ConflictError(
            "The statistics of this version read every sample and were not worked out yet. "
            "Start them with POST to this address."
        )
    found: dict[str, Any] = require_found(
        DatasetService.get_dataset_statistics(dataset_id, query_data.version, actor=current_actor()),
        "dataset",
    )
    return found


class StatisticsRequest(BaseModel):
    """The statistics, or the job that works them out."""

    statistics: Statistics | None
    job_id: int | None


@blueprint.post("/datasets/<int:dataset_id>/statistics")
@requires("read")
@blueprint.input(shapes.VersionQuery, location="query")
@blueprint.output(StatisticsRequest)
@blueprint.doc(responses={202: {"description": "A job reads every sample."}})
def start_statistics(dataset_id: int, query_data: shapes.VersionQuery) -> Any:
    """Work the statistics out: at once for a small version, by a job for a large one."""
    found = unwrap(DatasetService.request_statistics(dataset_id, query_data.version, actor=current_actor()))
    if found["job_id"] is None:
        return found
    return found, 202, {"Location": f"/api/v1/jobs/{found['job_id']}"}


@blueprint.get("/datasets/<int:dataset_id>/versions")
@requires("read")
@blueprint.output(shapes.VersionList)
def list_versions(dataset_id: int) -> dict[str, Any]:
    """Return the versions of a dataset, newest first: when, who, why, what changed."""
    return {"items": _find(dataset_id)["versions"]}


@blueprint.get("/datasets/<int:dataset_id>/versions/<int:older>/compare")
@requires("read")
@blueprint.input(shapes.NewerQuery, location="query")
@blueprint.output(shapes.Differences)
def compare_versions(dataset_id: int, older: int, query_data: shapes.NewerQuery) -> dict[str, Any]:
    """Return what differs between two versions: counts, fields, the first rows."""
    found: dict[str, Any] = unwrap(
        DatasetService.compare_versions(dataset_id, older, query_data.newer, actor=current_actor())
    )
    return found
