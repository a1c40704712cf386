"""Side-by-side measurements; never part of the test run."""

from __future__ import annotations

import os
from pathlib import Path


def find_recordings(name: str) -> Path:
    """Return a folder of real recordings, below PFD_TEST_DATA or ``../shared/data`` beside the repository."""
    default = Path(__file__).parents[2] / "shared" / "data"
    return Path(os.environ.get("PFD_TEST_DATA") or default) / name
