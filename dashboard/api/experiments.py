"""``/networks`` and ``/experiments``: what can be trained, trainings, their history and results."""

from __future__ import annotations

from typing import Any, Literal

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.errors import require_found, unwrap
from dashboard.api.scopes import current_actor, requires
from services.experiment_service import ExperimentService
from utils.constants import MAX_ID

blueprint = APIBlueprint("experiments", __name__, url_prefix="/api/v1", tag="Experiments")

Part = Literal["train", "validation", "test"]


class TrainingRequest(BaseModel):
    """What to train on what."""

    model_config = ConfigDict(extra="forbid")

    network: str = Field(max_length=40, examples=["cnn_lstm"])
    split_id: int = Field(ge=1, le=MAX_ID)
    dataset_id: int | None = Field(None, ge=1, le=MAX_ID)
    channel: str | None = Field(None, max_length=60, description="None: every labelled channel.")
    name: str = Field("", max_length=160)
    notes: str = Field("", max_length=10_000)
    options: dict[str, Any] = Field(default_factory=dict)
    seeds: list[int] = Field(default=[0], min_length=1, max_length=20)


class TrainingStarted(BaseModel):
    """Ids of what was queued, in the order of the seeds."""

    group_key: str
    experiment_ids: list[int]
    job_ids: list[int]


class ExperimentQuery(BaseModel):
    """Which experiments to list."""

    model_config = ConfigDict(extra="forbid")

    q: str | None = Field(None, max_length=200, description="Words that must all occur.")
    status: str | None = Field(None, max_length=16)
    sort: str = Field("-created_at", max_length=40, description="A field, with - for descending.")
    page: int = Field(1, ge=1, le=1_000_000)
    per_page: int = Field(50, ge=1, le=200)


class ExperimentChange(BaseModel):
    """What may be changed of an experiment."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=160)
    notes: str | None = Field(None, max_length=10_000)


class HistoryQuery(BaseModel):
    """Which epochs to return."""

    model_config = ConfigDict(extra="forbid")

    since_epoch: int = Field(0, ge=0, le=MAX_ID)


class PredictionQuery(BaseModel):
    """Which predictions to return."""

    model_config = ConfigDict(extra="forbid")

    part: Part = "test"
    target: str | None = Field(None, max_length=60)
    predicted: str | None = Field(None, max_length=60)


@blueprint.get("/networks")
@requires("read")
def list_networks() -> dict[str, Any]:
    """Return what can be trained, with every option, its default and limits."""
    return {"items": ExperimentService.list_networks(actor=current_actor())}


@blueprint.post("/experiments")
@requires("train")
@blueprint.input(TrainingRequest)
@blueprint.output(TrainingStarted, status_code=202)
def create_experiments(json_data: TrainingRequest) -> dict[str, Any]:
    """Queue one training per seed, all or none."""
    created: dict[str, Any] = unwrap(
        ExperimentService.create_experiment(json_data.model_dump(), actor=current_actor())
    )
    return created


@blueprint.get("/experiments")
@requires("read")
@blueprint.input(ExperimentQuery, location="query")
def list_experiments(query_data: ExperimentQuery) -> dict[str, Any]:
    """Return a page of experiments."""
    return ExperimentService.list_experiments(
        query_data.q,
        query_data.sort,
        query_data.page,
        query_data.per_page,
        status=query_data.status,
        actor=current_actor(),
    )


@blueprint.get("/experiments/<int:experiment_id>")
@requires("read")
def show_experiment(experiment_id: int) -> dict[str, Any]:
    """Return one experiment with its job, split and accuracies."""
    found = ExperimentService.get_experiment(experiment_id, actor=current_actor())
    experiment: dict[str, Any] = require_found(found, "experiment")
    return experiment


@blueprint.patch("/experiments/<int:experiment_id>")
@requires("write")
@blueprint.input(ExperimentChange)
def change_experiment(experiment_id: int, json_data: ExperimentChange) -> dict[str, Any]:
    """Rename an experiment or change its notes."""
    changes = json_data.model_dump(exclude_none=True)
    unwrap(ExperimentService.update_experiment(experiment_id, **changes, actor=current_actor()))
    return show_experiment(experiment_id)


@blueprint.delete("/experiments/<int:experiment_id>")
@requires("write")
@blueprint.output({}, status_code=204)
def delete_experiment(experiment_id: int) -> str:
    """Delete an experiment with its classifier and diagnoses."""
    unwrap(ExperimentService.delete_experiment(experiment_id, actor=current_actor()))
    return ""


@blueprint.get("/experiments/<int:experiment_id>/history")
@requires("read")
@blueprint.input(HistoryQuery, location="query")
def show_history(experiment_id: int, query_data: HistoryQuery) -> dict[str, Any]:
    """Return the epochs so far."""
    show_experiment(experiment_id)
    rows = ExperimentService.get_training_history(
        experiment_id, query_data.since_epoch, actor=current_actor()
    )
    return {"items": rows}


@blueprint.get("/experiments/<int:experiment_id>/results")
@requires("read")
def show_results(experiment_id: int) -> dict[str, Any]:
    """Return the results: validation and test, at recording and window level."""
    found = ExperimentService.get_results(experiment_id, actor=current_actor())
    results: dict[str, Any] = require_found(found, "result yet, or no such experiment")
    return results


@blueprint.get("/experiments/<int:experiment_id>/predictions")
@requires("read")
@blueprint.input(PredictionQuery, location="query")
def list_predictions(experiment_id: int, query_data: PredictionQuery) -> dict[str, Any]:
    """Return what an experiment says of each recording of a part."""
    show_experiment(experiment_id)
    rows = ExperimentService.list_predictions(
        experiment_id, query_data.part, query_data.target, query_data.predicted, actor=current_actor()
    )
    return {"items": rows}


@blueprint.post("/experiments/<int:experiment_id>/stop")
@requires("train")
def stop_experiment(experiment_id: int) -> dict[str, Any]:
    """End a training now with its best checkpoint."""
    found: dict[str, Any] = unwrap(ExperimentService.stop(experiment_id, actor=current_actor()))
    return found


@blueprint.post("/experiments/<int:experiment_id>/pause")
@requires("train")
def pause_experiment(experiment_id: int) -> dict[str, Any]:
    """Pause a training at its next batch."""
    found: dict[str, Any] = unwrap(ExperimentService.pause(experiment_id, actor=current_actor()))
    return found


@blueprint.post("/experiments/<int:experiment_id>/resume")
@requires("train")
def resume_experiment(experiment_id: int) -> dict[str, Any]:
    """Go on with a paused training."""
    found: dict[str, Any] = unwrap(ExperimentService.resume(experiment_id, actor=current_actor()))
    return found
