"""Sweeps over a small forest: what changes, what must not, and that it can be repeated and cancelled."""

from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.disturbances import disturb
from core.evaluation.robustness import Condition, disturb_signal, list_conditions, sweep
from core.training.classifier import Classifier
from core.training.evaluate import evaluate_classifier
from core.training.run import train_classifier
from tests.unit.core.training.hooks import RecordingHooks
from tests.unit.core.training.signals import CLASS_NAMES, make_part
from tests.unit.core.training.test_run import pick_options
from utils.exceptions import JobCancelledError

SIGNALS = make_part(range(4, 7))


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    outcome = train_classifier(
        "random_forest", pick_options("random_forest"), make_part(range(4)), [], CLASS_NAMES,
        seed=1, run_folder=tmp_path_factory.mktemp("forest"), hooks=RecordingHooks(),
    )  # fmt: skip
    assert outcome.classifier_folder is not None
    return Classifier.load(outcome.classifier_folder)


def test_conditions_are_every_kind_at_its_own_levels() -> None:
    found, notes = list_conditions(["white", "dropout", "gain"], [10.0, -5.0], [6.0])
    assert found == [
        Condition("white", 10.0), Condition("white", -5.0), Condition("dropout", 10.0), Condition("gain", 6.0)
    ]  # fmt: skip
    assert len(notes) == 1
    assert "below 1 dB" in notes[0]


def test_a_sweep_judges_every_condition_at_both_levels(classifier: Classifier) -> None:
    told: list[tuple[int, int, str]] = []
    conditions = [Condition("gain", -12.0), Condition("gain", 12.0), Condition("white", -20.0)]
    found = sweep(
        classifier, SIGNALS, CLASS_NAMES, conditions, seed=3, report=lambda *step: told.append(step)
    )
    clean = evaluate_classifier(classifier, SIGNALS, CLASS_NAMES).metrics
    assert found["clean"]["recording_level"]["accuracy"] == clean["recording_level"]["accuracy"]
    assert found["clean"]["window_level"]["n"] == clean["window_level"]["n"]
    quiet, loud, drowned = found["rows"]
    for row in (quiet, loud):
        assert row["recording_level"]["n_changed"] == 0
        assert row["recording_level"]["accuracy"] == clean["recording_level"]["accuracy"]
    assert drowned["recording_level"]["accuracy"] < clean["recording_level"]["accuracy"]
    assert drowned["recording_level"]["n_changed"] > 0
    assert drowned["window_level"]["n_changed"] >= drowned["recording_level"]["n_changed"]
    assert (drowned["noise_type"], drowned["level_db"]) == ("white", -20.0)
    assert [(done, n_all) for done, n_all, _ in told] == [(0, 4), (1, 4), (2, 4), (3, 4)]
    again = sweep(classifier, SIGNALS, CLASS_NAMES, conditions[2:], seed=3, report=lambda *_: None)
    assert again["rows"] == [drowned]


def test_a_disturbed_signal_is_disturbed_when_it_is_loaded() -> None:
    item = SIGNALS[0]
    disturbed = disturb_signal(item, Condition("pink", 3.0), seed=5)
    expected = disturb(item.load(), item.sample_rate_hz, "pink", 3.0, sha256=item.signal_sha256, seed=5)
    np.testing.assert_array_equal(disturbed.load(), expected)
    assert disturbed.class_index == item.class_index


def test_a_sweep_can_be_cancelled(classifier: Classifier) -> None:
    with pytest.raises(JobCancelledError):
        sweep(classifier, SIGNALS, CLASS_NAMES, [], seed=0, report=lambda *_: None, command=lambda: "cancel")
