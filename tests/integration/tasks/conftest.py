"""A running installation without its web process: Redis, dispatcher and workers as real processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

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

    env: dict[str, str]
    settings: Settings
    redis: RedisServer
    log: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        """Start what does not run of ``dispatcher``, ``worker-train``, ``worker-quick``; wait for reports."""
        specs = [build_dispatcher_spec(self.settings), *build_worker_specs(self.settings)]
        for spec in specs:
            if spec.name in names and spec.name not in self.processes:
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

    def is_at_rest(self) -> bool:
        """Tell whether every job has ended and every process still runs."""
        runs = all(process.poll() is None for process in self.processes.values())
        return runs and board.list_jobs(states=list(board.OPEN_STATES))["total"] == 0

    def end(self) -> None:
        """Kill every process, Redis too."""
        for name in list(self.processes):
            self.kill(name)
        self.redis.stop()

    def read_log(self) -> str:
        """Return what the processes have said, for a failing test."""
        return self.log.read_text()[-6000:]


def _write_settings(redis: RedisServer, folder: Path, lease_s: float) -> dict[str, str]:
    settings: dict[str, object] = {
        "DATA_DIR": folder / "data",
        "REDIS_URL": redis.url,
        "JOB_LEASE_S": lease_s,
        "JOB_HEARTBEAT_S": 0.4,
        "JOB_SWEEP_S": 0.3,
        "JOB_RETRY_S": 0.1,
        "JOB_POLL_S": 0.1,
        "JOB_VISIBILITY_S": int(2 * lease_s),
        "SHUTDOWN_GRACE_S": 10,
    }
    return {name: str(value) for name, value in settings.items()}


@pytest.fixture(scope="module")
def _shared(
    _migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Callable[[], Installation]]:
    """Return a function that gives the module's installation: starting one takes longer than most tests."""
    # Among many kills a busy machine must not count as another one.
    many_kills = any(item.get_closest_marker("soak") for item in request.session.items)
    made: list[Installation] = []

    def get() -> Installation:
        if not made or not made[-1].redis.is_running:
            folder = tmp_path_factory.mktemp("installation")
            redis = RedisServer(Path(sockets.enter_context(TemporaryDirectory(prefix="pfd-redis-"))))
            env = _write_settings(redis, folder, 10 if many_kills else 2)
            settings = Settings(**{name.lower(): value for name, value in env.items()})  # type: ignore[arg-type]
            settings.data_dir.mkdir()
            shutil.copy(_migrated_sqlite, settings.data_dir / "lstm_pfd.sqlite3")
            redis.start()
            made.append(Installation(env, settings, redis, folder / "processes.log"))
        return made[-1]

    with ExitStack() as sockets:
        yield get
        for installation in made:
            installation.end()


@pytest.fixture
def installation(
    configure: Callable[..., Settings], _shared: Callable[[], Installation]
) -> Iterator[Installation]:
    """The module's installation, with what earlier tests left running; a new one after a failure."""
    found = _shared()
    configure(**found.env)
    yield found
    if not found.is_at_rest():
        found.end()
