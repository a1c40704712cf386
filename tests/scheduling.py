"""How the suite is shared out among processes: file by file, the browser's tests in one piece."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling


class PieceScheduling(LoadScopeScheduling):
    """Gives a process whole files; the browser's tests share a product and a browser, and stay together."""

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith("tests/e2e/") else nodeid.partition("::")[0]
