"""Set-up, sign-in and sign-out over HTTP."""

from __future__ import annotations

import pytest
from flask import Flask

from dashboard.auth.views import clean_next
from dashboard_config import Settings
from services.authentication_service import AuthenticationService
from tests.integration.auth.browser import HTML, JSON, Browser
from tests.integration.auth.conftest import OTHER_PASSWORD, PASSWORD

SETUP = {
    "email": "root@example.org",
    "display_name": "Root",
    "password": PASSWORD,
    "password_again": PASSWORD,
}


class TestSetUp:
    """An empty database."""

    def test_every_page_leads_to_set_up(self, server: Flask, database: Settings) -> None:
        for path in ("/", "/datasets", "/login", "/nothing"):
            answer = Browser(server).open(path)
            assert (answer.status_code, answer.location) == (303, "/setup"), path

    def test_the_link_of_the_console_makes_the_first_administrator_and_signs_in(
        self, server: Flask, quick_hashes: None, database: Settings
    ) -> None:
        browser = Browser(server)
        token = AuthenticationService.issue_setup_token()["token"]
        link = f"/setup?token={token}"
        assert token in browser.open(link).text
        form_token = browser.read_form_token(link)
        answer = browser.open(
            "/setup", "POST", data={**SETUP, "token": token, "form_token": form_token}, headers=HTML
        )
        assert (answer.status_code, answer.location) == (303, "/")
        assert browser.open("/api/v1/me", headers=JSON).json["role"] == "admin"
        assert browser.open("/setup").location == "/login"

    def test_a_wrong_token_shows_the_form_again_with_the_reason(
        self, server: Flask, quick_hashes: None, database: Settings
    ) -> None:
        browser = Browser(server)
        AuthenticationService.issue_setup_token()
        form_token = browser.read_form_token("/setup")
        answer = browser.open(
            "/setup", "POST", data={**SETUP, "token": "x", "form_token": form_token}, headers=HTML
        )
        assert answer.status_code == 403
        assert "set-up token is wrong" in answer.text
        assert "root@example.org" in answer.text
        assert PASSWORD not in answer.text
        assert not AuthenticationService.has_users()

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"password_again": OTHER_PASSWORD}, "passwords differ"),
            ({"password": "short", "password_again": "short"}, "at least 15"),
            ({"email": "root"}, "not an e-mail address"),
            ({"form_token": "0" * 64}, "open for too long"),
        ],
    )
    def test_mistakes_are_named_and_keep_the_token(
        self, server: Flask, quick_hashes: None, database: Settings, changes: dict[str, str], reason: str
    ) -> None:
        browser = Browser(server)
        token = AuthenticationService.issue_setup_token()["token"]
        fields = {**SETUP, "token": token, "form_token": browser.read_form_token("/setup"), **changes}
        assert reason in browser.open("/setup", "POST", data=fields, headers=HTML).text
        assert AuthenticationService.register_first_admin(token, "a@example.org", PASSWORD)["success"]


