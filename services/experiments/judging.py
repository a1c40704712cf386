"""Judging a trained classifier once on the parts of its split, and writing down what came out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, update

from core.training.calibration import Calibration
from core.training.evaluate import Evaluation, calibrate, evaluate_classifier
from database.connection import get_db_session
from models.experiment import Experiment, Prediction
from models.job import JobCommand
from services.experiments.judged import build_part, save_judged
from services.experiments.keeping import keep_rules_of
from services.experiments.material import build_labelled_signals, choose_analysis_rate
from services.experiments.runs import ExperimentRun
from services.jobs.runner import JobHandle

if TYPE_CHECKING:
    from core.training.classifier import Classifier
    from core.training.run import TrainingOutcome

# The share of a training job's bar that is full when its judging begins.
TRAINING_SHARE = 0.95
_JUDGED_PARTS = ("validation", "test")
# Further parts of a split whose names begin so are judged beside the test part, never instead of it.
_SUBSET = "test_"


def judge_and_store(run: ExperimentRun, outcome: TrainingOutcome, handle: JobHandle) -> dict[str, Any]:
    """Judge the classifier of a training that ended, and store its results under the job's fence.

    Validation comes first: it calibrates the classifier and says when a recording is unknown to it; the test
    part then meets it once.
    """
    from core.training.classifier_files import read_digest
    from core.training.ensemble import load_classifier

    assert outcome.classifier_folder is not None  # noqa: S101 -- narrows the type for the checker
    classifier = load_classifier(outcome.classifier_folder)
    validation = judge_part(run, "validation", classifier, handle)
    classifier, validation = calibrate(classifier, validation)
    classifier = keep_rules_of(run, classifier, validation, handle, TRAINING_SHARE)
    classifier.save(outcome.classifier_folder)
    others = {part: judge_part(run, part, classifier, handle) for part in list_test_parts(run)}
    evaluations = {"validation": validation, **others}
    digest = read_digest(outcome.classifier_folder)
    results = _build_results(run, outcome, evaluations, classifier.calibration)
    keep_judged(run, evaluations, digest)
    _store(run, outcome, evaluations, results, digest, handle)
    return results


def list_test_parts(run: ExperimentRun) -> list[str]:
    """Return the test part and its subsets, as far as the split has them."""
    there = {row.part for row in run.rows}
    return ["test", *sorted(part for part in there if part.startswith(_SUBSET))]


def keep_judged(run: ExperimentRun, evaluations: dict[str, Evaluation | None], digest: str) -> None:
    """Keep what was said of every window beside the classifier."""
    parts = {
        part: build_part(found, _map_signal_ids(run, part)) for part, found in evaluations.items() if found
    }
    save_judged(run.run_folder, parts, digest)


def judge_part(
    run: ExperimentRun, part: str, classifier: Classifier, handle: JobHandle, progress: float = TRAINING_SHARE
) -> Evaluation | None:
    """Judge the signals of a part; None where it has none."""
    names = run.experiment.class_names
    signals = build_labelled_signals(run.rows, part, names)
    if not signals:
        return None
    handle.report(progress, f"judging the {part} recordings")
    return evaluate_classifier(classifier, signals, names, command=lambda: _only_cancel(handle))


def _only_cancel(handle: JobHandle) -> str:
    """While judging, a pause or stop has nothing left to save; only a cancellation matters."""
    return JobCommand.CANCEL if handle.command() == JobCommand.CANCEL else "continue"


def _build_results(
    run: ExperimentRun,
    outcome: TrainingOutcome,
    evaluations: dict[str, Evaluation | None],
    calibration: Calibration | None,
) -> dict[str, Any]:
    experiment = run.experiment
    return {
        "experiment_id": experiment.id,
        "network": experiment.network,
        "dataset": run.dataset,
        "dataset_version": run.version,
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
        "calibration": calibration.to_dict() if calibration else None,
        **run.split_facts,
    }


def _store(
    run: ExperimentRun,
    outcome: TrainingOutcome,
    evaluations: dict[str, Evaluation | None],
    results: dict[str, Any],
    digest: str,
    handle: JobHandle,
) -> None:
    experiment = run.experiment
    test, validation = results["test"], results["validation"]
    with get_db_session() as session:
        handle.fenced(session)
        session.execute(delete(Prediction).where(Prediction.experiment_id == experiment.id))
        session.add_all(
            row for part, found in evaluations.items() if found for row in _build_rows(run, part, found)
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
                analysis_rate_hz=choose_analysis_rate(run.rows, experiment.options),
                test_evaluations=Experiment.test_evaluations + (1 if test else 0),
                test_recording_accuracy=test["recording_level"]["accuracy"] if test else None,
                test_macro_f1=test["recording_level"]["macro_f1"] if test else None,
                validation_recording_accuracy=(
                    validation["recording_level"]["accuracy"] if validation else None
                ),
            )
        )
        session.commit()


def _build_rows(run: ExperimentRun, part: str, evaluation: Evaluation) -> list[Prediction]:
    names = run.experiment.class_names
    ids = _map_signal_ids(run, part)
    return [
        Prediction(
            experiment_id=run.experiment.id,
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


def _map_signal_ids(run: ExperimentRun, part: str) -> dict[str, int]:
    return {row.signal.sha256: row.signal.id for row in run.rows if row.part == part}
