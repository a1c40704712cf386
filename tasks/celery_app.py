"""The Celery application: composition root of the workers."""

from __future__ import annotations

import os
import signal
import socket
import threading
from typing import Any

from celery import Celery, signals

from dashboard_config import Settings, get_settings
from services.jobs import queue, workers
from services.shared.compute import limit_compute_threads
from utils.exceptions import ServiceUnavailableError
from utils.logger import configure_logging, setup_logger

logger = setup_logger(__name__)

_TASK_MODULES = ("tasks.datasets", "tasks.experiments", "tasks.generation", "tasks.features")
_LAST_GRACE_S = 10.0
# A child loads torch before it reports; on a busy machine that takes longer than Celery's 4 s, after which
# it would be killed and started again for ever.
_CHILD_START_S = 120.0
_stopping = threading.Event()


def build_celery_app(settings: Settings) -> Celery:
    """Return the application; the settings that job safety rests on are explained in ``tasks/README.md``."""
    app = Celery("lstm_pfd", broker=settings.effective_redis_url.replace("unix://", "redis+socket://"))
    app.conf.update(
        include=list(_TASK_MODULES),
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_concurrency=settings.worker_concurrency,
        worker_pool_start_method="spawn",
        worker_proc_alive_timeout=_CHILD_START_S,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=2,
        broker_transport_options={
            "visibility_timeout": settings.job_visibility_s,
            "unacked_restore_interval": 3,
            "unacked_restore_throttle": 1,
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "health_check_interval": 10,
        },
    )
    return app


def worker_name() -> str:
    """Return the name under which this worker's processes claim jobs."""
    return os.environ.get("PFD_WORKER_NAME") or f"{socket.gethostname()}-{os.getpid()}"


celery_app = build_celery_app(get_settings())
app = celery_app


@signals.setup_logging.connect
def _set_up_logging(**_: Any) -> None:
    settings = get_settings()
    configure_logging(settings.effective_log_level, settings.effective_log_format)


@signals.celeryd_init.connect
def _name_worker(**_: Any) -> None:
    os.environ.setdefault("PFD_WORKER_NAME", f"{socket.gethostname()}-{os.getpid()}")


@signals.worker_process_init.connect
def _prepare_child(**_: Any) -> None:
    limit_compute_threads()


@signals.worker_ready.connect
def _start_heartbeat(sender: Any = None, **_: Any) -> None:
    queue_names = sorted(sender.app.amqp.queues.consume_from)
    threading.Thread(target=_beat_until_stopped, args=(queue_names,), daemon=True).start()


def _beat_until_stopped(queue_names: list[str]) -> None:
    while not _stopping.is_set():
        try:
            for queue_name in queue_names:
                workers.beat(f"{worker_name()}/{queue_name}", queue_name)
        except ServiceUnavailableError:
            logger.warning("worker heartbeat not written: database away")
        _stopping.wait(get_settings().job_heartbeat_s)


@signals.worker_shutting_down.connect
def _ask_jobs_to_yield(**_: Any) -> None:
    _stopping.set()
    threading.Thread(target=_sign_off, args=(worker_name(),), daemon=True).start()
    if os.getpgrp() == os.getpid():  # as the supervisor starts it: the group is this worker's own
        threading.Thread(target=_end_in_time, daemon=True).start()


def _end_in_time() -> None:
    """End a worker whose jobs do not step back, also where no supervisor is left to do it."""
    threading.Event().wait(get_settings().shutdown_grace_s + _LAST_GRACE_S)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _sign_off(name: str) -> None:
    try:
        asked = queue.ask_yield(name)
        workers.sign_off(name)
    except ServiceUnavailableError:
        logger.warning("shutdown not announced: database away")
    else:
        logger.info("worker shuts down", extra={"worker": name, "jobs_asked_to_yield": asked})
