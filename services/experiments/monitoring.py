"""What a training's monitor shows: its newest epochs, its log, and how long it may still take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from database.connection import get_db_session
from models.experiment import TrainingMessage
from models.job import JobState
from services.experiments.judging import TRAINING_SHARE
from services.experiments.training import list_history
from utils.clock import to_iso

MAX_MESSAGES = 500
_RECENT_EPOCHS = 5


def describe_live(experiment: dict[str, Any], since_epoch: int) -> dict[str, Any]:
    """Return ``experiment``, ``history`` above ``since_epoch``, ``eta_s`` and ``last_message_id``."""
    experiment_id = experiment["experiment_id"]
    history = list_history(experiment_id, since_epoch)
    newest = select(func.max(TrainingMessage.id)).where(TrainingMessage.experiment_id == experiment_id)
    with get_db_session(read_only=True) as session:
        last_message_id = session.scalar(newest) or 0
    return {
        "experiment": experiment,
        "history": history,
        "eta_s": estimate_rest_s(experiment, history),
        "last_message_id": last_message_id,
    }


def list_messages(experiment_id: int, since_id: int) -> list[dict[str, Any]]:
    """Return the newest messages of a training after ``since_id``, the oldest of them first."""
    chosen = (
        select(TrainingMessage)
        .where(TrainingMessage.experiment_id == experiment_id, TrainingMessage.id > since_id)
        .order_by(TrainingMessage.id.desc())
        .limit(MAX_MESSAGES)
    )
    with get_db_session(read_only=True) as session:
        found = session.scalars(chosen).all()
    return [
        {
            "message_id": each.id,
            "epoch": each.epoch,
            "level": each.level,
            "text": each.text,
            "created_at": to_iso(each.created_at),
        }
        for each in reversed(found)
    ]


def estimate_rest_s(experiment: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> float | None:
    """Estimate what is left of a running training from the pace of its newest epochs.

    Unlike the pace of its job it holds after a pause and after a lost attempt. It is the most that it may
    take: patience can end a training before its last epoch. Without epochs it is the job's own estimate.
    """
    job, n_epochs = experiment["job"], experiment["options"].get("epochs")
    if job["state"] != JobState.RUNNING:
        return None
    recent = [each["duration_s"] for each in history[-_RECENT_EPOCHS:]]
    if not n_epochs or not recent:
        by_job: float | None = job["eta_s"]
        return by_job
    last = float(history[-1]["epoch"])
    begun = min(max(job["progress"] / TRAINING_SHARE * n_epochs - last, 0.0), 1.0)
    rest_s = max(n_epochs - last - begun, 0.0) * sum(recent) / len(recent)
    return round(float(rest_s), 1)
