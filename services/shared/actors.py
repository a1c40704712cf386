"""Who asks: a signed-in person, an API key, or this process itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.user import Role
from utils.exceptions import AccessDeniedError

_RANK = {Role.VIEWER: 0, Role.ENGINEER: 1, Role.ADMIN: 2}
_VERB = {Role.ENGINEER: "an engineer", Role.ADMIN: "an administrator", Role.VIEWER: "a signed-in user"}


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever calls a service.

    ``scopes`` is None for a person; an API key carries the scopes it was made with, and its role is its
    owner's.
    """

    user_id: int | None
    role: Role
    name: str
    scopes: frozenset[str] | None = field(default=None)
    ip_address: str | None = None

    @property
    def is_system(self) -> bool:
        """True for a trusted caller in this process (script, task, test)."""
        return self.user_id is None

    def may(self, role: Role) -> bool:
        """Tell whether this actor has ``role`` or a higher one."""
        return _RANK[self.role] >= _RANK[role]


SYSTEM = Actor(user_id=None, role=Role.ADMIN, name="system")


def require_role(actor: Actor, role: Role) -> None:
    """Raise `AccessDeniedError` unless ``actor`` has ``role`` or a higher one."""
    if not actor.may(role):
        raise AccessDeniedError(f"This needs the role of {_VERB[role]}; ask an administrator.")
