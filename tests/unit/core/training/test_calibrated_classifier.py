"""Classifiers that carry a calibration, and those from before there was one."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.evaluation.keeping import keep_rules
from core.evaluation.strangeness import StrangenessRule
from core.training.calibration import Calibration, LevelCalibration
from core.training.classifier import CARD_NAME, Classifier
from core.training.ensemble import combine, load_classifier
from core.training.evaluate import calibrate, evaluate_classifier
from core.training.kept_rule import KeptRule
from core.training.metrics import pool_probabilities
from core.training.run import train_classifier
from tests.unit.core.training.hooks import RecordingHooks
from tests.unit.core.training.signals import CLASS_NAMES, make_part, make_signal
from tests.unit.core.training.test_run import pick_options


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outcome = train_classifier(
        "random_forest", pick_options("random_forest"), make_part(range(4)), [], CLASS_NAMES,
        seed=1, run_folder=tmp_path_factory.mktemp("forest"), hooks=RecordingHooks(),
    )  # fmt: skip
    assert outcome.classifier_folder is not None
    return outcome.classifier_folder


def test_a_calibrated_classifier_keeps_its_own_probabilities_beside_the_calibrated_ones(
    forest: Path, tmp_path: Path
) -> None:
    plain = Classifier.load(forest)
    level = LevelCalibration(2.0, [1.5, 2.5], 40, 6, "as it is")
    replace(plain, calibration=Calibration(level, replace(level, temperature=None))).save(tmp_path)
    values = make_signal(1, 7).load()
    own, calibrated = plain.predict(values, 1000.0), Classifier.load(tmp_path).predict(values, 1000.0)
    np.testing.assert_array_equal(calibrated.uncalibrated_probabilities, own.probabilities)
    np.testing.assert_array_equal(calibrated.window_probabilities, own.window_probabilities)
    roots = np.sqrt(own.probabilities)
    np.testing.assert_allclose(calibrated.probabilities, roots / roots.sum())
    assert calibrated.class_index == own.class_index


def test_a_card_from_before_calibration_still_loads(forest: Path, tmp_path: Path) -> None:
    shutil.copytree(forest, tmp_path, dirs_exist_ok=True)
    card = json.loads((tmp_path / CARD_NAME).read_text())
    del card["calibration"], card["strangeness"], card["card_sha256"]
    card["card_sha256"] = hashlib.sha256(json.dumps(card, sort_keys=True).encode()).hexdigest()
    (tmp_path / CARD_NAME).write_text(json.dumps(card))
    older = Classifier.load(tmp_path)
    assert (older.calibration, older.strangeness) == (None, None)


def test_a_kept_rule_travels_with_the_classifier_and_changes_nothing_of_its_model(
    forest: Path, tmp_path: Path
) -> None:
    plain = Classifier.load(forest)
    rule = KeptRule({"parts": [], "why": "too few"}, {"floor/means": np.arange(6.0).reshape(2, 3)})
    replace(plain, strangeness=rule).save(tmp_path)
    again = Classifier.load(tmp_path)
    assert again.strangeness is not None
    assert again.strangeness.facts == rule.facts
    np.testing.assert_array_equal(again.strangeness.arrays["floor/means"], rule.arrays["floor/means"])
    assert again.model.to_arrays().keys() == plain.model.to_arrays().keys()
    values = make_signal(1, 7).load()
    np.testing.assert_array_equal(
        again.predict(values, 1000.0).probabilities, plain.predict(values, 1000.0).probabilities
    )
    both = combine([again, again], {})
    assert (both.strangeness, both.build_card()["members"][0]["strangeness"]) == (None, None)
    replace(both, strangeness=rule).save(tmp_path / "both")
    voting = load_classifier(tmp_path / "both")
    assert voting.strangeness is not None and voting.strangeness.arrays.keys() == rule.arrays.keys()


def test_a_training_keeps_when_a_recording_is_unknown_and_says_why_it_can_not(forest: Path) -> None:
    plain = Classifier.load(forest)
    train, validation = make_part(range(4)), make_part(range(4, 11))
    classifier, judged = calibrate(plain, evaluate_classifier(plain, validation, CLASS_NAMES))
    said: list[str] = []
    kept = keep_rules(classifier, train, validation, judged, None, on_signal=said.append)
    assert (said[0], said[-1]) == (
        "evidence of validation signal 1 of 21",
        "what is known of signal 33 of 33",
    )
    assert kept.strangeness is not None and kept.calibration is not None
    rule = StrangenessRule.from_kept(kept.strangeness)
    assert [part.score for part in rule.parts] == ["feature_distance"]  # 1 kHz: no numbers over the floor
    assert rule.parts[0].n_known == len(validation) >= 19
    assert kept.calibration.pooled is not None and kept.calibration.pooled.temperature is None
    gap = keep_rules(classifier, [each for each in train if each.class_index != 1], validation, judged, None)
    assert gap.strangeness is not None
    found = StrangenessRule.from_kept(gap.strangeness).references
    assert {each.class_names for each in found.values()} == {(CLASS_NAMES[0], CLASS_NAMES[2])}
    few = keep_rules(classifier, train, [], None, None)
    assert few.strangeness is not None
    assert "0 validation recordings" in StrangenessRule.from_kept(few.strangeness).missing


def test_validation_gives_the_classifier_its_temperature_and_the_evaluation_both_errors(
    forest: Path,
) -> None:
    plain = Classifier.load(forest)
    misled = [replace(item, class_index=(item.class_index + (index == 0)) % 3)
              for index, item in enumerate(make_part(range(5, 8)))]  # fmt: skip
    classifier, found = calibrate(plain, evaluate_classifier(plain, misled, CLASS_NAMES))
    assert classifier.calibration is not None
    assert found is not None
    level = classifier.calibration.recording
    assert (level.n, level.n_errors) == (9, 1)
    assert found.metrics == evaluate_classifier(classifier, misled, CLASS_NAMES).metrics
    for row in found.rows:
        np.testing.assert_allclose(
            row.probabilities, level.apply(pool_probabilities(row.window_probabilities))
        )
    metrics = found.metrics["recording_level"]
    assert metrics["ece"] != metrics["ece_uncalibrated"]
    nothing, none = calibrate(plain, None)
    assert none is None
    assert nothing.calibration is not None
    assert "no validation recordings" in nothing.calibration.recording.sentence
