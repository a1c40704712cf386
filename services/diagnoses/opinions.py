"""Ask a trained classifier for its opinion of a recording, and what standing it has there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.evidence.verdict import Opinion, Standing
from core.networks.registry import get_network_spec
from core.signal.bearings import BearingEntry, FaultOrders, same_designation
from models.experiment import Experiment
from services.datasets.bearings import name_fault_orders
from services.experiments.given import GivenSignal
from services.experiments.listing import describe_experiment
from services.experiments.open_set import find_rule, follow_rule
from services.experiments.requirements import FAULT_ORDERS, find_needs
from services.experiments.runs import get_run_folder
from utils.exceptions import DataDamagedError

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
        open_set: Whether it looks too strange, where a rule for that is in use.
        opinion: The same for the verdict.
    """

    experiment: dict[str, Any]
    classifier: Classifier
    prediction: Prediction
    open_set: dict[str, Any] | None
    opinion: Opinion


def ask_classifier(experiment: Experiment, given: GivenSignal, entered: Sequence[BearingEntry]) -> Asked:
    """Load an experiment's classifier and ask it.

    Raises:
        DataDamagedError: It is not the one that was trained.
        SignalError, InvalidInputError: It can't judge this recording; the sentence says why.
    """
    from core.training.classifier_files import read_digest
    from core.training.ensemble import load_classifier

    folder = get_run_folder(experiment.folder) / "classifier"
    if read_digest(folder) != experiment.classifier_sha256:
        raise DataDamagedError("The stored classifier is not the one that was trained. Train it again.")
    classifier = load_classifier(folder)
    prediction = classifier.predict(
        given.values, given.sample_rate_hz, given.shaft_speed_rpm, given.fault_orders
    )
    strange = follow_rule(find_rule(experiment.id), given, prediction, classifier)
    shares = zip(classifier.class_names, prediction.probabilities, strict=True)
    opinion = Opinion(
        {name: float(share) for name, share in shares},
        find_standing(given, classifier, entered),
        is_rejected=strange is not None and bool(strange["rejected"]),
    )
    return Asked(describe_experiment(experiment), classifier, prediction, strange, opinion)


def find_standing(given: GivenSignal, classifier: Classifier, entered: Sequence[BearingEntry]) -> Standing:
    """Return whether a classifier may decide here; where nothing tells machine or bearing, it may."""
    machines = classifier.origin.get("machines", [])
    another_machine = given.machine is not None and bool(machines) and given.machine not in machines
    if not (another_machine or _is_another_bearing(given, classifier, entered)):
        return Standing.HOME
    needs = find_needs(get_network_spec(classifier.network), classifier.options)
    return Standing.ELSEWHERE_READS_ORDERS if FAULT_ORDERS in needs else Standing.ELSEWHERE


def _is_another_bearing(given: GivenSignal, classifier: Classifier, entered: Sequence[BearingEntry]) -> bool:
    learned = classifier.origin.get("bearings", [])
    if not learned or (given.bearing is None and given.fault_orders is None):
        return False
    named = given.bearing or ""
    return not any(
        same_designation(named, name) or _equal(given.fault_orders, name_fault_orders(name, entered))
        for name in learned
    )


def _equal(first: FaultOrders | None, second: FaultOrders | None) -> bool:
    if first is None or second is None:
        return False
    pairs = ((first.bpfo, second.bpfo), (first.bpfi, second.bpfi), (first.bsf, second.bsf))
    return all(abs(one - other) <= _SAME_ORDERS * other for one, other in pairs)
