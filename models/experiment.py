"""Trainings: what was asked, every epoch, and what came out. The status is the job's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database.types import JsonValue, UtcDateTime
from models.base import Base, CreatedAtMixin
from models.dataset import DatasetVersion
from models.job import Job
from models.split import Split
from utils.clock import utc_now


class Experiment(CreatedAtMixin, Base):
    """One training with one seed; several seeds form a group."""

    __tablename__ = "experiments"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(160))
    notes: Mapped[str] = mapped_column(Text, default="")
    network: Mapped[str] = mapped_column(String(40), index=True)
    options: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    channel: Mapped[str | None] = mapped_column(String(60))
    seed: Mapped[int]
    group_key: Mapped[str] = mapped_column(String(32), index=True)
    dataset_version_id: Mapped[int] = mapped_column(ForeignKey("dataset_versions.id"), index=True)
    split_id: Mapped[int] = mapped_column(ForeignKey("splits.id"), index=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"), unique=True)
    class_names: Mapped[list[str]] = mapped_column(JsonValue)
    folder: Mapped[str] = mapped_column(String(64), unique=True)
    classifier_sha256: Mapped[str | None] = mapped_column(String(64))
    best_epoch: Mapped[int | None]
    epochs_run: Mapped[int | None]
    stopped_early: Mapped[bool] = mapped_column(default=False)
    train_cpu_s: Mapped[float | None]
    analysis_rate_hz: Mapped[float | None]
    results: Mapped[dict[str, Any] | None] = mapped_column(JsonValue)
    test_evaluations: Mapped[int] = mapped_column(default=0)
    test_recording_accuracy: Mapped[float | None] = mapped_column(index=True)
    test_macro_f1: Mapped[float | None] = mapped_column(index=True)
    validation_recording_accuracy: Mapped[float | None] = mapped_column(index=True)
    # The experiment whose classifier this training started from; it may be gone since.
    parent_id: Mapped[int | None] = mapped_column(index=True)
    # The group of network trainings that this classical model was trained beside.
    baseline_of: Mapped[str | None] = mapped_column(String(32), index=True)
    trashed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    # Written with every change: the list's index reads again what is new since it last looked.
    changed_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, default=utc_now, onupdate=utc_now, index=True
    )
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    job: Mapped[Job] = relationship(lazy="raise")
    split: Mapped[Split] = relationship(lazy="raise")
    dataset_version: Mapped[DatasetVersion] = relationship(lazy="raise")


class TrainingEpoch(Base):
    """One epoch of the training history; a resumed training replaces an epoch, never doubles it."""

    __tablename__ = "training_epochs"
    __table_args__ = (UniqueConstraint("experiment_id", "epoch"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiments.id", ondelete="CASCADE"))
    epoch: Mapped[int]
    values: Mapped[dict[str, Any]] = mapped_column(JsonValue)


class TrainingMessage(CreatedAtMixin, Base):
    """One line of a training's log, as people read it."""

    __tablename__ = "training_messages"
    __table_args__ = (Index("ix_training_messages_experiment_id_id", "experiment_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiments.id", ondelete="CASCADE"))
    epoch: Mapped[int | None]
    level: Mapped[str] = mapped_column(String(8), default="info")
    text: Mapped[str] = mapped_column(Text)


class Prediction(Base):
    """What a finished experiment says of one signal of its split, at recording level."""

    __tablename__ = "predictions"
    __table_args__ = (
        UniqueConstraint("experiment_id", "signal_id"),
        Index("ix_predictions_cell", "experiment_id", "part", "target", "predicted"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiments.id", ondelete="CASCADE"))
    signal_id: Mapped[int] = mapped_column(ForeignKey("signals.id"))
    part: Mapped[str] = mapped_column(String(12))
    target: Mapped[str] = mapped_column(String(60))
    predicted: Mapped[str] = mapped_column(String(60))
    probabilities: Mapped[list[float]] = mapped_column(JsonValue)
    n_windows: Mapped[int]
    n_windows_correct: Mapped[int]
