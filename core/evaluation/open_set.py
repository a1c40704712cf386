"""Recordings of classes that were never learned: how strange they look, and when to call one unknown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from core.features.noise_floor import compute_noise_floor_features
from core.training.conditions import build_conditions
from core.training.front_ends import FRONT_ENDS
from core.training.metrics import pool_probabilities, take_logarithms, wilson_interval
from core.training.preprocessing import Preprocessing
from utils.exceptions import SignalError

FEATURE_DISTANCE: Final = "feature_distance"
FLOOR_DISTANCE: Final = "floor_distance"
EVIDENCE_DOUBT: Final = "evidence_doubt"
FUSED_DOUBT: Final = "fused_doubt"
# Larger is stranger. The first of equally good ones is taken.
SCORES: Final[Mapping[str, str]] = MappingProxyType(
    {
        FUSED_DOUBT: "doubt of the classifier and the physical evidence together in the class named",
        EVIDENCE_DOUBT: "doubt of the physical evidence in the class that the classifier names",
        FLOOR_DISTANCE: "distance of the numbers over the noise floor from the nearest class (Mahalanobis)",
        "max_probability": "one minus the largest probability",
        "entropy": "entropy of the probabilities",
        "margin": "one minus the lead of the first class over the second",
        "window_doubt": "mean over windows of one minus the largest probability",
        FEATURE_DISTANCE: "distance of the features from the nearest class (Mahalanobis)",
    }
)
# They need the physical evidence: fault lines, and for rolling bearings geometry and speed.
WITH_EVIDENCE: Final = frozenset({FUSED_DOUBT, EVIDENCE_DOUBT})
DISTANCES: Final = (FEATURE_DISTANCE, FLOOR_DISTANCE)
_FRONT_END = "general"
_MOST_STRETCHES = 6
_MOST_WINDOWS = 30
_SHRINKAGE = 0.1


@dataclass(frozen=True, slots=True)
class FeatureReference:
    """Where the classes that were learned lie among the features.

    Attributes
    ----------
    class_names
        One per row of `means`.
    means
        Shape ``(n_classes, n_features)``.
    whitening
        Shape ``(n_features, n_features)``: makes the spread inside the classes 1 in every direction.
    """

    class_names: tuple[str, ...]
    means: NDArray[np.float64]
    whitening: NDArray[np.float64]

    def measure(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the distance of each row ``(n, n_features)`` from the nearest class."""
        away = (np.asarray(features, dtype=np.float64)[:, None, :] - self.means) @ self.whitening
        nearest: NDArray[np.float64] = np.sqrt((away**2).sum(axis=2)).min(axis=1)
        return nearest

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "class_names": list(self.class_names),
            "means": self.means.tolist(),
            "whitening": self.whitening.tolist(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FeatureReference:
        """Undo `to_dict`."""
        return cls(tuple(values["class_names"]), np.asarray(values["means"]), np.asarray(values["whitening"]))


def compute_window_features(
    signal: NDArray[np.floating], sample_rate_hz: float, preprocessing: Preprocessing
) -> NDArray[np.float64]:
    """Return gain-invariant features of up to 30 windows spread over a signal, ``(n, n_features)``."""
    windows = preprocessing.cut(preprocessing.resample(signal, sample_rate_hz))
    if len(windows) > _MOST_WINDOWS:
        windows = windows[np.linspace(0, len(windows) - 1, _MOST_WINDOWS).round().astype(np.int64)]
    unknown = np.tile(build_conditions(), (len(windows), 1))
    features = FRONT_ENDS[_FRONT_END](windows, preprocessing.analysis_rate_hz, unknown)
    return np.nan_to_num(features.astype(np.float64))


def compute_floor_numbers(
    signal: NDArray[np.floating], sample_rate_hz: float, preprocessing: Preprocessing, stretch_s: float
) -> NDArray[np.float64] | None:
    """Return the numbers over the noise floor of up to six stretches of a signal, ``(n, n_numbers)``.

    Heights over the floor grow with the length that is read, so that all recordings are read in stretches of
    one length. None where the signal is shorter, or too slow or short for such numbers.
    """
    rate_hz = preprocessing.analysis_rate_hz
    values = preprocessing.resample(signal, sample_rate_hz)
    length = round(stretch_s * rate_hz)
    n_stretches = min(len(values) // length, _MOST_STRETCHES) if length else 0
    if not n_stretches:
        return None
    try:
        numbers = compute_noise_floor_features(
            values[: n_stretches * length].reshape(n_stretches, length), rate_hz
        )
    except SignalError:
        return None
    return np.nan_to_num(numbers.astype(np.float64))


def leave_class_out(shares: Mapping[str, float], name: str) -> dict[str, float]:
    """Return probabilities as if nobody had thought of a class; even where nothing else has a share.

    >>> leave_class_out({"a": 0.5, "b": 0.3, "c": 0.2}, "a")
    {'b': 0.6, 'c': 0.4}
    """
    others = {each: share for each, share in shares.items() if each != name}
    total = sum(others.values())
    return {each: share / total if total > 0.0 else 1.0 / len(others) for each, share in others.items()}


def fit_reference(features: Sequence[NDArray[np.float64]], class_names: Sequence[str]) -> FeatureReference:
    """Fit class means and their common spread on training signals (Lee et al., 2018).

    The covariance is drawn towards its diagonal by a tenth, so that few windows suffice.

    Parameters
    ----------
    features
        One array ``(n_windows, n_features)`` per signal.
    class_names
        The label of each signal.
    """
    known = tuple(dict.fromkeys(class_names))
    stacks = {
        name: np.concatenate(
            [part for part, label in zip(features, class_names, strict=True) if label == name]
        )
        for name in known
    }
    means = np.asarray([stacks[name].mean(axis=0) for name in known])
    centred = np.concatenate([stacks[name] - mean for name, mean in zip(known, means, strict=True)])
    spread = centred.std(axis=0)
    spread[spread <= 1e-12 * max(float(spread.max()), 1e-300)] = 1.0
    scaled = centred / spread
    covariance = scaled.T @ scaled / max(len(scaled) - len(known), 1)
    shrunk = (1.0 - _SHRINKAGE) * covariance + _SHRINKAGE * np.eye(len(spread))
    values, vectors = np.linalg.eigh(shrunk)
    whitening = (vectors / np.sqrt(np.maximum(values, 1e-9))) / spread[:, None]
    return FeatureReference(known, means, whitening)


def score_recording(
    window_probabilities: NDArray[np.floating],
    distances: NDArray[np.float64] | None,
    *,
    floor_distances: NDArray[np.float64] | None = None,
    borne_out: NDArray[np.floating] | None = None,
) -> dict[str, float]:
    """Return every score of one recording that can be had.

    Parameters
    ----------
    window_probabilities
        Uncalibrated, shape ``(n_windows, n_classes)``.
    distances
        Of its windows from the nearest class; None leaves that score out.
    floor_distances
        Of its stretches from the nearest class, among the numbers over the noise floor.
    borne_out
        Probability that the physical evidence gives to each class, ``(n_classes,)``; NaN where it knows
        nothing of the class.
    """
    pooled = pool_probabilities(window_probabilities)
    scores = _score_probabilities(pooled[None])
    found = {name: float(values[0]) for name, values in scores.items()}
    found["window_doubt"] = float(np.mean(1.0 - np.asarray(window_probabilities).max(axis=1)))
    for name, values in ((FEATURE_DISTANCE, distances), (FLOOR_DISTANCE, floor_distances)):
        if values is not None:
            found[name] = float(np.median(values))
    return found | _score_evidence(pooled, borne_out)


def _score_evidence(pooled: NDArray[np.float64], borne_out: NDArray[np.floating] | None) -> dict[str, float]:
    """Doubt of the evidence in the class that the classifier names, alone and with the classifier's own."""
    best = int(pooled.argmax())
    if borne_out is None or not np.isfinite(borne_out[best]):
        return {}
    share = float(borne_out[best])
    return {EVIDENCE_DOUBT: 1.0 - share, FUSED_DOUBT: 1.0 - share * float(pooled[best])}


def score_windows(
    window_probabilities: NDArray[np.floating], distances: NDArray[np.float64] | None
) -> dict[str, NDArray[np.float64]]:
    """Return every score of each window; the distances may be of fewer windows."""
    found = _score_probabilities(np.asarray(window_probabilities, dtype=np.float64))
    found["window_doubt"] = found["max_probability"]
    if distances is not None:
        found[FEATURE_DISTANCE] = distances
    return found


def _score_probabilities(probabilities: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    ordered = np.sort(probabilities, axis=1)
    logs = take_logarithms(probabilities)
    return {
        "max_probability": 1.0 - ordered[:, -1],
        "entropy": -(probabilities * logs).sum(axis=1),
        "margin": 1.0 - (ordered[:, -1] - ordered[:, -2]),
    }


def compute_auroc(known: NDArray[np.floating], unknown: NDArray[np.floating]) -> float | None:
    """Chance that an unknown scores above a known one, ties half (Mann and Whitney, 1947)."""
    if not len(known) or not len(unknown):
        return None
    ranks = stats.rankdata(np.concatenate([known, unknown]))
    above = ranks[len(known) :].sum() - len(unknown) * (len(unknown) + 1) / 2.0
    return float(above / (len(known) * len(unknown)))


@dataclass(frozen=True, slots=True)
class Threshold:
    """Above ``value`` a recording is called unknown.

    ``is_promised`` says whether enough known recordings stand behind it: with n of them no rule can promise
    fewer false alarms than 1 / (n + 1).
    """

    value: float
    n_known: int
    is_promised: bool


def choose_threshold(known: NDArray[np.floating], false_alarms: float) -> Threshold | None:
    """Return the score that at most a share ``false_alarms`` of further known recordings exceed.

    By the same rank as a split conformal set; the largest score where there are too few recordings. None
    without any.
    """
    n_known = len(known)
    if not n_known:
        return None
    rank = math.ceil((n_known + 1) * (1.0 - false_alarms) - 1e-9)
    value = float(np.sort(np.asarray(known, dtype=np.float64))[min(rank, n_known) - 1])
    return Threshold(value, n_known, rank <= n_known)


def judge_score(
    known: NDArray[np.floating], unknown: NDArray[np.floating], false_alarms: float
) -> dict[str, Any]:
    """Judge one score: ``auroc``, and the ``rejection`` of unknown ones at the wanted false alarms."""
    threshold = choose_threshold(known, false_alarms)
    n_rejected = int((np.asarray(unknown) > threshold.value).sum()) if threshold else 0
    n_unknown = len(unknown)
    return {
        "auroc": compute_auroc(known, unknown),
        "rejection": n_rejected / n_unknown if threshold and n_unknown else None,
        "rejection_interval": wilson_interval(n_rejected, n_unknown) if threshold else None,
    }


def rank_scores(folds: Sequence[Mapping[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Order the scores by their mean AUROC over the held-out classes, then by what they reject.

    A score that some held-out class could not be judged by, though others could, is left out.

    Parameters
    ----------
    folds
        Per held-out class, per score, what `judge_score` found.
    """
    judged = {
        name: [fold[name] for fold in folds if name in fold and fold[name]["auroc"] is not None]
        for name in SCORES
    }
    n_folds = max(len(found) for found in judged.values())
    rows = []
    for name, found in judged.items():
        if found and len(found) == n_folds:
            rows.append(
                {
                    "score": name,
                    "title": SCORES[name],
                    "mean_auroc": float(np.mean([each["auroc"] for each in found])),
                    "mean_rejection": float(np.mean([each["rejection"] for each in found])),
                }
            )
    return sorted(rows, key=lambda row: (-row["mean_auroc"], -row["mean_rejection"]))
