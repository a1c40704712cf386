"""Marks that a view carries: whether it is open to everybody, and which bodies it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from flask import current_app, request

View = TypeVar("View", bound=Callable[..., Any])

JSON_TYPE: Final = "application/json"
FORM_TYPE: Final = "application/x-www-form-urlencoded"
UPLOAD_TYPE: Final = "multipart/form-data"
BUNDLE_ENDPOINT: Final = "bundle"
# Files of the packages and of assets/: the same for everybody, so they say nothing about anybody.
STATIC_ENDPOINTS: Final = frozenset(
    {
        "static",
        BUNDLE_ENDPOINT,
        "bootstrap.static",
        "_dash_assets.static",
        "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
        "/_favicon.ico",
    }
)
CATCH_ALL_ENDPOINT: Final = "/<path:path>"
CALLBACK_ENDPOINT: Final = "/_dash-update-component"
_STATE_CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_MARKS: Final = "pfd_access"


@dataclass(frozen=True, slots=True)
class Access:
    """What the guard asks of a request to one view.

    ``scope`` names what a key needs and implies the lowest role; ``role`` is the lowest role of a view that
    only pages use.
    """

    is_public: bool = False
    media_types: frozenset[str] = frozenset({JSON_TYPE})
    is_upload: bool = False
    scope: str | None = None
    role: str | None = None


def mark(view: View, **changes: Any) -> View:
    """Give ``view`` marks, keeping those that it has."""
    known = getattr(view, _MARKS, {})
    setattr(view, _MARKS, {**known, **changes})
    return view


def public(view: View) -> View:
    """Let everybody reach ``view``, signed in or not."""
    return mark(view, is_public=True)


def accepts_forms(view: View) -> View:
    """Let ``view`` take HTML forms; it has to check a form token of its own."""
    return mark(view, media_types=frozenset({JSON_TYPE, FORM_TYPE}))


def accepts_upload(view: View) -> View:
    """Let ``view`` take files as multipart bodies, up to ``UPLOAD_MAX_BYTES``."""
    return mark(view, media_types=frozenset({UPLOAD_TYPE}), is_upload=True)


def accepts_json_or_upload(view: View) -> View:
    """Let ``view`` take JSON, or files as multipart bodies."""
    return mark(view, media_types=frozenset({JSON_TYPE, UPLOAD_TYPE}), is_upload=True)


def needs_role(role: str) -> Callable[[View], View]:
    """Open a view to this role and higher ones; for views outside the REST interface."""
    return lambda view: mark(view, role=role)


def get_access(endpoint: str | None) -> Access:
    """Return what is asked for ``endpoint``; the strictest for one that does not exist."""
    if endpoint in STATIC_ENDPOINTS:
        return Access(is_public=True)
    view = current_app.view_functions.get(endpoint or "")
    return Access(**getattr(view, _MARKS, {}))


def changes_state() -> bool:
    """Tell whether the request may change something."""
    return request.method in _STATE_CHANGING


def is_api_request() -> bool:
    """Tell whether the request is for the REST interface."""
    return request.path == "/api" or request.path.startswith("/api/")


def wants_html() -> bool:
    """Tell whether a person waits for a page: a navigation, not a program's or script's request."""
    if is_api_request() or request.path.startswith(("/_dash", "/_reload")):
        return False
    accepted = request.accept_mimetypes
    return accepted.accept_html and accepted.quality("text/html") >= accepted.quality(JSON_TYPE)
