"""The real web server: gunicorn with eight threads, one process."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import delete

from dashboard.children import build_web_spec
from dashboard_config import REPOSITORY_ROOT, Settings
from database.connection import get_db_session
from models.user import LoginAttempt
from services.shared import passwords
from tests.conftest import Configure, use_settings
from tests.integration.auth.conftest import PASSWORD, make_user
from utils.processes import start_process, stop_process, wait_until

FORM = "application/x-www-form-urlencoded"
N_GUESSES = 200


@dataclass(frozen=True, slots=True)
class _Server:
    folder: Path
    port: int


@pytest.fixture(scope="module")
def _server(_migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Server]:
    """Run the web server as the supervisor does, over a database with one user."""
    folder = tmp_path_factory.mktemp("web")
    shutil.copy(_migrated_sqlite, folder / "lstm_pfd.sqlite3")
    with use_settings(DATA_DIR=folder) as settings:
        make_user("jane@example.org")
        with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
            spec = build_web_spec(settings, listener.fileno())
            process = start_process(
                spec.command, cwd=REPOSITORY_ROOT, output=subprocess.DEVNULL, pass_fds=spec.pass_fds
            )
            number = listener.getsockname()[1]
    try:
        assert wait_until(lambda: _is_healthy(number), 60)
        yield _Server(folder, number)
    finally:
        assert stop_process(process, 10) == 0


@pytest.fixture
def port(_server: _Server, configure: Configure) -> int:
    """Return the port of the server, which no longer knows of guesses in earlier tests."""
    configure(DATA_DIR=_server.folder)
    with get_db_session() as session:
        session.execute(delete(LoginAttempt))
        session.commit()
    return _server.port


def _ask(
    port: int, path: str, method: str = "GET", body: str = "", **headers: str
) -> tuple[int, http.client.HTTPMessage, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(
            method, path, body=body or None, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode("utf-8", "replace")
    finally:
        connection.close()


def _is_healthy(port: int) -> bool:
    try:
        return _ask(port, "/health")[0] == 200
    except OSError:
        return False


def _get_form(port: int) -> tuple[str, str]:
    _status, headers, text = _ask(port, "/login", Accept="application/json")
    return headers["Set-Cookie"].partition(";")[0], json.loads(text)["form_token"]


def test_health_stays_quick_under_200_parallel_wrong_logins(port: int) -> None:
    cookie, token = _get_form(port)
    body = urlencode({"email": "jane@example.org", "password": "wrong", "form_token": token})
    statuses: list[int] = []

    def guess() -> None:
        answer = _ask(
            port, "/login", "POST", body, Cookie=cookie, Content_Type=FORM, Accept="application/json"
        )
        statuses.append(answer[0])

    threads = [threading.Thread(target=guess) for _ in range(N_GUESSES)]
    for thread in threads:
        thread.start()
    waits = []
    while any(thread.is_alive() for thread in threads):
        started = time.perf_counter()
        assert _ask(port, "/health")[0] == 200
        waits.append(time.perf_counter() - started)
    assert len(statuses) == N_GUESSES
    assert set(statuses) <= {401, 429, 503}
    assert statuses.count(401) <= 10
    began_s = time.perf_counter()
    passwords.check_password(PASSWORD, passwords.hash_password(PASSWORD))
    assert statistics.median(waits) < time.perf_counter() - began_s  # they never stood behind two hashes


def test_sign_in_and_compressed_pages_over_a_real_connection(port: int) -> None:
    cookie, token = _get_form(port)
    body = json.dumps({"email": "jane@example.org", "password": PASSWORD, "form_token": token})
    status, headers, text = _ask(
        port,
        "/login",
        "POST",
        body,
        Cookie=cookie,
        Content_Type="application/json",
        Accept="application/json",
    )
    assert status == 200, text
    cookies = headers.get_all("Set-Cookie") or []
    session = next(line for line in cookies if line.startswith("pfd_session=")).partition(";")[0]
    names: dict[str, Any] = {"Cookie": session, "Accept_Encoding": "br", "Accept": "text/html"}
    status, headers, _text = _ask(port, "/", **names)
    assert (status, headers["Content-Encoding"], headers["Cache-Control"]) == (200, "br", "no-store")
    assert _ask(port, "/_dash-layout", **names)[0] == 200
    assert _ask(port, "/_dash-layout")[0] == 401


def test_the_limits_outlive_the_process_and_are_shared(port: int) -> None:
    from services.authentication_service import AuthenticationService

    for _ in range(10):
        AuthenticationService.authenticate("jane@example.org", "wrong", "192.0.2.5")
    cookie, token = _get_form(port)
    body = urlencode({"email": "jane@example.org", "password": PASSWORD, "form_token": token})
    status, headers, _text = _ask(port, "/login", "POST", body, Cookie=cookie, Content_Type=FORM)
    assert status == 429
    assert int(headers["Retry-After"]) > 200


def test_the_web_process_does_not_load_torch_for_its_pages(database: Settings) -> None:
    make_user("jane@example.org")
    code = f"""
import sys
from dashboard.wsgi import application
from tests.integration.auth.browser import Browser
browser = Browser(application)
assert browser.sign_in("jane@example.org", {PASSWORD!r}).status_code == 303
for path in ("/", "/datasets", "/api/v1/jobs", "/api/v1/networks", "/_dash-layout", "/_dash-dependencies"):
    assert browser.open(path).status_code == 200, path
assert not {{"torch", "sklearn", "celery", "captum"}} & set(sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY_ROOT, check=False).returncode == 0
