"""Import templates: the mapping of an import, kept under a name for the next files of the same layout."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.datasets.readers.base import FilePreview
from models.preset import PresetKind
from services.datasets.mapping import parse_mapping
from services.datasets.planning import PreviewedFile
from services.datasets.suggestions import list_channel_keys
from services.shared import presets
from services.shared.actors import Actor
from utils.exceptions import InvalidInputError, NotFoundError

# What only these files can have: another import has other names and another beginning.
OF_THESE_FILES = ("metadata_csv", "overrides", "start_time")
_MAX_LAYOUTS = 100


def describe_layout(preview: FilePreview) -> str:
    """Return what two files of one layout have in common: format and channels, whatever they hold."""
    return f"{preview.format}: {', '.join(sorted(set(list_channel_keys(preview))))}"


def list_layouts(files: Iterable[PreviewedFile]) -> list[str]:
    """Return the layouts among files, sorted; each as its digest, for they can be long."""
    layouts = {describe_layout(file.preview) for file in files if file.preview is not None}
    digests = sorted(hashlib.sha256(layout.encode()).hexdigest()[:16] for layout in layouts)
    return digests[:_MAX_LAYOUTS]


def save_template(name: str, mapping: Mapping[str, Any], layouts: Sequence[str], actor: Actor) -> int:
    """Keep a mapping under a name; what belongs to these files alone is left out.

    Raises:
        InvalidInputError: The mapping is none, or leaves nothing to keep; the name can't be one.
    """
    kept = {
        key: value for key, value in mapping.items() if key not in (*OF_THESE_FILES, "template") and value
    }
    parse_mapping(kept)
    if not kept:
        raise InvalidInputError("There is nothing to keep yet: say something about the files first.")
    return presets.save_preset(PresetKind.IMPORT, name, {"mapping": kept, "layouts": list(layouts)}, actor)


def list_templates(layouts: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Return templates ``{template_id, name, updated_at, mapping, fits}``; those that fit come first.

    Args:
        layouts: Of the files of an import; a template fits when it knows every one of them.
    """
    wanted = set(layouts or ())
    found = []
    for row in presets.list_presets(PresetKind.IMPORT):
        content = presets.load_preset(PresetKind.IMPORT, row["preset_id"])["content"]
        found.append(
            {
                "template_id": row["preset_id"],
                "name": row["name"],
                "updated_at": row["updated_at"],
                "mapping": content["mapping"],
                "fits": bool(wanted) and wanted <= set(content["layouts"]),
            }
        )
    return sorted(found, key=lambda each: not each["fits"])


def resolve_template(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping with the template that it names put beneath it.

    Raises:
        NotFoundError: There is no template of this name.
    """
    name = mapping.get("template")
    said = {key: value for key, value in mapping.items() if key != "template"}
    if not name:
        return said
    return put_on_top(load_template(str(name))["mapping"], said)


def load_template(name: str) -> dict[str, Any]:
    """Return the template of a name.

    Raises:
        NotFoundError: There is none; the sentence names those that there are.
    """
    every = list_templates()
    found = next((each for each in every if each["name"] == name.strip()), None)
    if found is None:
        names = ", ".join(f"'{each['name']}'" for each in every[:8]) or "none"
        raise NotFoundError(f"There is no import template '{name[:80]}'. There is: {names}.")
    return found


def put_on_top(template: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template's mapping with what is said now on top; fields and words are joined one by one."""
    joined = {**template, **{key: value for key, value in said.items() if value}}
    for key in ("defaults", "map"):
        if template.get(key) and isinstance(said.get(key), dict):
            joined[key] = {**template[key], **said[key]}
    return joined
