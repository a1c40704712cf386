"""Finds the recordings that tests run on: the real ones where they are, look-alikes otherwise."""

from __future__ import annotations

import fcntl
import os
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from tests.data.lookalikes import LOOKALIKE_VERSION, make_lookalikes

_REPOSITORY = Path(__file__).resolve().parents[2]
_WANTED = ("cwru_12k_de/metadata.csv", "cwru_12k_de/Normal_0.mat", "mfpt/metadata.csv", "mfpt/baseline_1.mat")


@dataclass(frozen=True)
class TestData:
    """Where the recordings are and what they are.

    `root` holds the folders ``cwru_12k_de`` and ``mfpt``, each with its files and a ``metadata.csv``.
    """

    __test__ = False

    root: Path
    kind: Literal["real", "lookalike"]

    @property
    def cwru(self) -> Path:
        """The folder of 30 drive-end files at three loads."""
        return self.root / "cwru_12k_de"

    @property
    def mfpt(self) -> Path:
        """The folder of nine files of another rig."""
        return self.root / "mfpt"

    def describe(self) -> str:
        """Say in one line which recordings the run uses."""
        return f"recordings: {self.kind} ({self.root})"


@lru_cache(maxsize=1)
def find_test_data() -> TestData:
    """Return the recordings named by PFD_TEST_DATA (default ``../shared/data``), or made look-alikes.

    A PFD_TEST_DATA that is set but holds no recordings is an error: a run never falls back in silence on what
    it was told to use.
    """
    named = os.environ.get("PFD_TEST_DATA")
    root = _REPOSITORY / (named or "../shared/data")
    if all((root / wanted).is_file() for wanted in _WANTED):
        return TestData(root.resolve(), "real")
    if named:
        raise FileNotFoundError(f"PFD_TEST_DATA={named} holds no cwru_12k_de and mfpt folders")
    return TestData(_make_cached(), "lookalike")


def _make_cached() -> Path:
    """Make the look-alikes once per version and user, also under parallel test runs."""
    folder = Path(tempfile.gettempdir()) / f"pfd-lookalikes-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    root = folder / f"v{LOOKALIKE_VERSION}"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "complete").is_file():
            make_lookalikes(root)
            (root / "complete").touch()
    return root
