"""Trash, parents and baselines of experiments, their log, and evaluations.

Revision: 0003
Follows: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import database.types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INDEXED = (
    "baseline_of", "changed_at", "parent_id", "test_macro_f1", "trashed_at", "validation_recording_accuracy"
)  # fmt: skip


def upgrade() -> None:
    """Apply this step."""
    for column in (
        sa.Column("test_macro_f1", sa.Double(), nullable=True),
        sa.Column("validation_recording_accuracy", sa.Double(), nullable=True),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("baseline_of", sa.String(length=32), nullable=True),
        sa.Column("changed_at", database.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("trashed_at", database.types.UtcDateTime(timezone=True), nullable=True),
    ):
        op.add_column("experiments", column)
    for name in _INDEXED:
        op.create_index(op.f(f"ix_experiments_{name}"), "experiments", [name], unique=False)
    op.create_table(
        "training_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("experiment_id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=True),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_training_messages_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_messages")),
    )
    op.create_index(
        "ix_training_messages_experiment_id_id", "training_messages", ["experiment_id", "id"], unique=False
    )
    op.create_table(
        "evaluations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("experiment_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("config", database.types.JsonValue, nullable=False),
        sa.Column("config_sha256", sa.String(length=64), nullable=False),
        sa.Column("classifier_sha256", sa.String(length=64), nullable=True),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("results", database.types.JsonValue, nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_evaluations_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_evaluations_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_evaluations_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluations")),
        sa.UniqueConstraint(
            "experiment_id",
            "kind",
            "config_sha256",
            name=op.f("uq_evaluations_experiment_id_kind_config_sha256"),
        ),
    )
    op.create_index(op.f("ix_evaluations_job_id"), "evaluations", ["job_id"], unique=False)


def downgrade() -> None:
    """Take this step back."""
    op.drop_table("evaluations")
    op.drop_table("training_messages")
    for name in _INDEXED:
        op.drop_index(op.f(f"ix_experiments_{name}"), "experiments")
    for name in (
        "trashed_at",
        "changed_at",
        "baseline_of",
        "parent_id",
        "validation_recording_accuracy",
        "test_macro_f1",
    ):
        op.drop_column("experiments", name)
