"""The body of a training job: train, judge once, write the results under the job's fence."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload

from core.training.evaluate import Evaluation, evaluate_classifier
from core.training.hooks import EpochRecord
from dashboard_config import get_settings
from database.connection import get_db_session
from models.dataset import DatasetVersion
from models.experiment import Experiment, Prediction, TrainingEpoch
from models.job import JobCommand
from services.experiments.limits import condense_findings
from services.experiments.material import (
    MaterialRow,
    build_labelled_signals,
    choose_analysis_rate,
    describe_origin,
    load_material,
)
from services.jobs.runner import JobHandle, JobPaused
from utils.exceptions import JobCancelledError, NotFoundError, StorageFullError
from utils.logger import setup_logger

if TYPE_CHECKING:
    from core.training.classifier import Classifier
    from core.training.run import TrainingOutcome

logger = setup_logger(__name__)

_TRAINING_SHARE = 0.95
_JUDGED_PARTS = ("validation", "test")
# Further parts of a split whose names begin so are judged beside the test part, never instead of it.
_SUBSET = "test_"


@dataclass(frozen=True, slots=True)
class _Task:
    """Everything a training reads from the database, read once."""

    experiment: Experiment
    rows: list[MaterialRow]
    dataset: str
    version: int

    @property
    def run_folder(self) -> Path:
        return get_run_folder(self.experiment.folder)

    @property
    def split_facts(self) -> dict[str, Any]:
        split = self.experiment.split
        return {
            "split": split.name,
            "split_colour": split.colour,
            "split_findings": condense_findings(split.findings),
            "split_accepted_reason": split.accepted_reason,
        }


def get_run_folder(folder: str) -> Path:
    """Return the folder of an experiment's run state and classifier."""
    return get_settings().experiments_dir / folder


def remove_run_folder(folder: str) -> None:
    """Delete an experiment's run state and classifier."""
    shutil.rmtree(get_run_folder(folder), ignore_errors=True)


def run_training(handle: JobHandle) -> dict[str, Any] | JobPaused:
    """Train the job's experiment, or go on where a pause, a shutdown or a kill left it."""
    from core.training.checkpoints import discard_states

    task = _load_task(handle.payload["experiment_id"])
    if task.experiment.results is not None:  # by an attempt that died before it could say so
        discard_states(task.run_folder)
        return task.experiment.results
    _check_room()
    task.run_folder.mkdir(parents=True, exist_ok=True)
    try:
        outcome = _train(task, handle)
        if outcome.classifier_folder is None:
            return JobPaused()
        result = _judge_and_store(task, outcome, handle)
    except JobCancelledError:
        remove_run_folder(task.experiment.folder)
        raise
    discard_states(task.run_folder)
    return result


def _check_room() -> None:
    settings = get_settings()
    settings.experiments_dir.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(settings.experiments_dir).free < settings.storage_reserve_bytes:
        raise StorageFullError("The disk is nearly full. Free some space, then start the training again.")


def _load_task(experiment_id: int) -> _Task:
    version = joinedload(Experiment.dataset_version).joinedload(DatasetVersion.dataset)
    with get_db_session(read_only=True) as session:
        experiment = session.get(Experiment, experiment_id, options=[version, joinedload(Experiment.split)])
        if experiment is None:
            raise NotFoundError("The experiment has been deleted.")
        rows = load_material(session, experiment.split, experiment.channel)
    dataset_version = experiment.dataset_version
    return _Task(experiment, rows, dataset_version.dataset.name, dataset_version.number)


class _JobHooks:
    """Carries what a training tells to the job's row, and what people ask to the training."""

    def __init__(self, handle: JobHandle, experiment_id: int) -> None:
        self._handle = handle
        self._experiment_id = experiment_id
        self._progress = 0.0
        self._text: str | None = None

    def on_epoch(self, record: EpochRecord) -> None:
        """Store one epoch; an epoch that is told twice (after a kill) is replaced."""
        values = record.to_dict()
        with get_db_session() as session:
            self._handle.fenced(session)
            session.execute(
                delete(TrainingEpoch).where(
                    TrainingEpoch.experiment_id == self._experiment_id,
                    TrainingEpoch.epoch == record.epoch,
                )
            )
            session.add(TrainingEpoch(experiment_id=self._experiment_id, epoch=record.epoch, values=values))
            session.commit()
        self._text = f"epoch {record.epoch}"
        self._handle.report(self._progress, self._text)

    def on_batch(self, progress: float) -> None:
        """Report the share that is done; judging takes what is left of the bar."""
        self._progress = progress * _TRAINING_SHARE
        self._handle.report(self._progress, self._text)

    def command(self) -> str:
        """A worker that shuts down pauses its training; the job is queued again by itself."""
        command = self._handle.command()
        return JobCommand.PAUSE if command == JobCommand.YIELD else command

    def on_message(self, message: str) -> None:
        """Log it with the job."""
        logger.info(message, extra={"job_id": self._handle.job_id, "experiment_id": self._experiment_id})


