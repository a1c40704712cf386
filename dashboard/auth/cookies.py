"""The three cookies: login session, its CSRF token for scripts, and the nonce of the sign-in forms."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from flask import Response, request

CSRF_COOKIE: Final = "pfd_csrf"  # Dash reads it under one fixed name
CSRF_HEADER: Final = "X-CSRF-Token"


class SecretCookie(StrEnum):
    """Cookies that scripts can't read; under TLS their names begin with ``__Host-``."""

    SESSION = "pfd_session"
    FORM = "pfd_form"


def _name(cookie: SecretCookie) -> str:
    return f"__Host-{cookie}" if request.is_secure else cookie.value


def read_cookie(cookie: SecretCookie) -> str | None:
    """Return a secret cookie's value as the browser sent it."""
    return request.cookies.get(_name(cookie))


def set_secret_cookie(response: Response, cookie: SecretCookie, value: str) -> None:
    """Set a secret cookie until the browser ends."""
    response.set_cookie(
        _name(cookie), value, path="/", secure=request.is_secure, httponly=True, samesite="Lax"
    )


def set_csrf_cookie(response: Response, value: str) -> None:
    """Let the page's scripts read the session's CSRF token."""
    response.set_cookie(
        CSRF_COOKIE, value, path="/", secure=request.is_secure, httponly=False, samesite="Lax"
    )


def clear_session_cookies(response: Response) -> None:
    """Make the browser forget its login session."""
    response.delete_cookie(
        _name(SecretCookie.SESSION), path="/", secure=request.is_secure, httponly=True, samesite="Lax"
    )
    response.delete_cookie(CSRF_COOKIE, path="/", secure=request.is_secure, samesite="Lax")
