from __future__ import annotations

from typing import Any

import pytest

from layouts.components import experiment_results
from layouts.pages import experiments
from tests.unit.layouts.tree import find_text

LEVEL = {"n": 10, "accuracy": 1.0, "accuracy_interval": [0.72, 1.0], "macro_f1": 1.0, "ece": 0.02}


def test_an_empty_list_offers_the_next_step_to_those_who_may_take_it() -> None:
    assert "New experiment" in find_text(experiments.build_nothing(filtered=False, viewer_only=False))
    assert "New experiment" not in find_text(experiments.build_nothing(filtered=False, viewer_only=True))
    assert "No experiment matches" in find_text(experiments.build_nothing(filtered=True, viewer_only=False))


@pytest.mark.parametrize(
    ("status", "part", "word"),
    [
        ("running", None, "Monitor tab"),
        ("cancelled", None, "cancelled"),
        ("done", "validation", "no validation recordings"),
    ],
)
def test_missing_results_say_why(status: str, part: str | None, word: str) -> None:
    assert word in find_text(experiment_results.build_no_results(status, part))


def test_several_seeds_are_summed_up_or_said_to_be_too_few() -> None:
    experiment_row = {
        "split_colour": "clear", "split_findings": [], "split_accepted_reason": None, "test_evaluations": 1,
    }  # fmt: skip
    judged = {"test": {"recording_level": LEVEL, "window_level": LEVEL}}
    group = {
        "n_seeds": 3, "n_finished": 3, "test_recording_accuracy_mean": 0.9,
        "test_recording_accuracy_interval": [0.8, 1.0], "note": None,
    }  # fmt: skip
    text = find_text(experiment_results.build_verdict(experiment_row, judged, "test", group))
    assert "mean recording-level test accuracy 90.0 %, 95 % interval 80.0 % to 100.0 %" in text
    assert "judged once" in text
    alike = {**group, "test_recording_accuracy_interval": [0.9, 0.9]}
    text = find_text(experiment_results.build_verdict(experiment_row, judged, "test", alike))
    assert "90.0 % in all of them: no spread to make an interval of" in text
    few = {**group, "n_finished": 1, "test_recording_accuracy_interval": None, "note": "too few seeds"}
    assert "too few seeds" in find_text(experiment_results.build_verdict(experiment_row, judged, "test", few))


@pytest.mark.parametrize(
    ("fitted", "words"),
    [
        (None, "(ECE) 2.0 %, not calibrated."),
        (
            {"temperature": None, "sentence": "No validation error: a temperature says nothing."},
            "(ECE) 2.0 %. No validation error: a temperature says nothing.",
        ),
        (
            {"temperature": 0.527, "sentence": "x"},
            "(ECE) 2.0 %, calibrated with the temperature 0.527 (before: 9.0 %).",
        ),
    ],
)
def test_an_ece_says_whether_its_probabilities_are_calibrated(
    fitted: dict[str, Any] | None, words: str
) -> None:
    row = {
        "split_colour": "clear",
        "split_findings": [],
        "split_accepted_reason": None,
        "test_evaluations": 1,
    }
    level = {**LEVEL, "ece_uncalibrated": 0.09}
    calibration = {"recording": fitted, "window": fitted} if fitted else None
    found = {"test": {"recording_level": level, "window_level": level}, "calibration": calibration}
    assert words in find_text(experiment_results.build_verdict(row, found, "test", None))
