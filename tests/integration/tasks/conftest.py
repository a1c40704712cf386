"""A running installation without its web process: Redis, dispatcher and workers as real processes."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from dashboard.children import build_dispatcher_spec, build_worker_specs
from dashboard_config import Settings
from services.jobs import board
from tests.servers import RedisServer
from utils.processes import start_process, wait_until

START_S = 40.0


@dataclass(slots=True)
class Installation:
    """Processes of one installation; `kill` and `stop` end them as a crash and as a shutdown would."""

    settings: Settings
    redis: RedisServer
    log: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        """Start ``dispatcher``, ``worker-train`` or ``worker-quick``; wait until each reports."""
        specs = [build_dispatcher_spec(self.settings), *build_worker_specs(self.settings)]
        for spec in specs:
            if spec.name in names:
                with self.log.open("ab") as output:
                    self.processes[spec.name] = start_process(
                        spec.command, env={**os.environ, **spec.env}, output=output
                    )
        assert wait_until(lambda: self._all_report(names), START_S), self.read_log()

    def _all_report(self, names: tuple[str, ...]) -> bool:
        health = board.get_queue_health()
        wanted = [name.removeprefix("worker-") for name in names if name.startswith("worker-")]
        return all(health["workers"][queue] > 0 for queue in wanted) and (
            "dispatcher" not in names or health["dispatcher_alive"]
        )

    def find_child(self, name: str) -> psutil.Process:
        """Return the process of a worker's pool that runs the jobs."""
        children = psutil.Process(self.processes[name].pid).children(recursive=True)
        return max(children, key=lambda child: child.memory_info().rss)

    def kill(self, name: str) -> None:
        """End a process and its children as a power cut would."""
        process = self.processes.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self, name: str, timeout_s: float = 30.0) -> None:
        """Ask a process to end and wait for it."""
        process = self.processes.pop(name)
        process.terminate()
        process.wait(timeout=timeout_s)

    def read_log(self) -> str:
        """Return what the processes have said, for a failing test."""
        return self.log.read_text()[-6000:]


@pytest.fixture
def installation(
    configure: Callable[..., Settings],
    sqlite_database: Settings,
    redis_server: RedisServer,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Installation]:
    # Among many kills a busy machine must not count as another one.
    lease_s = 10 if request.node.get_closest_marker("soak") else 2
    settings = configure(
        REDIS_URL=redis_server.url,
        JOB_LEASE_S=lease_s,
        JOB_HEARTBEAT_S=0.4,
        JOB_SWEEP_S=0.3,
        JOB_RETRY_S=0.1,
        JOB_POLL_S=0.1,
        JOB_VISIBILITY_S=2 * lease_s,
        SHUTDOWN_GRACE_S=10,
    )
    found = Installation(settings, redis_server, tmp_path / "processes.log")
    yield found
    for name in list(found.processes):
        found.kill(name)
