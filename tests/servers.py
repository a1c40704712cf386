"""Real servers for tests: started here, gone with the test run, however that ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg

from database.redis_server import answers_ping, build_redis_command, find_redis_server
from utils.exceptions import MissingDependencyError
from utils.processes import start_process, stop_process, wait_until

_START_TIMEOUT_S = 20.0
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """Return the path of a Chromium on this machine, or None."""
    return next(filter(None, map(shutil.which, _CHROMIUM_NAMES)), None)


def find_redis_program() -> Path | None:
    """Return the path of a Redis server on this machine, or None."""
    try:
        return find_redis_server()
    except MissingDependencyError:
        return None


def find_postgres_folder() -> Path | None:
    """Return the folder of PostgreSQL's server programs, the newest version first, or None."""
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest_first = sorted(versions, key=lambda path: int(path.parts[-3]), reverse=True)
    on_path = shutil.which("initdb")
    candidates = [*newest_first, *([Path(on_path).resolve()] if on_path else [])]
    return candidates[0].parent if candidates else None


class RedisServer:
    """A Redis on a private socket that a test may kill, freeze and start again on the same data."""

    def __init__(self, folder: Path, unix_socket: Path | None = None) -> None:
        self.folder = folder
        self.socket = unix_socket or folder / "redis.sock"
        self.url = f"unix://{self.socket}?db=0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = build_redis_command(find_redis_server(), self.folder, self.socket)
        self._process = start_process(command, output=subprocess.DEVNULL)
        if not wait_until(lambda: answers_ping(self.socket), _START_TIMEOUT_S):
            raise RuntimeError("the Redis server of the tests does not answer")

    def stop(self) -> None:
        """End the server in an orderly way."""
        if self._process is not None:
            stop_process(self._process)
            self._process = None

    def kill(self) -> None:
        """End the server as a crash would."""
        self.send_signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def send_signal(self, signal_number: int) -> None:
        """Send a signal, for example SIGSTOP for a server that accepts and never answers."""
        if self._process is not None:
            self._process.send_signal(signal_number)


class PostgresServer:
    """A PostgreSQL cluster in a temporary folder, run by an unprivileged user where the tests run as root."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._user = "postgres" if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="pfd-pg-"))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the cluster, start the server and wait until it answers."""
        if self._user:
            shutil.chown(self.folder, self._user, self._user)
        cluster = self.folder / "cluster"
        self._run(
            "initdb", "-D", cluster, "-U", "pfd", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"
        )
        settings = (
            "listen_addresses=",
            "fsync=off",
            "max_connections=60",
            f"unix_socket_directories={self.folder}",
        )
        options = [word for setting in settings for word in ("-c", setting)]
        self._process = start_process(
            [self._programs / "postgres", "-D", cluster, *options],
            output=subprocess.DEVNULL,
            user=self._user,
            cwd=self.folder,
        )
        if not wait_until(self._answers, _START_TIMEOUT_S):
            raise RuntimeError("the PostgreSQL server of the tests does not answer")

    def stop(self) -> None:
        """End the server at once and remove its files."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # "fast" shutdown
            stop_process(self._process)
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def create_database(self, name: str, template: str = "template0") -> str:
        """Make a database and return its SQLAlchemy URL."""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return f"postgresql+psycopg://pfd@/{name}?host={self.folder}"

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def execute(self, statement: str) -> None:
        """Run one statement outside any transaction."""
        with psycopg.connect(f"host={self.folder} user=pfd dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]  -- a statement of ours, not a literal

    def _run(self, program: str, *arguments: str | Path) -> None:
        process = start_process(
            [self._programs / program, *arguments],
            output=subprocess.DEVNULL,
            user=self._user,
            cwd=self.folder,
        )
        if process.wait(_START_TIMEOUT_S) != 0:
            raise RuntimeError(f"{program} of the tests failed")

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True
