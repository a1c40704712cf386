"""``/compare``: experiments beside one another, with the statistics, and as files to take away."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from dashboard.api.errors import unwrap
from dashboard.api.scopes import current_actor, requires
from services.comparison_service import ComparisonService
from utils.constants import MAX_ID
from utils.exceptions import InvalidInputError

blueprint = APIBlueprint("comparisons", __name__, url_prefix="/api/v1", tag="Experiments")

_IDS = Annotated[str, StringConstraints(pattern=r"^\d{1,10}(,\d{1,10})*$", max_length=600)]


class ComparisonQuery(BaseModel):
    """Which experiments."""

    model_config = ConfigDict(extra="forbid")

    ids: _IDS = Field(description="Ids of finished experiments, joined by commas.", examples=["1,2"])


class ComparisonExportQuery(ComparisonQuery):
    """Which experiments, as what."""

    format: Literal["pdf", "csv", "latex"] = "pdf"


class Comparison(BaseModel):
    """Experiments side by side."""

    experiment_ids: list[int]
    design: Literal["recordings", "seeds", "folds"]
    compared_at: str
    test_sets: list[dict[str, Any]]
    contestants: list[dict[str, Any]]
    best: dict[str, list[str]]
    splits: list[dict[str, Any]]
    histories: list[dict[str, Any]]
    statistics: dict[str, Any]
    reading: list[str]
    warnings: list[dict[str, str]]
    settings: dict[str, list[dict[str, Any]]]
    disagreements: dict[str, Any]


@blueprint.get("/compare")
@requires("read")
@blueprint.input(ComparisonQuery, location="query")
@blueprint.output(Comparison)
def show_comparison(query_data: ComparisonQuery) -> dict[str, Any]:
    """Return experiments that were tested on the same recordings side by side, with the statistics."""
    ids = _read_ids(query_data.ids)
    found: dict[str, Any] = unwrap(ComparisonService.get_comparison_data(ids, actor=current_actor()))
    return found


@blueprint.get("/compare/export")
@requires("read")
@blueprint.input(ComparisonExportQuery, location="query")
@blueprint.doc(
    responses={
        200: {
            "description": "The file.",
            "content": {"application/pdf": {}, "text/csv": {}, "application/x-tex": {}},
        }
    }
)
def download_comparison(query_data: ComparisonExportQuery) -> Response:
    """Return a comparison as PDF, as CSV with every number, or as LaTeX with its tables."""
    ids = _read_ids(query_data.ids)
    written = unwrap(ComparisonService.export_comparison(ids, query_data.format, actor=current_actor()))
    return Response(
        written["content"],
        content_type=written["media_type"],
        headers={"Content-Disposition": f'attachment; filename="{written["file_name"]}"'},
    )


def _read_ids(text: str) -> list[int]:
    ids = [int(part) for part in text.split(",")]
    if not all(0 < number <= MAX_ID for number in ids):
        raise InvalidInputError(f"Ids of experiments are whole numbers from 1 to {MAX_ID}.")
    return ids
