"""``/diagnoses/{id}/report``: a diagnosis as a document, made anew from what is stored."""

from __future__ import annotations

from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.errors import unwrap
from dashboard.api.scopes import current_actor, requires
from services.experiment_service import ExperimentService

blueprint = APIBlueprint("reports", __name__, url_prefix="/api/v1", tag="Diagnoses")


class ReportQuery(BaseModel):
    """As what."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["json", "html", "pdf"] = Field("json", description="The same content each time.")


@blueprint.get("/diagnoses/<int:diagnosis_id>/report")
@requires("read")
@blueprint.input(ReportQuery, location="query")
@blueprint.doc(
    responses={
        200: {
            "description": "The report.",
            "content": {"application/json": {}, "text/html": {}, "application/pdf": {}},
        }
    }
)
def show_report(diagnosis_id: int, query_data: ReportQuery) -> Response | dict[str, Any]:
    """Return the report of a diagnosis; ``content_sha256`` is the same for the same inputs."""
    actor = current_actor()
    if query_data.format == "json":
        report: dict[str, Any] = unwrap(ExperimentService.get_diagnosis_report(diagnosis_id, actor=actor))
        return report
    written = unwrap(ExperimentService.export_diagnosis_report(diagnosis_id, query_data.format, actor=actor))
    return Response(
        written["content"],
        content_type=written["media_type"],
        headers={"Content-Disposition": f'attachment; filename="{written["file_name"]}"'},
    )
