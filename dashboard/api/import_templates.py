"""``/import-templates``: mappings of imports, kept under a name."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.errors import unwrap
from dashboard.api.scopes import current_actor, requires
from services.dataset_service import DatasetService

blueprint = APIBlueprint("import_templates", __name__, url_prefix="/api/v1", tag="Datasets")

_EXAMPLE = {"channels": [{"variable": "*_DE_time", "channel": "DE"}], "defaults": {"unit": "g"}}


class TemplateBody(BaseModel):
    """A mapping to keep."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=120, description="A template of this name is replaced.")
    mapping: dict[str, Any] = Field(
        description="As for POST /datasets/import. Metadata table, overrides and start time are not kept.",
        examples=[_EXAMPLE],
    )
    upload_ids: list[str] = Field(
        default_factory=list, max_length=1000, description="Files of the layout that it is for."
    )


class TemplateName(BaseModel):
    """Another name."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=120)


class Template(BaseModel):
    """A kept mapping; name it as ``{"template": NAME}`` in the mapping of an import."""

    template_id: int
    name: str
    updated_at: str
    mapping: dict[str, Any]


class TemplateList(BaseModel):
    """Templates by name."""

    items: list[Template]


class TemplateId(BaseModel):
    """Which template it is."""

    template_id: int


@blueprint.get("/import-templates")
@requires("write")
@blueprint.output(TemplateList)
def list_templates() -> dict[str, Any]:
    """Return the import templates by name."""
    return {"items": DatasetService.list_import_templates(actor=current_actor())}


@blueprint.post("/import-templates")
@requires("write")
@blueprint.input(TemplateBody)
@blueprint.output(TemplateId, status_code=201)
def save_template(json_data: TemplateBody) -> dict[str, Any]:
    """Keep a mapping under a name."""
    saved: dict[str, Any] = unwrap(
        DatasetService.save_import_template(
            json_data.name, json_data.mapping, json_data.upload_ids, actor=current_actor()
        )
    )
    return saved


@blueprint.patch("/import-templates/<int:template_id>")
@requires("write")
@blueprint.input(TemplateName)
@blueprint.output(TemplateId)
def rename_template(template_id: int, json_data: TemplateName) -> dict[str, Any]:
    """Give a template another name."""
    renamed: dict[str, Any] = unwrap(
        DatasetService.rename_import_template(template_id, json_data.name, actor=current_actor())
    )
    return renamed


@blueprint.delete("/import-templates/<int:template_id>")
@requires("write")
@blueprint.output({}, status_code=204)
def delete_template(template_id: int) -> str:
    """Delete a template; datasets imported with it stay."""
    unwrap(DatasetService.delete_import_template(template_id, actor=current_actor()))
    return ""
