"""Edits and trash of datasets, presets, exports, feature sets, machine details, users' own bearings.

Revision: 0002
Follows: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import database.types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "bearing_geometries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("designation", sa.String(length=120), nullable=False),
        sa.Column("manufacturer", sa.String(length=120), nullable=True),
        sa.Column("n_rolling_elements", sa.Integer(), nullable=False),
        sa.Column("rolling_element_diameter_mm", sa.Double(), nullable=False),
        sa.Column("pitch_diameter_mm", sa.Double(), nullable=False),
        sa.Column("contact_angle_deg", sa.Double(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_bearing_geometries_created_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bearing_geometries")),
        sa.UniqueConstraint("designation", name=op.f("uq_bearing_geometries_designation")),
    )
    op.create_table(
        "presets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("content", database.types.JsonValue, nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_presets_created_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presets")),
        sa.UniqueConstraint("kind", "name", name=op.f("uq_presets_kind_name")),
    )
    op.create_table(
        "exports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_version_id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("relative_path", sa.String(length=200), nullable=True),
        sa.Column("n_bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("expires_at", database.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_exports_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["dataset_version_id"],
            ["dataset_versions.id"],
            name=op.f("fk_exports_dataset_version_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_exports_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
        sa.UniqueConstraint("job_id", name=op.f("uq_exports_job_id")),
    )
    op.create_index(op.f("ix_exports_created_by"), "exports", ["created_by"], unique=False)
    op.create_index(op.f("ix_exports_dataset_version_id"), "exports", ["dataset_version_id"], unique=False)
    op.create_index(op.f("ix_exports_expires_at"), "exports", ["expires_at"], unique=False)

    op.create_table(
        "feature_sets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_version_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=True),
        sa.Column("domain", sa.String(length=24), nullable=False),
        sa.Column("config", database.types.JsonValue, nullable=False),
        sa.Column("config_sha256", sa.String(length=64), nullable=False),
        sa.Column("n_rows", sa.Integer(), nullable=False),
        sa.Column("feature_names", database.types.JsonValue, nullable=False),
        sa.Column("relative_path", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_feature_sets_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["dataset_version_id"],
            ["dataset_versions.id"],
            name=op.f("fk_feature_sets_dataset_version_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feature_sets")),
        sa.UniqueConstraint(
            "dataset_version_id",
            "config_sha256",
            name=op.f("uq_feature_sets_dataset_version_id_config_sha256"),
        ),
    )
    op.add_column("dataset_versions", sa.Column("origin", database.types.JsonValue, nullable=True))
    op.add_column("dataset_versions", sa.Column("card", database.types.JsonValue, nullable=True))

    op.add_column(
        "datasets", sa.Column("trashed_at", database.types.UtcDateTime(timezone=True), nullable=True)
    )

    op.add_column("machines", sa.Column("details", database.types.JsonValue, nullable=True))

    op.add_column("manifest_rows", sa.Column("edits", database.types.JsonValue, nullable=True))

    op.add_column(
        "signals", sa.Column("damaged_at", database.types.UtcDateTime(timezone=True), nullable=True)
    )
    op.execute(
        "UPDATE signals SET damaged_at = CURRENT_TIMESTAMP "
        'WHERE CAST(quality AS TEXT) LIKE \'%"name"%"damaged"%\''
    )
    found = sa.text("damaged_at IS NOT NULL")
    op.create_index(
        "ix_signals_damaged", "signals", ["damaged_at"], sqlite_where=found, postgresql_where=found
    )

    op.add_column("recordings", sa.Column("conditions", database.types.JsonValue, nullable=True))


def downgrade() -> None:
    """Take this step back."""

    op.drop_index("ix_signals_damaged", "signals")
    op.drop_column("signals", "damaged_at")

    op.drop_column("recordings", "conditions")

    op.drop_column("manifest_rows", "edits")

    op.drop_column("machines", "details")

    op.drop_column("datasets", "trashed_at")

    op.drop_column("dataset_versions", "card")
    op.drop_column("dataset_versions", "origin")

    op.drop_table("feature_sets")
    op.drop_index(op.f("ix_exports_expires_at"), "exports")
    op.drop_index(op.f("ix_exports_dataset_version_id"), "exports")
    op.drop_index(op.f("ix_exports_created_by"), "exports")

    op.drop_table("exports")
    op.drop_table("presets")
    op.drop_table("bearing_geometries")
