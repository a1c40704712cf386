"""Requests for an extraction: checked, and the same request always has the same name."""

from __future__ import annotations

from typing import Any

import pytest

from services.features.config import FeatureConfig, hash_config, parse_config
from utils.exceptions import InvalidInputError


def test_a_hop_is_a_window_unless_it_is_given() -> None:
    assert parse_config("all", None) == FeatureConfig()
    assert parse_config("time", {"window_s": 0.5}).hop_s == 0.5
    assert parse_config("time", {"window_s": 0.5, "hop_s": 0.1}).hop_s == 0.1
    assert parse_config("all", {"window_s": "", "hop_s": None, "channel": ""}) == FeatureConfig()


@pytest.mark.parametrize(
    "given",
    [
        {"window_s": -1},
        {"window_s": float("inf")},
        {"window_s": 1e9},
        {"hop_s": "x"},
        {"analysis_rate_hz": 0},
        {"channel": 5},
        {"channel": "a\x00b"},
        {"max_windows_per_signal": 1.5},
        {"max_windows_per_signal": True},
        {"max_windows_per_signal": 10**6},
        {"features_version": 1},
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        parse_config("all", given)


def test_the_order_of_the_fields_does_not_matter_and_every_value_does() -> None:
    first, second = parse_config("all", {"window_s": 1}), parse_config("all", {"window_s": 2})
    described = first.describe()
    assert hash_config(described) == hash_config(dict(reversed(described.items())))
    assert hash_config(described) != hash_config(second.describe())
    assert "features_version" in described
