"""The body of a training job: train, then have the classifier judged once."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from core.training.hooks import EpochRecord
from dashboard_config import get_settings
from database.connection import get_db_session
from models.experiment import Experiment, TrainingEpoch, TrainingMessage
from models.job import JobCommand
from services.experiments.ensembles import combine_members, is_ensemble
from services.experiments.judging import TRAINING_SHARE, judge_and_store
from services.experiments.material import build_labelled_signals, describe_origin
from services.experiments.runs import ExperimentRun, get_run_folder, load_run, remove_run_folder
from services.jobs.runner import JobHandle, JobPaused
from utils.exceptions import JobCancelledError, NotFoundError, StorageFullError
from utils.logger import setup_logger

if TYPE_CHECKING:
    from core.training.classifier import Classifier
    from core.training.run import TrainingOutcome

logger = setup_logger(__name__)

_PARENT_FOLDER = "parent"


def run_training(handle: JobHandle) -> dict[str, Any] | JobPaused:
    """Train the job's experiment, or go on where a pause, a shutdown or a kill left it."""
    from core.training.checkpoints import discard_states

    run = load_run(handle.payload["experiment_id"])
    if run.experiment.results is not None:  # by an attempt that died before it could say so
        discard_states(run.run_folder)
        return run.experiment.results
    _check_room()
    run.run_folder.mkdir(parents=True, exist_ok=True)
    try:
        ensemble = is_ensemble(run.experiment)
        outcome = combine_members(run, handle) if ensemble else _train(run, handle)
        if outcome.classifier_folder is None:
            return JobPaused()
        result = judge_and_store(run, outcome, handle)
    except JobCancelledError:
        remove_run_folder(run.experiment.folder)
        raise
    discard_states(run.run_folder)
    shutil.rmtree(run.run_folder / _PARENT_FOLDER, ignore_errors=True)
    return result


def _check_room() -> None:
    settings = get_settings()
    settings.experiments_dir.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(settings.experiments_dir).free < settings.storage_reserve_bytes:
        raise StorageFullError("The disk is nearly full. Free some space, then start the training again.")


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
        self._progress = progress * TRAINING_SHARE
        self._handle.report(self._progress, self._text)

    def command(self) -> str:
        """A worker that shuts down pauses its training; the job is queued again by itself."""
        command = self._handle.command()
        return JobCommand.PAUSE if command == JobCommand.YIELD else command

    def on_message(self, message: str, *, level: str = "info", epoch: int | None = None) -> None:
        """Store one line of the training's log; a line of an epoch that comes again replaces itself."""
        context = {"job_id": self._handle.job_id, "experiment_id": self._experiment_id}
        logger.log(logging.WARNING if level == "warning" else logging.INFO, message, extra=context)
        said = TrainingMessage(experiment_id=self._experiment_id, epoch=epoch, level=level, text=message)
        with get_db_session() as session:
            self._handle.fenced(session)
            if epoch is not None:
                session.execute(
                    delete(TrainingMessage).where(
                        TrainingMessage.experiment_id == self._experiment_id,
                        TrainingMessage.epoch == epoch,
                        TrainingMessage.text == message,
                    )
                )
            session.add(said)
            session.commit()


def _train(run: ExperimentRun, handle: JobHandle) -> TrainingOutcome:
    from core.training.run import train_classifier

    experiment = run.experiment
    names = experiment.class_names
    return train_classifier(
        experiment.network,
        experiment.options,
        build_labelled_signals(run.rows, "train", names),
        build_labelled_signals(run.rows, "validation", names),
        names,
        seed=experiment.seed,
        run_folder=run.run_folder,
        hooks=_JobHooks(handle, experiment.id),
        origin={
            "experiment_id": experiment.id,
            "dataset": run.dataset,
            "dataset_version": run.version,
            "channel": experiment.channel,
            "seed": experiment.seed,
            **run.split_facts,
            **describe_origin(run.rows),
        },
        parent=_load_parent(run),
    )


def _load_parent(run: ExperimentRun) -> Classifier | None:
    """Return the classifier to begin from; the run keeps a copy of it until it has ended."""
    from core.training.classifier import Classifier

    if run.experiment.parent_id is None:
        return None
    kept = run.run_folder / _PARENT_FOLDER
    if not kept.exists():
        _copy_parent(run.experiment.parent_id, kept)
    return Classifier.load(kept)


def _copy_parent(parent_id: int, kept: Path) -> None:
    from core.training.run import CLASSIFIER_FOLDER

    with get_db_session(read_only=True) as session:
        parent = session.get(Experiment, parent_id)
        folder = None if parent is None else get_run_folder(parent.folder) / CLASSIFIER_FOLDER
    if folder is None or not folder.exists():
        raise NotFoundError("The experiment to begin from has no trained classifier.")
    half = kept.with_name(f"{_PARENT_FOLDER}.tmp")
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(folder, half)
    half.replace(kept)


def list_history(experiment_id: int, since_epoch: int) -> list[dict[str, Any]]:
    """Return the stored epochs above ``since_epoch``, in order."""
    with get_db_session(read_only=True) as session:
        found = session.scalars(
            select(TrainingEpoch.values)
            .where(TrainingEpoch.experiment_id == experiment_id, TrainingEpoch.epoch > since_epoch)
            .order_by(TrainingEpoch.epoch)
        ).all()
    return list(found)
