"""From previews and a mapping to rows: what is known of each signal, and what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from core.datasets.readers.base import FilePreview, VariablePreview
from services.datasets.mapping import parse_mapping
from services.datasets.planning import ImportPlan, PreviewedFile, build_plan
from utils.exceptions import FileRefusedError, InvalidInputError


def preview(*names: str, rate: float | None = None, **scalars: Any) -> FilePreview:
    """Return a MATLAB file's preview with these signals."""
    return FilePreview("matlab5", [VariablePreview(name, 1000, "float64", rate) for name in names], scalars)


def plan(mapping: dict[str, Any], **files: FilePreview) -> ImportPlan:
    """Plan files whose names end in .mat."""
    return build_plan(
        [PreviewedFile(f"{name}.mat", found) for name, found in files.items()], parse_mapping(mapping)
    )


RATE = {"defaults": {"sample_rate_hz": 12_000}}


def test_every_vector_of_a_file_is_a_channel_of_one_recording() -> None:
    found = plan(RATE, a=preview("X097_DE_time", "X097_FE_time"))
    assert [(s.recording, s.channel) for s in found.signals] == [("a", "DE"), ("a", "FE")]
    assert found.problem is None


def test_a_missing_sample_rate_is_asked_for_with_the_names_of_the_files() -> None:
    problem = plan({}, a=preview("x"), b=preview("x")).problem
    assert problem is not None
    assert problem.code == "sample_rate_missing"
    assert "a.mat, b.mat" in problem.sentence


def test_a_rate_that_the_file_declares_is_used_and_marked_as_read() -> None:
    (signal,) = plan({}, a=preview("x", rate=97_656.0)).signals
    assert (signal.sample_rate_hz, signal.rate_origin) == (97_656.0, "file")


def test_a_given_rate_that_contradicts_the_file_is_refused() -> None:
    problem = plan(RATE, a=preview("x", rate=97_656.0)).problem
    assert problem is not None
    assert problem.code == "sample_rate_invalid"
    assert "97656" in problem.sentence
    assert "12000" in problem.sentence


@pytest.mark.parametrize("rate", [0, -5, 1e12, "nan", "inf"])
def test_an_impossible_rate_is_refused(rate: float) -> None:
    problem = plan({"defaults": {"sample_rate_hz": rate}}, a=preview("x")).problem
    assert problem is not None
    assert problem.code == "sample_rate_invalid"


def test_later_words_win_over_earlier_ones() -> None:
    table = "file,load,unit\na.mat,3,mm/s\n"
    mapping = {
        "defaults": {"sample_rate_hz": 100, "load": "1", "unit": "g", "machine": "M"},
        "metadata_csv": table,
        "overrides": [{"file": "a*", "unit": "V"}],
    }
    (signal,) = plan(mapping, a=preview("x")).signals
    assert (signal.machine, signal.load, signal.unit) == ("M", "3", "V")


def test_a_shaft_frequency_in_hz_becomes_turns_per_minute() -> None:
    mapping = {**RATE, "shaft_frequency_from": "bearing.rate"}
    (signal,) = plan(mapping, a=preview("x", **{"bearing.rate": 25.0})).signals
    assert signal.shaft_speed_rpm == 1500.0


def test_a_scalar_glob_that_fits_two_values_asks_which() -> None:
    problem = plan({**RATE, "speed_from": "*RPM"}, a=preview("x", X1RPM=1.0, X2RPM=2.0)).problem
    assert problem is not None
    assert "fits 2 values" in problem.sentence


def test_only_files_of_the_metadata_table_are_taken_and_missing_ones_are_named() -> None:
    found = plan({**RATE, "metadata_csv": "file\na.mat\nz.mat\n"}, a=preview("x"), b=preview("x"))
    assert [signal.file for signal in found.signals] == ["a.mat"]
    assert [skipped.file for skipped in found.skipped] == ["b.mat", "z.mat"]


def test_a_variable_glob_that_fits_nothing_leaves_the_file_out_and_says_what_it_holds() -> None:
    found = plan({**RATE, "variables": ["*_BA_time"]}, a=preview("X097_DE_time"))
    assert found.problem is not None
    assert found.problem.code == "no_usable_vector"
    assert "X097_DE_time" in found.problem.sentence


def test_a_word_of_a_name_chooses_the_channel() -> None:
    found = plan({**RATE, "variables": ["DE"]}, a=preview("X097_DE_time", "X097_FE_time"))
    assert [signal.variable for signal in found.signals] == ["X097_DE_time"]


def test_channel_rules_give_each_channel_its_own_bearing() -> None:
    mapping = {
        **RATE,
        "channels": [
            {"variable": "*_DE_time", "bearing": "6205", "channel": "drive"},
            {"variable": "*_FE_time", "bearing": "6203"},
        ],
    }
    found = plan(mapping, a=preview("X1_DE_time", "X1_FE_time", "X1_BA_time"))
    assert [(s.channel, s.bearing) for s in found.signals] == [("drive", "6205"), ("FE", "6203")]


def test_two_signals_of_one_name_in_one_recording_are_refused() -> None:
    mapping = {**RATE, "defaults": {"sample_rate_hz": 100, "channel": "A"}}
    problem = plan(mapping, a=preview("x", "y")).problem
    assert problem is not None
    assert "twice" in problem.sentence


def test_one_bearing_with_two_fault_classes_in_one_recording_is_refused() -> None:
    mapping = {
        "defaults": {"sample_rate_hz": 100, "bearing": "6205"},
        "overrides": [
            {"file": "*", "variable": "x", "fault_class": "ball"},
            {"file": "*", "variable": "y", "fault_class": "healthy"},
        ],
    }
    problem = plan(mapping, a=preview("x", "y")).problem
    assert problem is not None
    assert "two fault classes" in problem.sentence


