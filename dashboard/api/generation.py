"""``/datasets/generate`` and noise variants: data that is made here."""

from __future__ import annotations

from typing import Any, Literal

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.errors import require_found, unwrap
from dashboard.api.jobs import Job
from dashboard.api.scopes import current_actor, requires
from services.dataset_service import DatasetService
from services.jobs import board
from utils.constants import MAX_ID
from utils.exceptions import NotFoundError

blueprint = APIBlueprint("generation", __name__, url_prefix="/api/v1", tag="Datasets")

_EXAMPLE = {"kind": "journal", "profile": "benchmark", "n_per_class": 20, "seed": 0}


class GenerateBody(BaseModel):
    """A synthetic dataset to make."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=120, description="Of the new dataset.")
    description: str = Field("", max_length=2000)
    config: dict[str, Any] = Field(
        default_factory=dict,
        description="Entries of a generator configuration; what is left out takes its default.",
        examples=[_EXAMPLE],
    )


class PreviewBody(BaseModel):
    """One record of a configuration to look at."""

    model_config = ConfigDict(extra="forbid")

    config: dict[str, Any] = Field(default_factory=dict, examples=[_EXAMPLE])
    fault_class: str | None = None
    severity: str | None = None
    index: int = Field(0, ge=0, le=MAX_ID)
    max_hz: float | None = Field(None, gt=0)


class Preview(BaseModel):
    """One record, made by the real generator and not stored, and what the whole dataset would cost."""

    model_config = ConfigDict(extra="allow")

    name: str
    fault_class: str
    severity: str | None
    config: dict[str, Any]
    conditions: dict[str, Any]
    channels: list[dict[str, Any]]
    estimate: dict[str, Any]


class NoiseBody(BaseModel):
    """Noise to add to a split's test part."""

    model_config = ConfigDict(extra="forbid")

    snrs_db: list[float] = Field(default_factory=lambda: [20.0, 10.0, 5.0], max_length=20)
    colours: list[Literal["white", "pink"]] = Field(default_factory=lambda: ["white"], max_length=2)
    name: str = Field("", max_length=120, description="Of the new dataset.")
    seed: int = Field(0, ge=0, le=2**53 - 1)


@blueprint.post("/datasets/generate")
@requires("write")
@blueprint.input(GenerateBody)
@blueprint.output(Job, status_code=202)
def generate_dataset(json_data: GenerateBody) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Make a synthetic dataset of journal or rolling bearings; docs/generator.md names every entry."""
    started = unwrap(
        DatasetService.generate_dataset(
            json_data.config, json_data.name, description=json_data.description, actor=current_actor()
        )
    )
    return _answer(started["job_id"])


@blueprint.post("/datasets/generate/preview")
@requires("write")
@blueprint.input(PreviewBody)
@blueprint.output(Preview)
def preview_generation(json_data: PreviewBody) -> dict[str, Any]:
    """Make one record of a configuration and estimate the whole; nothing is stored."""
    found: dict[str, Any] = unwrap(
        DatasetService.preview_generation(
            json_data.config,
            fault_class=json_data.fault_class,
            severity=json_data.severity,
            index=json_data.index,
            max_hz=json_data.max_hz,
            actor=current_actor(),
        )
    )
    return found


@blueprint.post("/datasets/<int:dataset_id>/splits/<int:split_id>/noise-variants")
@requires("write")
@blueprint.input(NoiseBody)
@blueprint.output(Job, status_code=202)
def make_noise_variants(
    dataset_id: int, split_id: int, json_data: NoiseBody
) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Make noisy copies of a split's test part, as a dataset that holds the split and its variants."""
    actor = current_actor()
    split = require_found(DatasetService.get_split(split_id, actor=actor), "split")
    if split["dataset_id"] != dataset_id:
        raise NotFoundError("There is no such split in this dataset.")
    started = unwrap(
        DatasetService.make_noise_variants(
            split_id,
            json_data.snrs_db,
            json_data.colours,
            name=json_data.name,
            seed=json_data.seed,
            actor=actor,
        )
    )
    return _answer(started["job_id"])


def _answer(job_id: int) -> tuple[dict[str, Any], int, dict[str, str]]:
    job = require_found(board.get_job(job_id, actor=current_actor()), "job")
    return job, 202, {"Location": f"/api/v1/jobs/{job['id']}"}
