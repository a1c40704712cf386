from __future__ import annotations

from typing import Any

from dash import dcc, html

from layouts.components.results import (
    build_accuracy,
    build_confusion,
    build_interval,
    build_per_class,
    build_predictions,
    build_stamp,
    build_subsets,
    format_interval,
)
from tests.unit.layouts.tree import find_text, list_components

JUDGED = {
    "n": 4,
    "accuracy": 0.75,
    "accuracy_interval": [0.3, 0.95],
    "per_class": [
        {"class_name": "healthy", "precision": 1.0, "recall": 0.5, "recall_interval": [0.1, 0.9], "f1": 0.667,
         "support": 2},
        {"class_name": "ball", "precision": None, "recall": None, "recall_interval": None, "f1": None,
         "support": 0},
    ],
    "confusion": [[1, 1], [0, 2]],
}  # fmt: skip


def list_buttons(root: Any) -> dict[str, html.Button]:
    return {each.id["index"]: each for each in list_components(root) if isinstance(each, html.Button)}


def test_an_accuracy_never_stands_without_level_count_and_interval() -> None:
    text = find_text(build_accuracy("recording_level", JUDGED, "test"))
    assert "Recording-level" in text
    assert "test" in text
    assert "3 of 4 recordings right" in text
    assert "95 % interval 30 to 95 %" in text


def test_windows_get_no_interval_not_even_one_of_a_result_from_before() -> None:
    text = find_text(build_accuracy("window_level", JUDGED, "test"))
    assert "3 of 4 windows right" in text
    assert "Windows of one recording are not independent: no interval." in text
    assert "95 %" not in text
    table = find_text(build_per_class(JUDGED, "window"))
    assert "interval" not in table
    assert "50.0 %" in table


def test_a_narrow_interval_is_said_with_one_digit_more() -> None:
    assert format_interval([0.72, 1.0]) == "72 to 100 %"
    assert format_interval([0.989, 0.999]) == "98.9 to 99.9 %"


def test_the_interval_bar_spans_from_low_to_high() -> None:
    spans = [
        each for each in list_components(build_interval(0.75, [0.3, 0.95])) if isinstance(each, html.Span)
    ]
    assert spans[0].style == {"left": "30.00%", "width": "65.00%"}
    assert spans[1].style == {"left": "75.00%"}


def test_a_class_that_was_never_judged_has_dashes_and_no_interval() -> None:
    text = find_text(build_per_class(JUDGED, "recording"))
    assert text.count("–") == 3
    assert "no interval" in text


def test_every_cell_that_holds_something_is_a_button_that_says_what_it_opens() -> None:
    buttons = list_buttons(build_confusion(JUDGED, "recording", chosen="0-1"))
    assert set(buttons) == {"0-0", "0-1", "1-1"}
    assert buttons["1-1"].to_plotly_json()["props"]["aria-label"] == (
        "Label ball, answer ball: 2 recordings. Show them."
    )
    pressed = {key: each.to_plotly_json()["props"]["aria-pressed"] for key, each in buttons.items()}
    assert pressed == {"0-0": "false", "0-1": "true", "1-1": "false"}


def test_a_confusion_of_windows_opens_nothing() -> None:
    assert list_buttons(build_confusion(JUDGED, "window", opens=False)) == {}


def make_prediction(recording: str, predicted: str) -> dict[str, Any]:
    return {
        "signal_id": 5, "recording_id": 9, "dataset_id": 2, "recording": recording, "channel": "DE",
        "load": "2", "target": "healthy", "predicted": predicted, "correct": predicted == "healthy",
        "probabilities": [0.125, 0.875], "n_windows": 8, "n_windows_correct": 1,
    }  # fmt: skip


def test_recordings_stand_wrong_ones_first_and_lead_to_their_viewer() -> None:
    found = [make_prediction("right_one", "healthy"), make_prediction("wrong_one", "ball")]
    built = build_predictions(found, ["healthy", "ball"], "All", chosen="")
    links = [each for each in list_components(built) if isinstance(each, dcc.Link)]
    assert [each.children for each in links if "/signals/" in each.href] == ["wrong_one", "right_one"]
    assert links[0].href == "/signals/2/9?channel=DE"
    assert links[1].href == "/diagnose?signal=5"
    text = find_text(built)
    assert "2 signals, 1 wrong" in text
    assert "87.5 %" in text
    assert "12.5 %" in text


def test_all_recordings_come_back_only_where_some_are_hidden() -> None:
    found = [make_prediction("one", "healthy")]
    assert list_buttons(build_predictions(found, ["healthy", "ball"], "All", chosen="")) == {}
    assert set(list_buttons(build_predictions(found, ["healthy", "ball"], "All", chosen="0-0"))) == {"all"}


def test_amber_is_stamped_with_its_findings_and_the_reason_that_was_given() -> None:
    findings = [
        {"colour": "note", "kind": "one_machine", "sentence": "One machine only."},
        {"colour": "amber", "kind": "bearing", "sentence": "Bearing 1 is in train and test."},
        {"colour": "amber", "kind": "bearing", "sentence": "Bearing 2 is in train and test."},
    ]
    text = find_text(build_stamp("amber", findings, "few bearings"))
    assert text.index("may flatter") < text.index("Bearing 1") < text.index("One machine")
    assert "and 1 finding like it" in text
    assert "Bearing 2" in text
    assert "few bearings" in text


def test_a_clear_split_is_not_dressed_as_a_warning() -> None:
    assert "flatter" not in find_text(build_stamp("clear", [], None))


def test_the_variants_of_the_test_part_stand_from_quiet_to_loud() -> None:
    levels = {"recording_level": {**JUDGED, "macro_f1": 0.7, "ece": None}, "window_level": JUDGED}
    text = find_text(build_subsets(dict.fromkeys(("test_snr5", "test_pink10", "test_snr20"), levels)))
    assert text.index("test_pink10") < text.index("test_snr20") < text.index("test_snr5")
    assert "Window-level accuracy" in text
    assert "30 to 95 %" in text
