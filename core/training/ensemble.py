"""Several classifiers that vote as one: the mean of their log-probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.networks.registry import ENSEMBLE
from core.signal.bearings import FaultOrders
from core.training.classifier import Classifier, Prediction, build_classifier, read_calibration
from core.training.classifier_files import read_card, read_weights
from core.training.kept_rule import read_rule
from core.training.metrics import pool_probabilities
from utils.exceptions import InvalidInputError


@dataclass(frozen=True, slots=True)
class MemberModels:
    """The trained parts of an ensemble's members."""

    members: tuple[Classifier, ...]

    def predict_probabilities(
        self, windows: NDArray[np.float32], sample_rate_hz: float, conditions: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Map windows to the members' pooled probabilities.

        Raises
        ------
        InvalidInputError
            The members read windows of different kinds: only whole signals can be judged.
        """
        if len({member.preprocessing for member in self.members}) > 1:
            raise InvalidInputError(
                "The members of this ensemble read windows of different lengths or rates, so that it can't "
                "judge a single window. Give it the whole signal."
            )
        found = [
            member.model.predict_probabilities(windows, sample_rate_hz, conditions) for member in self.members
        ]
        return np.stack([pool_probabilities(answers) for answers in np.stack(found, axis=1)])

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return every member's arrays, with the member's number in front of the name."""
        return {
            f"{number}/{name}": array
            for number, member in enumerate(self.members)
            for name, array in member.model.to_arrays().items()
        }


@dataclass(frozen=True, slots=True)
class EnsembleClassifier(Classifier):
    """Classifiers of the same classes, each with its own preprocessing.

    Every window of the member with the longest windows is judged by each member on its own windows that lie
    inside it; the answers are pooled by their mean log-probability, and so are the windows of a recording.

    Attributes
    ----------
    members
        At least two.
    """

    members: tuple[Classifier, ...] = ()

    def predict(
        self,
        signal: NDArray[np.floating],
        sample_rate_hz: float,
        shaft_speed_rpm: float | None = None,
        fault_orders: FaultOrders | None = None,
    ) -> Prediction:
        """Judge a signal; arguments and errors as in `Classifier.predict`."""
        found = [
            member.predict(signal, sample_rate_hz, shaft_speed_rpm, fault_orders) for member in self.members
        ]
        windows = self._pool_windows(found)
        notes = dict.fromkeys(note for prediction in found for note in prediction.notes)
        starts_s = found[_find_longest(self.members)].window_start_s
        return self.build_prediction(windows, starts_s, list(notes))

    def _pool_windows(self, found: Sequence[Prediction]) -> NDArray[np.float64]:
        """Pool the members' calibrated answers per window of the longest, ``(n_windows, n_classes)``."""
        longest = _find_longest(self.members)
        length_s = self.members[longest].preprocessing.window_s
        pooled = []
        for start_s in found[longest].window_start_s:
            answers = []
            for member, prediction in zip(self.members, found, strict=True):
                window_s = member.preprocessing.window_s
                inside = _find_inside(prediction.window_start_s, window_s, start_s, length_s)
                answers.append(pool_probabilities(prediction.window_probabilities[inside]))
            pooled.append(pool_probabilities(np.stack(answers)))
        return np.stack(pooled)

    def build_card(self) -> dict[str, Any]:
        """Return the card with the members' cards in it."""
        card = Classifier.build_card(self)  # not super(): slots make another class of this one
        members = [replace(member, strangeness=None) for member in self.members]
        return {**card, "members": [member.build_card() for member in members]}


def combine(members: Sequence[Classifier], origin: Mapping[str, Any]) -> EnsembleClassifier:
    """Let classifiers vote as one.

    Parameters
    ----------
    members
        Two or more that know the same classes; none of them an ensemble.
    origin
        JSON values that are kept with the ensemble.

    Raises
    ------
    InvalidInputError
        Too few members, an ensemble among them, or other classes.
    """
    if len(members) < 2:
        raise InvalidInputError("An ensemble needs two classifiers or more.")
    if any(isinstance(member, EnsembleClassifier) for member in members):
        raise InvalidInputError("An ensemble can't be a member of another one; choose its members instead.")
    names = members[0].class_names
    if any(set(member.class_names) != set(names) for member in members):
        raise InvalidInputError("The classifiers know different classes, so they can't vote on one answer.")
    if any(member.class_names != names for member in members):
        raise InvalidInputError("The classifiers order their classes differently; train them on one split.")
    fastest_hz = max(member.preprocessing.analysis_rate_hz for member in members)
    longest = members[_find_longest(members)].preprocessing
    return EnsembleClassifier(
        network=ENSEMBLE.name,
        options={},
        preprocessing=replace(longest, analysis_rate_hz=fastest_hz),
        class_names=names,
        origin=origin,
        model=MemberModels(tuple(members)),
        members=tuple(members),
    )


def load_classifier(folder: Path) -> Classifier:
    """Read a classifier or an ensemble and check its hashes; errors as in `Classifier.load`."""
    card = read_card(folder)
    if card["network"] != ENSEMBLE.name:
        return Classifier.load(folder)
    arrays = read_weights(folder, card)
    members = [
        build_classifier(member, _pick(arrays, number)) for number, member in enumerate(card["members"])
    ]
    ensemble = combine(members, card["origin"])
    return replace(ensemble, calibration=read_calibration(card), strangeness=read_rule(card, arrays))


def _pick(arrays: Mapping[str, NDArray[Any]], number: int) -> dict[str, NDArray[Any]]:
    start = f"{number}/"
    return {name[len(start) :]: array for name, array in arrays.items() if name.startswith(start)}


def _find_longest(members: Sequence[Classifier]) -> int:
    return int(np.argmax([member.preprocessing.window_s for member in members]))


def _find_inside(
    starts_s: NDArray[np.float64], window_s: float, from_s: float, length_s: float
) -> NDArray[np.intp]:
    """Return the windows that lie inside a stretch, or the nearest one where none does."""
    slack_s = 1e-6
    inside = (starts_s >= from_s - slack_s) & (starts_s + window_s <= from_s + length_s + slack_s)
    if inside.any():
        return np.flatnonzero(inside)
    distance = np.abs(starts_s + window_s / 2 - from_s - length_s / 2)
    return np.flatnonzero(distance == distance.min())[:1]
