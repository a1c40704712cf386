"""An expired session in mid-form, in a real Chromium: the form survives the new sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import update

from database.connection import get_db_session
from models.user import LoginSession
from services.authentication_service import AuthenticationService
from tests.e2e.browser import open_tab, settle
from tests.integration.auth.conftest import OTHER_PASSWORD, PASSWORD, make_user
from utils.clock import utc_now

pytestmark = pytest.mark.e2e


@pytest.fixture
def page(visitors: BrowserContext, address: str) -> Iterator[Page]:
    """Return a page of somebody who is not signed in; errors on its console fail the test."""
    visitors.clear_cookies()
    with open_tab(visitors, address) as page:
        yield page


def _sign_in(page: Page, address: str, email: str = "jane@example.org") -> None:
    """Sign in and wait for what the page asks for by itself, so that later refusals are the test's own."""
    page.goto(f"{address}/login")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("#frame-jobs-button")
    settle(page)


def _end_sessions() -> None:
    with get_db_session() as session:
        session.execute(update(LoginSession).values(ended_at=utc_now()))
        session.commit()


def _fill_dialog(page: Page, email: str, password: str) -> None:
    dialog = page.locator("#session-dialog")
    dialog.get_by_label("E-mail address").fill(email)
    dialog.get_by_label("Password").fill(password)
    dialog.get_by_role("button", name="Sign in").click()


def test_set_up_in_the_browser(page: Page, address: str) -> None:
    token = AuthenticationService.issue_setup_token()["token"]
    page.goto(f"{address}/setup?token={token}")
    page.get_by_label("E-mail address").fill("root@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    page.wait_for_selector("#frame-jobs-button")
    assert page.url == f"{address}/"


def test_the_form_survives_and_the_refused_click_is_done_after_all(page: Page, address: str) -> None:
    make_user("jane@example.org", "engineer")
    _sign_in(page, address)
    page.goto(f"{address}/datasets")
    settle(page)
    page.evaluate("""() => {
        const field = document.createElement("input");
        field.id = "half-filled";
        document.querySelector("main").append(field);
        window.notReloaded = true;
    }""")
    page.fill("#half-filled", "typed with great care")
    _end_sessions()

    answers: list[int] = []
    page.on(
        "response", lambda answer: answers.append(answer.status) if "_dash-update" in answer.url else None
    )
    page.click("#frame-jobs-button")
    expect(page.locator("#session-dialog")).to_be_visible()
    _fill_dialog(page, "jane@example.org", OTHER_PASSWORD)
    expect(page.locator("#session-problem")).to_contain_text("password is wrong")
    with page.expect_response(lambda answer: "_dash-update" in answer.url and answer.status == 200):
        _fill_dialog(page, "jane@example.org", PASSWORD)
    expect(page.locator("#session-dialog")).to_have_count(0)

    assert answers[0] == 401
    assert page.evaluate("window.notReloaded") is True
    assert page.input_value("#half-filled") == "typed with great care"


def test_uploads_by_script_wait_for_the_new_session_too(page: Page, address: str) -> None:
    make_user("jane@example.org", "engineer")
    _sign_in(page, address)
    _end_sessions()
    page.evaluate("""() => {
        const body = new FormData();
        body.append("x", new Blob(["1"]));
        window.answer = fetch("/api/v1/jobs/999/cancel", {
            method: "POST", headers: window.pfdSession.csrfHeaders(),
        }).then((reply) => reply.status);
    }""")
    expect(page.locator("#session-dialog")).to_be_visible()
    _fill_dialog(page, "jane@example.org", PASSWORD)
    assert page.evaluate("window.answer") == 404  # past the guard, to a job that is not there


def test_another_persons_sign_in_loads_a_page_of_theirs(page: Page, address: str) -> None:
    make_user("jane@example.org", "engineer")
    eve = make_user("eve@example.org", "viewer")
    _sign_in(page, address)
    page.evaluate("window.notReloaded = true")
    _end_sessions()
    page.click("#frame-jobs-button")
    _fill_dialog(page, "eve@example.org", PASSWORD)
    meta = page.locator(f"meta[name='pfd-user'][content='{eve}']")
    expect(meta).to_have_count(1, timeout=20_000)
    page.wait_for_selector("#frame-jobs-button")
    assert page.evaluate("window.notReloaded") is None
    assert page.get_attribute("meta[name='pfd-user']", "content") == str(eve)


def test_put_off_the_dialog_stays_away_until_the_person_acts(page: Page, address: str) -> None:
    make_user("jane@example.org", "engineer")
    _sign_in(page, address)
    _end_sessions()
    page.click("#frame-jobs-button")
    page.locator("#session-dialog").get_by_role("button", name="Not now").click()
    expect(page.locator("#session-dialog")).to_have_count(0)
    timer: Any = """() => fetch("/_dash-update-component", {
        method: "POST", body: JSON.stringify({changedPropIds: ["frame-jobs-interval.n_intervals"]}),
        headers: {"Content-Type": "application/json"},
    }).then((reply) => reply.status)"""
    assert page.evaluate(timer) == 204
    expect(page.locator("#session-dialog")).to_have_count(0)
    page.click("#frame-jobs-button")
    expect(page.locator("#session-dialog")).to_be_visible()


def test_signing_out_leads_to_the_sign_in_page(page: Page, address: str) -> None:
    make_user("jane@example.org", "engineer")
    _sign_in(page, address)
    page.evaluate("window.pfdSession.signOut()")
    page.wait_for_url(f"{address}/login")
    page.goto(f"{address}/datasets")
    assert page.url == f"{address}/login?next=%2Fdatasets"
