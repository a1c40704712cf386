"""How an API key is built and checked: 66 characters, of which a prefix is public and the rest secret."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import string
import zlib
from typing import Final

from models.user import Role
from services.shared.derived_keys import KeyPurpose, compute_hmac, derive_key

ENVIRONMENTS: Final = ("live", "test")
# Each scope and the role that its owner needs: a key never does more than its owner may.
SCOPES: Final[dict[str, Role]] = {
    "read": Role.VIEWER,
    "write": Role.ENGINEER,
    "train": Role.ENGINEER,
    "diagnose": Role.ENGINEER,
    "admin": Role.ADMIN,
}
PREFIX: Final = slice(8, 28)
_ALPHABET: Final = string.digits + string.ascii_letters
_PREFIX_LENGTH, _SECRET_LENGTH, _CHECKSUM_LENGTH = 20, 32, 6
_KEY = re.compile(
    rf"sk_({'|'.join(ENVIRONMENTS)})_[0-9A-Za-z]{{{_PREFIX_LENGTH + _SECRET_LENGTH + _CHECKSUM_LENGTH}}}"
)


def build_key(environment: str) -> str:
    """Return a new key: ``sk_live_`` + prefix + secret + checksum."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(_PREFIX_LENGTH + _SECRET_LENGTH))
    stem = f"sk_{environment}_{body}"
    return stem + compute_checksum(stem)


def compute_checksum(stem: str) -> str:
    """Return CRC-32 of all before it in base 62: it tells a mistyped key without asking the database."""
    value, digits = zlib.crc32(stem.encode()), ""
    for _ in range(_CHECKSUM_LENGTH):
        value, digit = divmod(value, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits


def has_key_form(text: str) -> bool:
    """Tell whether ``text`` can be a key at all: its form and its checksum are right."""
    if not _KEY.fullmatch(text):
        return False
    return hmac.compare_digest(compute_checksum(text[:-_CHECKSUM_LENGTH]), text[-_CHECKSUM_LENGTH:])


def compute_mac(key: str) -> str:
    """Return the pepper's id and the key's HMAC under it, as stored."""
    pepper = derive_key(KeyPurpose.API_KEYS)
    digest = base64.urlsafe_b64encode(compute_hmac(pepper, key)).decode().rstrip("=")
    return f"{compute_hmac(pepper, 'pepper id').hex()[:8]}.{digest}"


def is_under_current_pepper(mac: str | None) -> bool:
    """Tell whether a stored HMAC can be compared; where not, bcrypt has to decide once."""
    return mac is not None and mac.partition(".")[0] == compute_mac("").partition(".")[0]
