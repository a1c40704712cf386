"""Calling a recording unknown: the rule that somebody has put to use for an experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.evaluation.open_set import (
    FEATURE_DISTANCE,
    SCORES,
    FeatureReference,
    compute_window_features,
    score_recording,
)
from database.connection import get_db_session
from models.evaluation import Evaluation
from models.experiment import Experiment
from services.experiments.given import GivenSignal
from services.shared.actors import Actor
from services.shared.audit import record_audit
from utils.clock import to_iso
from utils.exceptions import ConflictError, InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from core.training.classifier import Classifier, Prediction

OPEN_SET = "open_set"
# The rule in use is a row of its own, so that a new search for a better one does not change it.
IN_USE = "open_set_in_use"


def apply_rule(experiment_id: int, evaluation_id: int | None, actor: Actor) -> dict[str, Any]:
    """Put the rule of an evaluation to use, by default the newest one's; diagnoses follow it from now on.

    Raises:
        NotFoundError: There is no such evaluation.
        ConflictError: It is not over, or of a classifier from before.
        InvalidInputError: It found no rule, or one whose share of false alarms it cannot promise.
    """
    with get_db_session() as session:
        experiment = session.get(Experiment, experiment_id)
        if experiment is None:
            raise NotFoundError("There is no such experiment.")
        found = _find_evaluation(session, experiment, evaluation_id)
        results = found.results or {}
        if results.get("threshold") is None or not results.get("possible"):
            raise InvalidInputError(
                "This evaluation found no threshold that could be put to use: there are too few validation "
                "recordings for its share of false alarms. Ask for a larger share."
            )
        session.execute(_delete_rule(experiment_id))
        rule = Evaluation(
            experiment_id=experiment_id,
            kind=IN_USE,
            config={"evaluation_id": found.id},
            config_sha256=IN_USE,
            classifier_sha256=found.classifier_sha256,
            results={key: results[key] for key in ("chosen", "threshold", "reference")},
            created_by=actor.user_id,
        )
        session.add(rule)
        record_audit(session, actor, "open_set.apply", f"experiment {experiment_id}")
        session.commit()
    return describe_rule(rule)


def withdraw_rule(experiment_id: int, actor: Actor) -> None:
    """Take the rule out of use: every recording is given a class again.

    Raises:
        NotFoundError: There is no such experiment.
    """
    with get_db_session() as session:
        if session.get(Experiment, experiment_id) is None:
            raise NotFoundError("There is no such experiment.")
        session.execute(_delete_rule(experiment_id))
        record_audit(session, actor, "open_set.withdraw", f"experiment {experiment_id}")
        session.commit()


def find_rule(experiment_id: int) -> Evaluation | None:
    """Return the rule in use for the classifier that the experiment has now."""
    chosen = (
        select(Evaluation)
        .join(Experiment, Experiment.id == Evaluation.experiment_id)
        .where(
            Evaluation.experiment_id == experiment_id,
            Evaluation.kind == IN_USE,
            Evaluation.classifier_sha256 == Experiment.classifier_sha256,
        )
    )
    with get_db_session(read_only=True) as session:
        return session.scalar(chosen)


def describe_rule(rule: Evaluation) -> dict[str, Any]:
    """Return a rule as plain data."""
    results = rule.results or {}
    return {
        "evaluation_id": rule.config["evaluation_id"],
        "score": results["chosen"],
        "score_title": SCORES[results["chosen"]],
        "threshold": results["threshold"],
        "applied_at": to_iso(rule.created_at),
    }


def follow_rule(
    rule: Evaluation | None, given: GivenSignal, prediction: Prediction, classifier: Classifier
) -> dict[str, Any] | None:
    """Return how strange a recording looks and whether that is too strange; None without a rule."""
    if rule is None or rule.results is None:
        return None
    score, threshold = rule.results["chosen"], float(rule.results["threshold"])
    distances = None
    if score == FEATURE_DISTANCE:
        reference = FeatureReference.from_dict(rule.results["reference"])
        features = compute_window_features(
            np.asarray(given.values), given.sample_rate_hz, classifier.preprocessing
        )
        distances = reference.measure(features)
    value = score_recording(prediction.uncalibrated_window_probabilities, distances)[score]
    return {
        "score": score,
        "title": SCORES[score],
        "value": round(value, 6),
        "threshold": round(threshold, 6),
        "rejected": value > threshold,
    }


def _find_evaluation(session: Session, experiment: Experiment, evaluation_id: int | None) -> Evaluation:
    chosen = select(Evaluation).where(Evaluation.experiment_id == experiment.id, Evaluation.kind == OPEN_SET)
    if evaluation_id is not None:
        chosen = chosen.where(Evaluation.id == evaluation_id)
    else:
        chosen = chosen.where(Evaluation.results.is_not(None)).order_by(Evaluation.id.desc()).limit(1)
    found = session.scalar(chosen)
    if found is None:
        raise NotFoundError("There is no open-set evaluation of this experiment. Run one first.")
    if found.results is None:
        raise ConflictError("This evaluation is not over.")
    if found.classifier_sha256 != experiment.classifier_sha256:
        raise ConflictError("The classifier was trained again since. Run the open-set evaluation once more.")
    return found


def _delete_rule(experiment_id: int) -> Any:
    return delete(Evaluation).where(Evaluation.experiment_id == experiment_id, Evaluation.kind == IN_USE)
