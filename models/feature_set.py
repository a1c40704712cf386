"""Feature values of a dataset version, computed once and kept."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database.types import JsonValue
from models.base import Base, CreatedAtMixin


class FeatureSet(CreatedAtMixin, Base):
    """What was computed with which settings; the values lie in a file below the data folder."""

    __tablename__ = "feature_sets"
    __table_args__ = (UniqueConstraint("dataset_version_id", "config_sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_version_id: Mapped[int] = mapped_column(ForeignKey("dataset_versions.id", ondelete="CASCADE"))
    name: Mapped[str | None] = mapped_column(String(120))
    domain: Mapped[str] = mapped_column(String(24))
    config: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    config_sha256: Mapped[str] = mapped_column(String(64))
    n_rows: Mapped[int]
    feature_names: Mapped[list[str]] = mapped_column(JsonValue)
    relative_path: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
