"""A configuration is refused as a whole, with a sentence that names the entry."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.synthesis.configuration import dump_config, hash_config, parse_config
from utils.constants import FAULT_CLASSES
from utils.exceptions import InvalidInputError

REFUSED = [
    ({"colour": "red"}, "'colour' is not an entry"),
    ({"classes": ["sain"]}, "'sain' is none of healthy"),
    ({"classes": []}, "'classes'"),
    ({"classes": ["wear", "wear"]}, "'wear' twice"),
    ({"n_per_class": 0}, "'n_per_class'"),
    ({"n_per_class": 50_000}, "too many"),
    ({"seed": -1}, "'seed'"),
    ({"seed": "x"}, "'seed'"),
    ({"severities": ["terrible"]}, "'severities.0'"),
    ({"shaft_speed_rpm": [4000, 3000]}, "[from, to]"),
    ({"shaft_speed_rpm": [1e400, 3000]}, "'shaft_speed_rpm.0'"),
    ({"duration_s": 0.01}, "samples"),
    ({"duration_s": 3600, "sample_rate_hz": 1e6}, "samples"),
    ({"sample_rate_hz": 2000}, "'sample_rate_hz'"),
    ({"noise_layers": ["purple"]}, "'noise_layers.0'"),
    ({"noise_layers": ["drift"]}, "every healthy record would be the same"),
    ({"noise_level": 0}, "every healthy record would be the same"),
    ({"physical": {"second_probe": True}}, "belong to the physical profile"),
    ({"sensor_gain_db": [-6, 6]}, "belongs to the physical profile"),
    ({"profile": "physical", "physical": {"missing_share": 0.9}}, "'physical.missing_share'"),
    ({"kind": "gear"}, "'gear'"),
    ({"kind": "rolling", "profile": "benchmark"}, "'profile' is not an entry"),
    ({"kind": "rolling", "bearing": "nobody's"}, "No geometry is known"),
    ({"kind": "rolling", "bearing": "6205", "geometry": "n=9,d=7.94,D=39.04"}, "not both"),
    ({"kind": "rolling", "geometry": "n=2,d=1,D=2"}, "at least three"),
    ({"kind": "rolling", "sample_rate_hz": 4000}, "needs a sample rate above 7111 Hz"),
    ({"kind": "rolling", "classes": ["wear"]}, "'wear' is none of healthy, inner_race"),
]


@pytest.mark.parametrize(("raw", "words"), REFUSED, ids=[str(index) for index in range(len(REFUSED))])
def test_what_can_t_be_made_is_refused_with_its_name(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_config(raw)
    assert words.lower() in caught.value.sentence.lower()
    assert "journal." not in caught.value.sentence, "the union's own words stay inside"


def test_an_empty_configuration_is_the_public_benchmark() -> None:
    config = parse_config({})
    assert config.kind == "journal"
    assert config.classes == FAULT_CLASSES
    assert len(config.classes) * config.n_per_class == 3520
    assert config.n_samples == 102_400


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"profile": "physical", "physical": {"run_up_percent": 5}, "unit": "um"},
        {"kind": "rolling"},
        {"kind": "rolling", "snr_db": [-5, -5]},
        {"kind": "rolling", "geometry": "n=9,d=7.94,D=39.04,phi=0"},
    ],
)
def test_a_dumped_configuration_makes_the_same_one_again(raw: dict[str, Any]) -> None:
    config = parse_config(raw)
    again = parse_config(json.loads(json.dumps(dump_config(config))))
    assert again == config
    assert hash_config(again) == hash_config(config)
    assert hash_config(config) != hash_config(parse_config({**raw, "seed": 9}))
