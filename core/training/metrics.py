"""Judging predictions: accuracy, per-class table, confusion and calibration, per recording and per window."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from utils.statistical_tests import compute_share_interval

N_CALIBRATION_BINS = 15
_PROBABILITY_FLOOR = 1e-4


@dataclass(frozen=True, slots=True)
class SignalPrediction:
    """What a classifier said about one labelled signal.

    Attributes
    ----------
    target
        Class index of the label.
    window_probabilities
        Shape ``(n_windows, n_classes)``.
    """

    recording_id: Hashable
    target: int
    window_probabilities: NDArray[np.float64]


def pool_probabilities(window_probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Recording-level probabilities: softmax of the mean log-probability over the windows.

    Probabilities below 1e-4 count as 1e-4, so that a single window can't veto a class.
    """
    mean_log = take_logarithms(window_probabilities).mean(axis=0)
    shares = np.exp(mean_log - mean_log.max())
    pooled: NDArray[np.float64] = shares / shares.sum()
    return pooled


@dataclass(frozen=True, slots=True)
class LevelRows:
    """Labelled predictions at both levels, before any calibration.

    Attributes
    ----------
    recording_targets, recording_probabilities
        Shapes ``(n_recordings,)`` and ``(n_recordings, n_classes)``.
    window_targets, window_probabilities
        Shapes ``(n_windows,)`` and ``(n_windows, n_classes)``.
    owners
        Shape ``(n_windows,)``: each window's place among the recordings.
    keys
        ``(recording_id, target)`` of each recording.
    """

    recording_targets: NDArray[np.int64]
    recording_probabilities: NDArray[np.float64]
    window_targets: NDArray[np.int64]
    window_probabilities: NDArray[np.float64]
    owners: NDArray[np.int64]
    keys: list[tuple[Hashable, int]]


def group_recordings(predictions: Sequence[SignalPrediction], n_classes: int) -> LevelRows:
    """Bring signals together: those of the same recording with the same label count as one recording."""
    groups: dict[tuple[Hashable, int], list[NDArray[np.float64]]] = {}
    for prediction in predictions:
        groups.setdefault((prediction.recording_id, prediction.target), []).append(
            prediction.window_probabilities
        )
    windows = [np.concatenate(parts) for parts in groups.values()]
    targets = np.asarray([target for _, target in groups], dtype=np.int64)
    owners = np.repeat(np.arange(len(windows)), [len(part) for part in windows])
    return LevelRows(
        recording_targets=targets,
        recording_probabilities=np.asarray([pool_probabilities(part) for part in windows]).reshape(
            -1, n_classes
        ),
        window_targets=targets[owners],
        window_probabilities=np.concatenate(windows) if windows else np.empty((0, n_classes)),
        owners=owners,
        keys=list(groups),
    )


def judge(
    predictions: Sequence[SignalPrediction],
    class_names: Sequence[str],
    *,
    recording_temperature: float | None = None,
    window_temperature: float | None = None,
) -> dict[str, Any]:
    """Judge predictions at both levels.

    Signals of the same recording with the same label count as one recording, judged on all their windows.
    The temperatures calibrate the probabilities of each level; they change no answer.

    Returns
    -------
    dict
        ``{"recording_level": R, "window_level": W}``, JSON-ready, each with ``n``, ``accuracy``,
        ``accuracy_interval``, ``macro_f1``, ``ece``, ``ece_uncalibrated``, ``per_class`` and ``confusion``
        (rows: label, columns: prediction). Values that do not exist are None; so are all intervals at
        window level, where the rows of one recording are not independent.
    """
    rows = group_recordings(predictions, len(class_names))
    return {
        "recording_level": judge_level(
            rows.recording_targets, rows.recording_probabilities, class_names, recording_temperature
        ),
        "window_level": judge_level(
            rows.window_targets,
            rows.window_probabilities,
            class_names,
            window_temperature,
            independent=False,
        ),
    }


