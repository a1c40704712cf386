"""Ensembles: how members vote, and that a stored ensemble is the same ensemble."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from core.training.classifier import Classifier
from core.training.ensemble import EnsembleClassifier, combine, load_classifier
from core.training.evaluate import calibrate, evaluate_classifier
from core.training.run import train_classifier
from tests.unit.core.training.hooks import RecordingHooks
from tests.unit.core.training.signals import CLASS_NAMES, OPTIONS, make_part, make_signal
from utils.exceptions import DataDamagedError, InvalidInputError, NotFoundError


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> list[Classifier]:
    """A forest on windows of 0.128 s and a network on windows of 0.3 s."""
    found = []
    for name, options in (
        ("random_forest", {"n_trees": 20, "window_s": 0.128}),
        ("cnn_lstm", {**OPTIONS, "epochs": 8, "learning_rate": 0.01, "window_s": 0.3}),
    ):
        outcome = train_classifier(
            name, options, make_part(range(4)), make_part(range(4, 5)), CLASS_NAMES,
            seed=1, run_folder=tmp_path_factory.mktemp(name), hooks=RecordingHooks(),
        )  # fmt: skip
        assert outcome.classifier_folder is not None
        found.append(Classifier.load(outcome.classifier_folder))
    return found


@pytest.fixture(scope="module")
def ensemble(members: list[Classifier]) -> EnsembleClassifier:
    return combine(members, {"dataset": "tones"})


def test_the_vote_is_the_mean_log_probability_of_the_windows_inside(
    members: list[Classifier], ensemble: EnsembleClassifier
) -> None:
    values = make_signal(1, 9).load()
    forest, network = (member.predict(values, 1000.0) for member in members)
    found = ensemble.predict(values, 1000.0)
    np.testing.assert_array_equal(found.window_start_s, network.window_start_s)
    # Windows of 0.128 s every 0.064 s: those at 0.192 and 0.256 s lie inside 0.15 to 0.45 s, and 0.32 s too.
    inside = forest.window_probabilities[[3, 4, 5]]
    logs = [
        np.log(np.maximum(inside, 1e-4)).mean(axis=0),
        np.log(np.maximum(network.window_probabilities[1], 1e-4)),
    ]
    shares = [np.exp(log) / np.exp(log).sum() for log in logs]
    vote = np.exp(np.log(np.maximum(shares, 1e-4)).mean(axis=0))
    np.testing.assert_allclose(found.window_probabilities[1], vote / vote.sum(), rtol=1e-9)
    assert found.probabilities.sum() == pytest.approx(1.0)
    assert found.class_index == 1


def test_a_stored_ensemble_answers_the_same_and_is_checked(
    ensemble: EnsembleClassifier, tmp_path: Path
) -> None:
    judged = evaluate_classifier(ensemble, make_part(range(4, 6)), CLASS_NAMES)
    calibrated, _ = calibrate(ensemble, judged)
    calibrated.save(tmp_path)
    again = load_classifier(tmp_path)
    assert isinstance(again, EnsembleClassifier)
    assert again.calibration == calibrated.calibration and again.origin == {"dataset": "tones"}
    values = make_signal(2, 9).load()
    np.testing.assert_array_equal(
        again.predict(values, 1000.0).window_probabilities,
        calibrated.predict(values, 1000.0).window_probabilities,
    )
    weights = next(tmp_path.glob("weights-*"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    with pytest.raises(DataDamagedError, match="hash"):
        load_classifier(tmp_path)


def test_a_single_classifier_loads_through_the_same_door(members: list[Classifier], tmp_path: Path) -> None:
    members[0].save(tmp_path)
    assert type(load_classifier(tmp_path)) is Classifier
    with pytest.raises(NotFoundError):
        load_classifier(tmp_path / "nothing")


def test_a_member_that_errs_is_outvoted(members: list[Classifier]) -> None:
    """Two forests against one whose classes are swapped."""
    swapped = dataclasses.replace(members[0], model=_Swapped(members[0].model))
    signals = make_part(range(6, 9))
    alone = evaluate_classifier(swapped, signals, CLASS_NAMES).metrics["recording_level"]["accuracy"]
    three = combine([swapped, members[0], members[0]], {})
    together = evaluate_classifier(three, signals, CLASS_NAMES).metrics["recording_level"]["accuracy"]
    assert alone < 0.5 and together == 1.0


def test_members_must_know_the_same_classes_and_be_more_than_one(
    members: list[Classifier], ensemble: EnsembleClassifier
) -> None:
    with pytest.raises(InvalidInputError, match="two classifiers"):
        combine(members[:1], {})
    with pytest.raises(InvalidInputError, match="can't be a member"):
        combine([members[0], ensemble], {})
    other = dataclasses.replace(members[1], class_names=("calm", "low tone", "rub"))
    with pytest.raises(InvalidInputError, match="different classes"):
        combine([members[0], other], {})
    turned = dataclasses.replace(members[1], class_names=members[1].class_names[::-1])
    with pytest.raises(InvalidInputError, match="order"):
        combine([members[0], turned], {})


def test_single_windows_are_judged_only_where_all_members_read_them_alike(
    members: list[Classifier], ensemble: EnsembleClassifier
) -> None:
    windows = make_signal(1, 9).load()[None, :128].astype(np.float32)
    known = np.full((1, 5), np.nan, dtype=np.float32)
    with pytest.raises(InvalidInputError, match="whole signal"):
        ensemble.model.predict_probabilities(windows, 1000.0, known)
    twins = combine([members[0], members[0]], {})
    np.testing.assert_allclose(
        twins.model.predict_probabilities(windows, 1000.0, known),
        _floored(members[0].model.predict_probabilities(windows, 1000.0, known)),
    )


class _Swapped:
    """Answers with the classes turned round by one."""

    def __init__(self, model: object) -> None:
        self._model = model

    def predict_probabilities(self, *arguments: object) -> np.ndarray:
        return np.roll(self._model.predict_probabilities(*arguments), 1, axis=1)  # type: ignore[attr-defined]

    def to_arrays(self) -> dict[str, np.ndarray]:
        return {}


def _floored(probabilities: np.ndarray) -> np.ndarray:
    floored = np.maximum(probabilities, 1e-4)
    return floored / floored.sum(axis=1, keepdims=True)
