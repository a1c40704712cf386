"""What a training keeps beside its classifier, by what its validation recordings tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.job import JobCommand
from services.experiments.machine_kind import tell_machine_kind
from services.experiments.material import build_labelled_signals
from services.experiments.runs import ExperimentRun
from services.jobs.runner import JobHandle
from utils.exceptions import JobCancelledError

if TYPE_CHECKING:
    from core.training.classifier import Classifier
    from core.training.evaluate import Evaluation


def keep_rules_of(
    run: ExperimentRun, classifier: Classifier, validation: Evaluation | None, handle: JobHandle
) -> Classifier:
    """Return a trained classifier with its open-set rule and the temperature of pooled verdicts."""
    from core.evaluation.keeping import keep_rules

    def obey() -> None:
        if handle.command() == JobCommand.CANCEL:
            raise JobCancelledError("The training was cancelled.")

    names = run.experiment.class_names
    return keep_rules(
        classifier,
        build_labelled_signals(run.rows, "train", names),
        build_labelled_signals(run.rows, "validation", names) if validation else [],
        validation,
        tell_machine_kind(names),
        on_signal=obey,
    )
