"""``/jobs``: what runs, how far it is, and how to stop it."""

from __future__ import annotations

from typing import Any, Literal

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.errors import require_found, unwrap
from dashboard.api.scopes import current_actor, requires
from services.jobs import board

blueprint = APIBlueprint("jobs", __name__, url_prefix="/api/v1", tag="Jobs")

State = Literal["queued", "running", "paused", "done", "failed", "cancelled", "dead"]


class JobQuery(BaseModel):
    """Which jobs to list."""

    model_config = ConfigDict(extra="forbid")

    state: State | None = Field(None, description="Only jobs in this state.")
    kind: str | None = Field(None, max_length=24, description="Only jobs of this kind.")
    page: int = Field(1, ge=1, le=1_000_000)
    per_page: int = Field(50, ge=1, le=200)


class Job(BaseModel):
    """One piece of long work."""

    id: int
    kind: str
    queue: str
    title: str
    link: str | None = Field(description="Page that shows its subject.")
    state: State
    progress: float = Field(ge=0, le=1)
    progress_text: str | None
    eta_s: float | None
    attempt: int
    error: str | None
    error_code: str | None
    reference_id: str | None
    result: dict[str, Any] | None
    command: str | None = Field(description="What it has been asked to do and has not done yet.")
    can_cancel: bool
    created_at: str
    started_at: str | None
    finished_at: str | None
    created_by: int | None


class JobPage(BaseModel):
    """A page of jobs, newest first."""

    items: list[Job]
    total: int
    page: int
    per_page: int


@blueprint.get("/jobs")
@requires("read")
@blueprint.input(JobQuery, location="query")
@blueprint.output(JobPage)
def list_jobs(query_data: JobQuery) -> dict[str, Any]:
    """Return jobs, newest first."""
    return board.list_jobs(
        actor=current_actor(),
        states=[query_data.state] if query_data.state else None,
        kind=query_data.kind,
        page=query_data.page,
        per_page=query_data.per_page,
    )


@blueprint.get("/jobs/<int:job_id>")
@requires("read")
@blueprint.output(Job)
def show_job(job_id: int) -> dict[str, Any]:
    """Return one job with its state, progress and result."""
    job: dict[str, Any] = require_found(board.get_job(job_id, actor=current_actor()), "job")
    return job


@blueprint.post("/jobs/<int:job_id>/cancel")
@requires("write")
@blueprint.output(Job)
def cancel_job(job_id: int) -> dict[str, Any]:
    """Ask a job to stop without a result; it does within seconds."""
    job: dict[str, Any] = unwrap(board.cancel_job(job_id, actor=current_actor()))["job"]
    return job
