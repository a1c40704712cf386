"""Judging a classifier on labelled signals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.training.classifier import Classifier, Prediction
from core.training.hooks import Command
from core.training.metrics import SignalPrediction, judge
from core.training.signals import LabelledSignal, naming
from utils.exceptions import InvalidInputError, JobCancelledError


@dataclass(frozen=True, slots=True)
class EvaluatedSignal:
    """One judged signal; class indices are those of the classifier."""

    signal_sha256: str
    recording_id: int | str
    channel: str
    target: int
    predicted: int
    probabilities: NDArray[np.float64]
    n_windows: int
    n_windows_correct: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One row per signal, and the metrics of `core.training.metrics.judge`."""

    rows: list[EvaluatedSignal]
    metrics: dict[str, Any]


def evaluate_classifier(
    classifier: Classifier,
    signals: Sequence[LabelledSignal],
    class_names: Sequence[str],
    *,
    command: Callable[[], Command | str] | None = None,
) -> Evaluation:
    """Judge a classifier on labelled signals, one after the other.

    Parameters
    ----------
    classifier
        The classifier.
    signals
        Signals whose ``class_index`` counts in ``class_names``.
    class_names
        May be in another order than the classifier's, or fewer.
    command
        Read before every signal; only ``cancel`` matters here.

    Raises
    ------
    InvalidInputError
        A signal's class is unknown to the classifier.
    JobCancelledError
        The outside cancelled.
    LstmPfdError
        A signal can't be judged; the sentence names it.
    """
    targets = _map_targets(classifier, signals, class_names)
    rows, predictions = [], []
    for signal, target in zip(signals, targets, strict=True):
        if command is not None and command() == Command.CANCEL:
            raise JobCancelledError("The evaluation was cancelled.")
        prediction = _predict(classifier, signal)
        rows.append(_build_row(signal, target, prediction))
        predictions.append(SignalPrediction(signal.recording_id, target, prediction.window_probabilities))
    return Evaluation(rows, judge(predictions, classifier.class_names))


def _map_targets(
    classifier: Classifier, signals: Sequence[LabelledSignal], class_names: Sequence[str]
) -> list[int]:
    names = [class_names[signal.class_index] for signal in signals]
    unknown = sorted(set(names) - set(classifier.class_names))
    if unknown:
        raise InvalidInputError(
            f"The classifier has not learned the class {', '.join(unknown)}; "
            f"it knows {', '.join(classifier.class_names)}. Leave these recordings out."
        )
    return [classifier.class_names.index(name) for name in names]


def _predict(classifier: Classifier, signal: LabelledSignal) -> Prediction:
    with naming(signal):
        return classifier.predict(
            signal.load(), signal.sample_rate_hz, signal.shaft_speed_rpm, signal.fault_orders
        )


def _build_row(signal: LabelledSignal, target: int, prediction: Prediction) -> EvaluatedSignal:
    window_classes = prediction.window_probabilities.argmax(axis=1)
    return EvaluatedSignal(
        signal_sha256=signal.signal_sha256,
        recording_id=signal.recording_id,
        channel=signal.channel,
        target=target,
        predicted=prediction.class_index,
        probabilities=prediction.probabilities,
        n_windows=len(window_classes),
        n_windows_correct=int((window_classes == target).sum()),
    )
