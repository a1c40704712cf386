"""``/experiments/ensembles``: trained classifiers that vote as one."""

from __future__ import annotations

from typing import Annotated, Any

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.errors import require_found, unwrap
from dashboard.api.jobs import Job
from dashboard.api.scopes import current_actor, requires
from services.experiment_service import ExperimentService
from services.jobs import board
from utils.constants import MAX_ID

blueprint = APIBlueprint("ensembles", __name__, url_prefix="/api/v1", tag="Experiments")


class EnsembleRequest(BaseModel):
    """Which classifiers vote."""

    model_config = ConfigDict(extra="forbid")

    experiment_ids: list[Annotated[int, Field(ge=1, le=MAX_ID)]] = Field(
        min_length=2, max_length=20, description="Finished experiments of one split, channel and classes."
    )
    name: str | None = Field(None, max_length=160)


class StartedEnsemble(BaseModel):
    """The experiment that the ensemble becomes, and the job that combines and judges it."""

    experiment_id: int
    job: Job


@blueprint.post("/experiments/ensembles")
@requires("train")
@blueprint.input(EnsembleRequest)
@blueprint.output(StartedEnsemble, status_code=202)
def create_ensemble(json_data: EnsembleRequest) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Combine finished experiments; the ensemble is judged on their test recordings."""
    made = unwrap(ExperimentService.create_ensemble(**json_data.model_dump(), actor=current_actor()))
    job = require_found(board.get_job(made["job_id"], actor=current_actor()), "job")
    answer = {"experiment_id": made["experiment_id"], "job": job}
    return answer, 202, {"Location": f"/api/v1/experiments/{made['experiment_id']}"}
