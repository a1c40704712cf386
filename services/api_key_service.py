"""APIKeyService: keys of programs that call the REST interface."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Any

import bcrypt
from sqlalchemy import select, update

from database.connection import get_db_session
from models.api_key import APIKey
from models.user import Role, User
from services.shared import api_keys, passwords, people
from services.shared.actors import SYSTEM, Actor
from services.shared.audit import record_audit
from services.shared.background_writes import get_background_writer
from services.shared.results import none, ok, returns_data, returns_result
from utils.clock import to_iso, utc_now
from utils.exceptions import AccessDeniedError, InvalidInputError, NotFoundError

_DEFAULT_SCOPES = ("read",)
_MAX_NAME = 120
_MAX_DAYS = 3650
_MAX_RATE = 1_000_000
_USED_EVERY = timedelta(minutes=1)


class APIKeyService:
    """Keys of programs: made once, shown once, stored only as hashes, limited to scopes."""

    @staticmethod
    @returns_result
    def generate_key(
        user_id: int,
        name: str,
        environment: str = "live",
        rate_limit: int = 1000,
        expires_in_days: int | None = None,
        scopes: list[str] | None = None,
        *,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Make a key for a person's programs.

        Args:
            user_id: The owner; the key never may do more than they may.
            name: What it is for.
            environment: ``live`` or ``test``; part of the key.
            rate_limit: Requests per hour.
            expires_in_days: Days from now; None for no end.
            scopes: Of ``read, write, train, diagnose, admin``; ``read`` alone by default.
            actor: Who asks: the owner or an administrator.

        Returns:
            ``key`` (only this once), ``prefix``, ``api_key_id``, ``scopes``.

        Errors:
            ``invalid_input``, ``forbidden`` (a scope above the owner's role), ``not_found``.
        """
        if not actor.may(Role.ADMIN):
            people.require_owner(actor, user_id)
        row_name, chosen = _require_name(name), _require_scopes(scopes)
        _require_limits(environment, rate_limit, expires_in_days)
        with get_db_session(read_only=True) as session:
            _require_scopes_of(people.require_active_user(session, user_id), chosen)
        key = api_keys.build_key(environment)
        with passwords.hashing_slot():
            key_hash = bcrypt.hashpw(key.encode(), bcrypt.gensalt(passwords.ROUNDS)).decode()
        row = APIKey(
            user_id=user_id,
            name=row_name,
            environment=environment,
            prefix=key[api_keys.PREFIX],
            key_hash=key_hash,
            key_hmac=api_keys.compute_mac(key),
            scopes=chosen,
            rate_limit=rate_limit,
            expires_at=utc_now() + timedelta(days=expires_in_days) if expires_in_days else None,
        )
        with get_db_session() as session:
            session.add(row)
            session.flush()
            details = {"owner": user_id, "scopes": chosen}
            record_audit(session, actor, "api_key.created", f"api_key:{row.id}", details=details)
            session.commit()
        return ok(key=key, prefix=row.prefix, api_key_id=row.id, scopes=chosen)

    @staticmethod
    @returns_data(none)
    def verify_key(api_key: str) -> dict[str, Any] | None:
        """Return whose key this is, read fresh; None where it opens nothing (any more).

        A key with a wrong checksum costs no query, one with a wrong secret no bcrypt.

        Returns:
            ``api_key_id, user_id, display_name, email, role, scopes, name, rate_limit``.
        """
        if not api_keys.has_key_form(api_key):
            return None
        now = utc_now()
        with get_db_session(read_only=True) as session:
            found = session.execute(
                select(APIKey, User)
                .join(User, User.id == APIKey.user_id)
                .where(APIKey.prefix == api_key[api_keys.PREFIX], APIKey.revoked_at.is_(None), User.is_active)
            ).one_or_none()
        if found is None:
            return None
        row, owner = found[0], found[1]
        if not _matches(row, api_key) or (row.expires_at is not None and row.expires_at <= now):
            return None
        if row.last_used_at is None or now - row.last_used_at > _USED_EVERY:
            get_background_writer().run(lambda: _store(row.id, last_used_at=now))
        return {
            "api_key_id": row.id,
            "user_id": owner.id,
            "display_name": owner.display_name,
            "email": owner.email,
            "role": owner.role,
            "scopes": list(row.scopes),
            "name": row.name,
            "rate_limit": row.rate_limit,
        }

    @staticmethod
    @returns_data(lambda: False)
    def revoke_key(api_key_id: int, user_id: int, *, actor: Actor = SYSTEM) -> bool:
        """End a key at once; False where there is no such live key that ``user_id`` may end.

        Args:
            api_key_id: The key.
            user_id: Who ends it: its owner, or an administrator.
            actor: Who asks; ``user_id`` themselves.
        """
        people.require_owner(actor, user_id)
        with get_db_session() as session:
            asker = people.require_active_user(session, user_id)
            row = session.get(APIKey, api_key_id, with_for_update=True)
            if row is None or row.revoked_at is not None or not _may_revoke(asker, row):
                raise NotFoundError("There is no such key, or it is revoked already.")
            row.revoked_at = utc_now()
            details = {"owner": row.user_id}
            record_audit(
                session, people.actor_of(asker), "api_key.revoked", f"api_key:{row.id}", details=details
            )
            session.commit()
        return True

    @staticmethod
    @returns_data(list)
    def list_user_keys(
        user_id: int, include_inactive: bool = False, *, actor: Actor = SYSTEM
    ) -> list[dict[str, Any]]:
        """Return one's own keys (any person's for an administrator), newest first, without their secrets.

        Args:
            user_id: The owner.
            include_inactive: Revoked and expired ones too.
            actor: Who asks.
        """
        if not actor.may(Role.ADMIN):
            people.require_owner(actor, user_id)
        now = utc_now()
        with get_db_session(read_only=True) as session:
            rows = session.scalars(
                select(APIKey).where(APIKey.user_id == user_id).order_by(APIKey.id.desc())
            ).all()
        return [_describe(row) for row in rows if include_inactive or _is_active(row, now)]


