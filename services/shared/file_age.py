"""How long files have been left alone."""

from __future__ import annotations

import time
from pathlib import Path

HOUR_S = 3600.0


def is_old(path: Path, kept_s: float = HOUR_S) -> bool:
    """Tell whether a file or folder is there and has not been changed for that long."""
    try:
        return time.time() - path.stat().st_mtime > kept_s
    except FileNotFoundError:
        return False
