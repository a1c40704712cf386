"""Sign-in and set-up as a person sees them: readable by everybody, in both themes, on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from services.authentication_service import AuthenticationService
from tests.e2e.browser import find_barriers
from tests.e2e.test_session_dialog import page
from tests.integration.auth.conftest import PASSWORD, make_user

pytestmark = pytest.mark.e2e

__all__ = ["page"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_a_phone_shows_all_of_it(page: Page, address: str, theme: str) -> None:
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": 390, "height": 844})
    token = AuthenticationService.issue_setup_token()["token"]
    _look(page, f"{address}/setup?token={token}", theme)
    page.get_by_label("E-mail address").fill("root@example.org")
    page.get_by_label("Password", exact=True).fill("password12345678")
    page.get_by_label("Password, once more").fill("password12345678")
    page.get_by_role("button", name="Create the account").click()
    assert "well-known" in page.get_by_role("alert").inner_text()
    _look(page, None, theme)
    make_user("jane@example.org")
    _look(page, f"{address}/login", theme)


def _look(page: Page, url: str | None, theme: str) -> None:
    if url:
        page.goto(url)
    assert page.get_attribute("html", "data-bs-theme") == theme
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.fonts.size") == 0  # system fonts only
    assert find_barriers(page) == []


def test_the_rest_interface_is_drawn_without_anything_from_elsewhere(page: Page, address: str) -> None:
    make_user("root@example.org", "admin")
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(f"{address}/login?next=/docs")
    page.get_by_label("E-mail address").fill("root@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector(".opblock:has-text('Return the account behind')")
    assert all(url.startswith((address, "data:", "blob:")) for url in requested)
