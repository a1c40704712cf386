"""``/me``: whom the server takes the caller for."""

from __future__ import annotations

from typing import Any, Literal

from apiflask import APIBlueprint
from pydantic import BaseModel, Field

from dashboard.api.errors import require_found
from dashboard.api.scopes import current_actor, requires
from services.authentication_service import AuthenticationService

blueprint = APIBlueprint("me", __name__, url_prefix="/api/v1", tag="Account")


class Me(BaseModel):
    """The caller."""

    user_id: int
    email: str
    display_name: str
    role: Literal["viewer", "engineer", "admin"]
    time_zone: str
    authenticated_by: Literal["session", "api_key"]
    scopes: list[str] | None = Field(description="Of the API key; null for a signed-in person.")


@blueprint.get("/me")
@requires("read")
@blueprint.output(Me)
def show_me() -> dict[str, Any]:
    """Return the account behind the session or key."""
    actor = current_actor()
    user = require_found(AuthenticationService.get_user(actor.user_id or 0, actor=actor), "user")
    return {
        **{name: user[name] for name in ("user_id", "email", "display_name", "role", "time_zone")},
        "authenticated_by": "session" if actor.scopes is None else "api_key",
        "scopes": None if actor.scopes is None else sorted(actor.scopes),
    }
