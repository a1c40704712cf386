"""What the job kinds have in common: the classifier, the recordings, and how a job is obeyed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.training.signals import LabelledSignal
from models.experiment import Experiment
from services.experiments.classifiers import CLASSIFIER_FOLDER, load_checked
from services.experiments.material import build_labelled_signals
from services.experiments.runs import ExperimentRun, load_run
from services.jobs.runner import CONTINUE, JobHandle
from utils.exceptions import ConflictError, ErrorCode, InvalidInputError

if TYPE_CHECKING:
    from core.training.classifier import Classifier


@dataclass(frozen=True, slots=True)
class Work:
    """One evaluation under way.

    Attributes:
        run: The experiment with the labelled signals of its split.
        classifier: Its classifier.
        config: What was asked, complete.
        handle: The job.
    """

    run: ExperimentRun
    classifier: Classifier
    config: dict[str, Any]
    handle: JobHandle

    @property
    def experiment(self) -> Experiment:
        """Whose evaluation it is."""
        return self.run.experiment

    @property
    def folder(self) -> Path:
        """Where the classifier lies."""
        return self.run.run_folder / CLASSIFIER_FOLDER

    def build_signals(self, part: str) -> list[LabelledSignal]:
        """Return a part's signals as the classifier is judged on them.

        Raises:
            InvalidInputError: The part is empty.
        """
        signals = build_labelled_signals(self.run.rows, part, self.experiment.class_names)
        if not signals:
            raise InvalidInputError(f"The split's {part} part holds no labelled recordings.")
        return signals

    def obey(self) -> str:
        """Leave where the job was cancelled or its worker shuts down; else say to go on."""
        self.handle.raise_if_interrupted()
        return CONTINUE


# What a kind does: results and how often the test part was met.
Worker = Callable[[Work], tuple[dict[str, Any], int]]


def open_work(experiment_id: int, config: dict[str, Any], handle: JobHandle) -> Work:
    """Load everything that an evaluation needs.

    Raises:
        NotFoundError: The experiment or its classifier has gone.
        ConflictError: It has not been trained.
        DataDamagedError: The classifier is not the one that was trained.
    """
    run = load_run(experiment_id)
    experiment = run.experiment
    if experiment.classifier_sha256 is None:
        raise ConflictError("This experiment has no trained classifier.", code=ErrorCode.NOT_TRAINED)
    return Work(run, load_checked(experiment), config, handle)


def choose_recordings(
    signals: Sequence[LabelledSignal], limit: int | None, seed: int
) -> list[LabelledSignal]:
    """Return the signals of up to ``limit`` recordings, drawn by class in turn, in their order here."""
    keys = list(dict.fromkeys((signal.class_index, signal.recording_id) for signal in signals))
    if limit is None or len(keys) <= limit:
        return list(signals)
    random = np.random.default_rng(seed)
    shuffled = [keys[place] for place in random.permutation(len(keys))]
    turns: dict[int, int] = {}
    ranked = []
    for key in shuffled:
        turns[key[0]] = turns.get(key[0], 0) + 1
        ranked.append((turns[key[0]], key[0], key))
    kept = {key for _, _, key in sorted(ranked, key=lambda entry: entry[:2])[:limit]}
    return [signal for signal in signals if (signal.class_index, signal.recording_id) in kept]
