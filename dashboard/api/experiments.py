"""``/networks`` and ``/experiments``: what can be trained, trainings, their history and results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.errors import require_found, unwrap
from dashboard.api.scopes import current_actor, requires
from services.experiment_service import ExperimentService
from services.experiments.choosing import check_sort
from services.experiments.families import FAMILY_SORT_KEYS
from services.shared.actors import Actor
from utils.constants import MAX_ID
from utils.csv_text import build_csv

blueprint = APIBlueprint("experiments", __name__, url_prefix="/api/v1", tag="Experiments")

Part = Literal["train", "validation", "test"]
_CSV_COLUMNS = (
    *("experiment_id", "name", "network", "dataset", "dataset_version", "split", "split_colour", "channel"),
    *("seed", "group_key", "baseline_of", "parent_id", "status", "stopped_early", "epochs_run", "best_epoch"),
    *("test_recording_accuracy", "test_macro_f1", "validation_recording_accuracy", "train_cpu_s"),
    *("created_at", "finished_at", "trashed_at"),
)


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
    parent_id: int | None = Field(
        None, ge=1, le=MAX_ID, description="An experiment of the same classes whose weights to begin with."
    )
    baseline: bool = Field(True, description="Train a classical model beside a network.")


class Queued(BaseModel):
    """Ids of one group."""

    group_key: str
    experiment_ids: list[int]
    job_ids: list[int]


class TrainingStarted(BaseModel):
    """Ids of what was queued, in the order of the seeds, and of the baseline beside it."""

    group_key: str
    experiment_ids: list[int]
    job_ids: list[int]
    baseline: Queued | None = None


class ExperimentFilter(BaseModel):
    """Which experiments to list, in which order."""

    model_config = ConfigDict(extra="forbid")

    q: str | None = Field(None, max_length=200, description="Words that must all occur.")
    status: str | None = Field(None, max_length=16)
    network: str | None = Field(None, max_length=40)
    dataset_id: int | None = Field(None, ge=1, le=MAX_ID)
    split_id: int | None = Field(None, ge=1, le=MAX_ID)
    group_key: str | None = Field(None, max_length=32)
    shelf: Literal["active", "trash"] = "active"
    sort: str = Field(
        "-created_at", max_length=60, description="A field or options.NAME, with - for descending."
    )

    @property
    def filters(self) -> dict[str, Any]:
        """The filters as the service names them."""
        chosen = self.model_dump(
            include={"status", "network", "dataset_id", "split_id", "group_key", "shelf"}, exclude_none=True
        )
        return {**chosen, "query": self.q}


class ExperimentQuery(ExperimentFilter):
    """Which page of which experiments to list."""

    page: int = Field(1, ge=1, le=1_000_000)
    per_page: int = Field(50, ge=1, le=200)


class GroupQuery(ExperimentQuery):
    """Which page of which groups to list."""

    sort: str = Field(
        "-created_at",
        max_length=60,
        description="A field, baseline_accuracy, baseline_gain or options.NAME, with - for descending.",
    )


class Selection(BaseModel):
    """Which experiments are meant."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Annotated[int, Field(ge=1, le=MAX_ID)]] = Field(min_length=1, max_length=5000)


class RemovalQuery(BaseModel):
    """How thoroughly to delete."""

    model_config = ConfigDict(extra="forbid")

    permanently: bool = Field(False, description="Delete for good instead of moving to the trash.")


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
        sort=_check_sort(query_data.sort),
        page=query_data.page,
        per_page=query_data.per_page,
        filters=query_data.filters,
        actor=current_actor(),
    )


@blueprint.get("/experiments/groups")
@requires("read")
@blueprint.input(GroupQuery, location="query")
def list_groups(query_data: GroupQuery) -> dict[str, Any]:
    """Return a page of groups: the seeds of one request with mean and 95 % interval, and their baseline."""
    return ExperimentService.list_experiment_rows(
        query_data.filters,
        sort=_check_sort(query_data.sort, FAMILY_SORT_KEYS),
        page=query_data.page,
        per_page=query_data.per_page,
        actor=current_actor(),
    )


@blueprint.get("/experiments.csv")
@requires("read")
@blueprint.input(ExperimentFilter, location="query")
@blueprint.doc(responses={200: {"description": "One line per training.", "content": {"text/csv": {}}}})
def download_experiments(query_data: ExperimentFilter) -> Response:
    """Return every training that matches as a line of CSV; a text that starts like a formula stays text."""
    lines = _stream_lines(query_data.filters, _check_sort(query_data.sort), current_actor())
    headers = {"Content-Disposition": 'attachment; filename="experiments.csv"'}
    return Response(lines, content_type="text/csv; charset=utf-8", headers=headers)


def _check_sort(sort: str, more: Sequence[str] = ()) -> str:
    """Refuse a column that is none, which the lists would answer with nothing."""
    if sort.removeprefix("-") not in more:
        check_sort(sort)
    return sort


def _stream_lines(filters: dict[str, Any], sort: str, actor: Actor) -> Iterator[str]:
    networks = ExperimentService.list_networks(actor=actor)
    options = list(dict.fromkeys(option["name"] for each in networks for option in each["options"]))
    header = [*_CSV_COLUMNS, *(f"option {name}" for name in options)]
    page, rows = 1, [[]]
    while rows:
        found = ExperimentService.list_experiment_facts(filters, sort=sort, page=page, actor=actor)
        rows = [
            [*(each[name] for name in _CSV_COLUMNS), *(each["options"].get(name) for name in options)]
            for each in found
        ]
        text = build_csv(header, rows)
        yield text if page == 1 else text.partition("\r\n")[2]
        page += 1


@blueprint.post("/experiments/trash")
@requires("write")
@blueprint.input(Selection)
def trash_experiments(json_data: Selection) -> dict[str, Any]:
    """Move experiments to the trash, all or none; from there they can be restored for 30 days."""
    moved: dict[str, Any] = unwrap(ExperimentService.trash_experiments(json_data.ids, actor=current_actor()))
    return {"n_moved": moved["n_moved"]}


@blueprint.post("/experiments/restore")
@requires("write")
@blueprint.input(Selection)
def restore_experiments(json_data: Selection) -> dict[str, Any]:
    """Take experiments out of the trash, all or none."""
    moved: dict[str, Any] = unwrap(
        ExperimentService.restore_experiments(json_data.ids, actor=current_actor())
    )
    return {"n_moved": moved["n_moved"]}


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
@blueprint.input(RemovalQuery, location="query")
@blueprint.output({}, status_code=204)
def delete_experiment(experiment_id: int, query_data: RemovalQuery) -> str:
    """Move an experiment to the trash, or delete it for good with its classifier."""
    actor = current_actor()
    if query_data.permanently:
        unwrap(ExperimentService.delete_experiment(experiment_id, actor=actor))
    else:
        unwrap(ExperimentService.trash_experiments([experiment_id], actor=actor))
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
