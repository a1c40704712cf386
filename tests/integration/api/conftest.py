"""What the tests of the REST interface share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from dashboard_config import Settings
from models.user import Role
from services.api_key_service import APIKeyService
from services.authentication_service import AuthenticationService
from services.shared import passwords

PASSWORD = "violet kettle over quiet harbours"
ALL_SCOPES = ["read", "write", "train", "diagnose"]


class Program:
    """A program with an API key."""

    def __init__(self, server: Flask, key: str, user_id: int) -> None:
        self.client, self.key, self.user_id = server.test_client(), key, user_id

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        """Send a request below /api/v1."""
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, buffered=True, **options)

    def get(self, path: str, **query: Any) -> Any:
        """Return the JSON of a GET that succeeds."""
        response = self.call("GET", path, query_string=query)
        assert response.status_code == 200, response.text
        return response.json


@pytest.fixture(scope="session")
def server(_no_settings_of_the_developer: None, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Return the web application; each test brings its own database."""
    from dashboard.app import create_app  # loaded here: tests of the services need no Dash

    return create_app(Settings(data_dir=tmp_path_factory.mktemp("web")))


@pytest.fixture
def make_program(
    server: Flask, database: Settings, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Program]:
    """Return a function that makes a person with a key and returns a program that uses it."""
    monkeypatch.setattr(passwords, "ROUNDS", 4)

    def make(name: str = "ann", role: Role = Role.ENGINEER, scopes: list[str] | None = None) -> Program:
        made = AuthenticationService.create_user(f"{name}@example.org", PASSWORD, role.value)
        assert made["success"], made
        user_id = int(made["user"]["user_id"])
        key = APIKeyService.generate_key(user_id, "tests", scopes=scopes or ALL_SCOPES)
        assert key["success"], key
        return Program(server, key["key"], user_id)

    return make


@pytest.fixture
def program(make_program: Callable[..., Program]) -> Program:
    """Return a program of an engineer."""
    return make_program()