def judge_level(
    targets: NDArray[np.integer],
    probabilities: NDArray[np.floating],
    class_names: Sequence[str],
    temperature: float | None = None,
    *,
    independent: bool = True,
) -> dict[str, Any]:
    """Judge one level: ``targets`` ``(n,)`` against uncalibrated ``probabilities`` ``(n, n_classes)``.

    Rows that are not `independent` get no intervals: Wilson's would be far too narrow.
    """
    predicted = probabilities.argmax(axis=1) if len(targets) else np.empty(0, dtype=np.int64)
    confusion = compute_confusion(targets, predicted, len(class_names))
    per_class = [
        _judge_class(confusion, index, name, independent=independent)
        for index, name in enumerate(class_names)
    ]
    n, n_right = len(targets), int(np.trace(confusion))
    return {
        "n": n,
        "accuracy": n_right / n if n else None,
        "accuracy_interval": wilson_interval(n_right, n) if independent else None,
        "macro_f1": _mean(row["f1"] for row in per_class if row["f1"] is not None),
        "ece": compute_calibration_error(targets, apply_temperature(probabilities, temperature)),
        "ece_uncalibrated": compute_calibration_error(targets, probabilities),
        "per_class": per_class,
        "confusion": confusion.tolist(),
    }


def apply_temperature(probabilities: NDArray[np.floating], temperature: float | None) -> NDArray[np.float64]:
    """Divide log-probabilities ``(..., n_classes)`` by a temperature and normalise; None leaves them.

    Pooling over windows and scaling may change places: both work on log-probabilities.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    if temperature is None:
        return values
    logs = take_logarithms(values) / temperature
    shares = np.exp(logs - logs.max(axis=-1, keepdims=True))
    scaled: NDArray[np.float64] = shares / shares.sum(axis=-1, keepdims=True)
    return scaled


def take_logarithms(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return log-probabilities; below 1e-4 a probability counts as 1e-4."""
    logs: NDArray[np.float64] = np.log(
        np.maximum(np.asarray(probabilities, dtype=np.float64), _PROBABILITY_FLOOR)
    )
    return logs


def compute_confusion(
    targets: NDArray[np.integer], predicted: NDArray[np.integer], n_classes: int
) -> NDArray[np.int64]:
    """Count label (row) against prediction (column)."""
    confusion = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(confusion, (targets, predicted), 1)
    return confusion


def compute_calibration_error(
    targets: NDArray[np.integer], probabilities: NDArray[np.floating], n_bins: int = N_CALIBRATION_BINS
) -> float | None:
    """Expected calibration error over equal bins of confidence (Guo et al., 2017); None without rows."""
    if len(targets) == 0:
        return None
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == targets
    bins = np.clip(np.ceil(confidence * n_bins).astype(np.int64) - 1, 0, n_bins - 1)
    gaps = np.bincount(bins, weights=right - confidence, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(targets))


def compute_mean_loss(probabilities: NDArray[np.float64], targets: NDArray[np.integer]) -> float:
    """Mean negative log-likelihood ``(n, n_classes)`` against ``(n,)``, every class weighing the same."""
    chosen = np.maximum(probabilities[np.arange(len(targets)), targets], _PROBABILITY_FLOOR)
    losses = -np.log(chosen)
    return float(np.mean([losses[targets == index].mean() for index in np.unique(targets)]))


def wilson_interval(n_right: int, n: int) -> list[float] | None:
    """95 % score interval of a share (Wilson, 1927); None for ``n = 0``."""
    return compute_share_interval(n_right / n if n else 0.0, n)


def _judge_class(confusion: NDArray[np.int64], index: int, name: str, *, independent: bool) -> dict[str, Any]:
    hits = int(confusion[index, index])
    support, called = int(confusion[index].sum()), int(confusion[:, index].sum())
    return {
        "class_name": name,
        "precision": hits / called if called else None,
        "recall": hits / support if support else None,
        "recall_interval": wilson_interval(hits, support) if independent else None,
        "f1": 2 * hits / (support + called) if support + called else None,
        "support": support,
    }


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return sum(found) / len(found) if found else None
