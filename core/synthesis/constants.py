"""The generators' constants, read once from their data files."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any


@lru_cache(maxsize=2)
def load_constants(kind: str) -> dict[str, Any]:
    """Return the constants of the ``journal`` or the ``rolling`` generator; not to be changed."""
    return tomllib.loads(Path(__file__).with_name(f"{kind}.toml").read_text(encoding="utf-8"))
