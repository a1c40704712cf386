"""Names of files and words for fault classes."""

from __future__ import annotations

import pytest

from core.datasets.naming import KNOWN_CLASSES, find_label, map_label, match_pattern
from utils.constants import FAULT_CLASS_ALIASES, FAULT_CLASSES, ROLLING_FAULT_CLASSES
from utils.exceptions import ErrorCode, InvalidInputError

CWRU = r"(?P<fault_class>IR|OR|B|Normal)(?P<severity>\d{3})?(?:@\d+)?_(?P<load>\d)"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IR007_2.mat", {"fault_class": "IR", "severity": "007", "load": "2"}),
        ("data/OR014@6_1.mat", {"fault_class": "OR", "severity": "014", "load": "1"}),
        ("Normal_0.mat", {"fault_class": "Normal", "load": "0"}),
        ("README.md", None),
    ],
)
def test_named_groups_are_taken_from_a_name(name: str, expected: dict[str, str] | None) -> None:
    assert match_pattern(CWRU, name) == expected


@pytest.mark.parametrize(
    ("pattern", "says"), [("(", "no regular"), ("IR", "names no group"), ("a" * 501, "longer")]
)
def test_a_pattern_that_can_not_be_used_is_refused(pattern: str, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        match_pattern(pattern, "a.mat")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("inner_race", "inner_race"),
        ("Inner Race", "inner_race"),
        ("outer-race", "outer_race"),
        ("NORMAL", "healthy"),
        ("desequilibre", "imbalance"),
        ("mixed_cavit_jeu", "cavitation_clearance"),
        ("oilwhirl", "oil_whirl"),
    ],
)
def test_known_words_stand_for_a_class(word: str, expected: str) -> None:
    assert map_label(word) == expected


def test_the_users_words_win_and_lead_to_a_class() -> None:
    assert map_label("ir", {"IR": "inner_race"}) == "inner_race"
    assert map_label("normal", {"Normal": "cage"}) == "cage"
    with pytest.raises(InvalidInputError, match=r"'gearbox' is no fault class.*inner_race"):
        map_label("G", {"G": "gearbox"})


@pytest.mark.parametrize(("word", "code"), [("", ErrorCode.LABEL_MISSING), ("B", ErrorCode.INVALID_INPUT)])
def test_an_empty_or_unclear_word_is_refused(word: str, code: ErrorCode) -> None:
    with pytest.raises(InvalidInputError) as caught:
        map_label(word)
    assert caught.value.code is code


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IR007_0.mat", "inner_race"),
        ("OR021@6_2.mat", "outer_race"),
        ("B014_1.mat", "ball"),
        ("Normal_1_recovered.mat", "healthy"),
    ],
)
def test_the_users_words_are_found_in_names(name: str, expected: str) -> None:
    mapping = {"IR": "inner_race", "OR": "outer_race", "B": "ball", "Normal": "healthy"}
    assert find_label(name, mapping) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("InnerRaceFault_vload_1.mat", "inner_race"),
        ("outer race 3.csv", "outer_race"),
        ("run/usure_04", "wear"),
    ],
)
def test_the_classes_own_names_are_found_without_any_words(name: str, expected: str) -> None:
    assert find_label(name) == expected


@pytest.mark.parametrize("name", ["run_1.mat", "inner and outer.mat", "snowball.mat", "Baseline_1.mat"])
def test_a_name_without_one_clear_word_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        find_label(name, None if "B" not in name else {"B": "ball"})
    assert caught.value.code is ErrorCode.LABEL_MISSING


def test_the_class_lists_are_what_files_and_scripts_rely_on() -> None:
    assert len(FAULT_CLASSES) == 11
    assert (FAULT_CLASSES[0], FAULT_CLASSES[7]) == ("healthy", "oil_whirl")
    assert ROLLING_FAULT_CLASSES == ("healthy", "inner_race", "outer_race", "ball", "cage")
    assert set(FAULT_CLASS_ALIASES.values()) <= set(KNOWN_CLASSES)
    assert not set(FAULT_CLASS_ALIASES) & set(KNOWN_CLASSES)
