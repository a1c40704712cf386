"""What the commands make of their words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from dashboard.cli.datasets import build_mapping, list_files, name_split, parse_class_map, read_template

NOTHING: dict[str, Any] = dict.fromkeys(
    (
        *("pattern", "class_map", "label_from", "channel", "sample_rate_hz", "unit", "bearing", "machine"),
        *("shaft_speed_rpm", "sensitivity", "arrangement", "start_time"),
    )
)


def test_a_folder_is_searched_for_recordings_and_named_from_there(tmp_path: Path) -> None:
    for name in ("b/2.mat", "a/1.h5", "README.md", "metadata.csv", "table.csv", "c.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = list_files([tmp_path], tmp_path / "table.csv")
    assert [file["name"] for file in found] == ["a/1.h5", "b/2.mat", "c.csv"]


def test_a_file_that_is_named_is_taken_whatever_its_ending_and_only_once(tmp_path: Path) -> None:
    odd = tmp_path / "recording.dat"
    odd.touch()
    assert [file["name"] for file in list_files([odd, odd], None)] == ["recording.dat"]


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="no file to import"):
        list_files([tmp_path], None)


def test_class_words_may_come_one_by_one_or_together() -> None:
    assert parse_class_map(["IR=inner_race", "OR=outer_race,B=ball"]) == {
        "IR": "inner_race",
        "OR": "outer_race",
        "B": "ball",
    }
    with pytest.raises(click.BadParameter, match="IR=inner_race"):
        parse_class_map(["IR"])


def test_options_lie_over_the_template(tmp_path: Path) -> None:
    template = tmp_path / "rig.json"
    template.write_text('{"defaults": {"unit": "g", "sample_rate_hz": 1000}, "map": {"B": "ball"}}')
    given = {**NOTHING, "class_map": {"IR": "inner_race"}, "sample_rate_hz": 2000.0, "channel": "DE"}
    assert build_mapping(read_template(template), None, **given) == {
        "defaults": {"unit": "g", "sample_rate_hz": 2000.0},
        "map": {"B": "ball", "IR": "inner_race"},
        "variables": ["DE"],
    }


def test_a_template_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    template = tmp_path / "rig.json"
    for text in ("{", "[1]"):
        template.write_text(text)
        with pytest.raises(click.BadParameter):
            read_template(template)


def test_nothing_said_is_an_empty_mapping() -> None:
    assert build_mapping({}, None, **NOTHING) == {}


def test_a_split_is_named_after_its_rule() -> None:
    assert name_split("load", ["2", "3"], "DE", 0) == "by load, test 2 3, DE"
    assert name_split("bearing", [], None, 7) == "by bearing, seed 7"
