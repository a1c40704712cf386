"""Commands that start a job wait for it here, and run it themselves when nobody else will."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import click

from dashboard_config import REPOSITORY_ROOT
from services.jobs import board, queue, workers
from services.shared.actors import SYSTEM

_POLL_S = 0.2


def refuse_detach_without_worker(job_queue: str) -> None:
    """Stop a ``--detach`` that would leave its job waiting for nobody."""
    if not workers.has_live_worker(job_queue):
        raise click.ClickException(
            "--detach needs a running worker, and none is alive. Start the product with 'make run', or leave "
            "--detach out: the command then does the work itself."
        )


def wait_for_jobs(job_ids: list[int], *, quiet: bool) -> list[dict[str, Any]]:
    """Wait until every job has ended, showing a progress bar on stderr, and return them.

    Ctrl-C leaves the jobs to the workers, or cancels those that this command runs itself.
    """
    return [_wait_for_job(job_id, quiet=quiet) for job_id in job_ids]


def _wait_for_job(job_id: int, *, quiet: bool) -> dict[str, Any]:
    shown = _ProgressBar(quiet)
    own: subprocess.Popen[bytes] | None = None
    try:
        while True:
            job = _get_job(job_id)
            shown.show(job)
            if job["state"] in board.FINAL_STATES or job["state"] == "paused":
                if own is not None:
                    own.wait()
                return job
            if own is not None and own.poll() is not None:
                queue.give_up_claim(job_id)
                own = None
            if own is None and job["state"] == "queued" and not workers.has_live_worker(job["queue"]):
                own = _start_child(job_id)
            time.sleep(_POLL_S)
    except KeyboardInterrupt:
        if own is not None:
            board.cancel_job(job_id)
            own.wait(timeout=30)
        raise
    finally:
        shown.close()


def _get_job(job_id: int) -> dict[str, Any]:
    job = board.get_job(job_id, actor=SYSTEM)
    if job is None:
        raise click.ClickException(f"Job {job_id} has gone.")
    return job


def _start_child(job_id: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tasks.run_one", str(job_id)], cwd=REPOSITORY_ROOT)


class _ProgressBar:
    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self._done = 0

    def show(self, job: dict[str, Any]) -> None:
        if self._quiet:
            return
        if self._bar is None:
            self._bar = click.progressbar(length=1000, label=job["title"], file=sys.stderr)
            self._bar.__enter__()
        now = int(job["progress"] * 1000)
        self._bar.update(max(now - self._done, 0), None)
        self._done = max(now, self._done)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
