"""Login sessions: rows of signed-in browsers, found by the SHA-256 of their token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, and_, select, update
from sqlalchemy.orm import Session

from dashboard_config import get_settings
from database.connection import get_db_session
from models.user import LoginSession, User
from services.shared.derived_keys import hash_token
from services.shared.user_agents import name_browser, name_device_type
from utils.clock import to_iso, utc_now
from utils.ids import new_token

_MAX_TOUCH_INTERVAL_S = 30.0


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sign-in came from, as far as it is known."""

    ip_address: str | None = None
    user_agent: str | None = None
    device_type: str | None = None
    browser: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """The secrets of a new session: they exist here and in the browser, nowhere else."""

    session_id: int
    session_token: str
    csrf_token: str


def open_login_session(session: Session, user_id: int, origin: Origin) -> OpenedSession:
    """Add a login session to the caller's transaction."""
    now, token = utc_now(), new_token()
    row = LoginSession(
        user_id=user_id,
        token_hash=hash_token(token),
        csrf_token=new_token(),
        last_seen_at=now,
        expires_at=now + timedelta(seconds=get_settings().session_absolute_s),
        ip_address=_cut(origin.ip_address, 64),
        user_agent=_cut(origin.user_agent, 400),
        device_type=_cut(origin.device_type or name_device_type(origin.user_agent), 40),
        browser=_cut(origin.browser or name_browser(origin.user_agent), 80),
        location=_cut(origin.location, 120),
    )
    session.add(row)
    session.flush()
    return OpenedSession(row.id, token, row.csrf_token)


def _cut(text: str | None, length: int) -> str | None:
    return text[:length] if text else None


def is_live(now: datetime) -> ColumnElement[bool]:
    """Return the condition of sessions that are neither ended, idle for too long nor too old."""
    idle = timedelta(seconds=get_settings().session_idle_s)
    return and_(
        LoginSession.ended_at.is_(None),
        LoginSession.expires_at > now,
        LoginSession.last_seen_at > now - idle,
    )


def find_live_session(session: Session, token: str, now: datetime) -> tuple[LoginSession, User] | None:
    """Return the live session of a token and its person; None where either may not come in."""
    row = session.execute(
        select(LoginSession, User)
        .join(User, User.id == LoginSession.user_id)
        .where(LoginSession.token_hash == hash_token(token), is_live(now), User.is_active)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def needs_touch(row: LoginSession, now: datetime) -> bool:
    """Tell whether "last seen" is old enough to be worth a write."""
    interval_s = min(_MAX_TOUCH_INTERVAL_S, get_settings().session_idle_s / 20)
    return now - row.last_seen_at > timedelta(seconds=interval_s)


def touch_session(session_id: int) -> None:
    """Note that a session is in use; one that has run out in the meantime stays as it is."""
    now = utc_now()
    with get_db_session() as session:
        session.execute(
            update(LoginSession)
            .where(LoginSession.id == session_id, is_live(now))
            .values(last_seen_at=now)
            .execution_options(synchronize_session=False)
        )
        session.commit()


def end_sessions(session: Session, *conditions: ColumnElement[bool]) -> int:
    """End the sessions that meet the conditions and are not ended yet; return how many."""
    result = session.execute(
        update(LoginSession)
        .where(LoginSession.ended_at.is_(None), *conditions)
        .values(ended_at=utc_now())
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 -- narrows the type for the checker
    return result.rowcount


def describe_session(row: LoginSession, current_session_id: int | None) -> dict[str, Any]:
    """Return a session's row as plain data, without its secrets."""
    return {
        "session_id": row.id,
        "device_type": row.device_type,
        "browser": row.browser,
        "ip_address": row.ip_address,
        "location": row.location,
        "created_at": to_iso(row.created_at),
        "last_seen_at": to_iso(row.last_seen_at),
        "expires_at": to_iso(row.expires_at),
        "is_current": row.id == current_session_id,
    }
