"""``/experiments/{id}/explanations`` and ``/explanations/{id}``: what a classifier looked at."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.errors import require_found, unwrap
from dashboard.api.scopes import current_actor, requires
from services.experiment_service import ExperimentService
from services.xai_service import XAIService
from utils.constants import MAX_ID
from utils.exceptions import InvalidInputError

blueprint = APIBlueprint("explanations", __name__, url_prefix="/api/v1", tag="Explanations")


class ExplanationRequest(BaseModel):
    """What to explain, and how."""

    model_config = ConfigDict(extra="forbid")

    method: str = Field(max_length=32, examples=["occlusion"])
    signal_id: int | None = Field(None, ge=1, le=MAX_ID, description="A stored signal; or")
    part: str | None = Field(None, max_length=24, description="a part of the split, such as test.")
    options: dict[str, Any] = Field(default_factory=dict, description="Of the method; by default its own.")
    again: bool = Field(False, description="Work it out once more where it is kept.")


class Band(BaseModel):
    """A band to attenuate or boost."""

    model_config = ConfigDict(extra="forbid")

    low_hz: float = Field(ge=0)
    high_hz: float = Field(gt=0)
    name: str | None = Field(None, max_length=60)


class WhatIfRequest(BaseModel):
    """Which bands of which recording to attenuate and boost."""

    model_config = ConfigDict(extra="forbid")

    signal_id: int = Field(ge=1, le=MAX_ID)
    bands: list[Band] = Field(
        default_factory=list, max_length=12, description="By default the machine's lines."
    )
    gains_db: list[float] | None = Field(None, max_length=25, description="In dB, from -60 to 60.")
    start_s: float | None = Field(
        None, ge=0, description="Of the window; by default the one that speaks most."
    )
    target_class: str | None = Field(None, max_length=60, description="By default the answer.")
    again: bool = False


class ExplanationAnswer(BaseModel):
    """The explanation where it is kept, or the job that works it out."""

    explanation: dict[str, Any] | None
    job_id: int | None
    reused: bool


class ExplanationQuery(BaseModel):
    """Which curves of an explanation."""

    model_config = ConfigDict(extra="forbid")

    window: int = Field(0, ge=0, le=7, description="Which of the explained windows.")
    points: int = Field(2000, ge=10, le=20_000, description="At most so many points a curve.")


class Explanation(BaseModel):
    """One explanation with its curves; ``summary`` and ``curves`` are null until its job is done."""

    explanation_id: int
    experiment_id: int
    experiment: str
    classifier_sha256: str
    current: bool = Field(description="Whether this is still the experiment's classifier.")
    signal_id: int | None
    part: str | None
    method: str
    options: dict[str, Any]
    job_id: int | None
    job: dict[str, Any] | None
    n_bytes: int
    created_at: str
    last_used_at: str
    created_by: int | None
    summary: dict[str, Any] | None
    curves: dict[str, Any] | None


class ExplanationListQuery(BaseModel):
    """Which explanations of an experiment."""

    model_config = ConfigDict(extra="forbid")

    signal_id: int | None = Field(None, ge=1, le=MAX_ID)
    method: str | None = Field(None, max_length=32)
    page: int = Field(1, ge=1, le=MAX_ID)
    per_page: int = Field(50, ge=1, le=100)


class ExplanationPage(BaseModel):
    """Explanations without their curves and tables, newest first."""

    items: list[dict[str, Any]]
    total: int
    page: int
    per_page: int


class Methods(BaseModel):
    """What explains a classifier, and what does not, with the reason."""

    experiment_id: int
    network: str
    classifier_sha256: str
    default_method: str
    class_names: list[str]
    methods: list[dict[str, Any]]
    baselines: list[dict[str, Any]]
    signal_options: list[dict[str, Any]]
    part_options: list[dict[str, Any]]


@blueprint.get("/experiments/<int:experiment_id>/explanation-methods")
@requires("read")
@blueprint.output(Methods)
def show_methods(experiment_id: int) -> dict[str, Any]:
    """Return every method, with the reason where it can't explain this classifier."""
    found: dict[str, Any] = unwrap(XAIService.list_methods(experiment_id, actor=current_actor()))
    return found


@blueprint.post("/experiments/<int:experiment_id>/explanations")
@requires("train")
@blueprint.input(ExplanationRequest)
@blueprint.output(ExplanationAnswer, status_code=202)
def request_explanation(experiment_id: int, json_data: ExplanationRequest) -> tuple[dict[str, Any], int]:
    """Ask for an explanation: 200 with it where it is kept, else 202 with its job."""
    if (json_data.signal_id is None) == (json_data.part is None):
        raise InvalidInputError("Name one of signal_id and part.")
    method, options, again = json_data.method, json_data.options, json_data.again
    if json_data.part is not None:
        found = XAIService.explain_part(
            experiment_id, json_data.part, method, options, again=again, actor=current_actor()
        )
    else:
        found = XAIService.request_explanation(
            experiment_id, json_data.signal_id, method, options, again=again, actor=current_actor()
        )
    answer = unwrap(found)
    return answer, 202 if answer["explanation"] is None else 200


@blueprint.post("/experiments/<int:experiment_id>/what-if")
@requires("train")
@blueprint.input(WhatIfRequest)
@blueprint.output(ExplanationAnswer, status_code=202)
def request_what_if(experiment_id: int, json_data: WhatIfRequest) -> tuple[dict[str, Any], int]:
    """Ask how the probabilities move when bands are attenuated or boosted; answers as explanations do."""
    options = json_data.model_dump(exclude={"signal_id", "again"}, exclude_none=True)
    answer = unwrap(
        XAIService.request_what_if(
            experiment_id, json_data.signal_id, options, again=json_data.again, actor=current_actor()
        )
    )
    return answer, 202 if answer["explanation"] is None else 200


@blueprint.get("/experiments/<int:experiment_id>/explanations")
@requires("read")
@blueprint.input(ExplanationListQuery, location="query")
@blueprint.output(ExplanationPage)
def list_explanations(experiment_id: int, query_data: ExplanationListQuery) -> dict[str, Any]:
    """Return an experiment's explanations without their curves and tables, newest first."""
    require_found(ExperimentService.get_experiment(experiment_id, actor=current_actor()), "experiment")
    found: dict[str, Any] = XAIService.list_explanations(
        experiment_id, **query_data.model_dump(), actor=current_actor()
    )
    return found


@blueprint.get("/explanations/<int:explanation_id>")
@requires("read")
@blueprint.input(ExplanationQuery, location="query")
@blueprint.output(Explanation)
def show_explanation(explanation_id: int, query_data: ExplanationQuery) -> dict[str, Any]:
    """Return one explanation with its curves."""
    found = XAIService.get_explanation(
        explanation_id, window=query_data.window, n_points=query_data.points, actor=current_actor()
    )
    explanation: dict[str, Any] = require_found(found, "such explanation (any more)")
    return explanation


@blueprint.delete("/explanations/<int:explanation_id>")
@requires("train")
@blueprint.output({}, status_code=204)
def delete_explanation(explanation_id: int) -> str:
    """Delete a kept explanation; asked for again, it is worked out again."""
    unwrap(XAIService.delete_explanation(explanation_id, actor=current_actor()))
    return ""
