"""API keys over SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from database.connection import get_db_session, get_engine
from models.api_key import APIKey
from models.audit import AuditEvent
from models.user import Role, User
from services import api_key_service
from services.api_key_service import APIKeyService
from services.shared.actors import Actor
from tests.integration.auth.conftest import make_user
from utils.clock import utc_now


def _generate(user_id: int, **options: Any) -> dict[str, Any]:
    result = APIKeyService.generate_key(user_id, "script", **options)
    assert result["success"], result
    return result


def _change(model: type[Any], **values: Any) -> None:
    with get_db_session() as session:
        session.execute(update(model).values(**values))
        session.commit()


def test_a_key_opens_its_scopes_and_is_stored_as_hashes(jane: int) -> None:
    made = _generate(jane, scopes=["read", "train"])
    known = APIKeyService.verify_key(made["key"])
    assert known is not None
    assert (known["user_id"], known["role"], known["scopes"]) == (jane, "engineer", ["read", "train"])
    with get_db_session(read_only=True) as session:
        row = session.scalars(select(APIKey)).one()
        actions = list(session.scalars(select(AuditEvent.action)))
    assert made["key"] not in {str(value) for value in vars(row).values()}
    assert row.prefix == made["key"][8:28]
    assert row.last_used_at is not None
    assert "api_key.created" in actions


def test_a_mistyped_key_costs_no_query_and_a_wrong_secret_no_bcrypt(
    jane: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = _generate(jane)["key"]
    APIKeyService.verify_key(key)
    statements: list[str] = []
    event.listen(
        get_engine(), "before_cursor_execute", lambda *a: statements.append(a[2]) if a[2] != "BEGIN" else None
    )
    monkeypatch.setattr(api_key_service.bcrypt, "checkpw", None)
    assert APIKeyService.verify_key(key[:-1] + ("x" if key[-1] != "x" else "y")) is None
    assert statements == []
    stem = key[:28] + "0" * 32
    assert APIKeyService.verify_key(stem + api_key_service.api_keys.compute_checksum(stem)) is None
    assert len(statements) == 1
    assert APIKeyService.verify_key(key)
    assert len(statements) == 2


def test_a_rotated_pepper_asks_bcrypt_once(
    jane: int, configure: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = _generate(jane)["key"]
    configure(SECRET_KEY="another secret key of good length!")
    assert APIKeyService.verify_key(key)
    monkeypatch.setattr(api_key_service.bcrypt, "checkpw", None)
    assert APIKeyService.verify_key(key)


def test_a_revoked_key_is_out_at_once(jane: int) -> None:
    made = _generate(jane)
    me = Actor(user_id=jane, role=Role.ENGINEER, name="Jane")
    assert APIKeyService.revoke_key(made["api_key_id"], jane, actor=me)
    assert APIKeyService.verify_key(made["key"]) is None
    assert not APIKeyService.revoke_key(made["api_key_id"], jane, actor=me)
    assert APIKeyService.list_user_keys(jane, actor=me) == []
    assert len(APIKeyService.list_user_keys(jane, include_inactive=True, actor=me)) == 1


def test_a_key_that_ran_out_or_whose_owner_is_disabled_is_out(jane: int) -> None:
    key = _generate(jane, expires_in_days=1)["key"]
    assert APIKeyService.verify_key(key)
    _change(APIKey, expires_at=utc_now() - timedelta(seconds=1))
    assert APIKeyService.verify_key(key) is None
    _change(APIKey, expires_at=None)
    _change(User, is_active=False)
    assert APIKeyService.verify_key(key) is None


def test_only_the_owner_or_an_administrator_revokes(jane: int) -> None:
    made = _generate(jane)
    eve = Actor(user_id=make_user("eve@example.org", "engineer"), role=Role.ENGINEER, name="Eve")
    root = Actor(user_id=make_user("root@example.org", "admin"), role=Role.ADMIN, name="Root")
    assert not APIKeyService.revoke_key(made["api_key_id"], eve.user_id or 0, actor=eve)
    assert not APIKeyService.revoke_key(made["api_key_id"], jane, actor=eve)
    assert APIKeyService.list_user_keys(jane, actor=eve) == []
    assert APIKeyService.verify_key(made["key"])
    assert APIKeyService.revoke_key(made["api_key_id"], root.user_id or 0, actor=root)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"scopes": ["admin"]}, "forbidden"),
        ({"scopes": ["fly"]}, "invalid_input"),
        ({"scopes": []}, "invalid_input"),
        ({"environment": "prod"}, "invalid_input"),
        ({"rate_limit": 0}, "invalid_input"),
        ({"expires_in_days": 0}, "invalid_input"),
    ],
)
def test_what_a_key_can_not_be_is_refused(jane: int, options: dict[str, Any], code: str) -> None:
    assert APIKeyService.generate_key(jane, "script", **options)["error_code"] == code


def test_a_key_needs_a_name_and_an_owner(jane: int) -> None:
    assert APIKeyService.generate_key(jane, "  ")["error_code"] == "invalid_input"
    assert APIKeyService.generate_key(jane + 99, "script")["error_code"] == "not_found"
