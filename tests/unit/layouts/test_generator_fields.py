"""The generator's form loses nothing: a configuration goes in and comes out the same."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from core.synthesis.configuration import (
    SEVERITIES,
    JournalConfig,
    JournalLayer,
    RollingConfig,
    RollingLayer,
    dump_config,
    parse_config,
)
from layouts.components import generator_fields as form
from utils.exceptions import InvalidInputError

CONFIGS: list[dict[str, Any]] = [
    {},
    {"classes": ["wear", "healthy"], "severities": ["mild"], "noise_layers": ["pink"], "seed": 3},
    {
        "profile": "physical",
        "unit": "um",
        "sensor_gain_db": [-6, 6],
        "physical": {"run_up_percent": 5, "second_probe": True, "wear": "grows", "missing_share": 0.1},
    },
    {"kind": "rolling"},
    {"kind": "rolling", "geometry": "n=9,d=7.94,D=39.04,phi=0", "snr_db": [-5, 0]},
    {"kind": "rolling", "load_zone": False, "resonances": [{"frequency_hz": 2000, "damping": 0.1}]},
]


@pytest.mark.parametrize("raw", CONFIGS, ids=range(len(CONFIGS)))
def test_a_configuration_survives_the_form(raw: dict[str, Any]) -> None:
    config = parse_config(raw)
    again = parse_config(form.read_config(config.kind, form.write_values(dump_config(config))))
    expected = {**dump_config(config), "classes": sorted(config.classes)}
    if config.kind == "journal" and config.profile == "physical":
        expected.setdefault("physical", {})
    assert {**dump_config(again), "classes": sorted(again.classes)} == expected


@pytest.mark.parametrize("kind", ["journal", "rolling"])
def test_an_empty_form_is_the_default(kind: str) -> None:
    values = {"rolling/load_zone": True}
    assert parse_config(form.read_config(kind, values)) == parse_config({"kind": kind})


@pytest.mark.parametrize(("kind", "model"), [("journal", JournalConfig), ("rolling", RollingConfig)])
def test_every_entry_has_a_field(kind: str, model: Any) -> None:
    shown = {field.path.partition(".")[0] for field in form.list_fields(kind)}
    assert shown == set(model.model_fields) - {"kind"}
    if kind == "journal":
        from core.synthesis.configuration import PhysicalOptions

        inner = {field.path.partition(".")[2] for field in form.list_fields(kind) if "." in field.path}
        assert inner == set(PhysicalOptions.model_fields)


def test_the_choices_are_the_generator_s() -> None:
    assert [key for key, _ in form.JOURNAL_LAYERS] == list(get_args(JournalLayer))
    assert [key for key, _ in form.ROLLING_LAYERS] == list(get_args(RollingLayer))
    assert [key for key, _ in form.SEVERITIES] == list(SEVERITIES)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"journal/shaft_speed_rpm|from": 3000}, "'shaft_speed_rpm.1'"),
        ({"journal/classes": []}, "'classes'"),
        ({"journal/n_per_class": 1.5}, "'n_per_class'"),
        ({"journal/seed": -1}, "'seed'"),
    ],
)
def test_what_a_person_can_type_wrong_is_told_by_name(values: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        parse_config(form.read_config("journal", values))


@pytest.mark.parametrize("text", ["fast", "3200 0.04 1 7", "3200 x"])
def test_a_resonance_that_is_none_is_refused(text: str) -> None:
    values = {"rolling/bearing": "6205", "rolling/resonances": text}
    with pytest.raises(InvalidInputError, match="resonances"):
        parse_config(form.read_config("rolling", values))
