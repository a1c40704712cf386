"""What a REST route needs: written at the route, checked by the guard."""

from __future__ import annotations

from collections.abc import Callable

from flask import g

from dashboard.auth.access import View, mark
from services.shared.actors import Actor
from services.shared.api_keys import SCOPES


def requires(scope: str) -> Callable[[View], View]:
    """Open a route to keys with ``scope``, and to persons whose role has it.

    A route without this mark is closed to everybody.
    """
    if scope not in SCOPES:
        raise ValueError(f"there is no scope {scope!r}")
    return lambda view: mark(view, scope=scope)


def current_actor() -> Actor:
    """Return who asks; the guard has put them there."""
    actor: Actor = g.actor
    return actor
