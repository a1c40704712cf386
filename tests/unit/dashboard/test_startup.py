"""The lock, the listening socket and the probe that `run` stands on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard import startup as subject
from utils.exceptions import ConflictError
from utils.processes import wait_until

ROOT = Path(__file__).resolve().parents[3]


def test_only_one_supervisor_holds_a_data_dir_and_a_dead_one_holds_none(tmp_path: Path) -> None:
    with subject.hold_data_dir(tmp_path):
        source = (
            "from pathlib import Path; from dashboard.startup import hold_data_dir; "
            f"hold_data_dir(Path({str(tmp_path)!r})).__enter__()"
        )
        other = subprocess.run([sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True)
        assert "ConflictError" in other.stderr
        with pytest.raises(ConflictError, match="Another one is running"), subject.hold_data_dir(tmp_path):
            pass
    with subject.hold_data_dir(tmp_path):
        pass


def test_the_data_folder_is_closed_to_other_people_of_the_machine(tmp_path: Path) -> None:
    folder = tmp_path / "fresh" / "data"
    subprocess.run(
        [sys.executable, "-m", "dashboard", "migrate"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(folder), "PFD_ENV_FILE": ""},
        umask=0o022,
        check=True,
        capture_output=True,
    )
    assert (folder / "lstm_pfd.sqlite3").is_file()
    for path in (folder, *folder.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_taken_port_is_named_with_a_way_out(monkeypatch) -> None:
    monkeypatch.setattr(subject, "_LEFTOVERS_GO_WITHIN_S", 0.1)
    with subject.open_listener("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(subject.StartError, match=f"PORT={port + 1}"):
            subject.open_listener("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused_at_once() -> None:
    with pytest.raises(subject.StartError, match="HOST"):
        subject.open_listener("192.0.2.1", 8050)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8050"),
        ("0.0.0.0", "http://localhost:8050"),  # noqa: S104 -- a text, nothing listens
        ("::1", "http://[::1]:8050"),
        ("plant.example", "http://plant.example:8050"),
    ],
)
def test_the_address_can_be_typed_into_a_browser(host: str, url: str) -> None:
    assert subject.build_base_url(host, 8050) == url


def _answer(listener: socket.socket, text: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(text)


def test_the_probe_waits_for_nobody_and_asks_again_after_an_error() -> None:
    with subject.open_listener("127.0.0.1", 0) as listener:
        probe = subject.HealthProbe("127.0.0.1", listener.getsockname()[1])
        assert not probe.is_answered()
        _answer(listener, b"HTTP/1.1 500 Broken\r\n\r\n")
        assert not wait_until(probe.is_answered, 0.1)
        _answer(listener, b"HTTP/1.1 200 OK\r\n\r\n")
        assert wait_until(probe.is_answered, 2)
        probe.close()
