"""``/datasets/{id}/trend``: a condition indicator over time."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.errors import unwrap
from dashboard.api.jobs import Job
from dashboard.api.scopes import current_actor, requires
from services.data_service import DataService
from services.jobs import board
from utils.constants import MAX_ID

blueprint = APIBlueprint("trends", __name__, url_prefix="/api/v1", tag="Datasets")


class SeriesQuery(BaseModel):
    """Which series; by default the longest of the newest version."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = Field(None, ge=1, le=MAX_ID)
    channel: str | None = Field(None, max_length=60)
    group: str | None = Field(None, max_length=120, description="The physical bearing of the series.")


class TrendQuery(SeriesQuery):
    """Which indicator, and what its limits are learned from."""

    indicator: str = Field("rms", max_length=40)
    reference_from: float = Field(0.0, ge=0, le=1, description="Share of the series.")
    reference_to: float = Field(0.2, ge=0, le=1, description="Share of the series.")
    alert_rate: float = Field(0.01, gt=0, lt=0.5, description="Expected false alerts per observation.")
    alarm_rate: float = Field(0.001, gt=0, lt=0.5, description="Expected false alarms per observation.")


class SeriesList(BaseModel):
    """The series of a version that are long enough for a trend."""

    dataset_id: int
    version: int
    series: list[dict[str, Any]]
    n_too_short: int
    least: int


class Trend(BaseModel):
    """The trend, or the job that computes its indicators; then ``ready`` is false."""

    model_config = ConfigDict(extra="allow")

    dataset_id: int
    version: int
    channel: str
    group: str | None
    ready: bool
    indicators: list[dict[str, Any]]


class Work(BaseModel):
    """The job that computes the indicators, or None where they are there already."""

    ready: bool
    job: Job | None


@blueprint.get("/datasets/<int:dataset_id>/trend/series")
@requires("read")
@blueprint.input(SeriesQuery, location="query")
@blueprint.output(SeriesList)
def list_series(dataset_id: int, query_data: SeriesQuery) -> dict[str, Any]:
    """List the series of a dataset that can be followed over time."""
    listed: dict[str, Any] = unwrap(
        DataService.list_trend_series(dataset_id, query_data.version, actor=current_actor())
    )
    return listed


@blueprint.get("/datasets/<int:dataset_id>/trend")
@requires("read")
@blueprint.input(TrendQuery, location="query")
@blueprint.output(Trend)
def show_trend(dataset_id: int, query_data: TrendQuery) -> dict[str, Any]:
    """Return an indicator over time with limits, onset and change point."""
    trend: dict[str, Any] = unwrap(
        DataService.get_condition_trend(
            dataset_id,
            query_data.version,
            channel=query_data.channel,
            group=query_data.group,
            indicator=query_data.indicator,
            reference=(query_data.reference_from, query_data.reference_to),
            alert_rate=query_data.alert_rate,
            alarm_rate=query_data.alarm_rate,
            actor=current_actor(),
        )
    )
    return trend


@blueprint.post("/datasets/<int:dataset_id>/trend")
@requires("write")
@blueprint.input(SeriesQuery, location="query")
@blueprint.output(Work, status_code=202)
def compute_trend(dataset_id: int, query_data: SeriesQuery) -> dict[str, Any]:
    """Have the indicators of a series computed; ``ready`` where they are there already."""
    actor = current_actor()
    asked = unwrap(
        DataService.request_condition_trend(
            dataset_id,
            query_data.version,
            channel=query_data.channel,
            group=query_data.group,
            actor=actor,
        )
    )
    job = board.get_job(asked["job_id"], actor=actor) if asked["job_id"] else None
    return {"ready": asked["ready"], "job": job}
