"""What the tests of commands share."""

from __future__ import annotations

import importlib

import pytest

from services.jobs import board
from tests.conftest import Configure


class _Done:
    """Stands for a child that has ended."""

    def poll(self) -> int:
        return 0

    def wait(self) -> int:
        return 0


@pytest.fixture
def jobs_run_here(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the jobs of commands in this process: that each gets a child is tested with import and README."""
    from dashboard.cli import waiting
    from tasks.celery_app import celery_app  # loaded here: it reads the settings

    def run_here(job_id: int) -> _Done:
        for module in celery_app.conf.include:
            importlib.import_module(module)
        job = board.get_job(job_id)
        assert job is not None
        celery_app.tasks[job["kind"]].run(job_id)
        return _Done()

    monkeypatch.setattr(waiting, "_start_child", run_here)