def _train(task: _Task, handle: JobHandle) -> TrainingOutcome:
    from core.training.run import train_classifier

    experiment = task.experiment
    names = experiment.class_names
    return train_classifier(
        experiment.network,
        experiment.options,
        build_labelled_signals(task.rows, "train", names),
        build_labelled_signals(task.rows, "validation", names),
        names,
        seed=experiment.seed,
        run_folder=task.run_folder,
        hooks=_JobHooks(handle, experiment.id),
        origin={
            "experiment_id": experiment.id,
            "dataset": task.dataset,
            "dataset_version": task.version,
            "channel": experiment.channel,
            "seed": experiment.seed,
            **task.split_facts,
            **describe_origin(task.rows),
        },
    )


def _judge_and_store(task: _Task, outcome: TrainingOutcome, handle: JobHandle) -> dict[str, Any]:
    from core.training.classifier import Classifier, read_digest

    assert outcome.classifier_folder is not None  # noqa: S101 -- narrows the type for the checker
    classifier = Classifier.load(outcome.classifier_folder)
    subsets = sorted({row.part for row in task.rows if row.part.startswith(_SUBSET)})
    evaluations = {part: _judge(task, part, classifier, handle) for part in (*_JUDGED_PARTS, *subsets)}
    results = _build_results(task, outcome, evaluations)
    _store(task, outcome, evaluations, results, read_digest(outcome.classifier_folder), handle)
    return results


def _judge(task: _Task, part: str, classifier: Classifier, handle: JobHandle) -> Evaluation | None:
    names = task.experiment.class_names
    signals = build_labelled_signals(task.rows, part, names)
    if not signals:
        return None
    handle.report(_TRAINING_SHARE, f"judging the {part} recordings")
    return evaluate_classifier(classifier, signals, names, command=lambda: _only_cancel(handle))


def _only_cancel(handle: JobHandle) -> str:
    """While judging, a pause or stop has nothing left to save; only a cancellation matters."""
    return JobCommand.CANCEL if handle.command() == JobCommand.CANCEL else "continue"


def _build_results(
    task: _Task, outcome: TrainingOutcome, evaluations: dict[str, Evaluation | None]
) -> dict[str, Any]:
    experiment = task.experiment
    return {
        "experiment_id": experiment.id,
        "network": experiment.network,
        "dataset": task.dataset,
        "dataset_version": task.version,
        "channel": experiment.channel,
        "seed": experiment.seed,
        "train_cpu_s": round(outcome.train_cpu_s, 2),
        "stopped_early": outcome.status == "stopped",
        "best_epoch": outcome.best_epoch,
        "epochs_run": outcome.epochs_run,
        **{part: found.metrics if (found := evaluations[part]) else None for part in _JUDGED_PARTS},
        "subsets": {
            part: found.metrics for part, found in evaluations.items() if found and part not in _JUDGED_PARTS
        },
        **task.split_facts,
    }


def _store(
    task: _Task,
    outcome: TrainingOutcome,
    evaluations: dict[str, Evaluation | None],
    results: dict[str, Any],
    digest: str,
    handle: JobHandle,
) -> None:
    experiment = task.experiment
    test = results["test"]
    with get_db_session() as session:
        handle.fenced(session)
        session.execute(delete(Prediction).where(Prediction.experiment_id == experiment.id))
        session.add_all(
            row for part, found in evaluations.items() if found for row in _build_rows(task, part, found)
        )
        session.execute(
            update(Experiment)
            .where(Experiment.id == experiment.id)
            .values(
                results=results,
                classifier_sha256=digest,
                best_epoch=outcome.best_epoch,
                epochs_run=outcome.epochs_run,
                stopped_early=outcome.status == "stopped",
                train_cpu_s=outcome.train_cpu_s,
                analysis_rate_hz=choose_analysis_rate(task.rows, experiment.options),
                test_evaluations=Experiment.test_evaluations + (1 if test else 0),
                test_recording_accuracy=test["recording_level"]["accuracy"] if test else None,
            )
        )
        session.commit()


def _build_rows(task: _Task, part: str, evaluation: Evaluation) -> list[Prediction]:
    names = task.experiment.class_names
    ids = {row.signal.sha256: row.signal.id for row in task.rows if row.part == part}
    return [
        Prediction(
            experiment_id=task.experiment.id,
            signal_id=ids[row.signal_sha256],
            part=part,
            target=names[row.target],
            predicted=names[row.predicted],
            probabilities=[float(value) for value in row.probabilities],
            n_windows=row.n_windows,
            n_windows_correct=row.n_windows_correct,
        )
        for row in evaluation.rows
    ]


def list_history(experiment_id: int, since_epoch: int) -> list[dict[str, Any]]:
    """Return the stored epochs above ``since_epoch``, in order."""
    with get_db_session(read_only=True) as session:
        found = session.scalars(
            select(TrainingEpoch.values)
            .where(TrainingEpoch.experiment_id == experiment_id, TrainingEpoch.epoch > since_epoch)
            .order_by(TrainingEpoch.epoch)
        ).all()
    return list(found)
