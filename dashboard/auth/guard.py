"""The one guard over every path: who asks, may they, and does the request come from a page of ours."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, current_app, g, redirect, request
from werkzeug.exceptions import BadRequest, HTTPException, NotFound, UnsupportedMediaType
from werkzeug.wrappers import Response as BaseResponse

from dashboard.auth import access, callbacks_guard
from dashboard.auth.access import Access
from dashboard.auth.cookies import SecretCookie, read_cookie
from dashboard.auth.csrf import require_csrf_header, require_same_origin
from dashboard_config import Settings
from models.user import Role
from services.api_key_service import APIKeyService
from services.authentication_service import AuthenticationService
from services.shared.actors import Actor, require_role
from services.shared.api_keys import SCOPES
from utils.constants import MAX_ID
from utils.exceptions import AccessDeniedError, ErrorCode, LstmPfdError

_KEY_IN_URL = re.compile(r"sk_(live|test)_", re.IGNORECASE)
_MULTIPART_EXTRA_BYTES = 1024**2


class NotSignedInError(LstmPfdError):
    """Nobody is signed in, or the session has ended."""

    code = ErrorCode.UNAUTHENTICATED


def install_guard(server: Flask, settings: Settings) -> None:
    """Put the guard before everything else that looks at a request."""

    def guard() -> BaseResponse | None:
        return check_request(settings)

    server.before_request(guard)


def check_request(settings: Settings) -> BaseResponse | None:
    """Let a request pass (None), send a person to the sign-in page, or raise what the edge shows."""
    g.actor = g.login_session = None
    rules = access.get_access(request.endpoint)
    _refuse_key_in_url()
    if rules.is_upload and request.mimetype == access.UPLOAD_TYPE:
        request.max_content_length = settings.upload_max_bytes + _MULTIPART_EXTRA_BYTES
    if rules.is_public:
        if access.changes_state():
            require_same_origin()
            _require_media_type(rules)
        return None
    try:
        _identify()
    except NotSignedInError:
        if request.method in {"GET", "HEAD"} and access.wants_html():
            return _send_to_sign_in()
        raise
    if access.changes_state():
        _require_own_page()
        _require_media_type(rules)
    _require_permission(rules)
    return None


def _refuse_key_in_url() -> None:
    if _KEY_IN_URL.search(request.full_path):
        raise NotSignedInError(
            "An API key never belongs into an address. Send it as `Authorization: Bearer sk_…`, and revoke "
            "the one that was sent: addresses end up in logs."
        )


def _identify() -> None:
    """Set ``g.actor`` from an API key (REST only) or the session cookie, or raise `NotSignedInError`."""
    key = _read_api_key() if access.is_api_request() else None
    if key is not None:
        g.actor = _actor_of_key(key)
        return
    token = read_cookie(SecretCookie.SESSION)
    if not token:
        raise NotSignedInError("Please sign in.")
    session = AuthenticationService.validate_session(token, touch=not callbacks_guard.is_background())
    if session is None:
        raise NotSignedInError("Your session has ended. Please sign in again.")
    g.login_session = session
    g.actor = Actor(
        user_id=session["user_id"],
        role=Role(session["role"]),
        name=session["display_name"],
        ip_address=request.remote_addr,
    )


def _read_api_key() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.headers.get("X-API-Key")


def _actor_of_key(key: str) -> Actor:
    known = APIKeyService.verify_key(key)
    if known is None:
        raise NotSignedInError("This API key is wrong, revoked or has run out, or its owner is disabled.")
    return Actor(
        user_id=known["user_id"],
        role=Role(known["role"]),
        name=known["display_name"],
        scopes=frozenset(known["scopes"]),
        ip_address=request.remote_addr,
    )


def _send_to_sign_in() -> BaseResponse:
    if not AuthenticationService.has_users():
        return redirect("/setup", 303)
    wanted = request.full_path.rstrip("?")
    return redirect("/login" if wanted == "/" else f"/login?next={quote(wanted, safe='')}", 303)


def _require_own_page() -> None:
    """A key in a header is proof enough; a cookie is sent by any page and needs the CSRF token."""
    if g.login_session is None:
        return
    require_same_origin()
    require_csrf_header(g.login_session["csrf_token"])


def _require_media_type(rules: Access) -> None:
    has_body = bool(request.content_length) or "Transfer-Encoding" in request.headers
    if has_body and request.mimetype not in rules.media_types:
        raise UnsupportedMediaType(f"Send the body as {' or '.join(sorted(rules.media_types))}.")
    if has_body and request.mimetype == access.JSON_TYPE:
        _read_json()


def _read_json() -> Any:
    """Parse the body once, so that a hostile one (too deep, NaN, bad UTF-8) ends here as a 400."""
    try:
        return request.get_json()
    except RecursionError:
        raise BadRequest("The JSON is nested too deeply.") from None


def _require_permission(rules: Access) -> None:
    actor: Actor = g.actor
    if access.is_api_request():
        _require_scope(actor, rules)
    elif request.endpoint == access.CALLBACK_ENDPOINT:
        callbacks_guard.require_callback_role(actor, _read_json())
    elif request.endpoint in {access.CATCH_ALL_ENDPOINT, "/"}:
        require_role(actor, callbacks_guard.get_page_role(request.path))
    elif rules.role is not None:
        require_role(actor, Role(rules.role))


def _require_scope(actor: Actor, rules: Access) -> None:
    """REST routes name their scope; one without it is closed, and a path that no route has is not found."""
    if _is_unknown_path():
        raise NotFound("There is no such path in the REST interface; /api/openapi.json lists them all.")
    if request.endpoint is None:
        return  # Flask's own 405 or redirect follows
    if any(isinstance(value, int) and value > MAX_ID for value in (request.view_args or {}).values()):
        raise NotFound("There is nothing with this number.")
    if rules.scope is None:
        raise AccessDeniedError("This route is closed.")
    require_role(actor, SCOPES[rules.scope])
    if actor.scopes is not None and rules.scope not in actor.scopes:
        raise AccessDeniedError(f"This API key lacks the scope `{rules.scope}`.")


def _is_unknown_path() -> bool:
    """Tell whether only Dash's catch-all takes the path, whatever the method."""
    if request.endpoint is not None:
        return request.endpoint == access.CATCH_ALL_ENDPOINT
    adapter = current_app.create_url_adapter(request)
    try:
        return adapter is None or adapter.match(method="GET")[0] == access.CATCH_ALL_ENDPOINT
    except HTTPException:
        return False


def add_sign_in_challenge(response: Response) -> Response:
    """Tell programs how to sign in; browsers get no dialog of their own from ``Bearer``."""
    if response.status_code == 401 and access.is_api_request():
        response.headers["WWW-Authenticate"] = 'Bearer realm="LSTM-PFD"'
    return response
