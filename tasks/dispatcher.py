"""The dispatcher: publishes waiting jobs, looks for lost ones, and says that it lives.

Run as ``python -m tasks.dispatcher``. Two of them do no harm: a job is claimed once, whatever is published
twice.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kombu.exceptions import OperationalError as BrokerError

from dashboard_config import get_settings
from services.datasets import removal
from services.diagnoses.removal import drop_stray_samples
from services.experiments import trash
from services.explanation_cache import ExplanationCache
from services.jobs import queue, workers
from services.jobs.queue import LeaseWatch
from services.shared.housekeeping import tidy_up
from tasks.celery_app import celery_app
from tasks.names import TaskName
from utils.clock import monotonic_s
from utils.exceptions import ServiceUnavailableError
from utils.logger import configure_logging, setup_logger

logger = setup_logger(__name__)

_UNDER_WAY_PER_QUEUE = 4
_BROKER_CHECK_S = 1.0
_TIDY_EVERY_S = 600.0


@dataclass(slots=True)
class Dispatcher:
    """One running dispatcher; `step` does whatever is due."""

    name: str
    stopping: threading.Event = field(default_factory=threading.Event)
    _watch: LeaseWatch = field(default_factory=LeaseWatch)
    _due_s: dict[str, float] = field(default_factory=dict)
    _broker_alive: bool = False

    def run(self) -> None:
        """Work until `stopping` is set."""
        while not self.stopping.is_set():
            try:
                self.step()
            except ServiceUnavailableError:
                logger.warning("dispatcher waits: database away")
                self.stopping.wait(1.0)
            self.stopping.wait(get_settings().job_poll_s)

    def step(self) -> None:
        """Do what is due now."""
        settings = get_settings()
        if self._is_due("broker", _BROKER_CHECK_S):
            self._check_broker()
        if self._is_due("heartbeat", min(settings.job_heartbeat_s, 2.0)):
            self._beat()
        if self._is_due("sweep", settings.job_sweep_s):
            self._sweep()
        if self._is_due("housekeeping", _TIDY_EVERY_S):
            self._keep_house()
        if self._broker_alive:
            self._publish_waiting()

    def _keep_house(self) -> None:
        """Do every chore; one that fails is logged, and ends neither the others nor the dispatcher."""
        chores: tuple[Callable[[], object], ...] = (
            tidy_up,
            trash.purge_trash,
            removal.purge_trash,
            ExplanationCache.clear_old_explanations,
            drop_stray_samples,
        )
        for chore in chores:
            try:
                chore()
            except ServiceUnavailableError:
                raise
            except Exception:
                logger.exception("housekeeping failed: %s", chore.__qualname__)

    def _is_due(self, what: str, every_s: float) -> bool:
        now_s = monotonic_s()
        if now_s < self._due_s.get(what, 0.0):
            return False
        self._due_s[what] = now_s + every_s
        return True

    def _beat(self) -> None:
        workers.beat(self.name, workers.DISPATCHER, {"broker_alive": self._broker_alive})

    def _check_broker(self) -> None:
        alive = workers.check_broker()
        if alive == self._broker_alive:
            return
        logger.warning("broker %s", "is back" if alive else "is away")
        if alive:
            queue.forget_published()
        self._broker_alive = alive
        self._beat()

    def _sweep(self) -> None:
        for job_id, fence in self._watch.find_lost(monotonic_s()):
            queue.give_up_lost(job_id, fence)

    def _publish_waiting(self) -> None:
        """Publish what waits. Redis is asked just before: a frozen one holds a message up for seconds."""
        waiting = queue.list_publishable(_UNDER_WAY_PER_QUEUE)
        if waiting:
            self._check_broker()
        for job_id, kind, queue_name in waiting if self._broker_alive else []:
            try:
                publish(job_id, kind, queue_name)
            except (BrokerError, OSError):
                logger.warning("broker is away: job waits", extra={"job_id": job_id})
                self._broker_alive = False
                self._beat()
                return
            queue.mark_published(job_id)


def publish(job_id: int, kind: str, queue_name: str) -> None:
    """Send one message; raises at once where the broker is away."""
    celery_app.send_task(TaskName(kind), args=[job_id], queue=queue_name, retry=False)


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    settings = get_settings()
    configure_logging(settings.effective_log_level, settings.effective_log_format)
    dispatcher = Dispatcher(name=f"dispatcher-{socket.gethostname()}-{os.getpid()}")

    def stop(_signum: int, _frame: Any) -> None:
        dispatcher.stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    logger.info("dispatcher started")
    dispatcher.run()
    workers.sign_off(dispatcher.name)


if __name__ == "__main__":
    main()
