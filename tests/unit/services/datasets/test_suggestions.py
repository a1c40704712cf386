"""Globs that name a channel, or a value, in all files of an import."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from core.datasets.readers.base import FilePreview, VariablePreview
from services.datasets.planning import PreviewedFile
from services.datasets.suggestions import find_glob, suggest_channels, suggest_values
from utils.exceptions import FileRefusedError


def file(name: str, variables: list[str], *, format_name: str = "matlab5", **scalars: float) -> PreviewedFile:
    found = [VariablePreview(each, 100, "float64") for each in variables]
    return PreviewedFile(name, FilePreview(format_name, found, dict(scalars)))


def test_the_record_numbers_of_cwru_files_do_not_make_channels_of_their_own() -> None:
    files = [file(f"{n}.mat", [f"X{n}_DE_time", f"X{n}_FE_time"]) for n in (105, 118, 234)]
    found = suggest_channels(files)
    assert [(each["channel"], each["glob"], each["n_files"]) for each in found] == [
        ("DE", "*_DE_time", 3),
        ("FE", "*_FE_time", 3),
    ]


def test_a_file_that_can_not_be_read_suggests_nothing() -> None:
    broken = PreviewedFile("broken.mat", None, FileRefusedError("It is broken."))
    assert suggest_channels([broken]) == []
    assert suggest_values([broken]) == []


def test_files_that_name_their_channels_themselves_get_one_rule_for_all() -> None:
    found = suggest_channels([file("all.h5", ["train/0", "train/1", "test/0"], format_name="split_hdf5")])
    assert [(each["channel"], each["glob"], each["n_signals"]) for each in found] == [(None, "*/*", 3)]


@pytest.mark.parametrize(
    ("names", "others"),
    [
        (["X097_DE_time", "X105_DE_time"], ["X097_FE_time"]),
        (["a_1", "a_2"], ["b_1", "b_2"]),
        (["acc [g]"], ["acc g"]),
        (["aa", "aaa"], ["b"]),
        (["x", "y"], []),
    ],
)
def test_a_glob_fits_its_names_and_no_others(names: list[str], others: list[str]) -> None:
    glob = find_glob(names, [*names, *others])
    assert all(fnmatchcase(name, glob) for name in names)
    assert not any(fnmatchcase(other, glob) for other in others)


def test_a_number_that_every_file_has_is_one_value_with_its_range() -> None:
    files = [file("a.mat", [], X097RPM=1796.0), file("b.mat", [], X105RPM=1748.0)]
    (value,) = suggest_values(files)
    assert fnmatchcase("X097RPM", value["glob"]) and fnmatchcase("X105RPM", value["glob"])
    assert (value["n_files"], value["low"], value["high"]) == (2, 1748.0, 1796.0)


def test_numbers_of_one_file_that_differ_in_a_digit_stay_apart() -> None:
    found = suggest_values([file("a.mat", [], gain1=2.0, gain2=3.0)])
    assert sorted(each["glob"] for each in found) == ["gain1", "gain2"]
