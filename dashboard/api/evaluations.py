"""``/experiments/{id}/evaluation/{kind}``: what more can be said of a finished experiment."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.errors import require_found, unwrap
from dashboard.api.scopes import current_actor, requires
from services.evaluation_service import EvaluationService
from services.experiment_service import ExperimentService
from utils.constants import MAX_ID
from utils.exceptions import InvalidInputError

blueprint = APIBlueprint("evaluations", __name__, url_prefix="/api/v1", tag="Evaluations")


class EvaluationQuery(BaseModel):
    """Which of a kind's evaluations; by default the newest, or the one with the default settings."""

    model_config = ConfigDict(extra="forbid")

    part: str | None = Field(None, max_length=60, description="test, validation, or a subset of the test.")


class EvaluationRequest(BaseModel):
    """What exactly to work out."""

    model_config = ConfigDict(extra="forbid")

    config: dict[str, Any] = Field(default_factory=dict, description="Settings of the kind.")
    again: bool = Field(False, description="Work it out once more where it is stored.")


class Evaluation(BaseModel):
    """An evaluation of the classifier that the experiment has now."""

    evaluation_id: int | None = Field(description="None: a quick one with unusual settings is not stored.")
    experiment_id: int
    kind: str
    config: dict[str, Any]
    classifier_sha256: str
    current: bool
    job_id: int | None
    n_test_evaluations: int
    created_at: str
    results: dict[str, Any]


class EvaluationAnswer(BaseModel):
    """The evaluation, or the job that works it out."""

    evaluation: Evaluation | None
    job_id: int | None
    reused: bool


class EvaluationItems(BaseModel):
    """An experiment's evaluations without their results, newest first."""

    items: list[dict[str, Any]]


class TestUse(BaseModel):
    """How often the test part was met, and for what."""

    n_test_evaluations: int
    items: list[dict[str, Any]]


class OpenSetRequest(BaseModel):
    """Which open-set evaluation to put to use."""

    model_config = ConfigDict(extra="forbid")

    evaluation_id: int | None = Field(None, ge=1, le=MAX_ID, description="By default the newest.")


class OpenSetRule(BaseModel):
    """The rule by which diagnoses say "unknown"."""

    evaluation_id: int | None = Field(description="None: kept at training.")
    source: str = Field(description="`evaluation` or `training`.")
    score: str
    score_title: str
    threshold: float
    parts: list[dict[str, Any]] = Field(description="Scores in the order in which they are tried.")
    applied_at: str | None


class ArchitectureQuery(BaseModel):
    """Which experiments to put side by side."""

    model_config = ConfigDict(extra="forbid")

    ids: str = Field(max_length=400, description="Ids with commas between them.", examples=["1,2"])


class Architectures(BaseModel):
    """What experiments reach beside what they cost."""

    rows: list[dict[str, Any]]
    missing_latency: list[int]
    notes: list[str]


@blueprint.get("/experiments/<int:experiment_id>/evaluation/<kind>")
@requires("read")
@blueprint.input(EvaluationQuery, location="query")
@blueprint.output(Evaluation)
def show_evaluation(experiment_id: int, kind: str, query_data: EvaluationQuery) -> dict[str, Any]:
    """Return an evaluation; roc, errors, slices, calibration and conformal are worked out where missing."""
    config = {"part": query_data.part} if query_data.part is not None else None
    found = EvaluationService.get_evaluation(experiment_id, kind, config, actor=current_actor())
    evaluation: dict[str, Any] = require_found(found, "such evaluation yet: ask for it by POST")
    return evaluation


@blueprint.post("/experiments/<int:experiment_id>/evaluation/<kind>")
@requires("train")
@blueprint.input(EvaluationRequest)
@blueprint.output(EvaluationAnswer, status_code=202)
def request_evaluation(
    experiment_id: int, kind: str, json_data: EvaluationRequest
) -> tuple[dict[str, Any], int]:
    """Ask for an evaluation: 200 with it where it is quick or stored, else 202 with its job."""
    found = unwrap(
        EvaluationService.request_evaluation(
            experiment_id, kind, json_data.config, again=json_data.again, actor=current_actor()
        )
    )
    return found, 202 if found["evaluation"] is None else 200


@blueprint.get("/experiments/<int:experiment_id>/evaluations")
@requires("read")
@blueprint.output(EvaluationItems)
def list_evaluations(experiment_id: int) -> dict[str, Any]:
    """Return an experiment's evaluations without their results, each with its job."""
    _require_experiment(experiment_id)
    return {"items": EvaluationService.list_evaluations(experiment_id, actor=current_actor())}


@blueprint.get("/experiments/<int:experiment_id>/test-use")
@requires("read")
@blueprint.output(TestUse)
def show_test_use(experiment_id: int) -> dict[str, Any]:
    """Return how often the experiment has met its test part, and for what."""
    found = EvaluationService.get_test_use(experiment_id, actor=current_actor())
    use: dict[str, Any] = require_found(found, "experiment")
    return use


@blueprint.get("/experiments/<int:experiment_id>/open-set")
@requires("read")
@blueprint.output(OpenSetRule)
def show_open_set(experiment_id: int) -> dict[str, Any]:
    """Return the open-set rule in use."""
    found = EvaluationService.get_applied_open_set(experiment_id, actor=current_actor())
    rule: dict[str, Any] = require_found(found, "open-set rule in use")
    return rule


@blueprint.post("/experiments/<int:experiment_id>/open-set")
@requires("train")
@blueprint.input(OpenSetRequest)
@blueprint.output(OpenSetRule)
def apply_open_set(experiment_id: int, json_data: OpenSetRequest) -> dict[str, Any]:
    """Let diagnoses with this experiment say "unknown" by the rule of an open-set evaluation."""
    found = unwrap(
        EvaluationService.apply_open_set(experiment_id, json_data.evaluation_id, actor=current_actor())
    )
    rule: dict[str, Any] = found["open_set"]
    return rule


@blueprint.delete("/experiments/<int:experiment_id>/open-set")
@requires("train")
@blueprint.output({}, status_code=204)
def withdraw_open_set(experiment_id: int) -> str:
    """Take the open-set rule out of use."""
    unwrap(EvaluationService.withdraw_open_set(experiment_id, actor=current_actor()))
    return ""


@blueprint.get("/experiments/architectures")
@requires("read")
@blueprint.input(ArchitectureQuery, location="query")
@blueprint.output(Architectures)
def compare_architectures(query_data: ArchitectureQuery) -> dict[str, Any]:
    """Return what experiments reach beside what they cost."""
    found: dict[str, Any] = unwrap(
        EvaluationService.compare_architectures(_parse_ids(query_data.ids), actor=current_actor())
    )
    return found


def _parse_ids(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() and len(part) <= 10 for part in parts):
        raise InvalidInputError("ids are whole numbers with commas between them, for example 1,2.")
    found = [int(part) for part in parts]
    if any(not 1 <= each <= MAX_ID for each in found):
        raise InvalidInputError("There is no such experiment.")
    return found


def _require_experiment(experiment_id: int) -> None:
    require_found(ExperimentService.get_experiment(experiment_id, actor=current_actor()), "experiment")
