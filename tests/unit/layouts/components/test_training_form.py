from __future__ import annotations

from typing import Any

from layouts.components.training_form import (
    build_network_options,
    build_option_fields,
    build_review,
    build_split_options,
    describe_rule,
    name_option,
)
from tests.unit.layouts.tree import find_text, list_components

EPOCHS = {
    "name": "epochs",
    "type": "int",
    "default": 20,
    "minimum": 1,
    "maximum": 99,
    "choices": [],
    "help": "Passes.",
}
HOP = {
    "name": "hop_s",
    "type": "float",
    "default": None,
    "minimum": 0.1,
    "maximum": 9.0,
    "choices": [],
    "help": "Hop.",
}
SPEED = {
    "name": "use_speed",
    "type": "bool",
    "default": False,
    "minimum": None,
    "maximum": None,
    "choices": [],
    "help": "",
}
SPEC = {"options": [EPOCHS, HOP, SPEED]}


def read_fields(values: dict[str, Any]) -> dict[str, Any]:
    fields = list_components(build_option_fields(SPEC, values))
    return {each.id["index"]: each.value for each in fields if isinstance(getattr(each, "id", None), dict)}


def make_check(**changes: Any) -> dict[str, Any]:
    part = {"n_signals": 2, "n_recordings": 2, "classes": {"healthy": 1, "ball": 1}}
    return {
        "name": "Forest on CWRU",
        "seeds": [0],
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


def test_classical_models_are_told_from_networks() -> None:
    spec = {"name": "random_forest", "title": "Random forest", "family": "classical", "description": "Trees."}
    assert "classical" in find_text(build_network_options([spec])[0]["label"])


def test_the_review_counts_classes_per_part() -> None:
    text = find_text(build_review(make_check(seeds=[0, 1, 2]), n_changed=1))
    assert "3 trainings, 1 option changed" in text
    assert "ball 1 1 1" in text
    assert "Recordings 2 2 2" in text
    assert "interval" not in text


def test_the_review_warns_where_results_will_be_missing() -> None:
    empty = {"n_signals": 0, "n_recordings": 0, "classes": {}}
    counts = {**make_check()["counts"], "test": empty, "validation": empty}
    text = find_text(build_review(make_check(counts=counts), n_changed=0))
    assert "no test part" in text
    assert "no validation part" in text
    assert "Three seeds or more" in text
