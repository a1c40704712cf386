"""What the pages, REST and commands read of experiments. An experiment's status is its job's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from core.networks.registry import get_network_spec
from database.connection import get_db_session
from models.dataset import DatasetVersion
from models.experiment import Experiment, Prediction
from models.job import Job
from models.recording import Recording, Signal
from services.datasets.rows import show_as_edited
from services.experiments.choosing import read_filters
from services.experiments.ensembles import describe_members
from services.experiments.families import summarise_seeds
from services.experiments.table import find_ids
from services.jobs.board import describe_job
from utils.clock import to_iso
from utils.constants import TRASH_KEPT_DAYS

MAX_PER_PAGE = 200


def describe_experiment(experiment: Experiment) -> dict[str, Any]:
    """Return one experiment as plain data, without its results' tables."""
    version, split, thrown_at = experiment.dataset_version, experiment.split, experiment.trashed_at
    results = experiment.results or {}
    return {
        "experiment_id": experiment.id,
        "name": experiment.name,
        "notes": experiment.notes,
        "network": experiment.network,
        "network_title": get_network_spec(experiment.network).title,
        "options": experiment.options,
        "members": describe_members(experiment),
        "channel": experiment.channel,
        "seed": experiment.seed,
        "group_key": experiment.group_key,
        "dataset_id": version.dataset_id,
        "dataset": version.dataset.name,
        "dataset_version": version.number,
        "split_id": split.id,
        "split": split.name,
        "split_colour": split.colour,
        "split_findings": split.findings,
        "split_accepted_reason": split.accepted_reason,
        "class_names": experiment.class_names,
        "status": experiment.job.state,
        "job": describe_job(experiment.job, with_result=False),
        "stopped_early": experiment.stopped_early,
        "best_epoch": experiment.best_epoch,
        "epochs_run": experiment.epochs_run,
        "train_cpu_s": experiment.train_cpu_s,
        "analysis_rate_hz": experiment.analysis_rate_hz,
        "classifier_sha256": experiment.classifier_sha256,
        "test_evaluations": experiment.test_evaluations,
        "test": _describe_levels(results.get("test")),
        "validation": _describe_levels(results.get("validation")),
        "parent_id": experiment.parent_id,
        "baseline_of": experiment.baseline_of,
        "trashed_at": to_iso(thrown_at),
        "kept_until": None if thrown_at is None else to_iso(thrown_at + timedelta(days=TRASH_KEPT_DAYS)),
        "created_at": to_iso(experiment.created_at),
    }


def _describe_levels(metrics: dict[str, Any] | None) -> dict[str, Any] | None:
    if metrics is None:
        return None
    keys = ("n", "accuracy", "accuracy_interval", "macro_f1", "ece")
    return {
        level: {key: metrics[level][key] for key in keys} for level in ("recording_level", "window_level")
    }


def _with_relations(chosen: Select[Experiment]) -> Select[Experiment]:
    return chosen.options(
        joinedload(Experiment.job).defer(Job.result, raiseload=True),
        joinedload(Experiment.split),
        selectinload(Experiment.dataset_version).joinedload(DatasetVersion.dataset),
    )


def find_experiment(session: Session, experiment_id: int) -> Experiment | None:
    """Return an experiment with its relations loaded."""
    return session.scalar(_with_relations(select(Experiment).where(Experiment.id == experiment_id)))


def list_page(filters: Mapping[str, Any], sort: str, page: int, per_page: int) -> dict[str, Any]:
    """Return ``{items, total, page, per_page}`` in a fixed number of statements."""
    page, per_page = max(page, 1), min(max(per_page, 1), MAX_PER_PAGE)
    with get_db_session(read_only=True) as session:
        wanted, total = find_ids(session, read_filters(filters), sort, (page - 1) * per_page, per_page)
        rows = session.scalars(_with_relations(select(Experiment).where(Experiment.id.in_(wanted)))).all()
    by_id = {row.id: row for row in rows}
    items = [describe_experiment(by_id[number]) for number in wanted if number in by_id]
    return {"items": items, "total": total, "page": page, "per_page": per_page}


def summarise_group(group_key: str) -> dict[str, Any] | None:
    """Return ``n_seeds``, ``n_finished``, mean and 95 % interval of the recording-level test accuracy."""
    chosen = select(Experiment.test_recording_accuracy).where(Experiment.group_key == group_key)
    with get_db_session(read_only=True) as session:
        found = session.scalars(chosen).all()
    if not found:
        return None
    accuracies = [accuracy for accuracy in found if accuracy is not None]
    return {"group_key": group_key, **summarise_seeds(accuracies, len(found))}


def list_predictions(
    experiment_id: int, part: str, target: str | None, predicted: str | None
) -> list[dict[str, Any]]:
    """Return what an experiment says of each signal of a part.

    ``target`` and ``predicted`` choose a cell of the recording-level confusion matrix: the signals of the
    recordings with that label and that answer, whatever a single channel of them says.
    """
    chosen = (
        select(Prediction, Signal, Recording)
        .join(Signal, Signal.id == Prediction.signal_id)
        .join(Recording, Recording.id == Signal.recording_id)
        .where(Prediction.experiment_id == experiment_id, Prediction.part == part)
        .options(contains_eager(Signal.recording))
        .order_by(Recording.name, Signal.channel)
    )
    if target is not None:
        chosen = chosen.where(Prediction.target == target)
    with get_db_session(read_only=True) as session:
        rows = session.execute(chosen).all()
        experiment = session.get(Experiment, experiment_id)
        class_names = experiment.class_names if experiment else None
        version_id = experiment.dataset_version_id if experiment else None
        show_as_edited(session, [signal for _, signal, _ in rows], version_id)
    answers = _name_answers([(recording.id, prediction) for prediction, _, recording in rows], class_names)
    return [
        _describe_prediction(prediction, signal, recording, answer)
        for prediction, signal, recording in rows
        if (answer := answers[recording.id, prediction.target]) == predicted or predicted is None
    ]


def _name_answers(
    predictions: list[tuple[int, Prediction]], class_names: list[str] | None
) -> dict[tuple[int, str], str]:
    """Return the recording-level answer for each (recording, label), pooled as the results pool it.

    A signal's probabilities are the softmax of its windows' mean log-probability, so that the recording's
    are those of its signals' logarithms, each weighing as much as it has windows.
    """
    sums: dict[tuple[int, str], NDArray[np.float64]] = {}
    for recording_id, prediction in predictions:
        logs = prediction.n_windows * np.log(np.asarray(prediction.probabilities))
        key = (recording_id, prediction.target)
        sums[key] = sums[key] + logs if key in sums else logs
    return {key: (class_names or [])[int(logs.argmax())] for key, logs in sums.items()}


def _describe_prediction(
    prediction: Prediction, signal: Signal, recording: Recording, answer: str
) -> dict[str, Any]:
    return {
        "signal_id": signal.id,
        "recording_id": recording.id,
        "dataset_id": recording.dataset_id,
        "recording": recording.name,
        "channel": signal.channel,
        "load": recording.load,
        "shaft_speed_rpm": recording.shaft_speed_rpm,
        "part": prediction.part,
        "target": prediction.target,
        "predicted": prediction.predicted,
        "recording_predicted": answer,
        "correct": prediction.target == prediction.predicted,
        "probabilities": prediction.probabilities,
        "n_windows": prediction.n_windows,
        "n_windows_correct": prediction.n_windows_correct,
    }
