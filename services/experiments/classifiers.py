"""Classifiers of finished experiments, loaded and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.experiment import Experiment
from services.experiments.runs import get_run_folder
from utils.exceptions import DataDamagedError

if TYPE_CHECKING:
    from core.training.classifier import Classifier

CLASSIFIER_FOLDER = "classifier"


def load_checked(experiment: Experiment) -> Classifier:
    """Load an experiment's classifier.

    Raises:
        DataDamagedError: It is not the one that was trained.
    """
    from core.training.classifier_files import read_digest
    from core.training.ensemble import load_classifier

    folder = get_run_folder(experiment.folder) / CLASSIFIER_FOLDER
    if read_digest(folder) != experiment.classifier_sha256:
        raise DataDamagedError(
            f"The stored classifier of experiment {experiment.id} is not the one that was trained. Train it "
            "again."
        )
    return load_classifier(folder)
