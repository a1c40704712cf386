"""What a training keeps beside its classifier, by what its validation recordings tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.experiments.machine_kind import tell_machine_kind
from services.experiments.material import build_labelled_signals
from services.experiments.runs import ExperimentRun
from services.jobs.runner import JobHandle, JobYieldedError
from utils.exceptions import JobCancelledError, LeaseLostError, ServiceUnavailableError
from utils.ids import new_reference_id
from utils.logger import setup_logger

if TYPE_CHECKING:
    from core.training.classifier import Classifier
    from core.training.evaluate import Evaluation

logger = setup_logger(__name__)


def keep_rules_of(
    run: ExperimentRun,
    classifier: Classifier,
    validation: Evaluation | None,
    handle: JobHandle,
    progress: float,
) -> Classifier:
    """Return a trained classifier with its open-set rule and the temperature of pooled verdicts.

    Whatever goes wrong here costs both, with the reason, and never the classifier. A worker that shuts down
    leaves with the states of the training kept: the next attempt ends the same.
    """
    from core.evaluation.keeping import give_up

    try:
        return _keep_rules(run, classifier, validation, handle, progress)
    except (JobCancelledError, JobYieldedError, LeaseLostError, ServiceUnavailableError):
        raise
    except Exception:  # a trained classifier outweighs a rule beside it; the log and its card say what failed
        reference_id = new_reference_id()
        context = {
            "job_id": handle.job_id,
            "experiment_id": run.experiment.id,
            "reference_id": reference_id,
        }
        logger.exception("open-set rule and pooled temperature not kept", extra=context)
        return give_up(
            classifier,
            f"learning it met an unexpected error (reference {reference_id}); the log has the details",
        )


def _keep_rules(
    run: ExperimentRun,
    classifier: Classifier,
    validation: Evaluation | None,
    handle: JobHandle,
    progress: float,
) -> Classifier:
    from core.evaluation.keeping import keep_rules

    def on_signal(what: str) -> None:
        handle.report(progress, f"learning what is unknown: {what}")
        handle.raise_if_interrupted()

    names = run.experiment.class_names
    return keep_rules(
        classifier,
        build_labelled_signals(run.rows, "train", names),
        build_labelled_signals(run.rows, "validation", names) if validation else [],
        validation,
        tell_machine_kind(names),
        on_signal=on_signal,
    )
