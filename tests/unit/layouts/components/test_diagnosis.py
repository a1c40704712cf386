from __future__ import annotations

from typing import Any

import pytest
from dash import html

from layouts.components.diagnosis import (
    build_facts,
    build_failure,
    build_history,
    build_limits,
    build_notes,
    build_probabilities,
    build_verdict,
    build_waiting,
    complete_answer,
)
from layouts.components.diagnosis_evidence import build_sides
from layouts.figures.theme import class_colour
from tests.unit.layouts.tree import find_text, list_components

LEVEL = {"n": 10, "accuracy": 1.0, "accuracy_interval": [0.72, 1.0]}
CLASSIFIER = {
    "experiment_id": 4, "name": "Forest", "network_title": "Random forest", "seed": 0, "dataset": "CWRU",
    "dataset_version": 2, "channel": None, "split": "by-load", "split_colour": "amber",
    "split_accepted_reason": "few bearings", "class_names": ["healthy", "ball"], "analysis_rate_hz": 12000.0,
    "sha256": "ab" * 32, "test": {"recording_level": LEVEL, "window_level": {**LEVEL, "n": 782}},
}  # fmt: skip
RECORDING = {
    "name": "x.mat", "channel": "gs", "sample_rate_hz": 48828.0, "n_samples": 146484, "duration_s": 3.0,
    "shaft_speed_rpm": None, "load": None, "machine": None, "bearing": None, "unit": None,
}  # fmt: skip


def make_answer(confidence: float = 0.9, n_agreeing: int = 20) -> dict[str, Any]:
    return {
        "verdict": {
            "status": "diagnosed",
            "fault_class": "ball",
            "nearest_class": None,
            "confidence": confidence,
            "confidence_source": "classifier",
            "calibrated": False,
            "sentence": "It names ball.",
            "decided_by": "classifier",
            "rule": "",
        },
        "windows": {"n_agreeing": n_agreeing, "n": 23},
        "classifier": CLASSIFIER,
        "recording": RECORDING,
    }


def test_the_verdict_says_class_confidence_and_how_many_windows_agree() -> None:
    text = find_text(build_verdict(make_answer(), None))
    for words in ("Recording-level answer", "ball", "It names ball.", "90.0 %", "not calibrated", "20 of 23"):
        assert words in text
    assert "weak" not in text
    assert "labelled" not in text


def test_windows_that_speak_for_another_class_stand_with_the_classifier_only() -> None:
    answer = make_answer()
    own, other = ({**answer, "opinion": {"fault_class": each}} for each in ("ball", "inner_race"))
    assert "20 of 23" in find_text(build_verdict(own, None))
    assert "20 of 23" not in find_text(build_verdict(other, None))


@pytest.mark.parametrize(
    ("source", "is_calibrated", "words"),
    [
        ("classifier", True, "confidence, calibrated"),
        ("classifier", False, "confidence, not calibrated"),
        ("pooled", False, "confidence, pooled, not calibrated"),
        ("evidence", False, "confidence by the rules"),
    ],
)
def test_a_confidence_is_called_calibrated_only_where_the_answer_says_so(
    source: str, is_calibrated: bool, words: str
) -> None:
    answer = {**make_answer(), "calibration": {"calibrated": True, "sentence": "Fitted."}}
    answer["verdict"] |= {"confidence_source": source, "calibrated": is_calibrated}
    assert words in find_text(build_verdict(answer, None))


def test_an_unknown_recording_is_called_so() -> None:
    answer = make_answer()
    assert "nknown" not in find_text(build_verdict(answer, None))
    answer["verdict"] |= {"status": "unknown", "fault_class": None, "nearest_class": "ball"}
    assert "Unknown nearest:  ball" in find_text(build_verdict(answer, None))


@pytest.mark.parametrize(("confidence", "n_agreeing"), [(0.33, 20), (0.9, 7)])
def test_an_answer_without_a_majority_is_called_weak(confidence: float, n_agreeing: int) -> None:
    assert "weak" in find_text(build_verdict(make_answer(confidence, n_agreeing), None))


