"""The example configurations of the documentation can be made."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from core.synthesis.configuration import parse_config
from core.synthesis.records import make_record

EXAMPLES = sorted((Path(__file__).parents[4] / "docs" / "examples").glob("*.toml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_a_configuration(path: Path) -> None:
    config = parse_config(tomllib.loads(path.read_text()))
    assert make_record(config, config.classes[-1], 0).channels
    if path.stem == "journal_benchmark":
        assert config == parse_config({}), "it shows the defaults"


def test_there_are_examples_of_both_kinds() -> None:
    assert {path.stem.partition("_")[0] for path in EXAMPLES} == {"journal", "rolling"}
