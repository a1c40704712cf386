"""Named settings that people keep for the next time: import templates, generator configurations."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database.types import JsonValue, UtcDateTime
from models.base import Base, CreatedAtMixin
from utils.clock import utc_now


class PresetKind(StrEnum):
    """What a preset is for."""

    IMPORT = "import"
    GENERATE = "generate"
    FEATURES = "features"


class Preset(CreatedAtMixin, Base):
    """Settings under a name; all signed-in people share them."""

    __tablename__ = "presets"
    __table_args__ = (UniqueConstraint("kind", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(120))
    content: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, onupdate=utc_now)
