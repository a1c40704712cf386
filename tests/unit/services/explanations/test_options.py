"""What an explanation can be asked with, whichever way it is written."""

from __future__ import annotations

import pytest

from core.explain.catalogue import METHODS
from services.explanations.options import (
    check_baseline,
    parse_part_options,
    parse_signal_options,
    parse_what_if,
    pick_method_options,
)
from services.explanations.storing import hash_options
from utils.exceptions import InvalidInputError

CLASSES = ["healthy", "outer_race"]


@pytest.mark.parametrize("method", list(METHODS))
def test_texts_and_values_ask_the_same_question(method: str) -> None:
    typed = parse_signal_options(method, {"n_windows": 2, "trust": False, "start_s": 0.5}, CLASSES)
    texts = parse_signal_options(method, {"n_windows": "2", "trust": "no", "start_s": "0.5"}, CLASSES)
    assert typed == texts
    assert hash_options(typed) == hash_options(texts)
    assert typed["target_class"] is None
    assert hash_options(typed) != hash_options({**typed, "target_class": "healthy"})
    assert set(pick_method_options(method, typed)) == {option.name for option in METHODS[method].options}


def test_a_healthy_baseline_needs_healthy_training_recordings() -> None:
    check_baseline("healthy_mean", CLASSES)
    check_baseline("zero", ["inner_race", "outer_race"])
    with pytest.raises(InvalidInputError, match="no healthy recording"):
        check_baseline("healthy_mean", ["inner_race", "outer_race"])


def test_the_shared_options_are_those_of_the_subject() -> None:
    assert parse_part_options("occlusion", {})["max_recordings"] == 100
    for options in ({"max_recordings": 3}, {"weather": 1}, {"target_class": "rust"}, {"n_windows": 0}):
        with pytest.raises(InvalidInputError):
            parse_signal_options("occlusion", options, CLASSES)
    with pytest.raises(InvalidInputError, match="no option 'start_s'"):
        parse_part_options("occlusion", {"start_s": 1.0})


def test_bands_and_gains_may_come_as_texts() -> None:
    typed = parse_what_if(
        {
            "bands": [{"low_hz": 500, "high_hz": 1000}, {"low_hz": 2000, "high_hz": 2500.5}],
            "gains_db": [6, -6],
        },
        CLASSES,
    )
    assert typed == parse_what_if({"bands": "500-1000, 2000-2500.5", "gains_db": "-6,6"}, CLASSES)
    assert typed["gains_db"] == [-6.0, 6.0]
    assert [band["name"] for band in typed["bands"]] == ["500-1000 Hz", "2000-2500.5 Hz"]
    assert parse_what_if({}, CLASSES)["bands"] is None
    named = parse_what_if({"bands": [{"low_hz": 1, "high_hz": 2, "name": "a\x00\ud800b"}]}, CLASSES)
    assert named["bands"][0]["name"] == "a\ufffd\ufffdb"


@pytest.mark.parametrize(
    "options",
    [
        {"bands": [{"low_hz": 5, "high_hz": 5}]},
        {"bands": [{"low_hz": -1, "high_hz": 5}]},
        {"bands": [{"low_hz": 1, "high_hz": float("inf")}]},
        {"bands": [{"low_hz": 1}]},
        {"bands": [7]},
        {"bands": [{"low_hz": 1, "high_hz": 2}] * 13},
        {"bands": "500"},
        {"gains_db": [61]},
        {"gains_db": [float("nan")]},
        {"gains_db": [True]},
        {"gains_db": 7.5},
        {"gains_db": list(range(26))},
        {"n_windows": 9},
        {"start_s": -1},
        {"target_class": "rust"},
        {"weather": 1},
    ],
)
def test_bands_and_gains_that_are_none_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        parse_what_if(options, CLASSES)
