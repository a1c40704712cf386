"""``/diagnose`` and ``/diagnoses``: what a recording shows, by its lines and by a classifier."""

from __future__ import annotations

import threading
from typing import Annotated, Any, Literal, TypeVar

from apiflask import APIBlueprint
from flask import request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dashboard.api.bodies import describes_body
from dashboard.api.errors import require_found, unwrap
from dashboard.api.multipart import FilePart, read_parts
from dashboard.api.scopes import current_actor, requires
from dashboard.auth.access import UPLOAD_TYPE, accepts_json_or_upload
from services.dataset_service import DatasetService
from services.experiment_service import ExperimentService
from services.jobs import board
from utils.constants import MAX_ID
from utils.exceptions import ErrorCode, InvalidInputError, LstmPfdError

blueprint = APIBlueprint("diagnoses", __name__, url_prefix="/api/v1", tag="Diagnoses")

Body = TypeVar("Body", bound="Facts")

_WAIT_S = 25.0
# A waiting request holds a thread of the web process: beyond these the answer is the job, at once.
_waiting = threading.BoundedSemaphore(3)


class FileFacts(BaseModel):
    """What is known of a file that comes with the request."""

    model_config = ConfigDict(extra="forbid")

    sample_rate_hz: float | None = Field(None, description="Needed where the file does not say it.")
    variable: str | None = Field(None, max_length=200, description="Which signal of a file with several.")
    shaft_speed_rpm: float | None = None
    machine: str | None = Field(None, max_length=120)
    bearing: str | None = Field(None, max_length=120, description="Its designation, for example 6205-2RS.")
    geometry: str | dict[str, float] | None = Field(
        None, description="Of a rolling bearing: n=9,d=7.94,D=39.04,phi=0, or these names with numbers."
    )
    orders: str | dict[str, float] | None = Field(
        None, description="Its fault orders: bpfo=3.58,bpfi=5.42,bsf=2.36,ftf=0.398, or these names."
    )
    machine_kind: Literal["rolling", "journal"] | None = Field(
        None, description="Which bearings the machine has, where nothing else tells it."
    )


class Facts(FileFacts):
    """The recording, and what is known of it."""

    signal_id: int | None = Field(None, ge=1, le=MAX_ID, description="A stored signal; or")
    upload_id: str | None = Field(None, max_length=32, description="an upload; or")
    samples: list[float] | None = Field(
        None, max_length=4_000_000, description="the samples; or a multipart field called file."
    )


class DiagnosisRequest(Facts):
    """A recording, and the experiment whose classifier is asked beside its lines."""

    experiment_id: int | None = Field(
        None, ge=1, le=MAX_ID, description="Without it, the physical evidence alone is asked."
    )


class FileDiagnosisRequest(FileFacts):
    """A file, and the experiment whose classifier is asked beside its lines."""

    experiment_id: int | None = Field(None, ge=1, le=MAX_ID)


class PageQuery(BaseModel):
    """Which diagnoses to list."""

    model_config = ConfigDict(extra="forbid")

    page: int = Field(1, ge=1, le=1_000_000)
    per_page: int = Field(20, ge=1, le=200)
    query: str | None = Field(None, max_length=200, description="Words in the recording's name.")
    status: Literal["diagnosed", "undecided", "unknown", "refused"] | None = None
    fault_class: str | None = Field(None, max_length=60)
    experiment_id: int | None = Field(None, ge=1, le=MAX_ID)
    signal_id: int | None = Field(None, ge=1, le=MAX_ID)
    dataset_id: int | None = Field(None, ge=1, le=MAX_ID)
    opinion: Literal["confirmed", "rejected", "relabelled", "none"] | None = None


class SimilarQuery(BaseModel):
    """How many past cases to list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(5, ge=1, le=20)


class FeedbackRequest(BaseModel):
    """What an analyst thinks of a diagnosis."""

    model_config = ConfigDict(extra="forbid")

    opinion: Literal["confirmed", "rejected", "relabelled"]
    fault_class: str | None = Field(None, max_length=60, description="Only with another label: which.")
    note: str = Field("", max_length=2000)


class AppliedFeedback(BaseModel):
    """Which feedback becomes labels."""

    model_config = ConfigDict(extra="forbid")

    diagnosis_ids: list[Annotated[int, Field(ge=1, le=MAX_ID)]] | None = Field(None, max_length=1000)
    reason: str = Field("", max_length=300)


@blueprint.post("/diagnose")
@requires("diagnose")
@accepts_json_or_upload
@describes_body(files=["file"], form=FileDiagnosisRequest, json=DiagnosisRequest)
@blueprint.doc(
    responses={200: "The diagnosis.", 202: "Not finished yet: the job to ask for."},
)
def diagnose() -> tuple[dict[str, Any], int]:
    """Diagnose a recording: JSON with samples or an id, or a multipart body with a file."""
    asked = _read_body(DiagnosisRequest)
    return _answer(asked.experiment_id, asked)


@blueprint.post("/experiments/<int:experiment_id>/predict")
@requires("diagnose")
@accepts_json_or_upload
@describes_body(files=["file"], form=FileFacts, json=Facts)
@blueprint.doc(
    responses={200: "The diagnosis.", 202: "Not finished yet: the job to ask for."},
)
def predict(experiment_id: int) -> tuple[dict[str, Any], int]:
    """Ask this experiment's classifier about a recording."""
    return _answer(experiment_id, _read_body(Facts))


