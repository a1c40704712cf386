"""Classifiers: saved, loaded, checked, and their predictions."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.training.classifier import CARD_NAME, Classifier
from core.training.evaluate import evaluate_classifier
from core.training.hooks import Command
from core.training.run import train_classifier
from tests.unit.core.training.hooks import RecordingHooks
from tests.unit.core.training.signals import CLASS_NAMES, make_part, make_signal
from tests.unit.core.training.test_run import pick_options
from utils.exceptions import (
    DataDamagedError,
    ErrorCode,
    InvalidInputError,
    JobCancelledError,
    NotFoundError,
    SignalError,
)

# One of each kind; what holds for every network of the registry is tested beside it.
NAMES = ["random_forest", "cnn_lstm", "lstm"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    found = {}
    for name in NAMES:
        options = pick_options(name)
        if name != "random_forest":
            options |= {"epochs": 12, "hidden_size": 8, "learning_rate": 0.01}
        outcome = train_classifier(
            name, options, make_part(range(4)), make_part(range(4, 5)), CLASS_NAMES,
            seed=1, run_folder=tmp_path_factory.mktemp(name), hooks=RecordingHooks(),
        )  # fmt: skip
        assert outcome.classifier_folder is not None
        found[name] = outcome.classifier_folder
    return found


@pytest.fixture(params=NAMES)
def classifier(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Classifier:
    return Classifier.load(folders[request.param])


def test_a_prediction_has_its_shapes_and_adds_up(classifier: Classifier) -> None:
    found = classifier.predict(make_signal(2, 7).load(), 1000.0)
    assert found.window_probabilities.shape == (9, 3)
    np.testing.assert_allclose(found.window_probabilities.sum(axis=1), 1.0)
    np.testing.assert_allclose(found.window_start_s, 0.064 * np.arange(9))
    assert found.probabilities.sum() == pytest.approx(1.0)
    assert found.class_index == found.probabilities.argmax() == 2
    assert found.notes == []


@pytest.mark.parametrize("gain", [0.25, 4.0])
def test_a_sensor_gain_changes_no_probability(classifier: Classifier, gain: float) -> None:
    values = make_signal(1, 8).load()
    plain, louder = (
        classifier.predict(part, 1000.0).window_probabilities for part in (values, gain * values)
    )
    np.testing.assert_allclose(plain, louder, atol=1e-4)


def test_a_higher_rate_is_resampled_and_said(classifier: Classifier) -> None:
    found = classifier.predict(make_signal(1, 8, rate_hz=2500.0, n_samples=1750).load(), 2500.0)
    assert found.notes == ["resampled from 2500 Hz to 1000 Hz with an anti-alias filter"]
    assert found.class_index == 1


def test_a_lower_rate_a_short_signal_and_gaps_are_refused(classifier: Classifier) -> None:
    values = make_signal(1).load()
    gap = values.copy()
    gap[5] = np.inf
    for signal, rate_hz, code in (
        (values, 900.0, ErrorCode.SAMPLE_RATE_TOO_LOW),
        (values[:127], 1000.0, ErrorCode.RECORDING_TOO_SHORT),
        (gap, 1000.0, ErrorCode.NON_FINITE_SIGNAL),
    ):
        with pytest.raises(SignalError) as caught:
            classifier.predict(signal, rate_hz)
        assert caught.value.code is code


def test_saving_and_loading_keeps_every_probability(classifier: Classifier, tmp_path: Path) -> None:
    classifier.save(tmp_path)
    classifier.save(tmp_path)
    again = Classifier.load(tmp_path)
    values = make_signal(0, 6).load()
    np.testing.assert_array_equal(
        again.predict(values, 1000.0).window_probabilities,
        classifier.predict(values, 1000.0).window_probabilities,
    )
    assert again.class_names == CLASS_NAMES and again.options == classifier.options
    assert again.origin == classifier.origin and again.preprocessing == classifier.preprocessing
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("pattern", [CARD_NAME, "weights-*"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_a_changed_byte_is_noticed(
    pattern: str, share: float, folders: dict[str, Path], tmp_path: Path
) -> None:
    Classifier.load(folders["lstm"]).save(tmp_path)
    path = next(tmp_path.glob(pattern))
    content = bytearray(path.read_bytes())
    content[int(share * len(content))] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataDamagedError):
        Classifier.load(tmp_path)


def test_missing_files_are_told_apart(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        Classifier.load(tmp_path)
    Classifier.load(folders["lstm"]).save(tmp_path)
    next(tmp_path.glob("weights-*")).unlink()
    with pytest.raises(DataDamagedError):
        Classifier.load(tmp_path)


def test_weights_of_another_architecture_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    classifier = Classifier.load(folders["lstm"])
    other = Classifier(
        "lstm", {**classifier.options, "hidden_size": 16}, classifier.preprocessing, CLASS_NAMES, {},
        classifier.model,
    )  # fmt: skip
    other.save(tmp_path)
    with pytest.raises(DataDamagedError, match="do not fit"):
        Classifier.load(tmp_path)


def test_the_card_is_plain_json(folders: dict[str, Path]) -> None:
    card = json.loads((folders["cnn_lstm"] / CARD_NAME).read_text())
    assert card["network"] == "cnn_lstm"
    assert card["preprocessing"] == {"analysis_rate_hz": 1000.0, "hop_s": 0.064, "window_s": 0.128}


def test_a_forest_predicts_without_torch_and_sklearn(folders: dict[str, Path]) -> None:
    program = (
        "import sys, numpy as np; from pathlib import Path; from core.training.classifier import Classifier;"
        "c = Classifier.load(Path(sys.argv[1])); p = c.predict(np.random.default_rng(0).random(700), 1000.0);"
        "print(p.probabilities.shape, [m for m in ('torch', 'sklearn') if m in sys.modules])"
    )
    arguments = [sys.executable, "-c", program, str(folders["random_forest"])]
    found = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "(3,) []"


def test_a_forest_on_shaft_features_needs_the_speed(tmp_path: Path) -> None:
    outcome = train_classifier(
        "random_forest", pick_options("random_forest", use_shaft_speed=True),
        make_part(range(3), shaft_speed_rpm=3600.0), [], CLASS_NAMES,
        seed=0, run_folder=tmp_path, hooks=RecordingHooks(),
    )  # fmt: skip
    classifier = Classifier.load(outcome.classifier_folder)
    values = make_signal(1, 8).load()
    assert classifier.predict(values, 1000.0, shaft_speed_rpm=3600.0).class_index == 1
    with pytest.raises(InvalidInputError, match="shaft speed"):
        classifier.predict(values, 1000.0)


def test_an_evaluation_has_a_row_per_signal_and_metrics_at_both_levels(classifier: Classifier) -> None:
    signals = make_part(range(5, 8))
    found = evaluate_classifier(classifier, signals, CLASS_NAMES)
    assert [row.signal_sha256 for row in found.rows] == [item.signal_sha256 for item in signals]
    for row, item in zip(found.rows, signals, strict=True):
        prediction = classifier.predict(item.load(), 1000.0)
        assert row.target == item.class_index and row.predicted == prediction.class_index
        assert row.n_windows == 9
        right = prediction.window_probabilities.argmax(axis=1) == item.class_index
        assert row.n_windows_correct == right.sum()
    n_right = sum(row.predicted == row.target for row in found.rows)
    assert found.metrics["recording_level"]["accuracy"] == pytest.approx(n_right / 9)
    n_windows_right = sum(row.n_windows_correct for row in found.rows)
    assert found.metrics["window_level"]["accuracy"] == pytest.approx(n_windows_right / 81)


def test_an_evaluation_goes_by_class_name_not_by_number(classifier: Classifier) -> None:
    backwards = tuple(reversed(CLASS_NAMES))
    found = evaluate_classifier(classifier, [make_signal(0, 6)], backwards)
    assert found.rows[0].target == 2
    with pytest.raises(InvalidInputError, match="hum"):
        evaluate_classifier(classifier, [make_signal(0, 6)], ("hum", "low tone"))


def test_an_evaluation_names_a_signal_that_cannot_be_judged(classifier: Classifier) -> None:
    with pytest.raises(SignalError, match="calm 3") as caught:
        evaluate_classifier(classifier, [make_signal(0, 3, n_samples=100)], CLASS_NAMES)
    assert caught.value.code is ErrorCode.RECORDING_TOO_SHORT


def test_an_evaluation_can_be_cancelled(classifier: Classifier) -> None:
    with pytest.raises(JobCancelledError):
        evaluate_classifier(classifier, make_part(range(1)), CLASS_NAMES, command=lambda: Command.CANCEL)
