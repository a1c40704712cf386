"""Calling a recording unknown: by the rule that somebody has put to use, else by the classifier's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.evaluation.open_set import (
    FEATURE_DISTANCE,
    FLOOR_DISTANCE,
    SCORES,
    FeatureReference,
    compute_floor_numbers,
    compute_window_features,
)
from core.evaluation.strangeness import RulePart, StrangenessRule, Traits
from core.evaluation.strangeness_fit import FALSE_ALARMS
from core.training.classifier_files import read_card
from database.connection import get_db_session
from models.evaluation import Evaluation
from models.experiment import Experiment
from services.experiments.classifiers import CLASSIFIER_FOLDER
from services.experiments.given import GivenSignal
from services.experiments.runs import get_run_folder
from services.shared.actors import Actor
from services.shared.audit import record_audit
from utils.clock import to_iso
from utils.exceptions import ConflictError, DataDamagedError, InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from core.training.classifier import Classifier, Prediction

OPEN_SET = "open_set"
# The rule in use is a row of its own, so that a new search for a better one does not change it.
IN_USE = "open_set_in_use"
_APPLIED = (
    *("chosen", "threshold", "reference"),
    *("parts", "references", "stretch_s", "false_alarms_wanted"),
)
_NO_RULE_KEPT = (
    "The classifier was trained before open-set rules were kept with classifiers, and none has been put to "
    "use: it can't call a recording unknown. Train it again, or run the open-set evaluation."
)
_NOT_MEASURED = (
    "The open-set rule can't be measured on this recording: physical evidence is missing, or the recording "
    "is too short."
)


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
            results={key: results[key] for key in _APPLIED if key in results},
            created_by=actor.user_id,
        )
        session.add(rule)
        record_audit(session, actor, "open_set.apply", f"experiment {experiment_id}")
        session.commit()
    return describe_rule(rule)


def withdraw_rule(experiment_id: int, actor: Actor) -> None:
    """Take the rule out of use: the classifier's own counts again, where it has one.

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
    """Return the rule that somebody put to use for the classifier that the experiment has now."""
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
    """Return a rule that was put to use as plain data."""
    found = _read_applied(rule)
    return {
        "evaluation_id": rule.config["evaluation_id"],
        "source": "evaluation",
        **_describe_parts(found),
        "applied_at": to_iso(rule.created_at),
    }


def describe_in_use(experiment_id: int) -> dict[str, Any] | None:
    """Return the rule that diagnoses follow: the one put to use, else the classifier's own; None without."""
    rule = find_rule(experiment_id)
    if rule is not None:
        return describe_rule(rule)
    kept = _find_kept(experiment_id)
    if kept is None or not kept.parts:
        return None
    return {"evaluation_id": None, "source": "training", **_describe_parts(kept), "applied_at": None}


def _find_kept(experiment_id: int) -> StrangenessRule | None:
    """Return what a classifier's card says of its own rule, without the arrays that measuring needs."""
    with get_db_session(read_only=True) as session:
        experiment = session.get(Experiment, experiment_id)
    if experiment is None or experiment.classifier_sha256 is None:
        return None
    try:
        facts = read_card(get_run_folder(experiment.folder) / CLASSIFIER_FOLDER).get("strangeness")
    except (NotFoundError, DataDamagedError):
        return None
    if not facts:
        return None
    return StrangenessRule.from_dict(facts, {})


def _describe_parts(rule: StrangenessRule) -> dict[str, Any]:
    first = rule.parts[0]
    return {
        "score": first.score,
        "score_title": SCORES[first.score],
        "threshold": first.threshold,
        "parts": [
            {
                "score": part.score,
                "score_title": SCORES[part.score],
                "threshold": part.threshold,
                "n_validation": part.n_known,
                "mean_auroc": part.mean_auroc,
                "mean_rejection": part.mean_rejection,
            }
            for part in rule.parts
        ],
    }


def _read_applied(rule: Evaluation) -> StrangenessRule:
    """Return a rule that was put to use; those of before had one part, and one distance."""
    results = rule.results or {}
    parts = results.get("parts") or [{"score": results["chosen"], "threshold": results["threshold"]}]
    references = results.get("references") or {}
    if results.get("reference"):
        references = {FEATURE_DISTANCE: results["reference"]}
    facts = {"parts": parts, "false_alarms": results.get("false_alarms_wanted", FALSE_ALARMS)}
    return StrangenessRule.from_dict(
        {**results, **facts},
        {name: FeatureReference.from_dict(values) for name, values in references.items()},
    )


@dataclass(frozen=True, slots=True)
class Strangeness:
    """What the open-set rule says of a recording.

    Attributes:
        found: Score, threshold, and whether it is rejected; None where no rule could judge it.
        sentence: The same in words, or why no rule judged.
        needs_evidence: Whether the physical evidence is a part of the score.
    """

    found: dict[str, Any] | None
    sentence: str
    needs_evidence: bool = False

    @property
    def is_rejected(self) -> bool:
        """Whether the recording is too strange."""
        return self.found is not None and bool(self.found["rejected"])


def follow_rule(
    applied: Evaluation | None,
    given: GivenSignal,
    prediction: Prediction,
    classifier: Classifier,
    shares: Mapping[str, float] | None = None,
) -> Strangeness:
    """Return how strange a recording looks and whether that is too strange.

    Args:
        applied: The rule that somebody put to use; None: the classifier's own counts.
        given: The recording.
        prediction: What the classifier said of it.
        classifier: The classifier.
        shares: What the physical evidence gives to each class; None where there is none.
    """
    if applied is not None:
        rule, source = _read_applied(applied), "evaluation"
    elif classifier.strangeness is not None:
        rule, source = StrangenessRule.from_kept(classifier.strangeness), "training"
    else:
        return Strangeness(None, _NO_RULE_KEPT)
    if not rule.parts:
        return Strangeness(None, f"The classifier has no open-set rule: {rule.missing}.")
    measured = rule.measure(_read_traits(rule, given, prediction, classifier, shares), classifier.class_names)
    if measured is None:
        return Strangeness(None, _NOT_MEASURED)
    part, value = measured
    found = {
        "score": part.score,
        "title": SCORES[part.score],
        "value": round(value, 6),
        "threshold": round(part.threshold, 6),
        "rejected": value > part.threshold,
        "source": source,
    }
    sentence = _word_found(part, value, rule.false_alarms, source)
    return Strangeness({**found, "sentence": sentence}, sentence, part.needs_evidence)


def _read_traits(
    rule: StrangenessRule,
    given: GivenSignal,
    prediction: Prediction,
    classifier: Classifier,
    shares: Mapping[str, float] | None,
) -> Traits:
    """Read what the rule's scores need, and nothing else."""
    signal = (np.asarray(given.values), given.sample_rate_hz, classifier.preprocessing)
    return Traits(
        prediction.uncalibrated_window_probabilities,
        general=compute_window_features(*signal) if FEATURE_DISTANCE in rule.needed else None,
        floor=compute_floor_numbers(*signal, rule.stretch_s) if FLOOR_DISTANCE in rule.needed else None,
        shares=shares,
    )


def _word_found(part: RulePart, value: float, false_alarms: float, source: str) -> str:
    origin = "kept at training" if source == "training" else "of an open-set evaluation"
    known = "validation recordings" if part.n_known is None else f"{part.n_known} validation recordings"
    verb = "passes" if value > part.threshold else "does not pass"
    return (
        f"The open-set rule {origin} measures the {SCORES[part.score]}: {value:.3g} {verb} the threshold "
        f"{part.threshold:.3g}, which {known} set for {false_alarms:.0%} false alarms."
    )


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
