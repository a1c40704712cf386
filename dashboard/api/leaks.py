"""``/datasets/{id}/leaks``: which signals share a vibration, and what a split shares between its parts."""

from __future__ import annotations

from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.errors import require_found, unwrap
from dashboard.api.jobs import Job
from dashboard.api.scopes import current_actor, requires
from services.dataset_service import DatasetService
from services.jobs import board
from utils.constants import MAX_ID

blueprint = APIBlueprint("leaks", __name__, url_prefix="/api/v1", tag="Datasets")


class LeakQuery(BaseModel):
    """What to report on; by default the newest version before any split."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = Field(None, ge=1, le=MAX_ID)
    split_id: int | None = Field(None, ge=1, le=MAX_ID, description="Of this dataset; its version counts.")


class LeakSide(BaseModel):
    """A signal of a finding."""

    signal_id: int
    recording_id: int
    recording: str
    channel: str
    group: str | None = Field(description="The physical bearing.")
    fault_class: str | None
    part: str | None = Field(description="In the split, where one was asked for.")


class LeakFinding(BaseModel):
    """One thing that the check found."""

    colour: Literal["red", "amber", "note"]
    kind: str
    sentence: str
    evidence: dict[str, float] | None = Field(description="lag_s, gain, correlation, overlap_s.")
    left: LeakSide | None
    right: LeakSide | None


class LeakReport(BaseModel):
    """What the leak check finds now."""

    dataset_id: int
    dataset_name: str
    version: int
    state: Literal["done", "running", "missing"] = Field(
        description="Of the comparison of the signals; until it is done, copies are not in the findings."
    )
    scan: dict[str, Any]
    colour: Literal["clear", "note", "amber", "red"]
    counts: dict[str, int] = Field(description="Findings of each kind; at most 100 of a kind are listed.")
    findings: list[LeakFinding]


@blueprint.get("/datasets/<int:dataset_id>/leaks")
@requires("read")
@blueprint.input(LeakQuery, location="query")
@blueprint.output(LeakReport)
def show_leaks(dataset_id: int, query_data: LeakQuery) -> dict[str, Any]:
    """Return what the leak check finds in a split, or what a version's splits must keep together."""
    report: dict[str, Any] = require_found(
        DatasetService.get_leak_report(
            dataset_id, query_data.version, split_id=query_data.split_id, actor=current_actor()
        ),
        "dataset or split",
    )
    return report


class LeakCheckRequest(BaseModel):
    """Which version to compare."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = Field(None, ge=1, le=MAX_ID, description="By default the newest.")


@blueprint.post("/datasets/<int:dataset_id>/leaks")
@requires("write")
@blueprint.input(LeakCheckRequest)
@blueprint.output(Job, status_code=202)
def start_leak_check(
    dataset_id: int, json_data: LeakCheckRequest
) -> Response | tuple[dict[str, Any], int, dict[str, str]]:
    """Have the signals of a version compared with one another; 204 where that was done before."""
    started = unwrap(DatasetService.start_leak_check(dataset_id, json_data.version, actor=current_actor()))
    if started["job_id"] is None:
        response = jsonify()
        response.status_code = 204
        return response
    job = require_found(board.get_job(started["job_id"], actor=current_actor()), "job")
    return job, 202, {"Location": f"/api/v1/jobs/{job['id']}"}
