"""Settings that people keep under a name; what they hold is checked by whoever uses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from database.connection import get_db_session
from models.preset import Preset, PresetKind
from services.shared.actors import Actor
from services.shared.audit import record_audit
from services.shared.texts import check_text
from utils.clock import to_iso
from utils.exceptions import ConflictError, InvalidInputError, NotFoundError

_MAX_NAME = 120
_MAX_LISTED = 500


def save_preset(kind: PresetKind, name: str, content: Mapping[str, Any], actor: Actor) -> int:
    """Keep settings under a name, in place of those that had it; return the preset's id.

    Raises:
        InvalidInputError: The name is empty, too long or not printable.
    """
    text = _check_name(name)
    check_text(dict(content), "settings")
    with get_db_session() as session:
        preset = session.scalar(select(Preset).where(Preset.kind == kind, Preset.name == text))
        if preset is None:
            preset = Preset(kind=kind, name=text, content=dict(content), created_by=actor.user_id)
            session.add(preset)
        else:
            preset.content = dict(content)
        session.flush()
        record_audit(session, actor, "preset.save", f"preset {preset.id}", details={"name": text})
        session.commit()
        return preset.id


def list_presets(kind: PresetKind) -> list[dict[str, Any]]:
    """Return the presets of a kind by name: ``preset_id, name, updated_at``."""
    with get_db_session(read_only=True) as session:
        rows = session.execute(
            select(Preset.id, Preset.name, Preset.updated_at)
            .where(Preset.kind == kind)
            .order_by(Preset.name)
            .limit(_MAX_LISTED)
        ).all()
    return [{"preset_id": row.id, "name": row.name, "updated_at": to_iso(row.updated_at)} for row in rows]


def load_preset(kind: PresetKind, preset_id: int) -> dict[str, Any]:
    """Return one preset with its ``content``.

    Raises:
        NotFoundError: There is none of this kind.
    """
    with get_db_session(read_only=True) as session:
        preset = _find(session, kind, preset_id)
        return {"preset_id": preset.id, "name": preset.name, "content": preset.content}


def rename_preset(kind: PresetKind, preset_id: int, name: str, actor: Actor) -> None:
    """Give settings another name.

    Raises:
        InvalidInputError: The name can't be one.
        ConflictError: Other settings have it.
        NotFoundError: There are none of this kind.
    """
    text = _check_name(name)
    with get_db_session() as session:
        preset = _find(session, kind, preset_id)
        other = session.scalar(select(Preset.id).where(Preset.kind == kind, Preset.name == text))
        if other not in (None, preset_id):
            raise ConflictError(f"The name '{text}' is taken. Choose another one.")
        preset.name = text
        record_audit(session, actor, "preset.rename", f"preset {preset_id}", details={"name": text})
        session.commit()


def delete_preset(kind: PresetKind, preset_id: int, actor: Actor) -> None:
    """Forget settings.

    Raises:
        NotFoundError: There are none of this kind.
    """
    with get_db_session() as session:
        preset = _find(session, kind, preset_id)
        record_audit(session, actor, "preset.delete", f"preset {preset_id}", details={"name": preset.name})
        session.delete(preset)
        session.commit()


def _check_name(name: str) -> str:
    text = name.strip()
    if not 0 < len(text) <= _MAX_NAME or not text.isprintable():
        raise InvalidInputError(f"Give the settings a name of 1 to {_MAX_NAME} printable characters.")
    return text


def _find(session: Session, kind: PresetKind, preset_id: int) -> Preset:
    preset = session.get(Preset, preset_id)
    if preset is None or preset.kind != kind:
        raise NotFoundError("These saved settings are not there any more.")
    return preset
