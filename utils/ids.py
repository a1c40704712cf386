"""Random names: reference ids for failures, tokens, names of stored files."""

from __future__ import annotations

import secrets
import uuid

_READABLE = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def new_reference_id() -> str:
    """Return a short id that a user can read out and an engineer can find in the log."""
    return "".join(secrets.choice(_READABLE) for _ in range(8))


def new_storage_name() -> str:
    """Return a file or folder name of ours, safe on every file system."""
    return uuid.uuid4().hex


def new_token() -> str:
    """Return a 256-bit URL-safe token."""
    return secrets.token_urlsafe(32)
