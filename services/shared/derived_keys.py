"""Keys for one purpose each, derived from the installation's secret key; none of them is in the database."""

from __future__ import annotations

import hashlib
import hmac
from enum import StrEnum

from dashboard_config import get_secret_key


class KeyPurpose(StrEnum):
    """What a derived key is for; a key of one purpose says nothing about another's."""

    PASSWORDS = "passwords"
    API_KEYS = "api-keys"
    LOGIN_SUBJECTS = "login-subjects"
    FORM_TOKENS = "form-tokens"
    DOWNLOADS = "downloads"


def derive_key(purpose: KeyPurpose) -> bytes:
    """Return the 256-bit key of ``purpose``."""
    return compute_hmac(get_secret_key(), f"lstm-pfd:{purpose}:v1")


def compute_hmac(key: bytes, text: str) -> bytes:
    """Return HMAC-SHA256 of ``text`` in UTF-8."""
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def hash_token(token: str) -> str:
    """Return the SHA-256 of a 256-bit random token, as it is stored."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
