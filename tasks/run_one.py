"""Run one job in this process: ``python -m tasks.run_one JOB_ID``.

Commands use it when no worker lives; the job is claimed with the same lease as in a worker.
"""

from __future__ import annotations

import importlib
import os
import signal
import socket
import sys
from typing import Any

from dashboard_config import get_settings
from services.jobs import board, queue
from services.shared.compute import limit_compute_threads
from tasks.celery_app import celery_app
from tasks.names import TaskName
from utils.logger import configure_logging


def main(job_id: int) -> int:
    """Claim and run the job; 0 where it was ours to run, whatever its end."""
    settings = get_settings()
    configure_logging(settings.effective_log_level, settings.effective_log_format)
    job = board.get_job(job_id)
    if job is None:
        return 1
    name = f"{socket.gethostname()}-{os.getpid()}"
    os.environ["PFD_WORKER_NAME"] = name

    def step_back(_signum: int, _frame: Any) -> None:
        queue.ask_yield(name)

    signal.signal(signal.SIGTERM, step_back)
    limit_compute_threads()
    for module in celery_app.conf.include:
        importlib.import_module(module)
    celery_app.tasks[TaskName(job["kind"])].run(job_id)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
