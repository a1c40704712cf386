"""How the suite is shared out among processes: file by file, most of the browser's tests in one piece."""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

# Their tests start a product of their own; all others look at one that is shared, and stay together.
OWN_PRODUCT = frozenset({"test_experiments", "test_faults", "test_main_job", "test_session_dialog"})


class PieceScheduling(LoadScopeScheduling):
    """Gives a process whole files; the browser's tests that share a product stay together."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        shares = path.startswith("tests/e2e/") and PurePosixPath(path).stem not in OWN_PRODUCT
        return "browser" if shares else path
