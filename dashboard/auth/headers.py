"""Security and caching headers of every response, and compression done once for files that never change."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from typing import Final

import brotli
from flask import Flask, Response, current_app, g, request
from flask_compress import Compress

from dashboard.auth import access, callbacks_guard
from dashboard.auth.cookies import CSRF_COOKIE, set_csrf_cookie
from dashboard.auth.guard import add_sign_in_challenge

_HSTS: Final = "max-age=31536000; includeSubDomains"
_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_FINGERPRINT: Final = re.compile(r"\.v[\w-]+m[0-9a-fA-F]+\.")
_VERSION_ARGUMENTS: Final = ("m", "v", "hash")
_BARE_HASH: Final = re.compile(rb"[0-9a-f]{32}")  # how Bootstrap's icons name the version of their font
_CALLBACKS_ENDPOINT: Final = "/_dash-dependencies"
_FIXED: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: browsers would then send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_MAX_COMPRESSED_FILES: Final = 256
_BROTLI_QUALITY: Final = 8
_COMPRESSIBLE: Final = ("text/", "application/javascript", "application/json", "image/svg+xml")


def build_policy(script_hashes: Sequence[str]) -> str:
    """Return the Content-Security-Policy: everything from this server, no inline scripts but Dash's own."""
    scripts = " ".join(("'self'", *script_hashes))
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "media-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "frame-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def install_headers(server: Flask, policy: str) -> None:
    """Finish every response: Flask runs what is added last first, so compression comes at the end."""
    server.config.update(COMPRESS_ALGORITHM=["br", "gzip"], COMPRESS_ALGORITHM_STREAMING=["br", "gzip"])
    Compress(server)
    files = StaticCompressor()

    def finish(response: Response) -> Response:
        response.headers.update(_FIXED)
        response.headers["Content-Security-Policy"] = policy
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = _HSTS
        add_sign_in_challenge(response)
        _set_caching(response)
        _mark_unknown_page(response)
        _renew_csrf_cookie(response)
        return files.compress(response)

    server.after_request(finish)


def _is_static() -> bool:
    return request.endpoint in access.STATIC_ENDPOINTS


def _is_fingerprinted() -> bool:
    named = any(name in request.args for name in _VERSION_ARGUMENTS)
    return named or bool(_FINGERPRINT.search(request.path) or _BARE_HASH.fullmatch(request.query_string))


def _is_list_of_callbacks() -> bool:
    """Tell whether this is Dash's list of callbacks, asked for by its version."""
    known = current_app.extensions.get("pfd_callbacks_hash")
    return request.endpoint == _CALLBACKS_ENDPOINT and known is not None and request.args.get("hash") == known


def _set_caching(response: Response) -> None:
    """Keep what names its version for ever, ask again for other files, store nothing else."""
    if _is_list_of_callbacks() and response.status_code == 200:
        response.headers["Cache-Control"] = _IMMUTABLE.replace("public", "private")
    elif not _is_static() or response.status_code not in {200, 206, 304}:
        response.headers["Cache-Control"] = "no-store"
    else:
        response.headers["Cache-Control"] = _IMMUTABLE if _is_fingerprinted() else "no-cache"


def _mark_unknown_page(response: Response) -> None:
    """Dash serves its shell for every path; one that opens no page says so in its status too."""
    if request.endpoint == access.CATCH_ALL_ENDPOINT and response.status_code == 200:
        response.status_code = 200 if callbacks_guard.is_known_page(request.path) else 404


def _renew_csrf_cookie(response: Response) -> None:
    """Give the page's scripts the token of the session that the page was served to."""
    session = g.get("login_session")
    if session is None or response.mimetype != "text/html":
        return
    if request.cookies.get(CSRF_COOKIE) != session["csrf_token"]:
        set_csrf_cookie(response, session["csrf_token"])


class StaticCompressor:
    """Brotli of static files, each done once: the largest take longer to compress than all else on a page.

    Holds at most 256 files, one version each.
    """

    def __init__(self) -> None:
        self._files: dict[str, tuple[bytes, bytes]] = {}
        self._lock = threading.Lock()

    def compress(self, response: Response) -> Response:
        """Return ``response`` with a brotli body where it is a static file and the browser takes it."""
        if not self._is_candidate(response):
            return response
        response.direct_passthrough = False
        response.set_data(self._get(_FINGERPRINT.sub(".", request.path), response.get_data()))
        response.headers["Content-Encoding"] = "br"
        response.headers.add("Vary", "Accept-Encoding")
        etag, _is_weak = response.get_etag()
        if etag:
            response.set_etag(f"{etag}:br")
            response.make_conditional(request.environ)
        return response

    @staticmethod
    def _is_candidate(response: Response) -> bool:
        return (
            _is_static()
            and request.method == "GET"
            and response.status_code == 200
            and "br" in request.accept_encodings
            and (response.mimetype or "").startswith(_COMPRESSIBLE)
        )

    def _get(self, name: str, content: bytes) -> bytes:
        known = self._files.get(name)
        if known is not None and known[0] == content:
            return known[1]
        packed = brotli.compress(content, quality=_BROTLI_QUALITY)
        with self._lock:
            if len(self._files) < _MAX_COMPRESSED_FILES or name in self._files:
                self._files[name] = (content, packed)
        return packed
