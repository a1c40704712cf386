"""The login limits: counted in the database, so that processes share them and restarts keep them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.orm import Session

from models.user import LoginAttempt
from services.shared.derived_keys import KeyPurpose, compute_hmac, derive_key
from utils.exceptions import ErrorCode, LstmPfdError

MAX_FAILURES = 10
WINDOW = timedelta(minutes=5)
PENDING = "not finished"
_POSTGRES_LOCK = 5_150_116  # an arbitrary number that only the counting of login attempts takes


class LoginLimitedError(LstmPfdError):
    """Too many failures: nothing was checked, and the sentence says when it may be tried again."""

    code = ErrorCode.RATE_LIMITED

    def __init__(self, retry_after_s: int) -> None:
        minutes = math.ceil(retry_after_s / 60)
        wait = f"{minutes} minutes" if minutes > 1 else f"{retry_after_s} seconds"
        super().__init__(f"Too many failed sign-ins. Try again in {wait}.")
        self.retry_after_s = retry_after_s


def hash_subject(email: str) -> str:
    """Return what stands for an e-mail address in the list of attempts."""
    return compute_hmac(derive_key(KeyPurpose.LOGIN_SUBJECTS), email).hex()


def compute_wait_s(failures: Sequence[datetime], now: datetime) -> int:
    """Return the whole seconds until another try is allowed; 0 for at once.

    Args:
        failures: Moments of the latest failures, newest first.
        now: The current moment.
    """
    recent = [moment for moment in failures if moment > now - WINDOW]
    if len(recent) < MAX_FAILURES:
        return 0
    free_at = recent[MAX_FAILURES - 1] + WINDOW
    return max(1, math.ceil(min(free_at - now, WINDOW).total_seconds()))


def require_attempts_left(session: Session, subject_hash: str, ip_address: str | None, now: datetime) -> None:
    """Raise `LoginLimitedError` where the person or the address has used up its failures."""
    waits = [_wait_of(session, LoginAttempt.subject_hash == subject_hash, now)]
    if ip_address is not None:
        waits.append(_wait_of(session, LoginAttempt.ip_address == ip_address, now))
    if max(waits):
        raise LoginLimitedError(max(waits))


def _wait_of(session: Session, condition: ColumnElement[bool], now: datetime) -> int:
    return compute_wait_s(_list_failures(session, condition, now), now)


def _list_failures(session: Session, condition: ColumnElement[bool], now: datetime) -> Sequence[datetime]:
    return session.scalars(
        select(LoginAttempt.at)
        .where(condition, LoginAttempt.success.is_(False), LoginAttempt.at > now - WINDOW)
        .order_by(LoginAttempt.at.desc())
        .limit(MAX_FAILURES)
    ).all()


def count_failures(session: Session, subject_hash: str, now: datetime) -> int:
    """Count a person's failures within the window, at most the limit."""
    return len(_list_failures(session, LoginAttempt.subject_hash == subject_hash, now))


def reserve_attempt(session: Session, attempt: LoginAttempt) -> LoginAttempt:
    """Count ``attempt`` as failed before its password is checked, so that parallel tries can't slip through.

    Raises:
        LoginLimitedError: The limit is reached; nothing was added.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
    require_attempts_left(session, attempt.subject_hash, attempt.ip_address, attempt.at)
    attempt.success, attempt.failure_reason = False, PENDING
    session.add(attempt)
    session.flush()
    return attempt
