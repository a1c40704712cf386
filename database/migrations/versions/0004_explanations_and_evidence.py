"""Explanations, diagnoses without a classifier, and feedback on diagnoses.

Revision: 0004
Follows: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import database.types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    _loosen_experiment("SET NULL", nullable=True)
    op.add_column("diagnoses", sa.Column("signal_sha256", sa.String(length=64), nullable=True))
    op.add_column("diagnoses", sa.Column("signature", database.types.JsonValue, nullable=True))
    op.create_index(op.f("ix_diagnoses_signal_sha256"), "diagnoses", ["signal_sha256"], unique=False)
    op.create_table(
        "diagnosis_feedback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("diagnosis_id", sa.Integer(), nullable=False),
        sa.Column("opinion", sa.String(length=12), nullable=False),
        sa.Column("fault_class", sa.String(length=60), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("dataset_version_id", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        _key("diagnosis_feedback", "created_by", "users.id", "SET NULL"),
        _key("diagnosis_feedback", "dataset_version_id", "dataset_versions.id", "SET NULL"),
        _key("diagnosis_feedback", "diagnosis_id", "diagnoses.id", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_diagnosis_feedback")),
    )
    for name in ("diagnosis_id", "dataset_version_id"):
        op.create_index(op.f(f"ix_diagnosis_feedback_{name}"), "diagnosis_feedback", [name], unique=False)
    _create_explanations()


def _create_explanations() -> None:
    op.create_table(
        "explanations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("experiment_id", sa.Integer(), nullable=False),
        sa.Column("classifier_sha256", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("signal_id", sa.Integer(), nullable=True),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("options", database.types.JsonValue, nullable=False),
        sa.Column("options_sha256", sa.String(length=64), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("summary", database.types.JsonValue, nullable=True),
        sa.Column("arrays", sa.LargeBinary(), nullable=True),
        sa.Column("n_bytes", sa.Integer(), nullable=False),
        sa.Column("last_used_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        _key("explanations", "created_by", "users.id", "SET NULL"),
        _key("explanations", "experiment_id", "experiments.id", "CASCADE"),
        _key("explanations", "job_id", "jobs.id"),
        _key("explanations", "signal_id", "signals.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_explanations")),
        sa.UniqueConstraint(
            "experiment_id",
            "classifier_sha256",
            "subject",
            "method",
            "options_sha256",
            name="uq_explanations_question",
        ),
    )
    for name in ("job_id", "last_used_at", "signal_id"):
        op.create_index(op.f(f"ix_explanations_{name}"), "explanations", [name], unique=False)


def downgrade() -> None:
    """Take this step back; diagnoses without a classifier can't be kept."""
    op.drop_table("explanations")
    op.drop_table("diagnosis_feedback")
    op.drop_index(op.f("ix_diagnoses_signal_sha256"), "diagnoses")
    op.drop_column("diagnoses", "signature")
    op.drop_column("diagnoses", "signal_sha256")
    op.execute("DELETE FROM diagnoses WHERE experiment_id IS NULL")
    _loosen_experiment("CASCADE", nullable=False)


def _loosen_experiment(ondelete: str, *, nullable: bool) -> None:
    with op.batch_alter_table("diagnoses") as batch:
        batch.alter_column("experiment_id", existing_type=sa.Integer(), nullable=nullable)
        batch.drop_constraint(op.f("fk_diagnoses_experiment_id"), type_="foreignkey")
        batch.create_foreign_key(
            op.f("fk_diagnoses_experiment_id"), "experiments", ["experiment_id"], ["id"], ondelete=ondelete
        )


def _key(table: str, column: str, target: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)
