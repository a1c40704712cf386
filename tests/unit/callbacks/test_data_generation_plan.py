"""From the import form to a mapping, and the corrections to its signals."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from callbacks import data_generation_plan as callbacks
from callbacks.data_generation_plan import merge_corrections
from layouts.components.import_form import NO_CHANNEL, build_mapping, parse_words, read_form
from layouts.components.import_signals import group_corrections
from services.datasets.mapping import parse_mapping

FOUND = [{"channel": "DE", "glob": "*_DE_time"}, {"channel": "FE", "glob": "*_FE_time"}]


def rule(glob: str, channel: str, **changes: object) -> dict[str, object]:
    plain = {"unit": "", "sensitivity": "", "measurement_point": "", "bearing": ""}
    plain |= {"take": True, "labelled": True}
    return {"variable": glob, "channel": channel, **plain, **changes}


def mapping(rules=None, fields=None, values=None, *, texts=("found", "", "", "", ""), overrides=()):
    chosen = rules if rules is not None else {"DE": rule("*_DE_time", "DE"), "FE": rule("*_FE_time", "FE")}
    built = build_mapping(FOUND, chosen, fields or {}, values or {}, *texts, "auto", "", list(overrides))
    parse_mapping(built)  # whatever the form can say, the service understands
    return built


def test_an_untouched_form_says_nothing_but_the_channels() -> None:
    built = mapping(fields={"unit": "", "fault_class": "none"}, values={"speed_from": "none"})
    assert list(built) == ["channels"]
    assert [each["variable"] for each in built["channels"]] == ["*_DE_time", "*_FE_time"]


def test_a_channel_that_is_not_ticked_is_not_asked_for() -> None:
    built = mapping({"DE": rule("*_DE_time", "DE"), "FE": rule("*_FE_time", "FE", take=False)})
    assert [each["channel"] for each in built["channels"]] == ["DE"]


def test_a_channel_that_does_not_carry_the_fault_class_stays_unlabelled() -> None:
    built = mapping({"DE": rule("*_DE_time", "DE"), "FE": rule("*_FE_time", "FE", labelled=False)})
    assert [each.get("fault_class") for each in built["channels"]] == [None, "unlabelled"]


def test_a_glob_of_the_persons_own_comes_after_the_proposed_ones_and_wins() -> None:
    built = mapping({"DE": rule("*", "any"), "FE": rule("*_FE_time", "FE")})
    assert [each["channel"] for each in built["channels"]] == ["FE", "any"]


def test_a_metadata_table_takes_the_place_of_the_channels() -> None:
    built = mapping(texts=("found", "", "", "", "file,variable\na.mat,x\n"))
    assert "channels" not in built
    assert built["metadata_csv"].startswith("file,")


def test_the_label_comes_from_the_field_that_is_named() -> None:
    assert mapping(texts=("folder", "ignored", "", "", ""))["label_from"] == "folder"
    assert mapping(texts=("field", "verdict", "", "", ""))["label_from"] == "verdict"
    assert "label_from" not in mapping(texts=("found", "verdict", "", "", ""))


def test_words_are_read_from_lines_and_lists() -> None:
    assert parse_words(" IR = inner_race\nB=ball; OR=outer_race\nnothing\n=x\n") == {
        "IR": "inner_race",
        "B": "ball",
        "OR": "outer_race",
    }


def test_no_channel_at_all_is_said_before_the_service_would_take_every_signal() -> None:
    ids = [{"index": f"DE|{name}"} for name in rule("", "")]
    values = list(rule("*_DE_time", "DE", take=False).values())
    files = {"upload_ids": ["u"], "found": FOUND[:1]}
    form = [files, ids, values, [], [], [], [], "found", "", "", "", "", "auto", "", []]
    assert read_form(form)[2] == NO_CHANNEL


ROW = {"file": "a.mat", "variable": "acc [g]", "load": "3", "fault_class": None}


def test_an_edited_cell_corrects_its_own_signal_even_where_its_name_looks_like_a_glob() -> None:
    change = {"data": ROW, "colId": "load"}
    assert callbacks._of_cell(change)["load"] == "3"
    assert fnmatchcase("acc [g]", callbacks._of_cell(change)["variable"])
    assert not fnmatchcase("acc g", callbacks._of_cell(change)["variable"])


def test_an_emptied_label_means_unlabelled() -> None:
    assert callbacks._of_cell({"data": ROW, "colId": "fault_class"})["fault_class"] == "unlabelled"


@pytest.mark.parametrize(
    ("field", "value", "glob", "words"),
    [
        ("load", " ", "*", "Say what"),
        ("sample_rate_hz", "fast", "*", "needs a number"),
        ("load", "3", "", "Tick the signals"),
    ],
)
def test_what_can_not_be_set_is_said_beside_the_button(field, value, glob, words) -> None:
    sentence, fresh = callbacks._of_setter(field, value, glob, [])
    assert words in sentence
    assert fresh == []


def test_a_field_is_set_for_files_by_glob_or_for_the_ticked_signals() -> None:
    assert callbacks._of_setter("load", "3", "Normal_*", [ROW]) == ("", [{"file": "Normal_*", "load": "3"}])
    sentence, fresh = callbacks._of_setter("load", "3", "", [ROW, {**ROW, "variable": "b"}])
    assert sentence == ""
    assert [each["variable"] for each in fresh] == ["acc [[]g]", "b"]


def test_corrections_of_one_signal_are_one_entry() -> None:
    first = merge_corrections([], [{"file": "a", "variable": "x", "load": "1"}])
    second = merge_corrections(first, [{"file": "a", "variable": "x", "unit": "g", "load": "2"}])
    assert second == [{"file": "a", "variable": "x", "load": "2", "unit": "g"}]
    assert first[0]["load"] == "1"


def test_a_later_correction_wins_over_a_glob_that_came_before_it() -> None:
    entries = merge_corrections(
        [{"file": "a", "variable": "x", "load": "1"}, {"file": "*", "load": "2"}],
        [{"file": "a", "variable": "x", "load": "3"}],
    )
    assert [each["load"] for each in entries] == ["1", "2", "3"]


def test_an_emptied_cell_takes_its_correction_back() -> None:
    assert (
        merge_corrections(
            [{"file": "a", "variable": "x", "load": "1"}], [{"file": "a", "variable": "x", "load": ""}]
        )
        == []
    )


def test_signals_that_were_set_together_are_taken_back_together() -> None:
    entries = [
        {"file": "a", "variable": "x", "load": "1"},
        {"file": "Normal_*", "load": "1"},
        {"file": "b", "variable": "x", "load": "1"},
        {"file": "b", "variable": "y", "load": "2"},
    ]
    assert group_corrections(entries) == [[0, 2], [1], [3]]
