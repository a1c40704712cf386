"""`python -m dashboard run`: everything, from the lock on DATA_DIR to the address on the console."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dashboard.children import (
    build_dispatcher_spec,
    build_redis_spec,
    build_web_spec,
    build_worker_specs,
)
from dashboard.supervisor import Supervisor
from dashboard_config import REPOSITORY_ROOT, Settings
from database.connection import dispose_engine
from database.migrate import migrate
from database.redis_server import answers_ping, needs_own_server
from services.authentication_service import AuthenticationService
from utils.exceptions import ConflictError, LstmPfdError
from utils.processes import wait_until

_LEFTOVERS_GO_WITHIN_S = 5.0
_START_ATTEMPTS = 3
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- looked for, not listened on


class StartError(LstmPfdError):
    """The product could not be started; the sentence says what to do."""


@contextmanager
def hold_data_dir(data_dir: Path) -> Iterator[None]:
    """Hold the lock that only one supervisor per DATA_DIR can have.

    Raises:
        ConflictError: another one has it.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data_dir / "supervisor.lock").open("a+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            raise ConflictError(
                f"Another one is running on {data_dir} (process {stream.read().strip() or 'unknown'}). "
                "Stop it first, or give this one another DATA_DIR."
            ) from None
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def open_listener(host: str, port: int) -> socket.socket:
    """Return the web server's listening socket; the supervisor keeps it over restarts of the web process.

    Raises:
        StartError: the address is taken or not this machine's.
    """
    opened: list[socket.socket] = []
    problem: list[OSError] = []

    def attempt() -> bool:
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            opened.append(socket.create_server((host, port), family=family, backlog=256))
        except OSError as error:
            problem[:] = [error]
            return error.errno != errno.EADDRINUSE
        return True

    if wait_until(attempt, _LEFTOVERS_GO_WITHIN_S, 0.2) and opened:
        return opened[0]
    raise StartError(
        f"Can't listen on {host}:{port} ({problem[0].strerror}). "
        f"Choose another address with HOST and PORT, for example: PORT={port + 1}"
    )


def build_base_url(host: str, port: int) -> str:
    """Return the address to type into a browser."""
    name = "localhost" if host in _ANY_ADDRESS else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


class HealthProbe:
    """Asks the web server for ``/health`` without ever waiting for it."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (_ANY_ADDRESS.get(host, host), port)
        self._connection: socket.socket | None = None

    def is_answered(self) -> bool:
        """Tell whether the server has answered by now; ask again where the connection broke."""
        try:
            if self._connection is None:
                self._connection = socket.create_connection(self._address, timeout=1.0)
                self._connection.sendall(
                    b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                )
                self._connection.setblocking(False)
            answer = self._connection.recv(32)
        except BlockingIOError:
            return False
        except OSError:
            answer = b""
        self.close()
        return answer.startswith(b"HTTP/1.") and answer[9:10] != b"5"

    def close(self) -> None:
        """Drop the connection."""
        if self._connection is not None:
            with suppress(OSError):
                self._connection.close()
            self._connection = None


def run_product(settings: Settings, say: Callable[[str], None], announce: Callable[[str], None]) -> int:
    """Run everything until a signal says stop; return the exit status.

    Raises:
        StartError, ConflictError: it could not be started; nothing is left running.
    """
    with hold_data_dir(settings.data_dir), open_listener(settings.host, settings.port) as listener:
        supervisor = Supervisor(settings.data_dir / "logs", REPOSITORY_ROOT, say)
        supervisor.listen_to_signals()
        try:
            _start_everything(supervisor, settings, listener, announce)
            supervisor.watch_until(lambda: False)
            say("Stopping; running jobs get time to write their checkpoint.")
        finally:
            supervisor.stop_all()
    say("Stopped.")
    return 0


def _start_everything(
    supervisor: Supervisor, settings: Settings, listener: socket.socket, announce: Callable[[str], None]
) -> None:
    """Start in the order that shows the first page soonest: workers come when the web server answers."""
    if needs_own_server(settings):
        _wait_for_leftover_redis(settings)
        supervisor.start(build_redis_spec(settings))
    migrate()
    supervisor.start(build_web_spec(settings, listener.fileno()), build_dispatcher_spec(settings))
    port = listener.getsockname()[1]
    link = _build_setup_link(build_base_url(settings.host, port))
    dispose_engine()
    if not _wait_for_web(supervisor, HealthProbe(settings.host, port)):
        return
    announce(f"LSTM-PFD is running at {build_base_url(settings.host, port)}")
    if link:
        announce(f"Set up the first administrator (the link works once): {link}")
    announce(f"Ctrl-C stops everything. Logs: {settings.data_dir / 'logs'}")
    supervisor.start(*build_worker_specs(settings))


def _wait_for_leftover_redis(settings: Settings) -> None:
    """A Redis whose supervisor was killed is about to end; two on one folder would spoil its file."""
    if not wait_until(lambda: not answers_ping(settings.redis_socket), _LEFTOVERS_GO_WITHIN_S, 0.1):
        raise StartError(
            f"A Redis that this start did not make answers on {settings.redis_socket}. End it, or name it "
            f"with REDIS_URL=unix://{settings.redis_socket}"
        )


def _wait_for_web(supervisor: Supervisor, probe: HealthProbe) -> bool:
    """Return True when the web server answers, False when a stop is wanted before."""

    def is_decided() -> bool:
        return probe.is_answered() or supervisor.count_failures("web") >= _START_ATTEMPTS

    try:
        answered = supervisor.watch_until(is_decided)
    finally:
        probe.close()
    if answered and supervisor.count_failures("web") >= _START_ATTEMPTS:
        raise StartError("The web server could not be started; its last lines are above.")
    return answered


def _build_setup_link(base_url: str) -> str | None:
    """Return the one-time set-up link of an empty database, None where a user exists."""
    issued = AuthenticationService.issue_setup_token()
    if not issued["success"]:
        raise StartError(issued["error"])
    return f"{base_url}/setup?token={issued['token']}" if issued["token"] else None