def _require_name(name: str) -> str:
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > _MAX_NAME:
        raise InvalidInputError(f"Give the key a name of 1 to {_MAX_NAME} characters.")
    return cleaned


def _require_scopes(scopes: list[str] | None) -> list[str]:
    chosen = list(dict.fromkeys(scopes if scopes is not None else _DEFAULT_SCOPES))
    unknown = [scope for scope in chosen if scope not in api_keys.SCOPES]
    if unknown or not chosen:
        raise InvalidInputError(f"Choose one or more scopes of: {', '.join(api_keys.SCOPES)}.")
    return chosen


def _require_limits(environment: str, rate_limit: int, expires_in_days: int | None) -> None:
    if environment not in api_keys.ENVIRONMENTS:
        raise InvalidInputError(f"The environment is one of: {', '.join(api_keys.ENVIRONMENTS)}.")
    if not 1 <= rate_limit <= _MAX_RATE:
        raise InvalidInputError(f"The rate limit is from 1 to {_MAX_RATE} requests per hour.")
    if expires_in_days is not None and not 1 <= expires_in_days <= _MAX_DAYS:
        raise InvalidInputError(f"A key may run out in 1 to {_MAX_DAYS} days.")


def _require_scopes_of(owner: User, scopes: list[str]) -> None:
    may = Actor(user_id=owner.id, role=Role(owner.role), name=owner.display_name).may
    above = [scope for scope in scopes if not may(api_keys.SCOPES[scope])]
    if above:
        raise AccessDeniedError(
            f"The owner's role ({owner.role}) does not allow the scope {above[0]}; leave it out."
        )


def _matches(row: APIKey, api_key: str) -> bool:
    mac = api_keys.compute_mac(api_key)
    if api_keys.is_under_current_pepper(row.key_hmac):
        return hmac.compare_digest(row.key_hmac or "", mac)
    with passwords.hashing_slot():
        matches = bcrypt.checkpw(api_key.encode(), row.key_hash.encode())
    if matches:
        get_background_writer().run(lambda: _store(row.id, key_hmac=mac))
    return matches


def _store(api_key_id: int, **values: Any) -> None:
    with get_db_session() as session:
        session.execute(update(APIKey).where(APIKey.id == api_key_id).values(**values))
        session.commit()


def _may_revoke(asker: User, row: APIKey) -> bool:
    return row.user_id == asker.id or asker.role == Role.ADMIN


def _is_active(row: APIKey, now: datetime) -> bool:
    return row.revoked_at is None and (row.expires_at is None or row.expires_at > now)


def _describe(row: APIKey) -> dict[str, Any]:
    return {
        "api_key_id": row.id,
        "name": row.name,
        "environment": row.environment,
        "prefix": row.prefix,
        "scopes": list(row.scopes),
        "rate_limit": row.rate_limit,
        "created_at": to_iso(row.created_at),
        "expires_at": to_iso(row.expires_at),
        "revoked_at": to_iso(row.revoked_at),
        "last_used_at": to_iso(row.last_used_at),
    }
