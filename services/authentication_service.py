"""AuthenticationService: people, passwords, login sessions, and the first administrator."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from database.connection import get_db_session
from models.user import LoginAttempt, LoginSession, Role, SetupToken, User
from services.shared import login_limits, login_sessions, passwords, people
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.audit import record_audit
from services.shared.background_writes import get_background_writer
from services.shared.derived_keys import hash_token
from services.shared.login_limits import LoginLimitedError
from services.shared.login_sessions import Origin
from services.shared.results import failure, none, ok, returns_data, returns_result, returns_tuple
from utils.clock import to_iso, utc_now
from utils.exceptions import AccessDeniedError, ConflictError, ErrorCode, LstmPfdError, NotFoundError
from utils.ids import new_token
from utils.logger import setup_logger

logger = setup_logger(__name__)

_SETUP_ROW = 1
_STRANGER = Actor(user_id=None, role=Role.VIEWER, name="not signed in")
_MAX_HISTORY = 500


class AuthenticationService:
    """People, passwords, login sessions and login limits (spec: bcrypt-12, server-side sessions)."""

    @staticmethod
    @returns_data(lambda: True)
    def has_users() -> bool:
        """Tell whether anybody has an account; only an installation without one shows its set-up page."""
        with get_db_session(read_only=True) as session:
            return _has_users(session)

    @staticmethod
    @returns_result
    def issue_setup_token() -> dict[str, Any]:
        """Make the one-time token that opens the set-up page; the one before stops working.

        Returns:
            ``token``: to be printed on the console, or None once a user exists.
        """
        token = new_token()
        with get_db_session() as session:
            if _has_users(session):
                return ok(token=None)
            session.execute(delete(SetupToken))
            session.add(SetupToken(id=_SETUP_ROW, token_hash=hash_token(token)))
            session.commit()
        return ok(token=token)

    @staticmethod
    @returns_result
    def register_first_admin(token: str, email: str, password: str, display_name: str = "") -> dict[str, Any]:
        """Create the first administrator; impossible once a user exists.

        Args:
            token: The one-time token of `issue_setup_token`; it is used up by this.
            email: Address to sign in with.
            password: At least 15 characters, not a well-known one.
            display_name: Name to show; the address's first part where empty.

        Returns:
            ``user``.

        Errors:
            ``forbidden``: wrong or used token, or a user exists. ``invalid_input``: address or password.
        """
        with get_db_session(read_only=True) as session:
            _require_setup_token(session, token)
        user = _build_user(email, password, Role.ADMIN, display_name)
        with get_db_session() as session:
            used = session.execute(delete(SetupToken).where(SetupToken.token_hash == hash_token(token)))
            assert isinstance(used, CursorResult)  # noqa: S101 -- narrows the type for the checker
            if used.rowcount != 1 or _has_users(session):
                raise _setup_refused()
            session.add(user)
            session.flush()
            record_audit(session, people.actor_of(user), "user.first_admin", f"user:{user.id}")
            session.commit()
        return ok(user=people.describe_user(user))

    @staticmethod
    @returns_result
    def create_user(
        email: str, password: str, role: str, display_name: str = "", *, actor: Actor = SYSTEM
    ) -> dict[str, Any]:
        """Create an account; administrators only.

        Args:
            email: Address to sign in with; one account each.
            password: At least 15 characters, not a well-known one.
            role: ``viewer``, ``engineer`` or ``admin``.
            display_name: Name to show; the address's first part where empty.
            actor: Who asks.

        Returns:
            ``user``.

        Errors:
            ``forbidden``, ``invalid_input``, ``conflict`` (the address has an account).
        """
        require_role(actor, Role.ADMIN)
        user = _build_user(email, password, people.require_role_name(role), display_name)
        with get_db_session() as session:
            session.add(user)
            try:
                session.flush()
            except IntegrityError as error:
                raise ConflictError("There is an account with this e-mail address already.") from error
            session.execute(delete(SetupToken))
            record_audit(session, actor, "user.created", f"user:{user.id}", details={"role": user.role})
            session.commit()
        return ok(user=people.describe_user(user))

    @staticmethod
    @returns_result
    def authenticate(
        email: str, password: str, ip_address: str | None = None, user_agent: str | None = None
    ) -> dict[str, Any]:
        """Check a password and open a login session.

        An unknown address, a disabled account and a wrong password get the same answer in the same time.

        Returns:
            ``user``, ``session_token`` and ``csrf_token`` for the browser, ``session_id``.

        Errors:
            ``unauthenticated``; ``rate_limited`` with ``retry_after_s``; ``unavailable`` while more people
            sign in than can be checked at once.
        """
        origin = Origin(ip_address=ip_address, user_agent=user_agent)
        try:
            user, checked_hash, attempt_id = _check_credentials(
                people.normalise_email(email), password, origin
            )
        except LoginLimitedError as error:
            return {**failure(error), "retry_after_s": error.retry_after_s}
        with get_db_session() as session:
            fresh = session.get_one(User, user.id, with_for_update=True)
            if fresh.password_hash != user.password_hash or not fresh.is_active:
                raise _wrong_credentials()
            fresh.last_login_at, fresh.password_hash = utc_now(), checked_hash
            _settle_attempt(session, attempt_id, success=True)
            opened = login_sessions.open_login_session(session, user.id, origin)
            record_audit(session, people.actor_of(fresh, ip_address), "login.succeeded", f"user:{user.id}")
            session.commit()
        return ok(
            user=people.describe_user(fresh),
            session_id=opened.session_id,
            session_token=opened.session_token,
            csrf_token=opened.csrf_token,
        )

    @staticmethod
    @returns_result
    def change_password(
        user_id: int,
        current_password: str,
        new_password: str,
        *,
        ip_address: str | None = None,
        user_agent: str | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Change one's own password: needs the current one, ends every session and opens a new one.

        Returns:
            ``session_token``, ``csrf_token``, ``session_id`` of the new session.

        Errors:
            ``invalid_input``, ``unauthenticated`` (wrong current password), ``rate_limited``, ``not_found``.
        """
        people.require_owner(actor, user_id)
        with get_db_session(read_only=True) as session:
            known = people.require_active_user(session, user_id)
        passwords.require_good_password(new_password, personal=(known.email, known.display_name))
        origin = Origin(ip_address=ip_address, user_agent=user_agent)
        try:
            user, _, attempt_id = _check_credentials(known.email, current_password, origin)
        except LoginLimitedError as error:
            return {**failure(error), "retry_after_s": error.retry_after_s}
        with passwords.hashing_slot():
            new_hash = passwords.hash_password(new_password)
        with get_db_session() as session:
            fresh = session.get_one(User, user.id, with_for_update=True)
            fresh.password_hash, fresh.password_changed_at = new_hash, utc_now()
            _settle_attempt(session, attempt_id, success=True)
            n_ended = login_sessions.end_sessions(session, LoginSession.user_id == user_id)
            opened = login_sessions.open_login_session(session, user_id, origin)
            details = {"sessions_ended": n_ended}
            record_audit(session, actor, "user.password_changed", f"user:{user_id}", details=details)
            session.commit()
        return ok(
            session_id=opened.session_id,
            session_token=opened.session_token,
            csrf_token=opened.csrf_token,
        )

    @staticmethod
    @returns_data(none)
    def get_user(user_id: int, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
        """Return an account: one's own, or any for an administrator; None where there is none to see."""
        if not actor.may(Role.ADMIN):
            people.require_owner(actor, user_id)
        with get_db_session(read_only=True) as session:
            return people.describe_user(people.require_known_user(session, user_id))

    @staticmethod
    @returns_data(none)
    def find_user(email: str, *, actor: Actor = SYSTEM) -> dict[str, Any] | None:
        """Return the account with an e-mail address, or None; administrators only."""
        require_role(actor, Role.ADMIN)
        with get_db_session(read_only=True) as session:
            user = session.scalar(select(User).where(User.email == people.normalise_email(email)))
        return people.describe_user(user) if user else None

    @staticmethod
    @returns_result
    def create_session(
        user_id: int,
        ip_address: str | None = None,
        user_agent: str | None = None,
        device_type: str | None = None,
        browser: str | None = None,
        location: str | None = None,
        *,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Open a login session for a person who has proved who they are; for trusted callers only.

        Returns:
            ``session_id``, ``session_token``, ``csrf_token``. Only a hash of the token is stored.

        Errors:
            ``forbidden`` (caller not trusted, or account disabled), ``not_found``.
        """
        if not actor.is_system:
            raise AccessDeniedError("Sessions are opened by signing in.")
        origin = Origin(ip_address, user_agent, device_type, browser, location)
        with get_db_session() as session:
            people.require_active_user(session, user_id)
            opened = login_sessions.open_login_session(session, user_id, origin)
            session.commit()
        return ok(
            session_id=opened.session_id,
            session_token=opened.session_token,
            csrf_token=opened.csrf_token,
        )

    @staticmethod
    @returns_data(none)
    def validate_session(token: str, *, touch: bool = True) -> dict[str, Any] | None:
        """Return who a session token belongs to, read fresh; None where it opens nothing (any more).

        Args:
            token: As the browser sent it.
            touch: False for what a page does by itself (a timer): such a request does not keep a session
                alive.

        Returns:
            ``user_id, email, display_name, role, session_id, csrf_token, expires_at``.
        """
        now = utc_now()
        with get_db_session(read_only=True) as session:
            found = login_sessions.find_live_session(session, token, now)
        if found is None:
            return None
        row, user = found
        if touch and login_sessions.needs_touch(row, now):
            get_background_writer().run(lambda: login_sessions.touch_session(row.id))
        return {
            "user_id": user.id,
            "email": user.email,
            "display_name": user.display_name,
            "role": user.role,
            "session_id": row.id,
            "csrf_token": row.csrf_token,
            "expires_at": to_iso(row.expires_at),
        }

    @staticmethod
    @returns_tuple(2)
    def end_session(token: str, *, ip_address: str | None = None) -> tuple[bool, str]:
        """Sign out: end the session of a token. Ending what has ended already is no error."""
        with get_db_session() as session:
            found = login_sessions.find_live_session(session, token, utc_now())
            if found is not None:
                row, user = found
                login_sessions.end_sessions(session, LoginSession.id == row.id)
                record_audit(session, people.actor_of(user, ip_address), "login.ended", f"session:{row.id}")
            session.commit()
        return True, ""

    @staticmethod
    @returns_data(list)
    def list_sessions(
        user_id: int, *, current_session_id: int | None = None, actor: Actor = SYSTEM
    ) -> list[dict[str, Any]]:
        """Return one's own live sessions, the latest used first: device, browser, address, last seen."""
        people.require_owner(actor, user_id)
        with get_db_session(read_only=True) as session:
            rows = session.scalars(
                select(LoginSession)
                .where(LoginSession.user_id == user_id, login_sessions.is_live(utc_now()))
                .order_by(LoginSession.last_seen_at.desc(), LoginSession.id.desc())
            ).all()
        return [login_sessions.describe_session(row, current_session_id) for row in rows]

    @staticmethod
    @returns_tuple(2)
    def revoke_session(session_id: int, user_id: int, *, actor: Actor = SYSTEM) -> tuple[bool, str]:
        """End one of one's own sessions.

        Errors:
            ``not_found``: no such live session, or somebody else's.
        """
        people.require_owner(actor, user_id)
        with get_db_session() as session:
            conditions = (LoginSession.id == session_id, LoginSession.user_id == user_id)
            if not login_sessions.end_sessions(session, *conditions):
                raise NotFoundError("There is no such session; it may have ended already.")
            record_audit(session, actor, "session.revoked", f"session:{session_id}")
            session.commit()
        return True, ""

    @staticmethod
    @returns_tuple(3)
    def revoke_other_sessions(
        user_id: int, keep_session_id: int, *, actor: Actor = SYSTEM
    ) -> tuple[bool, int | None, str]:
        """End all of one's own sessions but one; returns ``(success, number ended, error)``."""
        people.require_owner(actor, user_id)
        with get_db_session() as session:
            n_ended = login_sessions.end_sessions(
                session, LoginSession.user_id == user_id, LoginSession.id != keep_session_id
            )
            record_audit(session, actor, "session.others_revoked", details={"sessions_ended": n_ended})
            session.commit()
        return True, n_ended, ""

    @staticmethod
    @returns_tuple(2)
    def record_login_attempt(
        user_id: int,
        success: bool,
        login_method: str = "password",
        ip_address: str | None = None,
        user_agent: str | None = None,
        location: str | None = None,
        failure_reason: str | None = None,
    ) -> tuple[bool, str]:
        """Add a line to a person's login history; a failed one counts towards the login limits."""
        with get_db_session() as session:
            user = people.require_known_user(session, user_id)
            origin = Origin(ip_address, user_agent, location=location)
            attempt = _build_attempt(user.email, user, origin, login_method)
            attempt.success, attempt.failure_reason = success, failure_reason
            session.add(attempt)
            session.commit()
        return True, ""

    @staticmethod
    @returns_data(list)
    def get_login_history(user_id: int, limit: int = 50, *, actor: Actor = SYSTEM) -> list[dict[str, Any]]:
        """Return one's own sign-ins and failed tries, newest first; at most 500."""
        people.require_owner(actor, user_id)
        with get_db_session(read_only=True) as session:
            rows = session.scalars(
                select(LoginAttempt)
                .where(LoginAttempt.user_id == user_id)
                .order_by(LoginAttempt.id.desc())
                .limit(min(max(limit, 1), _MAX_HISTORY))
            ).all()
        return [_describe_attempt(row) for row in rows]


def _has_users(session: Session) -> bool:
    return session.scalar(select(User.id).limit(1)) is not None


def _setup_refused() -> LstmPfdError:
    return AccessDeniedError(
        "The set-up token is wrong or has been used. The console shows the current link at each start, "
        "as long as there is no user."
    )


def _wrong_credentials() -> LstmPfdError:
    return LstmPfdError("The e-mail address or the password is wrong.", code=ErrorCode.UNAUTHENTICATED)


def _require_setup_token(session: Session, token: str) -> None:
    known = session.scalar(select(func.count()).where(SetupToken.token_hash == hash_token(token)))
    if not known or _has_users(session):
        raise _setup_refused()


def _build_user(email: str, password: str, role: Role, display_name: str) -> User:
    address = people.require_email(email)
    name = people.require_display_name(display_name, address)
    passwords.require_good_password(password, personal=(address, name))
    with passwords.hashing_slot():
        password_hash = passwords.hash_password(password)
    return User(
        email=address,
        display_name=name,
        password_hash=password_hash,
        role=role.value,
        password_changed_at=utc_now(),
    )


def _check_credentials(email: str, password: str, origin: Origin) -> tuple[User, str, int]:
    """Return the person, their password's hash (upgraded where weak) and the attempt's id, or raise."""
    subject = login_limits.hash_subject(email)
    with get_db_session(read_only=True) as session:
        login_limits.require_attempts_left(session, subject, origin.ip_address, utc_now())
        user = session.scalar(select(User).where(User.email == email))
    with passwords.hashing_slot():
        attempt_id = _reserve_attempt(email, user, origin)
        matches = passwords.check_password(password, user.password_hash if user else None)
        if user is not None and matches and user.is_active:
            weak = passwords.is_weak_hash(user.password_hash)
            return user, passwords.hash_password(password) if weak else user.password_hash, attempt_id
    _note_failure(attempt_id, subject, user, "disabled" if matches else "wrong password", origin)
    raise _wrong_credentials()


def _build_attempt(email: str, user: User | None, origin: Origin, method: str = "password") -> LoginAttempt:
    return LoginAttempt(
        at=utc_now(),
        user_id=user.id if user else None,
        subject_hash=login_limits.hash_subject(email),
        login_method=method[:20],
        ip_address=(origin.ip_address or "")[:64] or None,
        user_agent=(origin.user_agent or "")[:400] or None,
        location=(origin.location or "")[:120] or None,
    )


def _reserve_attempt(email: str, user: User | None, origin: Origin) -> int:
    with get_db_session() as session:
        attempt = login_limits.reserve_attempt(session, _build_attempt(email, user, origin))
        session.commit()
        return attempt.id


def _settle_attempt(session: Session, attempt_id: int, *, success: bool, reason: str | None = None) -> None:
    session.execute(
        update(LoginAttempt)
        .where(LoginAttempt.id == attempt_id)
        .values(success=success, failure_reason=reason)
        .execution_options(synchronize_session=False)
    )


def _note_failure(attempt_id: int, subject: str, user: User | None, reason: str, origin: Origin) -> None:
    """Write a failed try down, and the lock-out where it was one too many."""
    actor = people.actor_of(user, origin.ip_address) if user else _STRANGER
    named = f"user:{user.id}" if user else "unknown"
    with get_db_session() as session:
        _settle_attempt(session, attempt_id, success=False, reason=reason)
        n_failed = login_limits.count_failures(session, subject, utc_now())
        for action in ("login.failed", *(["login.locked_out"] * (n_failed >= login_limits.MAX_FAILURES))):
            record_audit(session, actor, action, named, ip_address=origin.ip_address)
        session.commit()
    if user is not None and n_failed >= login_limits.MAX_FAILURES:
        logger.warning(f"User {user.id} locked out due to {n_failed} failed attempts")


def _describe_attempt(row: LoginAttempt) -> dict[str, Any]:
    return {
        "at": to_iso(row.at),
        "success": row.success,
        "login_method": row.login_method,
        "failure_reason": row.failure_reason,
        "ip_address": row.ip_address,
        "user_agent": row.user_agent,
        "location": row.location,
    }
