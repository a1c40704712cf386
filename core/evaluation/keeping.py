"""What a classifier keeps when its training ends: when a recording is unknown, how sure a verdict may be.

Nothing is learned again and the test part is not met: everything rests on what the classifier said of its
validation recordings, on features of training and validation recordings, and on the physical evidence of
the latter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.evaluation.strangeness import StrangenessRule, Traits, read_traits
from core.evaluation.strangeness_fit import (
    FALSE_ALARMS,
    Example,
    RecordingKey,
    choose_stretch,
    fit_rule,
    refuse,
)
from core.evidence.findings import Decision, Evidence
from core.evidence.fusion import list_probabilities, pool
from core.evidence.gathering import MachineKind, choose_gatherer
from core.training.calibration import FEWEST_POOLED, LevelCalibration, fit_pooled
from core.training.classifier import Classifier
from core.training.evaluate import EvaluatedSignal, Evaluation
from core.training.signals import LabelledSignal, naming
from utils.exceptions import InvalidInputError

# Signals; more add time and little else.
_MOST_VALIDATION: Final = 400
_MOST_TRAIN_PER_CLASS: Final = 60

Item = TypeVar("Item")
Judged = list[tuple[LabelledSignal, EvaluatedSignal]]
Shares = Mapping[str, float] | None
OnSignal = Callable[[str], None]


def keep_rules(
    classifier: Classifier,
    train: Sequence[LabelledSignal],
    validation: Sequence[LabelledSignal],
    evaluation: Evaluation | None,
    kind: MachineKind | None,
    *,
    on_signal: OnSignal = lambda _: None,
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
        Called with what is done before each signal is read; may raise to leave.
    """
    rows = evaluation.rows if evaluation else []
    judged = _choose_validation(list(zip(validation, rows, strict=True)) if rows else [])
    shares = []
    for done, (signal, _) in enumerate(judged):
        on_signal(f"evidence of validation signal {done + 1} of {len(judged)}")
        shares.append(read_shares(signal, kind))
    return _keep_pool(_keep_strangeness(classifier, train, judged, shares, on_signal), judged, shares)


def give_up(classifier: Classifier, reason: str) -> Classifier:
    """Return a classifier without a rule and without a temperature of the pool; both say why."""
    rule = StrangenessRule((), {}, FALSE_ALARMS, missing=reason)
    kept = replace(classifier, strangeness=rule.to_kept())
    if classifier.calibration is None:
        return kept
    sentence = f"The pooled confidence is not calibrated: {reason}."
    pooled = LevelCalibration(None, None, 0, 0, sentence)
    return replace(kept, calibration=replace(classifier.calibration, pooled=pooled))


def read_shares(signal: LabelledSignal, kind: MachineKind | None) -> dict[str, float] | None:
    """Return what the physical evidence gives to each class; None where too little is known or read."""
    if signal.fault_orders is not None:
        kind = "rolling"
    speed_rpm = signal.shaft_speed_rpm
    is_known = speed_rpm is not None and math.isfinite(speed_rpm) and speed_rpm > 0.0
    shaft_hz = speed_rpm / 60.0 if speed_rpm is not None and is_known else None
    gather = choose_gatherer(kind, np.asarray(signal.load()), shaft_hz, signal.fault_orders)
    if gather is None:
        return None
    try:
        return list_shares(gather(signal.sample_rate_hz))
    except InvalidInputError:
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
    on_signal: OnSignal,
) -> Classifier:
    names = classifier.class_names
    missing = refuse(len({_get_key(signal) for signal, _ in judged}), len(names))
    if missing:
        rule = StrangenessRule((), {}, FALSE_ALARMS, missing=missing)
        return replace(classifier, strangeness=rule.to_kept())
    chosen = [
        signal
        for index in range(len(names))
        for signal in _spread([each for each in train if each.class_index == index], _MOST_TRAIN_PER_CLASS)
    ]
    stretch_s = choose_stretch([each.duration_s for each in chosen])
    n_signals = len(chosen) + len(judged)
    numbers = iter(range(1, n_signals + 1))

    def read(signal: LabelledSignal) -> Traits:
        on_signal(f"what is known of signal {next(numbers)} of {n_signals}")
        with naming(signal):
            values = np.asarray(signal.load())
            return read_traits(values, signal.sample_rate_hz, classifier.preprocessing, stretch_s)

    learned = [Example(each.class_index, read(each)) for each in chosen]
    known = [
        Example(
            row.target,
            replace(read(signal), window_probabilities=row.window_probabilities, shares=share),
            _get_key(signal),
        )
        for (signal, row), share in zip(judged, shares, strict=True)
    ]
    return replace(classifier, strangeness=fit_rule(learned, known, names, stretch_s).to_kept())


def _get_key(signal: LabelledSignal) -> RecordingKey:
    """Return what the signals of one recording share."""
    return signal.recording_id, signal.class_index


def _choose_validation(judged: Judged) -> Judged:
    """Return whole recordings, evenly spread, with up to as many signals as are read."""
    by_recording: dict[RecordingKey, Judged] = {}
    for each in judged:
        by_recording.setdefault(_get_key(each[0]), []).append(each)
    limit = max(1, len(by_recording) * _MOST_VALIDATION // max(len(judged), 1))
    return [each for group in _spread(list(by_recording.values()), limit) for each in group]


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
        recordings=[_get_key(signal) for signal, _ in judged],
    )
    return replace(classifier, calibration=replace(classifier.calibration, pooled=found))


def calibrate_pool(
    class_names: Sequence[str],
    probabilities: Sequence[NDArray[np.float64]],
    shares: Sequence[Shares],
    truths: Sequence[str],
    *,
    recordings: Sequence[Hashable] | None = None,
    fewest: int = FEWEST_POOLED,
) -> LevelCalibration:
    """Fit the temperature of the pool of evidence and classifier.

    Parameters
    ----------
    class_names
        Of the classifier.
    probabilities
        Of the classifier, as a verdict takes them, ``(n_classes,)`` per signal.
    shares
        Of the evidence; signals without it are left out, and those where it knows no class of the classifier
        (there is nothing to pool) or neither knows the label.
    truths
        Labels.
    recordings
        What each signal is of; None: each is a recording by itself.
    fewest
        Recordings below which nothing is fitted.
    """
    keys = range(len(truths)) if recordings is None else recordings
    pooled = [
        (pool(share, dict(zip(class_names, said.tolist(), strict=True))), truth, key)
        for said, share, truth, key in zip(probabilities, shares, truths, keys, strict=True)
        if share is not None and not share.keys().isdisjoint(class_names)
    ]
    pooled = [each for each in pooled if each[1] in each[0]]
    columns = list(dict.fromkeys(name for found, *_ in pooled for name in found))
    rows = np.asarray([[found.get(name, 0.0) for name in columns] for found, *_ in pooled])
    targets = np.asarray([columns.index(truth) for _, truth, _ in pooled], dtype=np.int64)
    numbers = {key: place for place, key in enumerate(dict.fromkeys(key for *_, key in pooled))}
    owners = np.asarray([numbers[key] for *_, key in pooled], dtype=np.int64)
    return fit_pooled(rows, targets, owners, fewest=fewest)
