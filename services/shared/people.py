"""A person's address and name: what is accepted, and how a row is shown."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from sqlalchemy.orm import Session

from models.user import Role, User
from services.shared.actors import Actor
from utils.clock import to_iso
from utils.exceptions import AccessDeniedError, InvalidInputError, NotFoundError

_EMAIL = re.compile(r"[^\s@<>\"'(),:;\\\[\]\x00-\x1f\x7f]{1,64}@[\w-]+(\.[\w-]+)*")
_MAX_EMAIL = 254
_MAX_NAME = 120


def normalise_email(email: str) -> str:
    """Return an address as it is stored and looked up: trimmed, lower case, nothing unprintable."""
    text = unicodedata.normalize("NFC", email[: 2 * _MAX_EMAIL]).strip().lower()
    return "".join("\ufffd" if unicodedata.category(c)[0] == "C" else c for c in text)


def require_email(email: str) -> str:
    """Return the normalised address, or raise `InvalidInputError`."""
    address = normalise_email(email)
    if len(address) > _MAX_EMAIL or not _EMAIL.fullmatch(address):
        raise InvalidInputError("This is not an e-mail address. Write it like name@example.org.")
    return address


def require_display_name(display_name: str, email: str) -> str:
    """Return a name to show: without control characters; the address's first part where none is given."""
    name = "".join(c for c in display_name if unicodedata.category(c)[0] != "C").strip()
    if len(name) > _MAX_NAME:
        raise InvalidInputError(f"The name is too long; {_MAX_NAME} characters is the most.")
    return name or email.partition("@")[0]


def require_role_name(role: str) -> Role:
    """Return the role of that name, or raise `InvalidInputError` naming the known ones."""
    if role not in list(Role):
        raise InvalidInputError(f"There is no such role. Choose one of: {', '.join(Role)}.")
    return Role(role)


def require_owner(actor: Actor, user_id: int) -> None:
    """Raise `NotFoundError` unless a private thing of ``user_id`` is the actor's own.

    Others get the answer of a missing thing, so that ids tell them nothing.
    """
    if not actor.is_system and actor.user_id != user_id:
        raise NotFoundError("There is no such thing, or it is not yours.")


def require_known_user(session: Session, user_id: int) -> User:
    """Return a person's row, or raise `NotFoundError`."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFoundError("There is no such user.")
    return user


def require_active_user(session: Session, user_id: int) -> User:
    """Return the row of a person who may sign in, or raise."""
    user = require_known_user(session, user_id)
    if not user.is_active:
        raise AccessDeniedError("This user is disabled; an administrator can enable the account again.")
    return user


def actor_of(user: User, ip_address: str | None = None) -> Actor:
    """Return a person as the actor of what they do."""
    return Actor(user_id=user.id, role=Role(user.role), name=user.display_name, ip_address=ip_address)


def describe_user(user: User) -> dict[str, Any]:
    """Return a person's row as plain data, without the password hash."""
    return {
        "user_id": user.id,
        "email": user.email,
        "display_name": user.display_name,
        "role": user.role,
        "is_active": user.is_active,
        "time_zone": user.time_zone,
        "created_at": to_iso(user.created_at),
        "last_login_at": to_iso(user.last_login_at),
        "password_changed_at": to_iso(user.password_changed_at),
    }