def test_files_of_the_same_name_in_two_folders_keep_their_folder_as_recording_name() -> None:
    files = [PreviewedFile(name, preview("x")) for name in ("day1/a.mat", "day2/a.mat", "b.mat")]
    found = build_plan(files, parse_mapping(RATE))
    assert [signal.recording for signal in found.signals] == ["day1/a", "day2/a", "b"]


def test_an_unreadable_file_is_left_out_and_the_rest_goes_on() -> None:
    files = [
        PreviewedFile("bad.mat", None, FileRefusedError("It is broken.")),
        PreviewedFile("good.mat", preview("x")),
    ]
    found = build_plan(files, parse_mapping(RATE))
    assert found.problem is None
    assert [(skipped.file, skipped.sentence) for skipped in found.skipped] == [("bad.mat", "It is broken.")]


def test_where_nothing_is_usable_the_first_reason_is_given() -> None:
    files = [PreviewedFile("bad.mat", None, FileRefusedError("It is broken."))]
    problem = build_plan(files, parse_mapping(RATE)).problem
    assert problem is not None
    assert problem.sentence == "Nothing can be imported. bad.mat: It is broken."


def test_labels_come_from_the_groups_of_the_name_pattern() -> None:
    mapping = {**RATE, "pattern": "(?P<label>IR)(?P<severity>[0-9]+)", "map": {"IR": "inner_race"}}
    files = [PreviewedFile("IR007.mat", preview("x"), groups={"label": "IR", "severity": "007"})]
    (signal,) = build_plan(files, parse_mapping(mapping)).signals
    assert (signal.fault_class, signal.severity) == ("inner_race", "007")


def test_a_name_that_does_not_fit_the_label_pattern_is_a_missing_label() -> None:
    mapping = {**RATE, "pattern": "(?P<label>IR)"}
    problem = build_plan([PreviewedFile("x.mat", preview("x"), groups=None)], parse_mapping(mapping)).problem
    assert problem is not None
    assert problem.code == "label_missing"


def test_a_channel_rule_labels_its_channel_whatever_the_name_says() -> None:
    mapping = {
        **RATE,
        "pattern": "(?P<label>IR)",
        "map": {"IR": "inner_race"},
        "channels": [
            {"variable": "*_DE_time"},
            {"variable": "*_FE_time", "fault_class": "healthy"},
            {"variable": "*_BA_time", "fault_class": "unlabelled"},
        ],
    }
    names = ("X097_DE_time", "X097_FE_time", "X097_BA_time")
    files = [PreviewedFile("IR.mat", preview(*names), groups={"label": "IR"})]
    found = build_plan(files, parse_mapping(mapping))
    assert [signal.fault_class for signal in found.signals] == ["inner_race", "healthy", None]


def test_labels_come_from_the_folder() -> None:
    files = [PreviewedFile("outer race/1.mat", preview("x"))]
    (signal,) = build_plan(files, parse_mapping({**RATE, "label_from": "folder"})).signals
    assert signal.fault_class == "outer_race"


def test_a_label_column_that_the_table_lacks_is_refused_with_the_columns_it_has() -> None:
    mapping = {**RATE, "metadata_csv": "file,load\na.mat,1\n", "label_from": "fault_class"}
    with pytest.raises(InvalidInputError, match=r"no filled column 'fault_class'.*load") as refused:
        plan(mapping, a=preview("x"))
    assert refused.value.code == "label_missing"


def test_a_label_field_that_is_nowhere_is_refused() -> None:
    problem = plan({**RATE, "label_from": "kind"}, a=preview("x")).problem
    assert problem is not None
    assert problem.code == "label_missing"


def test_a_label_that_is_no_fault_class_is_refused_with_the_classes_there_are() -> None:
    problem = plan({**RATE, "defaults": {"sample_rate_hz": 1, "fault_class": "XX"}}, a=preview("x")).problem
    assert problem is not None
    assert problem.code == "label_missing"
    assert "inner_race" in problem.sentence


def test_a_signal_without_any_label_stays_unlabelled() -> None:
    (signal,) = plan(RATE, a=preview("x")).signals
    assert signal.fault_class is None


def test_geometry_that_can_not_be_is_a_problem_of_the_bearing() -> None:
    problem = plan({"defaults": {"sample_rate_hz": 1, "geometry": "n=9,d=40,D=39"}}, a=preview("x")).problem
    assert problem is not None
    assert "pitch" in problem.sentence


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"labels": {}}, "no 'labels'"),
        ({"defaults": {"speed": 1}}, "'speed' is not a field"),
        ({"defaults": {"sample_rate_hz": "12k"}}, "not a number"),
        ({"defaults": {"unit": "g" * 99}}, "unit"),
        ({"pattern": "("}, "no regular expression"),
        ({"pattern": "abc"}, "names no group"),
        ({"variables": "x"}, "must be a list"),
        ({"overrides": [{"unit": "g"}]}, "file"),
        ({"metadata_csv": "datei\na.mat\n"}, "Line 1"),
    ],
)
def test_a_mapping_that_can_not_be_used_is_refused_in_plain_words(
    mapping: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidInputError, match=words):
        parse_mapping(mapping)


def test_a_load_is_the_same_whether_a_file_writes_it_with_a_point_or_not() -> None:
    found = plan({**RATE, "load_from": "load"}, a=preview("x", load=270.0), b=preview("x", load=270))
    assert [signal.load for signal in found.signals] == ["270", "270"]
