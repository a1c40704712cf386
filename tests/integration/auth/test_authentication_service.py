"""Accounts, sign-in, sessions and limits over SQLite and PostgreSQL."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from dashboard_config import Settings
from database.connection import get_db_session
from models.audit import AuditEvent
from models.user import LoginAttempt, LoginSession, Role, User
from services.authentication_service import AuthenticationService
from services.shared import login_limits, passwords
from services.shared.actors import SYSTEM, Actor
from tests.integration.auth.conftest import OTHER_PASSWORD, PASSWORD, make_user

ADDRESS = "192.0.2.7"


def _sign_in(email: str = "jane@example.org", password: str = PASSWORD, **origin: Any) -> dict[str, Any]:
    return AuthenticationService.authenticate(email, password, **{"ip_address": ADDRESS, **origin})


def _list_actions() -> list[str]:
    with get_db_session(read_only=True) as session:
        return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


def _change(model: type[Any], **values: Any) -> None:
    with get_db_session() as session:
        session.execute(update(model).values(**values))
        session.commit()


def _run_together(count: int, work: Callable[[], Any]) -> list[Any]:
    results: list[Any] = []
    start = threading.Barrier(count)

    def run() -> None:
        start.wait()
        results.append(work())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@contextmanager
def _endless_queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(passwords, "_admitted", threading.BoundedSemaphore(100))
    yield


class TestSetUp:
    """The first administrator."""

    def test_the_token_opens_set_up_once(self, quick_hashes: None, each_database: Settings) -> None:
        assert not AuthenticationService.has_users()
        token = AuthenticationService.issue_setup_token()["token"]
        first = AuthenticationService.register_first_admin(token, "root@example.org", PASSWORD, "Root")
        again = AuthenticationService.register_first_admin(token, "eve@example.org", PASSWORD, "Eve")
        assert (first["user"]["role"], again["error_code"]) == ("admin", "forbidden")
        assert AuthenticationService.has_users()
        assert AuthenticationService.issue_setup_token() == {
            "success": True,
            "error": None,
            "error_code": None,
            "token": None,
        }
        assert _list_actions() == ["user.first_admin"]

    def test_a_new_token_makes_the_one_before_worthless(self, each_database: Settings) -> None:
        old = AuthenticationService.issue_setup_token()["token"]
        new = AuthenticationService.issue_setup_token()["token"]
        assert old != new
        refused = AuthenticationService.register_first_admin(old, "eve@example.org", PASSWORD)
        assert refused["error_code"] == "forbidden"

    def test_a_bad_password_keeps_the_token(self, quick_hashes: None, each_database: Settings) -> None:
        token = AuthenticationService.issue_setup_token()["token"]
        refused = AuthenticationService.register_first_admin(token, "a@example.org", "password12345678")
        assert refused["error_code"] == "invalid_input"
        assert AuthenticationService.register_first_admin(token, "a@example.org", PASSWORD)["success"]

    def test_a_user_made_otherwise_closes_set_up(self, quick_hashes: None, each_database: Settings) -> None:
        token = AuthenticationService.issue_setup_token()["token"]
        make_user("a@example.org", "admin")
        refused = AuthenticationService.register_first_admin(token, "eve@example.org", PASSWORD)
        assert refused["error_code"] == "forbidden"

    def test_parallel_posts_with_one_token_make_one_administrator(
        self, quick_hashes: None, each_database: Settings
    ) -> None:
        token = AuthenticationService.issue_setup_token()["token"]
        names = iter("abcd")
        lock = threading.Lock()

        def register() -> dict[str, Any]:
            with lock:
                name = next(names)
            return AuthenticationService.register_first_admin(token, f"{name}@example.org", PASSWORD)

        results = _run_together(4, register)
        assert sum(result["success"] for result in results) == 1


class TestAccounts:
    """Creating and reading accounts."""

    def test_an_address_has_one_account(self, jane: int) -> None:
        again = AuthenticationService.create_user("JANE@example.org", PASSWORD, "viewer")
        assert again["error_code"] == "conflict"

    def test_only_administrators_create_accounts(self, jane: int) -> None:
        engineer = Actor(user_id=jane, role=Role.ENGINEER, name="Jane")
        refused = AuthenticationService.create_user("b@example.org", PASSWORD, "viewer", actor=engineer)
        assert refused["error_code"] == "forbidden"

    def test_an_unknown_role_is_refused_with_the_known_ones(self, jane: int) -> None:
        refused = AuthenticationService.create_user("b@example.org", PASSWORD, "root")
        assert refused["error_code"] == "invalid_input"
        assert "viewer, engineer, admin" in refused["error"]

    def test_an_account_shows_itself_to_its_owner_and_administrators_only(self, jane: int) -> None:
        other = Actor(user_id=jane + 1, role=Role.ENGINEER, name="Eve")
        owner = Actor(user_id=jane, role=Role.ENGINEER, name="Jane")
        assert AuthenticationService.get_user(jane, actor=other) is None
        shown = AuthenticationService.get_user(jane, actor=owner)
        assert shown is not None
        assert shown["email"] == "jane@example.org"
        assert "password_hash" not in shown
        assert AuthenticationService.find_user("Jane@example.org", actor=other) is None
        assert AuthenticationService.find_user("Jane@example.org") == shown


class TestSignIn:
    """Passwords against the database."""

    def test_the_right_password_opens_a_session_that_is_stored_as_a_hash(self, jane: int) -> None:
        result = _sign_in(user_agent="Mozilla/5.0 Firefox/140.0")
        found = AuthenticationService.validate_session(result["session_token"])
        assert found is not None
        assert (found["user_id"], found["role"], found["csrf_token"]) == (
            jane,
            "engineer",
            result["csrf_token"],
        )
        with get_db_session(read_only=True) as session:
            row = session.scalars(select(LoginSession)).one()
        assert result["session_token"] not in {str(value) for value in vars(row).values()}
        assert (row.browser, row.ip_address) == ("Firefox", ADDRESS)
        assert _list_actions()[-1] == "login.succeeded"

    def test_unknown_disabled_and_wrong_get_one_answer(self, jane: int) -> None:
        wrong, unknown = _sign_in(password=OTHER_PASSWORD), _sign_in("nobody@example.org")
        _change(User, is_active=False)
        disabled = _sign_in()
        assert wrong == unknown == disabled
        assert wrong["error_code"] == "unauthenticated"
        with get_db_session(read_only=True) as session:
            reasons = list(session.scalars(select(LoginAttempt.failure_reason).order_by(LoginAttempt.id)))
        assert reasons == ["wrong password", "wrong password", "disabled"]

    def test_each_case_costs_one_hash(self, jane: int, monkeypatch: pytest.MonkeyPatch) -> None:
        rounds: list[int] = []
        check = passwords.bcrypt.checkpw

        def counted(password: bytes, stored: bytes) -> bool:
            rounds.append(int(stored[4:6]))
            return check(password, stored)

        monkeypatch.setattr(passwords.bcrypt, "checkpw", counted)
        _sign_in("nobody@example.org")
        _sign_in(password=OTHER_PASSWORD)
        _sign_in()
        assert rounds == [4, 4, 4]

    def test_a_weaker_hash_is_upgraded_at_sign_in(self, jane: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(passwords, "ROUNDS", 5)
        assert _sign_in()["success"]
        with get_db_session(read_only=True) as session:
            stored = session.scalars(select(User.password_hash)).one()
        assert stored.startswith("$2b$05$")
        assert _sign_in()["success"]

    def test_markup_and_line_breaks_in_fields_do_no_harm(self, jane: int) -> None:
        assert _sign_in("<b>\r\nx@y.z\x00", "\ud800")["error_code"] == "unauthenticated"


class TestLimits:
    """Ten failures in five minutes."""

    def test_the_eleventh_try_is_refused_unchecked_and_told_when(
        self, jane: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(logging.getLogger("lstm_pfd"), "propagate", True)
        for _ in range(10):
            assert _sign_in(password=OTHER_PASSWORD)["error_code"] == "unauthenticated"
        limited = _sign_in()
        assert limited["error_code"] == "rate_limited"
        assert 290 <= limited["retry_after_s"] <= 300
        assert f"User {jane} locked out due to 10 failed attempts" in caplog.text
        assert _list_actions().count("login.locked_out") == 1

    def test_the_limit_ends_by_itself(self, jane: int) -> None:
        for _ in range(10):
            _sign_in(password=OTHER_PASSWORD)
        with get_db_session() as session:
            for row in session.scalars(select(LoginAttempt)):
                row.at -= timedelta(seconds=301)
            session.commit()
        assert _sign_in()["success"]

    def test_an_address_is_limited_over_all_accounts_and_others_are_not(self, jane: int) -> None:
        for number in range(10):
            _sign_in(f"nobody{number}@example.org")
        assert _sign_in()["error_code"] == "rate_limited"
        assert _sign_in(ip_address="192.0.2.8")["success"]

    def test_an_unknown_address_is_limited_like_a_known_one(self, jane: int) -> None:
        for number in range(10):
            _sign_in("nobody@example.org", ip_address=f"192.0.2.{number}")
        assert _sign_in("nobody@example.org", ip_address="192.0.2.99")["error_code"] == "rate_limited"

    def test_good_sign_ins_do_not_count(self, jane: int) -> None:
        for _ in range(12):
            assert _sign_in()["success"]

    def test_parallel_tries_do_not_slip_through(self, jane: int, monkeypatch: pytest.MonkeyPatch) -> None:
        with _endless_queue(monkeypatch):
            results = _run_together(16, lambda: _sign_in(password=OTHER_PASSWORD)["error_code"])
        assert results.count("unauthenticated") == login_limits.MAX_FAILURES
        assert results.count("rate_limited") == 6


class TestSessions:
    """What a token opens, and for how long."""

    def test_a_session_ends_when_idle_and_use_keeps_it_alive(self, jane: int, configure: Any) -> None:
        token = _sign_in()["session_token"]
        _change(LoginSession, last_seen_at=LoginSession.last_seen_at)
        self._age(minutes=29)
        assert AuthenticationService.validate_session(token)
        self._age(minutes=29)
        assert AuthenticationService.validate_session(token)
        self._age(minutes=31)
        assert AuthenticationService.validate_session(token) is None

    def test_a_page_that_asks_by_itself_does_not_keep_it_alive(self, jane: int) -> None:
        token = _sign_in()["session_token"]
        self._age(minutes=29)
        assert AuthenticationService.validate_session(token, touch=False)
        self._age(minutes=2)
        assert AuthenticationService.validate_session(token) is None

    def test_a_session_ends_after_twelve_hours_whatever_is_done(self, jane: int) -> None:
        token = _sign_in()["session_token"]
        with get_db_session() as session:
            row = session.scalars(select(LoginSession)).one()
            assert row.expires_at - row.created_at == pytest.approx(
                timedelta(hours=12), abs=timedelta(seconds=2)
            )
            row.expires_at = row.expires_at - timedelta(hours=12, seconds=5)
            session.commit()
        assert AuthenticationService.validate_session(token) is None

    def test_a_disabled_user_is_out_on_the_next_request(self, jane: int) -> None:
        token = _sign_in()["session_token"]
        _change(User, is_active=False)
        assert AuthenticationService.validate_session(token) is None

    def test_a_role_change_counts_on_the_next_request(self, jane: int) -> None:
        token = _sign_in()["session_token"]
        _change(User, role="viewer")
        found = AuthenticationService.validate_session(token)
        assert found is not None
        assert found["role"] == "viewer"

    def test_signing_out_ends_the_session(self, jane: int) -> None:
        token = _sign_in()["session_token"]
        assert AuthenticationService.end_session(token) == (True, "")
        assert AuthenticationService.validate_session(token) is None
        assert AuthenticationService.end_session(token) == (True, "")
        assert AuthenticationService.validate_session("\x00\ud800") is None

    def test_sessions_are_listed_and_ended_by_their_owner_only(self, jane: int) -> None:
        first, second = _sign_in(user_agent="Mozilla/5.0 Chrome/1"), _sign_in()
        eve = Actor(user_id=make_user("eve@example.org"), role=Role.ADMIN, name="Eve")
        me = Actor(user_id=jane, role=Role.ENGINEER, name="Jane")
        listed = AuthenticationService.list_sessions(jane, current_session_id=second["session_id"], actor=me)
        assert [row["is_current"] for row in listed] == [True, False]
        assert AuthenticationService.list_sessions(jane, actor=eve) == []
        missing = AuthenticationService.revoke_session(10_000, eve.user_id or 0, actor=eve)
        foreign = AuthenticationService.revoke_session(first["session_id"], eve.user_id or 0, actor=eve)
        assert missing == foreign
        assert AuthenticationService.revoke_session(first["session_id"], jane, actor=eve)[0] is False
        assert AuthenticationService.revoke_session(first["session_id"], jane, actor=me) == (True, "")
        assert AuthenticationService.validate_session(first["session_token"]) is None
        assert AuthenticationService.validate_session(second["session_token"])

    def test_all_other_sessions_end_at_once(self, jane: int) -> None:
        tokens = [_sign_in() for _ in range(3)]
        assert AuthenticationService.revoke_other_sessions(jane, tokens[0]["session_id"]) == (True, 2, "")
        alive = [AuthenticationService.validate_session(each["session_token"]) for each in tokens]
        assert [bool(found) for found in alive] == [True, False, False]

    def test_strangers_open_no_sessions(self, jane: int) -> None:
        me = Actor(user_id=jane, role=Role.ADMIN, name="Jane")
        assert AuthenticationService.create_session(jane, actor=me)["error_code"] == "forbidden"
        assert AuthenticationService.create_session(jane, actor=SYSTEM)["success"]
        _change(User, is_active=False)
        assert AuthenticationService.create_session(jane, actor=SYSTEM)["error_code"] == "forbidden"

    @staticmethod
    def _age(**time: float) -> None:
        with get_db_session() as session:
            for row in session.scalars(select(LoginSession)):
                row.last_seen_at -= timedelta(**time)
            session.commit()


class TestPasswordChange:
    """One's own password."""

    def test_it_needs_the_current_one_and_ends_every_session(self, jane: int) -> None:
        token = _sign_in()["session_token"]
        me = Actor(user_id=jane, role=Role.ENGINEER, name="Jane")
        wrong = AuthenticationService.change_password(jane, OTHER_PASSWORD, OTHER_PASSWORD, actor=me)
        assert wrong["error_code"] == "unauthenticated"
        changed = AuthenticationService.change_password(jane, PASSWORD, OTHER_PASSWORD, actor=me)
        assert AuthenticationService.validate_session(token) is None
        assert AuthenticationService.validate_session(changed["session_token"])
        assert _sign_in()["error_code"] == "unauthenticated"
        assert _sign_in(password=OTHER_PASSWORD)["success"]
        assert "user.password_changed" in _list_actions()

    def test_nobody_changes_another_persons(self, jane: int) -> None:
        eve = Actor(user_id=make_user("eve@example.org"), role=Role.ADMIN, name="Eve")
        refused = AuthenticationService.change_password(jane, PASSWORD, OTHER_PASSWORD, actor=eve)
        assert refused["error_code"] == "not_found"


def test_the_login_history_shows_ones_own_tries_newest_first(jane: int) -> None:
    _sign_in(password=OTHER_PASSWORD)
    _sign_in()
    AuthenticationService.record_login_attempt(jane, False, "totp", ADDRESS, failure_reason="wrong code")
    me = Actor(user_id=jane, role=Role.ENGINEER, name="Jane")
    eve = Actor(user_id=jane + 1, role=Role.ADMIN, name="Eve")
    history = AuthenticationService.get_login_history(jane, actor=me)
    assert [(row["success"], row["login_method"], row["failure_reason"]) for row in history] == [
        (False, "totp", "wrong code"),
        (True, "password", None),
        (False, "password", "wrong password"),
    ]
    assert AuthenticationService.get_login_history(jane, actor=eve) == []
