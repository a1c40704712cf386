"""Which product this is: its version, and a digest of the code where no release names it."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

# Semantic Versioning; before the first release the digest of the code tells states apart.
PRODUCT_VERSION: Final = "0.1.0-dev"
_ROOT: Final = Path(__file__).resolve().parents[1]
_JUDGING: Final = ("core", "services")
_DIGITS: Final = 12


@cache
def name_product() -> str:
    """Return the version, and as its build the digest of the code that works results out.

    >>> name_product().partition("+")[0]
    '0.1.0-dev'
    """
    return f"{PRODUCT_VERSION}+{hash_code(_ROOT, _JUDGING)[:_DIGITS]}"


def hash_code(root: Path, folders: tuple[str, ...]) -> str:
    """Return the SHA-256 of the source in some folders, with the names of its files."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in folders for path in (root / folder).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
