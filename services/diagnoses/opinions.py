"""Ask a trained classifier for its opinion of a recording, and what standing it has there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from core.evaluation.keeping import list_shares
from core.evidence.findings import Evidence
from core.evidence.fusion import list_probabilities
from core.evidence.verdict import Opinion, Standing
from core.networks.registry import get_network_spec
from core.signal.bearings import BearingEntry, FaultOrders, same_designation
from database.connection import get_db_session
from models.dataset import DatasetVersion
from models.experiment import Experiment
from models.split import SplitMember
from services.datasets.bearings import name_fault_orders
from services.experiments.classifiers import load_checked
from services.experiments.given import GivenSignal
from services.experiments.listing import describe_experiment
from services.experiments.open_set import Strangeness, find_rule, follow_rule
from services.experiments.requirements import FAULT_ORDERS, find_needs

if TYPE_CHECKING:
    from core.training.classifier import Classifier, Prediction

# Orders of one bearing from two sources differ by rounding, those of two bearings by more.
_SAME_ORDERS = 0.005


@dataclass(frozen=True, slots=True)
class Asked:
    """A classifier and what it said.

    Attributes:
        experiment: As it is listed.
        classifier: Loaded and checked.
        prediction: Of windows and recording.
        strangeness: Whether it looks too strange, and by which rule.
        opinion: The same for the verdict.
    """

    experiment: dict[str, Any]
    classifier: Classifier
    prediction: Prediction
    strangeness: Strangeness
    opinion: Opinion


def ask_classifier(
    experiment: Experiment,
    given: GivenSignal,
    entered: Sequence[BearingEntry],
    evidence: Evidence | None = None,
) -> Asked:
    """Load an experiment's classifier and ask it; evidence only helps to tell how strange a recording is.

    Raises:
        DataDamagedError: It is not the one that was trained.
        SignalError, InvalidInputError: It can't judge this recording; the sentence says why.
    """
    classifier = load_checked(experiment)
    prediction = classifier.predict(
        given.values, given.sample_rate_hz, given.shaft_speed_rpm, given.fault_orders
    )
    rule, evidence_shares = find_rule(experiment.id), list_shares(evidence)
    strange = follow_rule(rule, given, prediction, classifier, evidence_shares)
    shares = zip(classifier.class_names, prediction.probabilities, strict=True)
    opinion = Opinion(
        {name: float(share) for name, share in shares},
        find_standing(given, classifier, entered, is_of_its_data=_is_of_its_data(experiment, given)),
        is_rejected=strange.is_rejected,
        rejection=strange.sentence if strange.is_rejected else "",
        rejects_by_evidence=strange.needs_evidence,
        pooled_temperature=_find_pooled_temperature(classifier, evidence),
    )
    return Asked(describe_experiment(experiment), classifier, prediction, strange, opinion)


def _find_pooled_temperature(classifier: Classifier, evidence: Evidence | None) -> float | None:
    """Return what the pool is calibrated by; lines and a classifier without a common class make no pool."""
    if evidence is None or not set(classifier.class_names) & set(list_probabilities(evidence)):
        return None
    pooled = classifier.calibration.pooled if classifier.calibration else None
    return pooled.temperature if pooled else None


def _is_of_its_data(experiment: Experiment, given: GivenSignal) -> bool:
    """Tell whether a recording belongs to the data of an experiment, by dataset or by its very samples."""
    own_dataset = select(DatasetVersion.dataset_id).where(DatasetVersion.id == experiment.dataset_version_id)
    same_samples = select(SplitMember.signal_id).where(
        SplitMember.split_id == experiment.split_id, SplitMember.signal_sha256 == given.sha256
    )
    with get_db_session(read_only=True) as session:
        if given.dataset_id is not None and session.scalar(own_dataset) == given.dataset_id:
            return True
        return session.scalar(same_samples.limit(1)) is not None


def find_standing(
    given: GivenSignal,
    classifier: Classifier,
    entered: Sequence[BearingEntry],
    *,
    is_of_its_data: bool = False,
) -> Standing:
    """Return what a classifier may decide here.

    Args:
        given: The recording.
        classifier: Where it was trained is known to it.
        entered: Bearings of the user's own.
        is_of_its_data: The recording belongs to the dataset that it learned from.
    """
    machines = classifier.origin.get("machines", [])
    is_machine_told = given.machine is not None and bool(machines)
    is_bearing_told = _tells_bearing(given, classifier)
    another_machine = is_machine_told and given.machine not in machines
    if not (another_machine or (is_bearing_told and _is_another_bearing(given, classifier, entered))):
        is_home = is_machine_told or is_bearing_told or is_of_its_data
        return Standing.HOME if is_home else Standing.UNKNOWN_ORIGIN
    needs = find_needs(get_network_spec(classifier.network), classifier.options)
    return Standing.ELSEWHERE_READS_ORDERS if FAULT_ORDERS in needs else Standing.ELSEWHERE


def _tells_bearing(given: GivenSignal, classifier: Classifier) -> bool:
    is_named = given.bearing is not None or given.fault_orders is not None
    return is_named and bool(classifier.origin.get("bearings"))


def _is_another_bearing(given: GivenSignal, classifier: Classifier, entered: Sequence[BearingEntry]) -> bool:
    named = given.bearing or ""
    return not any(
        same_designation(named, name) or _equal(given.fault_orders, name_fault_orders(name, entered))
        for name in classifier.origin["bearings"]
    )


def _equal(first: FaultOrders | None, second: FaultOrders | None) -> bool:
    if first is None or second is None:
        return False
    pairs = ((first.bpfo, second.bpfo), (first.bpfi, second.bpfi), (first.bsf, second.bsf))
    return all(abs(one - other) <= _SAME_ORDERS * other for one, other in pairs)
