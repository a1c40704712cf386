"""The form of an API key."""

from __future__ import annotations

import re
import zlib

import pytest

from dashboard_config import Settings
from services.shared import api_keys


def test_a_key_has_66_characters_in_its_four_parts() -> None:
    key = api_keys.build_key("live")
    assert re.fullmatch(r"sk_live_[0-9A-Za-z]{58}", key)
    assert len(key) == 66
    assert key[api_keys.PREFIX] == key[8:28]


def test_the_checksum_is_crc_32_in_base_62() -> None:
    stem = "sk_live_" + "a" * 52
    digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    value = 0
    for character in api_keys.compute_checksum(stem):
        value = value * 62 + digits.index(character)
    assert value == zlib.crc32(stem.encode())


def test_keys_differ() -> None:
    assert len({api_keys.build_key("test") for _ in range(200)}) == 200


@pytest.mark.parametrize("position", [3, 10, 30, 64])
def test_one_changed_character_is_noticed(position: int) -> None:
    key = api_keys.build_key("live")
    other = "x" if key[position] != "x" else "y"
    assert api_keys.has_key_form(key)
    assert not api_keys.has_key_form(key[:position] + other + key[position + 1 :])


@pytest.mark.parametrize(
    "text", ["", "sk_live_", "Bearer x", "sk_live_" + "ä" * 58, "x" * 100_000, "\x00" * 66]
)
def test_anything_else_is_no_key(text: str) -> None:
    assert not api_keys.has_key_form(text)


def test_another_secret_key_is_another_pepper(configure, settings: Settings) -> None:
    key = api_keys.build_key("live")
    mac = api_keys.compute_mac(key)
    assert len(mac) <= 64
    assert api_keys.is_under_current_pepper(mac)
    assert api_keys.compute_mac(key) == mac
    configure(SECRET_KEY="another secret key of good length!")
    assert not api_keys.is_under_current_pepper(mac)
    assert not api_keys.is_under_current_pepper(None)