@blueprint.get("/diagnoses")
@requires("read")
@blueprint.input(PageQuery, location="query")
def list_diagnoses(query_data: PageQuery) -> dict[str, Any]:
    """Return diagnoses, newest first."""
    filters = query_data.model_dump(exclude={"page", "per_page"}, exclude_none=True)
    return ExperimentService.list_diagnoses(
        query_data.page, query_data.per_page, filters=filters, actor=current_actor()
    )


@blueprint.get("/diagnoses/<int:diagnosis_id>")
@requires("read")
def show_diagnosis(diagnosis_id: int) -> dict[str, Any]:
    """Return one diagnosis with its answer."""
    found = ExperimentService.get_diagnosis(diagnosis_id, actor=current_actor())
    diagnosis: dict[str, Any] = require_found(found, "diagnosis")
    return diagnosis


@blueprint.delete("/diagnoses/<int:diagnosis_id>")
@requires("write")
@blueprint.output({}, status_code=204)
def delete_diagnosis(diagnosis_id: int) -> str:
    """Delete a diagnosis with its feedback and the samples that were kept for it."""
    unwrap(ExperimentService.delete_diagnosis(diagnosis_id, actor=current_actor()))
    return ""


@blueprint.get("/diagnoses/<int:diagnosis_id>/similar")
@requires("read")
@blueprint.input(SimilarQuery, location="query")
def list_similar(diagnosis_id: int, query_data: SimilarQuery) -> dict[str, Any]:
    """Return past diagnoses that look like this one, nearest first."""
    actor = current_actor()
    require_found(ExperimentService.get_diagnosis(diagnosis_id, actor=actor), "diagnosis")
    return {"items": ExperimentService.list_similar_cases(diagnosis_id, query_data.limit, actor=actor)}


@blueprint.post("/diagnoses/<int:diagnosis_id>/feedback")
@requires("diagnose")
@blueprint.input(FeedbackRequest)
def give_feedback(diagnosis_id: int, json_data: FeedbackRequest) -> tuple[dict[str, Any], int]:
    """Confirm or reject a diagnosis, or give it another label."""
    said = unwrap(
        ExperimentService.give_feedback(
            diagnosis_id,
            json_data.opinion,
            json_data.fault_class,
            json_data.note,
            actor=current_actor(),
        )
    )
    return said["feedback"], 201


@blueprint.get("/datasets/<int:dataset_id>/feedback")
@requires("read")
def preview_feedback(dataset_id: int) -> dict[str, Any]:
    """Return which labels the feedback on diagnoses would change."""
    found = ExperimentService.preview_feedback(dataset_id, actor=current_actor())
    plan: dict[str, Any] = require_found(found, "dataset")
    return plan


@blueprint.post("/datasets/<int:dataset_id>/feedback")
@requires("write")
@blueprint.input(AppliedFeedback)
def apply_feedback(dataset_id: int, json_data: AppliedFeedback) -> dict[str, Any]:
    """Write feedback on diagnoses into the labels: a new version of the dataset."""
    return unwrap(
        ExperimentService.apply_feedback(
            dataset_id, json_data.diagnosis_ids, json_data.reason, actor=current_actor()
        )
    )


def _read_body(schema: type[Body]) -> Body:
    """Return the checked body. A file is streamed to an upload, which goes again where the rest is wrong."""
    if request.mimetype != UPLOAD_TYPE:
        return _validate(schema, request.get_json())
    given: dict[str, Any] = {}
    try:
        for part in read_parts(request):
            if isinstance(part, FilePart):
                given["upload_id"] = _stage(part)
            else:
                given[part.name] = part.text
        return _validate(schema, given)
    except LstmPfdError:
        _discard(given.get("upload_id"))
        raise


def _stage(part: FilePart) -> str:
    staged = unwrap(DatasetService.stage_upload(part, part.file_name or "recording", actor=current_actor()))
    return str(staged["upload_id"])


def _discard(upload_id: str | None) -> None:
    if upload_id is not None:
        DatasetService.discard_upload(upload_id, actor=current_actor())


def _validate(schema: type[Body], given: Any) -> Body:
    try:
        return schema.model_validate(given)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg']}"
            for problem in error.errors()[:10]
        )
        raise InvalidInputError(f"The request does not fit. {problems}") from None


def _answer(experiment_id: int | None, asked: Facts) -> tuple[dict[str, Any], int]:
    """Ask and wait; a file that came with the request goes again where it can't be judged."""
    try:
        return _ask(experiment_id, asked)
    except LstmPfdError:
        if request.mimetype == UPLOAD_TYPE:
            _discard(asked.upload_id)
        raise


def _ask(experiment_id: int | None, asked: Facts) -> tuple[dict[str, Any], int]:
    facts = asked.model_dump(exclude={"experiment_id"}, exclude_none=True)
    requested = unwrap(
        ExperimentService.request_diagnosis(experiment_id=experiment_id, **facts, actor=current_actor())
    )
    job = _wait(requested["job_id"])
    if job["state"] == "done":
        return job["result"], 200
    if job["state"] in board.FINAL_STATES:
        code = ErrorCode(job["error_code"]) if job["error_code"] else ErrorCode.CANCELLED
        raise LstmPfdError(job["error"] or "The diagnosis was cancelled.", code=code)
    return {"job_id": job["id"], "diagnosis_id": requested["diagnosis_id"], "state": job["state"]}, 202


def _wait(job_id: int) -> dict[str, Any]:
    may_wait = _waiting.acquire(blocking=False)
    try:
        job = board.wait_for_job(job_id, _WAIT_S if may_wait else 0.0, actor=current_actor())
    finally:
        if may_wait:
            _waiting.release()
    found: dict[str, Any] = require_found(job, "job")
    return found