class TestSignIn:
    """The form."""

    def test_the_right_password_leads_to_the_page_that_was_wanted(
        self, server: Flask, people: dict[str, int]
    ) -> None:
        browser = Browser(server)
        assert browser.open("/datasets?q=a%20b").location == "/login?next=%2Fdatasets%3Fq%3Da%2520b"
        answer = browser.sign_in("viewer@example.org", next="/datasets?q=a%20b")
        assert (answer.status_code, answer.location) == (303, "/datasets?q=a%20b")
        assert browser.open("/datasets").status_code == 200

    def test_cookies_are_kept_from_scripts_and_other_sites(
        self, server: Flask, people: dict[str, int]
    ) -> None:
        cookies = {
            line.partition("=")[0]: line
            for line in Browser(server).sign_in("viewer@example.org").headers.getlist("Set-Cookie")
        }
        assert "HttpOnly" in cookies["pfd_session"]
        assert "HttpOnly" not in cookies["pfd_csrf"]
        assert all("SameSite=Lax" in line and "Path=/" in line for line in cookies.values())

    def test_under_tls_cookies_are_secure_and_bound_to_the_host(
        self, server: Flask, people: dict[str, int]
    ) -> None:
        browser = Browser(server, base_url="https://localhost")
        answer = browser.sign_in("viewer@example.org")
        cookies = answer.headers.getlist("Set-Cookie")
        assert any(line.startswith("__Host-pfd_session=") for line in cookies)
        assert all("Secure" in line for line in cookies)
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
        assert browser.open("/api/v1/me", headers=JSON).status_code == 200

    def test_a_wrong_password_shows_the_form_with_the_address_and_the_reason(
        self, server: Flask, people: dict[str, int]
    ) -> None:
        answer = Browser(server).sign_in("<viewer>@example.org", OTHER_PASSWORD)
        assert answer.status_code == 401
        assert "address or the password is wrong" in answer.text
        assert "&lt;viewer&gt;@example.org" in answer.text
        assert OTHER_PASSWORD not in answer.text

    def test_the_session_token_is_new_at_every_sign_in_and_the_former_one_ends(
        self, server: Flask, people: dict[str, int]
    ) -> None:
        browser = Browser(server)
        browser.sign_in("viewer@example.org")
        former = browser.get_cookie("pfd_session") or ""
        data = {"email": "viewer@example.org", "password": PASSWORD}
        form_token = browser.open("/login", headers=JSON).json["form_token"]
        browser.open("/login", "POST", json={**data, "form_token": form_token})
        assert browser.get_cookie("pfd_session") != former
        assert AuthenticationService.validate_session(former) is None

    def test_a_cookie_planted_before_sign_in_is_worth_nothing_after(
        self, server: Flask, people: dict[str, int]
    ) -> None:
        browser = Browser(server)
        browser.client.set_cookie("pfd_session", "planted", domain="localhost")
        browser.sign_in("viewer@example.org")
        assert browser.get_cookie("pfd_session") != "planted"
        assert AuthenticationService.validate_session("planted") is None

    def test_too_many_failures_answer_429_and_say_when(self, server: Flask, people: dict[str, int]) -> None:
        browser = Browser(server)
        for _ in range(10):
            browser.sign_in("viewer@example.org", OTHER_PASSWORD)
        answer = browser.sign_in("viewer@example.org")
        assert answer.status_code == 429
        assert 290 <= int(answer.headers["Retry-After"]) <= 300
        assert "Try again in 5 minutes" in answer.text

    @pytest.mark.parametrize("token", ["", "0" * 64, "ä\ud800"])
    def test_a_form_without_its_own_token_is_refused(
        self, server: Flask, people: dict[str, int], token: str
    ) -> None:
        browser = Browser(server)
        browser.read_form_token("/login")
        body = {"email": "viewer@example.org", "password": PASSWORD, "form_token": token}
        assert browser.open("/login", "POST", json=body).json["code"] == "csrf_failed"

    def test_another_browsers_form_token_is_refused(self, server: Flask, people: dict[str, int]) -> None:
        browser = Browser(server)
        browser.read_form_token("/login")
        body = {"email": "viewer@example.org", "password": PASSWORD}
        foreign = Browser(server).read_form_token("/login")
        answer = browser.open("/login", "POST", json={**body, "form_token": foreign})
        assert answer.json["code"] == "csrf_failed"

    @pytest.mark.parametrize(
        "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
    )
    def test_a_form_sent_from_another_site_is_refused(
        self, server: Flask, people: dict[str, int], headers: dict[str, str]
    ) -> None:
        browser = Browser(server)
        data = {
            "email": "viewer@example.org",
            "password": PASSWORD,
            "form_token": browser.read_form_token("/login"),
        }
        answer = browser.open("/login", "POST", data=data, headers={**JSON, **headers})
        assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed")

    def test_whoever_is_signed_in_is_sent_on(self, server: Flask, people: dict[str, int]) -> None:
        browser = Browser(server)
        browser.sign_in("viewer@example.org")
        assert browser.open("/login?next=/datasets").location == "/datasets"

    def test_set_up_is_closed_for_ever(self, server: Flask, people: dict[str, int]) -> None:
        browser = Browser(server)
        assert browser.open("/setup?token=x").location == "/login"
        fields = {**SETUP, "token": "x", "form_token": browser.read_form_token("/login")}
        assert browser.open("/setup", "POST", data=fields, headers=HTML).status_code == 403


class TestScriptSignIn:
    """What the page's own dialog does when a session has ended."""

    def test_a_script_signs_in_and_goes_on_without_a_new_page(
        self, server: Flask, people: dict[str, int]
    ) -> None:
        browser = Browser(server)
        browser.sign_in("viewer@example.org")
        AuthenticationService.end_session(browser.get_cookie("pfd_session") or "")
        ended = browser.open("/api/v1/me", headers=JSON)
        assert (ended.status_code, ended.json["code"]) == (401, "unauthenticated")
        form_token = browser.open("/login", headers=JSON).json["form_token"]
        body = {"email": "viewer@example.org", "password": PASSWORD, "form_token": form_token}
        answer = browser.open("/login", "POST", json=body)
        assert answer.status_code == 200
        assert answer.json == {"csrf_token": browser.get_cookie("pfd_csrf"), "user_id": people["viewer"]}
        assert browser.open("/api/v1/me", headers=JSON).status_code == 200

    def test_a_wrong_password_is_a_problem_with_the_sentence(
        self, server: Flask, people: dict[str, int]
    ) -> None:
        browser = Browser(server)
        form_token = browser.open("/login", headers=JSON).json["form_token"]
        body = {"email": "viewer@example.org", "password": "x", "form_token": form_token}
        answer = browser.open("/login", "POST", json=body)
        assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
        assert "password is wrong" in answer.json["detail"]

    @pytest.mark.parametrize("body", ["[]", "null", '"x"', "{", "NaN", "[" * 100_000])
    def test_broken_bodies_are_refused(self, server: Flask, people: dict[str, int], body: str) -> None:
        answer = Browser(server).open("/login", "POST", data=body, content_type="application/json")
        assert answer.status_code in {400, 403}


class TestSignOut:
    """Leaving."""

    def test_it_needs_the_csrf_header_and_ends_the_session(
        self, server: Flask, people: dict[str, int]
    ) -> None:
        browser = Browser(server)
        browser.sign_in("viewer@example.org")
        token = browser.get_cookie("pfd_session") or ""
        assert browser.open("/logout", "POST").status_code == 403
        assert AuthenticationService.validate_session(token)
        assert browser.post("/logout").status_code == 204
        assert AuthenticationService.validate_session(token) is None
        assert browser.get_cookie("pfd_session") is None


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/datasets/3?tab=splits", True),
        ("/", True),
        ("//evil.example", False),
        ("https://evil.example/", False),
        ("/\\evil.example", False),
        ("/\tevil", False),
        ("javascript:alert(1)", False),
        ("/login?next=/", False),
        ("/api/v1/me", False),
        ("/_dash-layout", False),
        ("", False),
        (None, False),
    ],
)
def test_only_pages_of_this_server_are_gone_to_after_signing_in(target: str | None, kept: bool) -> None:
    assert clean_next(target) == (target if kept else "/")
