"""What the supervisor starts: one description per child process, made from the settings."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboard_config import Settings
from database.redis_server import build_redis_command, find_redis_server, prepare_redis_folder

_QUEUES = ("train", "quick")
_WEB_GRACE_S = 5.0
_EXTRA_GRACE_S = 3.0
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """How to start one child process, and how long it gets to stop."""

    name: str
    command: tuple[str, ...]
    grace_s: float = 5.0
    env: Mapping[str, str] = field(default_factory=dict)
    pass_fds: tuple[int, ...] = ()
    stops_last: bool = False


def build_redis_spec(settings: Settings) -> ChildSpec:
    """Return the bundled or local Redis; it stops last, since the workers still speak to it."""
    folder = prepare_redis_folder(settings)
    command = build_redis_command(find_redis_server(), folder, settings.redis_socket)
    return ChildSpec("redis", tuple(command), stops_last=True)


def build_web_spec(settings: Settings, listener_fd: int) -> ChildSpec:
    """Return the web server: one process with threads, on a socket that the supervisor keeps open."""
    command = (
        *(sys.executable, "-m", "gunicorn", "dashboard.wsgi:application"),
        *("--worker-class", "gthread", "--workers", "1", "--threads", str(settings.web_threads)),
        *("--bind", f"fd://{listener_fd}", "--no-control-socket"),
        *("--graceful-timeout", f"{_WEB_GRACE_S:.0f}", "--timeout", "60", "--keep-alive", "15"),
    )
    return ChildSpec("web", command, _WEB_GRACE_S + _EXTRA_GRACE_S, _thread_limits(settings), (listener_fd,))


def build_dispatcher_spec(settings: Settings) -> ChildSpec:
    """Return the process that publishes waiting jobs and sweeps lost ones."""
    return ChildSpec("dispatcher", (sys.executable, "-m", "tasks.dispatcher"), env=_thread_limits(settings))


def build_worker_specs(settings: Settings) -> list[ChildSpec]:
    """Return a worker per queue; one for both in RUN_MODE=minimal; none without Redis."""
    if not settings.redis_enabled:
        return []
    if settings.run_mode == "minimal":
        return [_build_worker_spec(settings, "worker", _QUEUES)]
    return [_build_worker_spec(settings, f"worker-{queue}", (queue,)) for queue in _QUEUES]


def _build_worker_spec(settings: Settings, name: str, queues: tuple[str, ...]) -> ChildSpec:
    """A worker stops warm: SIGTERM tells its jobs at once, and it ends with the last of them."""
    command = (
        *(sys.executable, "-m", "celery", "-A", "tasks.celery_app", "worker"),
        *("-Q", ",".join(queues), "-n", f"{name}@%h", "-c", str(settings.worker_concurrency)),
        *("--pool", "prefork", "--without-gossip", "--without-mingle", "--without-heartbeat"),
    )
    grace_s = settings.shutdown_grace_s + _EXTRA_GRACE_S
    return ChildSpec(name, command, grace_s, _thread_limits(settings))


def _thread_limits(settings: Settings) -> dict[str, str]:
    return dict.fromkeys(_THREAD_VARIABLES, str(settings.torch_threads))
