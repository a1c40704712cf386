"""First schema.

Revision: 0001
Follows:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import database.types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "machines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_machines")),
        sa.UniqueConstraint("name", name=op.f("uq_machines_name")),
    )
    op.create_table(
        "setup_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setup_tokens")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("display_name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("password_changed_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_login_at", database.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "workers",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("queue", sa.String(length=16), nullable=False),
        sa.Column("heartbeat_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("status", database.types.JsonValue, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workers")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("environment", sa.String(length=8), nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("key_hash", sa.String(length=80), nullable=False),
        sa.Column("key_hmac", sa.String(length=64), nullable=True),
        sa.Column(
            "scopes",
            database.types.JsonValue,
            nullable=False,
        ),
        sa.Column("rate_limit", sa.Integer(), nullable=False),
        sa.Column("expires_at", database.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", database.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", database.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_api_keys_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_keys_prefix")),
    )
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_keys_user_id"), ["user_id"], unique=False)

    op.create_table(
        "audit_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("ip_address", sa.String(length=64), nullable=True),
        sa.Column(
            "details",
            database.types.JsonValue,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_audit_events_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_events_action"), ["action"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_events_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_events_user_id"), ["user_id"], unique=False)

    op.create_table(
        "bearings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("machine_id", sa.Integer(), nullable=True),
        sa.Column("designation", sa.String(length=120), nullable=False),
        sa.Column(
            "orders",
            database.types.JsonValue,
            nullable=True,
        ),
        sa.Column("orders_source", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["machine_id"], ["machines.id"], name=op.f("fk_bearings_machine_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bearings")),
        sa.UniqueConstraint("machine_id", "designation", name=op.f("uq_bearings_machine_id_designation")),
    )
    op.create_table(
        "datasets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("archived_at", database.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_datasets_created_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datasets")),
        sa.UniqueConstraint("name", name=op.f("uq_datasets_name")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("queue", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("link", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column(
            "payload",
            database.types.JsonValue,
            nullable=False,
        ),
        sa.Column(
            "result",
            database.types.JsonValue,
            nullable=True,
        ),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_code", sa.String(length=40), nullable=True),
        sa.Column("reference_id", sa.String(length=16), nullable=True),
        sa.Column("command", sa.String(length=16), nullable=True),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("progress_text", sa.String(length=200), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=120), nullable=True),
        sa.Column("heartbeat", sa.Integer(), nullable=False),
        sa.Column("not_before", database.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("published_at", database.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("started_at", database.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", database.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_jobs_created_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index("ix_jobs_created_by_id", ["created_by", "id"], unique=False)
        batch_op.create_index("ix_jobs_state_queue", ["state", "queue", "not_before"], unique=False)

    op.create_table(
        "login_attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("subject_hash", sa.String(length=64), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("login_method", sa.String(length=20), nullable=False),
        sa.Column("failure_reason", sa.String(length=120), nullable=True),
        sa.Column("ip_address", sa.String(length=64), nullable=True),
        sa.Column("user_agent", sa.String(length=400), nullable=True),
        sa.Column("location", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_login_attempts_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempts")),
    )
    with op.batch_alter_table("login_attempts", schema=None) as batch_op:
        batch_op.create_index("ix_login_attempts_address_at", ["ip_address", "at"], unique=False)
        batch_op.create_index("ix_login_attempts_subject_at", ["subject_hash", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_login_attempts_user_id"), ["user_id"], unique=False)

    op.create_table(
        "login_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("csrf_token", sa.String(length=64), nullable=False),
        sa.Column("last_seen_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", database.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ip_address", sa.String(length=64), nullable=True),
        sa.Column("user_agent", sa.String(length=400), nullable=True),
        sa.Column("device_type", sa.String(length=40), nullable=True),
        sa.Column("browser", sa.String(length=80), nullable=True),
        sa.Column("location", sa.String(length=120), nullable=True),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_login_sessions_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_sessions_token_hash")),
    )
    with op.batch_alter_table("login_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_sessions_user_id"), ["user_id"], unique=False)

    op.create_table(
        "measurement_points",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("machine_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machines.id"], name=op.f("fk_measurement_points_machine_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measurement_points")),
        sa.UniqueConstraint("machine_id", "name", name=op.f("uq_measurement_points_machine_id_name")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_type", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "payload",
            database.types.JsonValue,
            nullable=False,
        ),
        sa.Column("delivered_at", database.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_outbox_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_waiting", ["user_id", "delivered_at"], unique=False)

    op.create_table(
        "uploads",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=400), nullable=False),
        sa.Column("n_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_uploads_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_uploads_user_id"), ["user_id"], unique=False)

    op.create_table(
        "dataset_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        sa.Column("n_signals", sa.Integer(), nullable=False),
        sa.Column("n_recordings", sa.Integer(), nullable=False),
        sa.Column(
            "summary",
            database.types.JsonValue,
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_dataset_versions_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name=op.f("fk_dataset_versions_dataset_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_versions")),
        sa.UniqueConstraint("dataset_id", "number", name=op.f("uq_dataset_versions_dataset_id_number")),
    )
    op.create_table(
        "recordings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("source_file", sa.String(length=400), nullable=False),
        sa.Column("machine_id", sa.Integer(), nullable=True),
        sa.Column("acquired_at", database.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("shaft_speed_rpm", sa.Double(), nullable=True),
        sa.Column("load", sa.String(length=60), nullable=True),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name=op.f("fk_recordings_dataset_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["machine_id"], ["machines.id"], name=op.f("fk_recordings_machine_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recordings")),
        sa.UniqueConstraint("dataset_id", "name", name=op.f("uq_recordings_dataset_id_name")),
    )
    op.create_table(
        "signals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=60), nullable=False),
        sa.Column("measurement_point_id", sa.Integer(), nullable=True),
        sa.Column("bearing_id", sa.Integer(), nullable=True),
        sa.Column("unit", sa.String(length=24), nullable=True),
        sa.Column("sample_rate_hz", sa.Double(), nullable=False),
        sa.Column("n_samples", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("shard", sa.String(length=120), nullable=False),
        sa.Column(
            "quality",
            database.types.JsonValue,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["bearing_id"], ["bearings.id"], name=op.f("fk_signals_bearing_id")),
        sa.ForeignKeyConstraint(
            ["measurement_point_id"], ["measurement_points.id"], name=op.f("fk_signals_measurement_point_id")
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_signals_recording_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signals")),
        sa.UniqueConstraint("recording_id", "channel", name=op.f("uq_signals_recording_id_channel")),
    )
    with op.batch_alter_table("signals", schema=None) as batch_op:
        batch_op.create_index("ix_signals_sha256", ["sha256"], unique=False)

    op.create_table(
        "splits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_version_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("rule", database.types.JsonValue, nullable=False),
        sa.Column("colour", sa.String(length=12), nullable=False),
        sa.Column(
            "findings",
            database.types.JsonValue,
            nullable=False,
        ),
        sa.Column("accepted_reason", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_splits_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["dataset_version_id"],
            ["dataset_versions.id"],
            name=op.f("fk_splits_dataset_version_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_splits")),
        sa.UniqueConstraint("dataset_version_id", "name", name=op.f("uq_splits_dataset_version_id_name")),
    )
    op.create_table(
        "experiments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("network", sa.String(length=40), nullable=False),
        sa.Column(
            "options",
            database.types.JsonValue,
            nullable=False,
        ),
        sa.Column("channel", sa.String(length=60), nullable=True),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("group_key", sa.String(length=32), nullable=False),
        sa.Column("dataset_version_id", sa.Integer(), nullable=False),
        sa.Column("split_id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column(
            "class_names",
            database.types.JsonValue,
            nullable=False,
        ),
        sa.Column("folder", sa.String(length=64), nullable=False),
        sa.Column("classifier_sha256", sa.String(length=64), nullable=True),
        sa.Column("best_epoch", sa.Integer(), nullable=True),
        sa.Column("epochs_run", sa.Integer(), nullable=True),
        sa.Column("stopped_early", sa.Boolean(), nullable=False),
        sa.Column("train_cpu_s", sa.Double(), nullable=True),
        sa.Column("analysis_rate_hz", sa.Double(), nullable=True),
        sa.Column(
            "results",
            database.types.JsonValue,
            nullable=True,
        ),
        sa.Column("test_evaluations", sa.Integer(), nullable=False),
        sa.Column("test_recording_accuracy", sa.Double(), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_experiments_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["dataset_version_id"], ["dataset_versions.id"], name=op.f("fk_experiments_dataset_version_id")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_experiments_job_id")),
        sa.ForeignKeyConstraint(["split_id"], ["splits.id"], name=op.f("fk_experiments_split_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiments")),
        sa.UniqueConstraint("folder", name=op.f("uq_experiments_folder")),
        sa.UniqueConstraint("job_id", name=op.f("uq_experiments_job_id")),
    )
    with op.batch_alter_table("experiments", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_experiments_dataset_version_id"), ["dataset_version_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_experiments_group_key"), ["group_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_experiments_network"), ["network"], unique=False)
        batch_op.create_index(batch_op.f("ix_experiments_split_id"), ["split_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_experiments_test_recording_accuracy"), ["test_recording_accuracy"], unique=False
        )

    op.create_table(
        "manifest_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_version_id", sa.Integer(), nullable=False),
        sa.Column("signal_id", sa.Integer(), nullable=False),
        sa.Column("fault_class", sa.String(length=60), nullable=True),
        sa.Column("severity", sa.String(length=40), nullable=True),
        sa.Column("physical_bearing", sa.String(length=120), nullable=True),
        sa.Column("given_part", sa.String(length=24), nullable=True),
        sa.ForeignKeyConstraint(
            ["dataset_version_id"],
            ["dataset_versions.id"],
            name=op.f("fk_manifest_rows_dataset_version_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["signal_id"], ["signals.id"], name=op.f("fk_manifest_rows_signal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manifest_rows")),
        sa.UniqueConstraint(
            "dataset_version_id", "signal_id", name=op.f("uq_manifest_rows_dataset_version_id_signal_id")
        ),
    )
    with op.batch_alter_table("manifest_rows", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_manifest_rows_signal_id"), ["signal_id"], unique=False)
        batch_op.create_index(
            "ix_manifest_rows_version_class", ["dataset_version_id", "fault_class"], unique=False
        )

    op.create_table(
        "split_members",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("split_id", sa.Integer(), nullable=False),
        sa.Column("signal_id", sa.Integer(), nullable=False),
        sa.Column("signal_sha256", sa.String(length=64), nullable=False),
        sa.Column("part", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["signal_id"], ["signals.id"], name=op.f("fk_split_members_signal_id")),
        sa.ForeignKeyConstraint(
            ["split_id"], ["splits.id"], name=op.f("fk_split_members_split_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_split_members")),
        sa.UniqueConstraint("split_id", "signal_id", name=op.f("uq_split_members_split_id_signal_id")),
    )
    with op.batch_alter_table("split_members", schema=None) as batch_op:
        batch_op.create_index("ix_split_members_split_part", ["split_id", "part"], unique=False)

    op.create_table(
        "diagnoses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("experiment_id", sa.Integer(), nullable=False),
        sa.Column("signal_id", sa.Integer(), nullable=True),
        sa.Column("source_name", sa.String(length=400), nullable=False),
        sa.Column(
            "request",
            database.types.JsonValue,
            nullable=False,
        ),
        sa.Column(
            "answer",
            database.types.JsonValue,
            nullable=True,
        ),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", database.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_diagnoses_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.id"], name=op.f("fk_diagnoses_experiment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_diagnoses_job_id")),
        sa.ForeignKeyConstraint(["signal_id"], ["signals.id"], name=op.f("fk_diagnoses_signal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_diagnoses")),
        sa.UniqueConstraint("job_id", name=op.f("uq_diagnoses_job_id")),
    )
    with op.batch_alter_table("diagnoses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_diagnoses_created_by"), ["created_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_diagnoses_experiment_id"), ["experiment_id"], unique=False)

    op.create_table(
        "predictions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("experiment_id", sa.Integer(), nullable=False),
        sa.Column("signal_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=12), nullable=False),
        sa.Column("target", sa.String(length=60), nullable=False),
        sa.Column("predicted", sa.String(length=60), nullable=False),
        sa.Column(
            "probabilities",
            database.types.JsonValue,
            nullable=False,
        ),
        sa.Column("n_windows", sa.Integer(), nullable=False),
        sa.Column("n_windows_correct", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_predictions_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["signal_id"], ["signals.id"], name=op.f("fk_predictions_signal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_predictions")),
        sa.UniqueConstraint(
            "experiment_id", "signal_id", name=op.f("uq_predictions_experiment_id_signal_id")
        ),
    )
    with op.batch_alter_table("predictions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_predictions_cell", ["experiment_id", "part", "target", "predicted"], unique=False
        )

    op.create_table(
        "training_epochs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("experiment_id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column(
            "values",
            database.types.JsonValue,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_training_epochs_experiment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_epochs")),
        sa.UniqueConstraint("experiment_id", "epoch", name=op.f("uq_training_epochs_experiment_id_epoch")),
    )


def downgrade() -> None:
    """Take this step back."""
    op.drop_table("training_epochs")
    with op.batch_alter_table("predictions", schema=None) as batch_op:
        batch_op.drop_index("ix_predictions_cell")

    op.drop_table("predictions")
    with op.batch_alter_table("diagnoses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_diagnoses_experiment_id"))
        batch_op.drop_index(batch_op.f("ix_diagnoses_created_by"))

    op.drop_table("diagnoses")
    with op.batch_alter_table("split_members", schema=None) as batch_op:
        batch_op.drop_index("ix_split_members_split_part")

    op.drop_table("split_members")
    with op.batch_alter_table("manifest_rows", schema=None) as batch_op:
        batch_op.drop_index("ix_manifest_rows_version_class")
        batch_op.drop_index(batch_op.f("ix_manifest_rows_signal_id"))

    op.drop_table("manifest_rows")
    with op.batch_alter_table("experiments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_experiments_test_recording_accuracy"))
        batch_op.drop_index(batch_op.f("ix_experiments_split_id"))
        batch_op.drop_index(batch_op.f("ix_experiments_network"))
        batch_op.drop_index(batch_op.f("ix_experiments_group_key"))
        batch_op.drop_index(batch_op.f("ix_experiments_dataset_version_id"))

    op.drop_table("experiments")
    op.drop_table("splits")
    with op.batch_alter_table("signals", schema=None) as batch_op:
        batch_op.drop_index("ix_signals_sha256")

    op.drop_table("signals")
    op.drop_table("recordings")
    op.drop_table("dataset_versions")
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_uploads_user_id"))

    op.drop_table("uploads")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_waiting")

    op.drop_table("outbox")
    op.drop_table("measurement_points")
    with op.batch_alter_table("login_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_sessions_user_id"))

    op.drop_table("login_sessions")
    with op.batch_alter_table("login_attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_attempts_user_id"))
        batch_op.drop_index("ix_login_attempts_subject_at")
        batch_op.drop_index("ix_login_attempts_address_at")

    op.drop_table("login_attempts")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index("ix_jobs_state_queue")
        batch_op.drop_index("ix_jobs_created_by_id")

    op.drop_table("jobs")
    op.drop_table("datasets")
    op.drop_table("bearings")
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_events_user_id"))
        batch_op.drop_index(batch_op.f("ix_audit_events_at"))
        batch_op.drop_index(batch_op.f("ix_audit_events_action"))

    op.drop_table("audit_events")
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_keys_user_id"))

    op.drop_table("api_keys")
    op.drop_table("workers")
    op.drop_table("users")
    op.drop_table("setup_tokens")
    op.drop_table("machines")
