"""How the suite is shared out among processes: slow pieces first, most of the browser's tests in one."""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# Browser tests that start a product of their own; all others look at one that is shared, and stay together.
OWN_PRODUCT = {
    "test_experiments": "experiments",
    "test_faults": "faults",
    "test_main_job": "main job",
    "test_session_dialog": "accounts",
    "test_sign_in_pages": "accounts",
}


class PieceScheduling(LoadScopeScheduling):
    """Gives a process whole files; the browser's tests that share a product stay together."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        if not path.startswith("tests/e2e/"):
            return path
        return OWN_PRODUCT.get(PurePosixPath(path).stem, "browser")

    def _assign_work_unit(self, node: WorkerController) -> None:
        """Give out what starts real processes first: a long piece at the end leaves one process alone."""
        for scope in sorted(self.workqueue, key=rank_piece):  # within a rank, most tests first
            self.workqueue.move_to_end(scope)
        super()._assign_work_unit(node)


def rank_piece(scope: str) -> int:
    """Return 0 for pieces of the browser, 1 for integration, 2 for what is quick."""
    if not scope.startswith("tests/"):
        return 0
    return 1 if scope.startswith("tests/integration/") else 2
