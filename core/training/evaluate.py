"""Judging a classifier on labelled signals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.signal.signal_to_noise import estimate_snr_db
from core.training.calibration import Calibration, fit_calibration
from core.training.classifier import Classifier
from core.training.hooks import Command
from core.training.metrics import SignalPrediction, judge, pool_probabilities
from core.training.signals import LabelledSignal, naming
from utils.exceptions import InvalidInputError, JobCancelledError


@dataclass(frozen=True, slots=True)
class EvaluatedSignal:
    """One judged signal; class indices are those of the classifier.

    Attributes
    ----------
    probabilities
        Recording-level, calibrated where the classifier is.
    window_probabilities
        Shape ``(n_windows, n_classes)``, uncalibrated.
    snr_db
        Estimated from the signal itself; None where it does not move.
    """

    signal_sha256: str
    recording_id: int | str
    channel: str
    target: int
    predicted: int
    probabilities: NDArray[np.float64]
    window_probabilities: NDArray[np.float64]
    snr_db: float | None

    @property
    def n_windows(self) -> int:
        """How many windows the signal gave."""
        return len(self.window_probabilities)

    @property
    def n_windows_correct(self) -> int:
        """How many of them are named as the label says."""
        return int((self.window_probabilities.argmax(axis=1) == self.target).sum())


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
    rows = []
    for signal, target in zip(signals, targets, strict=True):
        if command is not None and command() == Command.CANCEL:
            raise JobCancelledError("The evaluation was cancelled.")
        rows.append(_judge_signal(classifier, signal, target))
    return Evaluation(rows, _judge_rows(rows, classifier.class_names, classifier.calibration))


def calibrate(classifier: Classifier, validation: Evaluation | None) -> tuple[Classifier, Evaluation | None]:
    """Give a classifier the temperatures that its validation recordings ask for.

    Returns
    -------
    tuple
        The classifier with its calibration, and the same evaluation with calibrated probabilities.
    """
    rows = validation.rows if validation else []
    calibration = fit_calibration(_list_predictions(rows), len(classifier.class_names))
    calibrated = replace(classifier, calibration=calibration)
    if validation is None:
        return calibrated, None
    rows = [
        replace(row, probabilities=calibration.recording.apply(pool_probabilities(row.window_probabilities)))
        for row in rows
    ]
    return calibrated, Evaluation(rows, _judge_rows(rows, classifier.class_names, calibration))


def _judge_rows(
    rows: Sequence[EvaluatedSignal], class_names: Sequence[str], calibration: Calibration | None
) -> dict[str, Any]:
    return judge(
        _list_predictions(rows),
        class_names,
        recording_temperature=calibration.recording.temperature if calibration else None,
        window_temperature=calibration.window.temperature if calibration else None,
    )


def _list_predictions(rows: Sequence[EvaluatedSignal]) -> list[SignalPrediction]:
    return [SignalPrediction(row.recording_id, row.target, row.window_probabilities) for row in rows]


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


def _judge_signal(classifier: Classifier, signal: LabelledSignal, target: int) -> EvaluatedSignal:
    with naming(signal):
        values = signal.load()
        prediction = classifier.predict(
            values, signal.sample_rate_hz, signal.shaft_speed_rpm, signal.fault_orders
        )
        snr_db = estimate_snr_db(values, signal.sample_rate_hz)
    return EvaluatedSignal(
        signal_sha256=signal.signal_sha256,
        recording_id=signal.recording_id,
        channel=signal.channel,
        target=target,
        predicted=prediction.class_index,
        probabilities=prediction.probabilities,
        window_probabilities=prediction.uncalibrated_window_probabilities,
        snr_db=snr_db,
    )
