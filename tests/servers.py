"""Real servers for tests: started here, gone with the test run, however that ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import psutil
import psycopg

from dashboard_config import REPOSITORY_ROOT, Settings
from database.redis_server import answers_ping, build_redis_command, find_redis_server
from utils.exceptions import MissingDependencyError
from utils.processes import die_with_parent, start_process, stop_process, wait_until

_START_TIMEOUT_S = 60.0
# Who is still connected is thrown out first; foreign keys and triggers are no concern of this.
_EMPTY_EVERY_TABLE = """
DO $$
DECLARE
    kept text[] := '{{{tables}}}';
    found text;
BEGIN
    PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    SET LOCAL session_replication_role = replica;
    FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        IF found = ANY (kept) THEN
            EXECUTE format('DELETE FROM %I', found);
        ELSIF found <> 'alembic_version' THEN
            EXECUTE format('DROP TABLE %I CASCADE', found);
        END IF;
    END LOOP;
    PERFORM setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences
        WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$
"""
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

    @property
    def is_running(self) -> bool:
        """False before the start and after an end that was asked for."""
        return self._process is not None

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

    def create_database(self, name: str) -> str:
        """Make a database and return its SQLAlchemy URL."""
        self.execute(f'CREATE DATABASE "{name}"')
        return f"postgresql+psycopg://pfd@/{name}?host={self.folder}"

    def empty_database(self, name: str, tables: Iterable[str]) -> None:
        """Leave these tables without a row, ids that begin at 1, and no other table.

        It takes a tenth of the time of a new database.
        """
        self.execute(_EMPTY_EVERY_TABLE.format(tables=",".join(tables)), name)

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run one statement outside any transaction."""
        with psycopg.connect(f"host={self.folder} user=pfd dbname={database}", autocommit=True) as connection:
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


class Product:
    """The whole product as `make run` starts it, on a free port over a DATA_DIR of the test's own."""

    def __init__(self, data_dir: Path, **settings: object) -> None:
        self.data_dir = data_dir
        self.redis_socket = Settings(data_dir=data_dir).redis_socket
        self.lines: list[str] = []
        self.url = ""
        self.setup_link: str | None = None
        self._env = {name: str(value) for name, value in settings.items()}
        self.process: subprocess.Popen[str] | None = None

    def start(self, timeout_s: float = 60.0) -> None:
        """Start it and wait until it has printed its address."""
        env = {**os.environ, "PORT": "0", **self._env, "DATA_DIR": str(self.data_dir)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dashboard", "run"],
            cwd=REPOSITORY_ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=partial(die_with_parent, signal.SIGTERM),
        )
        self._reader = threading.Thread(target=self._read_lines, daemon=True)
        self._reader.start()
        process = self.process
        wait_until(lambda: self._find_line("Ctrl-C stops") or process.poll() is not None, timeout_s)
        if not self._find_line("Ctrl-C stops"):
            self.stop()
            raise RuntimeError("the product did not start:\n" + "\n".join(self.lines))
        self.url = self._find_line("is running at").split()[-1]
        link_line = self._find_line("/setup?token=")
        self.setup_link = link_line.split()[-1] if link_line else None

    def _read_lines(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.lines.extend(map(str.rstrip, iter(self.process.stdout.readline, "")))

    def _find_line(self, part: str) -> str:
        return next((line for line in list(self.lines) if part in line), "")

    def stop(self, signal_number: int = signal.SIGTERM, timeout_s: float = 60.0) -> int:
        """Send a signal to the supervisor and return its exit status."""
        if self.process is None:
            return 0
        process, self.process = self.process, None
        process.send_signal(signal_number)
        try:
            return process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
        finally:
            self._reader.join(10)
            if process.stdout is not None:
                process.stdout.close()

    def find_processes(self, word: str = "") -> list[psutil.Process]:
        """Return every living process of this product whose command line contains ``word``."""
        found = []
        for process in psutil.process_iter():
            try:
                if self._owns(process) and word in " ".join(process.cmdline()):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def _owns(self, process: psutil.Process) -> bool:
        """By the environment; Redis writes its title over it, and the title holds the socket."""
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        titled = f"unixsocket:{self.redis_socket}" in " ".join(process.cmdline())
        return titled or process.environ().get("DATA_DIR") == str(self.data_dir)
