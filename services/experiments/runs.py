"""What a training or an evaluation reads of an experiment, and where its files lie."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import joinedload

from dashboard_config import get_settings
from database.connection import get_db_session
from models.dataset import DatasetVersion
from models.experiment import Experiment
from services.experiments.limits import condense_findings
from services.experiments.material import MaterialRow, load_material
from utils.exceptions import NotFoundError


@dataclass(frozen=True, slots=True)
class ExperimentRun:
    """Everything a training reads from the database, read once."""

    experiment: Experiment
    rows: list[MaterialRow]
    dataset: str
    version: int

    @property
    def run_folder(self) -> Path:
        """Where the run state and the classifier lie."""
        return get_run_folder(self.experiment.folder)

    @property
    def split_facts(self) -> dict[str, Any]:
        """What every result is stamped with."""
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


def load_run(experiment_id: int) -> ExperimentRun:
    """Read an experiment with the labelled signals of its split."""
    version = joinedload(Experiment.dataset_version).joinedload(DatasetVersion.dataset)
    with get_db_session(read_only=True) as session:
        experiment = session.get(Experiment, experiment_id, options=[version, joinedload(Experiment.split)])
        if experiment is None:
            raise NotFoundError("The experiment has been deleted.")
        rows = load_material(session, experiment.split, experiment.channel)
    dataset_version = experiment.dataset_version
    return ExperimentRun(experiment, rows, dataset_version.dataset.name, dataset_version.number)
