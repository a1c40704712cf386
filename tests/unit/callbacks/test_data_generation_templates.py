"""A template fills the form in so that the form says what the template says."""

from __future__ import annotations

from typing import Any

from callbacks.data_generation_templates import fill_form
from layouts.components.import_form import build_mapping
from layouts.components.import_mapping import key_of, read_rules

FOUND = [
    {"channel": "DE", "glob": "*_DE_time", "examples": ["X1_DE_time"], "units": []},
    {"channel": "FE", "glob": "*_FE_time", "examples": ["X1_FE_time"], "units": []},
]
FIELDS = ("take", "labelled", "variable", "channel", "unit", "sensitivity", "measurement_point", "bearing")
RULE_IDS = [{"type": "r", "index": f"{key_of(channel)}|{field}"} for channel in FOUND for field in FIELDS]
DEFAULT_IDS = [{"type": "d", "index": name} for name in ("sample_rate_hz", "machine", "fault_class")]
VALUE_IDS = [{"type": "v", "index": name} for name in ("speed_from", "load_from")]


def apply(mapping: dict[str, Any]) -> dict[str, Any]:
    """Fill the form in and return the mapping that it then stands for."""
    filled = fill_form(mapping, FOUND, RULE_IDS, DEFAULT_IDS, VALUE_IDS)
    rules, defaults, values, label_from, label_field, pattern, words, arrangement = filled
    return build_mapping(
        FOUND,
        read_rules(RULE_IDS, rules),
        {each["index"]: value for each, value in zip(DEFAULT_IDS, defaults, strict=True)},
        {each["index"]: value for each, value in zip(VALUE_IDS, values, strict=True)},
        label_from, label_field, pattern, words, "", arrangement, "", [],
    )  # fmt: skip


def test_a_mapping_of_the_form_comes_back_as_it_was() -> None:
    blank = dict.fromkeys(("unit", "sensitivity", "measurement_point", "bearing"), "")
    mapping = {
        "channels": [
            {"variable": "*_DE_time", "channel": "drive", **blank, "sensitivity": "100 mV/g"},
            {"variable": "*_FE_time", "channel": "FE", **blank, "fault_class": "unlabelled"},
        ],
        "defaults": {"sample_rate_hz": 12_000, "machine": "rig"},
        "speed_from": "*RPM",
        "label_from": "state",
        "pattern": "(?P<state>[A-Z]+)",
        "map": {"IR": "inner_race"},
        "arrangement": "channels_in_rows",
    }
    assert apply(mapping) == mapping


def test_a_channel_that_the_template_does_not_take_is_not_ticked() -> None:
    taken = apply({"channels": [{"variable": "*_FE_time", "channel": "FE"}]})
    assert [rule["variable"] for rule in taken["channels"]] == ["*_FE_time"]


def test_a_template_of_the_command_without_channels_takes_all_or_those_it_names() -> None:
    for mapping, expected in (({"defaults": {"unit": "g"}}, 2), ({"variables": ["FE"]}, 1)):
        filled = fill_form(mapping, FOUND, RULE_IDS, DEFAULT_IDS, VALUE_IDS)
        ticks = [
            value for each, value in zip(RULE_IDS, filled[0], strict=True) if each["index"].endswith("|take")
        ]
        assert sum(ticks) == expected
