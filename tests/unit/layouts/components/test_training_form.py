from __future__ import annotations

from typing import Any

from dash import html

from layouts.components.training_form import (
    build_network_options,
    build_option_fields,
    build_split_options,
    describe_rule,
    name_option,
    word_empty,
    word_measured,
)
from layouts.components.training_review import build_review
from tests.unit.layouts.tree import find_text, list_components

EPOCHS = {
    "name": "epochs",
    "type": "int",
    "default": 20,
    "minimum": 1,
    "maximum": 99,
    "choices": [],
    "help": "Passes.",
    "group": "training",
    "group_title": "Training",
}
HOP = {
    "name": "hop_s",
    "type": "float",
    "default": None,
    "minimum": 0.1,
    "maximum": 9.0,
    "choices": [],
    "help": "Hop.",
    "group": "windows",
    "group_title": "Windows",
}
SPEED = {
    "name": "use_speed",
    "type": "bool",
    "default": False,
    "minimum": None,
    "maximum": None,
    "choices": [],
    "help": "",
    "group": "network",
    "group_title": "Network",
}
SPEC = {"options": [EPOCHS, HOP, SPEED]}


def read_fields(values: dict[str, Any]) -> dict[str, Any]:
    fields = list_components(build_option_fields(SPEC, values))
    return {
        each.id["index"]: each.value
        for each in fields
        if hasattr(each, "value") and isinstance(each.id, dict)
    }


def make_check(**changes: Any) -> dict[str, Any]:
    part = {"n_signals": 2, "n_recordings": 2, "classes": {"healthy": 1, "ball": 1}}
    return {
        "name": "Forest on CWRU",
        "network_title": "Random forest",
        "channel": None,
        "seeds": [0],
        "parent_id": None,
        "baseline": None,
        "cautions": [],
        "windows": {"train": 1200, "validation": 30, "test": 40},
        "counts": {"train": part, "validation": part, "test": part},
        "split_colour": "clear",
        "findings": [],
        "accepted_reason": None,
        **changes,
    }


def test_defaults_stand_in_the_fields_and_a_clones_values_replace_them() -> None:
    assert read_fields({}) == {"epochs": "20", "hop_s": "", "use_speed": "false"}
    assert read_fields({"epochs": 5, "hop_s": 0.25, "use_speed": True}) == {
        "epochs": "5", "hop_s": "0.25", "use_speed": "true",
    }  # fmt: skip


def test_an_option_is_named_with_its_unit() -> None:
    assert name_option("window_s") == ("Window", "s")
    assert name_option("analysis_rate_hz") == ("Analysis rate", "Hz")
    assert name_option("n_filters") == ("Number of filters", "")


def test_a_split_shows_its_colour_rule_and_sizes() -> None:
    split = {
        "split_id": 4, "name": "by-load", "colour": "amber", "by": "load", "test_values": ["2"], "version": 1,
        "counts": {"train": {"n_recordings": 16}, "test": {"n_recordings": 10}},
    }  # fmt: skip
    (option,) = build_split_options([split])
    assert option["value"] == 4
    text = find_text(option["label"])
    assert "amber" in text
    assert "By load, tested on 2" in text
    assert "train 16 · validation 0 · test 10" in text


def test_a_split_of_the_files_own_says_so() -> None:
    assert describe_rule({"by": "given", "test_values": None}) == "As the files give it"


def network(**changes: Any) -> dict[str, Any]:
    spec = {"name": "order_net", "title": "Order network", "family": "network", "description": "Orders."}
    return {**spec, "needs": ["shaft_speed"], "measured": [], **changes}


def test_a_network_that_lacks_something_says_what_and_cannot_be_chosen() -> None:
    missing = {"shaft_speed": 3, "fault_orders": 0, "n_signals": 9}
    (option,) = build_network_options([network()], missing)
    assert option["disabled"] is True
    assert "not known for 3 of 9 signals" in find_text(option["label"])
    assert build_network_options([network()], {**missing, "shaft_speed": 0})[0]["disabled"] is False


def test_accuracies_are_shown_with_what_they_stand_on() -> None:
    measured = {
        "dataset_id": 1, "dataset": "CWRU", "dataset_version": 2, "split": "by load", "split_colour": "amber",
        "test_recording_accuracy_mean": 0.9, "test_recording_accuracy_interval": [0.85, 1.02],
        "n_finished": 3, "note": None, "finished_at": "2026-11-20T10:00:00.000Z",
    }  # fmt: skip
    text = find_text(build_network_options([network(measured=[measured])], dataset_id=1)[0]["label"])
    assert "Measured: 90.0 % recording-level on CWRU v2, by load (amber)" in text
    assert "mean of 3 seeds, 95 % interval 85.0 % to 100.0 %; 2026-11-20." in text
    other = {**measured, "dataset_id": 2, "dataset": "MFPT"}
    few = {**measured, "test_recording_accuracy_interval": None, "n_finished": 1, "note": "few"}
    assert word_measured([other, few], 1).startswith("Measured: 90.0 % recording-level on CWRU")
    assert "1 seed, too few for an interval" in word_measured([other, few], 1)
    assert "MFPT" in word_measured([other], 1)
    assert word_measured([], 1) == "Not measured here yet."


def test_groups_that_were_changed_stand_open() -> None:
    groups = {
        find_text(each.children[0]): each.open
        for each in list_components(build_option_fields(SPEC, {"epochs": 5}))
        if isinstance(each, html.Details)
    }
    assert groups == {
        "Windows 1 option": True,
        "Network 1 option": True,
        "Training 1 option, 1 changed": True,
    }
    closed = list_components(build_option_fields(SPEC, {}))
    assert [each.open for each in closed if isinstance(each, html.Details)] == [True, True, False]


def test_the_review_counts_classes_and_windows_per_part() -> None:
    text = find_text(build_review(make_check(seeds=[0, 1, 2]), [("epochs", 20, 5), ("hop_s", None, 0.1)]))
    assert "3 × Random forest (seeds 0, 1, 2) on every labelled channel" in text
    assert "Epochs 5 20" in text
    assert "Hop (s) 0.1 worked out" in text
    assert "ball 1 1 1" in text
    assert "Recordings 2 2 2" in text
    assert "Windows, estimated 1\u202f200 30 40" in text
    assert "interval" not in text


def test_the_review_says_what_stands_beside_and_what_it_begins_with() -> None:
    check = make_check(parent_id=7, channel="DE", baseline={"title": "Random forest", "seed": 0})
    text = find_text(build_review(check, []))
    assert "on channel DE, beginning with the weights of experiment 7" in text
    assert "1 × Random forest as baseline on the same windows (seed 0)" in text
    assert "Every option at its default." in text


def test_the_review_warns_where_results_will_be_missing() -> None:
    empty = {"n_signals": 0, "n_recordings": 0, "classes": {}}
    counts = {**make_check()["counts"], "test": empty, "validation": empty}
    text = find_text(build_review(make_check(counts=counts, cautions=["Beware."]), []))
    assert "no test part" in text
    assert "no validation part" in text
    assert "Three seeds or more" in text
    assert "Beware." in text


def test_an_empty_option_says_what_it_stands_for() -> None:
    assert word_empty("Deepest tree; empty: no limit.") == "no limit"
    assert word_empty("Anything else.") == "worked out"
    assert name_option("snr_low_db") == ("SNR low", "dB")
