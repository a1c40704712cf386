"""Addresses and names, and what a User-Agent is called."""

from __future__ import annotations

import pytest

from services.shared import people
from services.shared.user_agents import name_browser, name_device_type
from utils.exceptions import InvalidInputError

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605 Version/18 Mobile Safari/604.1"


def test_addresses_are_kept_in_one_spelling() -> None:
    assert people.require_email("  Jane.Doe@Example.ORG ") == "jane.doe@example.org"


@pytest.mark.parametrize(
    "address", ["", "jane", "jane@", "@x", "a b@c.de", "a@b@c.de", "a@b.de\nBcc: x@y.z", "a" * 300]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidInputError, match="e-mail address"):
        people.require_email(address)


def test_a_name_loses_control_characters_and_has_a_default() -> None:
    assert people.require_display_name("Jane\r\n\u202eDoe", "jane@example.org") == "JaneDoe"
    assert people.require_display_name("  ", "jane@example.org") == "jane"


def test_browsers_and_devices_have_plain_names() -> None:
    assert (name_browser(CHROME), name_device_type(CHROME)) == ("Chrome", "desktop")
    assert (name_browser(CHROME + " Edg/140.0"), name_device_type(PHONE)) == ("Edge", "phone")
    assert (name_browser(None), name_device_type("curl/8.0")) == (None, None)
