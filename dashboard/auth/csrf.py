"""Proofs that a state-changing request comes from a page of ours."""

from __future__ import annotations

import hmac

from flask import Response, request

from dashboard.auth.cookies import CSRF_HEADER, SecretCookie, read_cookie, set_secret_cookie
from services.shared.derived_keys import KeyPurpose, compute_hmac, derive_key
from utils.exceptions import ErrorCode, LstmPfdError
from utils.ids import new_token


class CsrfError(LstmPfdError):
    """The request does not prove that it comes from a page of ours."""

    code = ErrorCode.CSRF_FAILED


def require_same_origin() -> None:
    """Raise `CsrfError` where the browser says that another site has sent this."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site not in (None, "same-origin") or origin not in (None, request.host_url.rstrip("/")):
        raise CsrfError("This request was sent from another site and was refused.")


def require_csrf_header(expected: str) -> None:
    """Raise `CsrfError` unless the session's CSRF token stands in the header."""
    sent = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(sent.encode(), expected.encode()):
        raise CsrfError("The page is out of date. Reload it and try again.")


def _compute_form_token(nonce: str, form: str) -> str:
    return compute_hmac(derive_key(KeyPurpose.FORM_TOKENS), f"{form}:{nonce}").hex()


def get_form_nonce() -> str:
    """Return the browser's form nonce, or a new one; `keep_form_nonce` gives it to the browser."""
    return read_cookie(SecretCookie.FORM) or new_token()


def build_form_token(nonce: str, form: str) -> str:
    """Return the token that a sign-in form carries: it fits only the browser that got the form."""
    return _compute_form_token(nonce, form)


def keep_form_nonce(response: Response, nonce: str) -> None:
    """Set the nonce's cookie where the browser has none yet."""
    if read_cookie(SecretCookie.FORM) != nonce:
        set_secret_cookie(response, SecretCookie.FORM, nonce)


def is_form_token_right(sent: str, form: str) -> bool:
    """Tell whether a posted form token belongs to this browser."""
    nonce = read_cookie(SecretCookie.FORM)
    if not nonce:
        return False
    return hmac.compare_digest(
        sent.encode("utf-8", "surrogatepass"), _compute_form_token(nonce, form).encode()
    )