def test_a_stored_label_is_compared_with_the_answer() -> None:
    assert "agrees" in find_text(build_verdict(make_answer(), "ball"))
    assert "differs" in find_text(build_verdict(make_answer(), "inner_race"))


def test_all_limits_and_notes_are_shown() -> None:
    assert "Another machine. Few windows." in find_text(build_limits(["Another machine.", "Few windows."]))
    assert find_text(build_notes(["resampled from 48828 Hz"])) == "Resampled from 48828 Hz"
    assert build_notes([]) is None
    assert build_limits([]) is None


def test_bars_are_as_long_as_the_probabilities_the_likeliest_first() -> None:
    table = build_probabilities({"healthy": 0.125, "ball": 0.875})
    bars = [each for each in list_components(table) if getattr(each, "className", "") == "share-fill"]
    assert [bar.style for bar in bars] == [
        {"width": "87.50%", "background": class_colour("ball")},
        {"width": "12.50%", "background": class_colour("healthy")},
    ]


def test_without_probabilities_it_says_so() -> None:
    assert "nothing was decided" in find_text(build_probabilities({}))


def test_the_origin_names_both_levels_and_the_stamp() -> None:
    text = find_text(build_facts(make_answer(), None))
    assert "Test, recording-level 100.0 %, n = 10, 95 % interval 72 to 100 %" in text
    assert "Test, window-level" in text
    assert "few bearings" in text
    assert "CWRU v2, every channel" in text
    assert text.count("unknown") == 5


def test_a_waiting_diagnosis_says_why_it_waits() -> None:
    diagnosis = {"state": "queued", "source_name": "x.mat", "error": None}
    assert "free worker" in find_text(build_waiting(diagnosis, None, None))
    health = {"banner": "New jobs wait: Redis is away.", "broker_alive": False, "workers": {"quick": 1}}
    assert "Waiting: Redis is away." in find_text(build_waiting(diagnosis, None, health))
    trains = {"banner": "New jobs wait: no trainings.", "broker_alive": True, "workers": {"quick": 1}}
    assert "free worker" in find_text(build_waiting(diagnosis, None, trains))


def test_a_failed_diagnosis_says_what_to_do() -> None:
    failed = {"state": "failed", "source_name": "x.mat", "error": "x.mat does not say its sample rate."}
    assert "does not say its sample rate" in find_text(build_failure(failed))
    assert "cancelled" in find_text(build_failure({**failed, "state": "cancelled"}))


def test_past_diagnoses_lead_back_to_their_answers() -> None:
    past = {
        "diagnosis_id": 7, "experiment_id": 4, "source_name": "x.mat", "state": "done", "created_at": None,
        "verdict": {"status": "diagnosed", "fault_class": "ball", "confidence": 0.5}, "opinion": None,
    }  # fmt: skip
    built = build_history([past, {**past, "diagnosis_id": 6, "state": "failed", "verdict": None}], 5, 7)
    rows = [each for each in list_components(built) if isinstance(each, html.Tr)][1:]
    assert [row.className for row in rows] == ["current-row", None]
    assert "/diagnose?diagnosis=7" in {getattr(each, "href", None) for each in list_components(built)}
    assert "3 older ones too" in find_text(built)
    assert "/reports" in {getattr(each, "href", None) for each in list_components(built)}


def test_a_refusal_names_no_class_and_no_confidence() -> None:
    answer = make_answer()
    answer["verdict"] |= {
        "status": "refused",
        "fault_class": None,
        "confidence": None,
        "decided_by": "checks",
    }
    text = find_text(build_verdict({**answer, "windows": None}, "ball"))
    assert "Refused" in text
    assert "decided by  the checks of the recording" in text
    assert "confidence" not in text
    assert "agrees" not in text


def test_an_answer_of_an_older_version_is_shown_with_what_it_lacks() -> None:
    old = {
        **make_answer(),
        "verdict": {"fault_class": "ball", "confidence": 0.9, "sentence": "It names ball."},
    }
    completed = complete_answer(old)
    assert "90.0 %" in find_text(build_verdict(completed, None))
    assert "older version" in find_text(build_sides(completed))
    assert complete_answer(completed) == completed
