"""The part of DatasetService that keeps mappings for the next import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from database.connection import get_db_session
from models.preset import PresetKind
from models.user import Role
from services.datasets import templates
from services.datasets.inspection import inspect_files, open_reader
from services.datasets.mapping import ImportMapping, parse_arrangement
from services.datasets.sources import FileReference, resolve_sources
from services.shared import presets
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import ok, returns_data, returns_result

# The layout of thousands of files shows in the first of them.
_MAX_LOOKED_AT = 40


def _no_list() -> list[dict[str, Any]]:
    return []


class DatasetTemplates:
    """Import templates."""

    @staticmethod
    @returns_result
    def save_import_template(
        name: str,
        mapping: Mapping[str, Any],
        files: Sequence[FileReference] = (),
        *,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Keep a mapping under a name, in place of the template that had it.

        Args:
            name: The template's name.
            mapping: As for `import_dataset`. Metadata table, corrections and start time are not kept: they
                belong to these files alone.
            files: Files of the layout that it is for; it is offered when such files come again.
            actor: Who asks.

        Returns:
            ``template_id``. Errors: ``invalid_input``, ``not_found`` (an upload).
        """
        require_role(actor, Role.ENGINEER)
        layouts: list[str] = []
        if files:
            with get_db_session(read_only=True) as session:
                sources = resolve_sources(session, files, actor)[:_MAX_LOOKED_AT]
            looking = ImportMapping(options=parse_arrangement(mapping.get("arrangement")))
            with open_reader() as reader:
                layouts = templates.list_layouts(inspect_files(reader, sources, looking))
        return ok(template_id=templates.save_template(name, mapping, layouts, actor))

    @staticmethod
    @returns_data(_no_list)
    def list_import_templates(*, actor: Actor = SYSTEM) -> list[dict[str, Any]]:
        """Return the import templates by name: ``template_id, name, updated_at, mapping``."""
        require_role(actor, Role.ENGINEER)
        return [
            {key: value for key, value in each.items() if key != "fits"}
            for each in templates.list_templates()
        ]

    @staticmethod
    @returns_result
    def rename_import_template(template_id: int, name: str, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Give a template another name. Errors: ``not_found``, ``invalid_input``, ``conflict`` (taken)."""
        require_role(actor, Role.ENGINEER)
        presets.rename_preset(PresetKind.IMPORT, template_id, name, actor)
        return ok(template_id=template_id)

    @staticmethod
    @returns_result
    def delete_import_template(template_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any]:
        """Forget a template; datasets that were imported with it stay as they are. Errors: ``not_found``."""
        require_role(actor, Role.ENGINEER)
        presets.delete_preset(PresetKind.IMPORT, template_id, actor)
        return ok()
