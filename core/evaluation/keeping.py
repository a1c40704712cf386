"""What a classifier keeps when its training ends: when a recording is unknown, how sure a verdict may be.

Nothing is learned again and the test part is not met: everything rests on what the classifier said of its
validation recordings, on features of training and validation recordings, and on the physical evidence of
the latter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.evaluation.strangeness import StrangenessRule, Traits, read_traits
from core.evaluation.strangeness_fit import FALSE_ALARMS, Example, choose_stretch, fit_rule, refuse
from core.evidence.findings import Decision, Evidence
from core.evidence.fusion import list_probabilities, pool
from core.evidence.gathering import MachineKind, choose_gatherer
from core.training.calibration import FEWEST_POOLED, LevelCalibration, fit_pooled
from core.training.classifier import Classifier
from core.training.evaluate import EvaluatedSignal, Evaluation
from core.training.signals import LabelledSignal, naming
from utils.exceptions import SignalError

# More add time and little else.
_MOST_VALIDATION: Final = 400
_MOST_TRAIN_PER_CLASS: Final = 60

Item = TypeVar("Item")
Judged = list[tuple[LabelledSignal, EvaluatedSignal]]
Shares = Mapping[str, float] | None


def keep_rules(
    classifier: Classifier,
    train: Sequence[LabelledSignal],
    validation: Sequence[LabelledSignal],
    evaluation: Evaluation | None,
    kind: MachineKind | None,
    *,
    on_signal: Callable[[], None] = lambda: None,
) -> Classifier:
    """Return a classifier that knows when a recording is unknown to it, as far as validation tells.

    Parameters
    ----------
    classifier
        Calibrated as far as it can be.
    train, validation
        As it was trained.
    evaluation
        What it says of ``validation``, row by row; None without any.
    kind
        Of the machine's bearings where nothing else tells them; None: not known.
    on_signal
        Called before each signal is read; may raise to leave.
    """
    rows = evaluation.rows if evaluation else []
    judged = _spread(list(zip(validation, rows, strict=True)), _MOST_VALIDATION) if rows else []
    shares = []
    for signal, _ in judged:
        on_signal()
        shares.append(read_shares(signal, kind))
    return _keep_pool(_keep_strangeness(classifier, train, judged, shares, on_signal), judged, shares)


def read_shares(signal: LabelledSignal, kind: MachineKind | None) -> dict[str, float] | None:
    """Return what the physical evidence gives to each class; None where too little is known or read."""
    if signal.fault_orders is not None:
        kind = "rolling"
    shaft_hz = None if signal.shaft_speed_rpm is None else signal.shaft_speed_rpm / 60.0
    gather = choose_gatherer(kind, np.asarray(signal.load()), shaft_hz, signal.fault_orders)
    if gather is None:
        return None
    try:
        return list_shares(gather(signal.sample_rate_hz))
    except SignalError:
        return None


def list_shares(evidence: Evidence | None) -> dict[str, float] | None:
    """Return the probabilities of evidence that says anything."""
    refused = evidence is None or evidence.decision is Decision.REFUSED
    return None if evidence is None or refused else list_probabilities(evidence)


# --- unknown ---------------------------------------------------------------------------------------------


def _keep_strangeness(
    classifier: Classifier,
    train: Sequence[LabelledSignal],
    judged: Judged,
    shares: Sequence[Shares],
    on_signal: Callable[[], None],
) -> Classifier:
    names = classifier.class_names
    missing = refuse(len(judged), len(names))
    if missing:
        rule = StrangenessRule((), {}, FALSE_ALARMS, missing=missing)
        return replace(classifier, strangeness=rule.to_kept())
    chosen = [
        signal
        for index in range(len({signal.class_index for signal in train}))
        for signal in _spread([each for each in train if each.class_index == index], _MOST_TRAIN_PER_CLASS)
    ]
    stretch_s = choose_stretch([_measure_duration(each) for each in chosen])

    def read(signal: LabelledSignal) -> Traits:
        on_signal()
        with naming(signal):
            values = np.asarray(signal.load())
            return read_traits(values, signal.sample_rate_hz, classifier.preprocessing, stretch_s)

    learned = [Example(each.class_index, read(each)) for each in chosen]
    known = [
        Example(
            row.target, replace(read(signal), window_probabilities=row.window_probabilities, shares=share)
        )
        for (signal, row), share in zip(judged, shares, strict=True)
    ]
    return replace(classifier, strangeness=fit_rule(learned, known, names, stretch_s).to_kept())


def _measure_duration(signal: LabelledSignal) -> float:
    return len(signal.load()) / signal.sample_rate_hz


def _spread(items: Sequence[Item], limit: int) -> list[Item]:
    """Return up to ``limit`` items, evenly spread."""
    if len(items) <= limit:
        return list(items)
    return [items[int(place)] for place in np.linspace(0, len(items) - 1, limit).round()]


# --- pooled confidence -----------------------------------------------------------------------------------


def _keep_pool(classifier: Classifier, judged: Judged, shares: Sequence[Shares]) -> Classifier:
    """Learn how sure evidence and classifier together may be, from recordings that both judged."""
    if classifier.calibration is None:
        return classifier
    found = calibrate_pool(
        classifier.class_names,
        [row.probabilities for _, row in judged],
        shares,
        [classifier.class_names[row.target] for _, row in judged],
    )
    return replace(classifier, calibration=replace(classifier.calibration, pooled=found))


def calibrate_pool(
    class_names: Sequence[str],
    probabilities: Sequence[NDArray[np.float64]],
    shares: Sequence[Shares],
    truths: Sequence[str],
    *,
    fewest: int = FEWEST_POOLED,
) -> LevelCalibration:
    """Fit the temperature of the pool of evidence and classifier.

    Parameters
    ----------
    class_names
        Of the classifier.
    probabilities
        Of the classifier, as a verdict takes them, ``(n_classes,)`` per recording.
    shares
        Of the evidence; recordings without it are left out.
    truths
        Labels.
    fewest
        Recordings below which nothing is fitted.
    """
    pooled = [
        (pool(share, dict(zip(class_names, said.tolist(), strict=True))), truth)
        for said, share, truth in zip(probabilities, shares, truths, strict=True)
        if share is not None
    ]
    columns = list(dict.fromkeys(name for found, _ in pooled for name in found))
    rows = np.asarray([[found.get(name, 0.0) for name in columns] for found, _ in pooled])
    targets = np.asarray([columns.index(truth) for _, truth in pooled], dtype=np.int64)
    return fit_pooled(rows, targets, fewest=fewest)
