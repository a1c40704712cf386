"""What the tests of sign-in share."""

from __future__ import annotations

import pytest
from flask import Flask

from dashboard_config import Settings
from models.user import Role
from services.authentication_service import AuthenticationService
from services.shared import passwords

PASSWORD = "violet kettle over quiet harbours"
OTHER_PASSWORD = "seven brass lanterns in the fog"


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with 4 rounds: what is tested is not how long 12 take."""
    monkeypatch.setattr(passwords, "ROUNDS", 4)


def make_user(email: str, role: str = "viewer") -> int:
    """Create an account with PASSWORD and return its id."""
    result = AuthenticationService.create_user(email, PASSWORD, role)
    assert result["success"], result
    return int(result["user"]["user_id"])


@pytest.fixture
def jane(quick_hashes: None, each_database: Settings) -> int:
    """Return the id of jane@example.org, an engineer, on each kind of database."""
    return make_user("jane@example.org", "engineer")


@pytest.fixture(scope="session")
def server(_no_settings_of_the_developer: None, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Return the web application; each test brings its own database."""
    from dashboard.app import create_app  # loaded here: tests of the services need no Dash

    return create_app(Settings(data_dir=tmp_path_factory.mktemp("web")))


@pytest.fixture
def people(quick_hashes: None, database: Settings) -> dict[str, int]:
    """Return the ids of one person of each role, by role; their addresses are role@example.org."""
    return {role.value: make_user(f"{role}@example.org", role) for role in Role}
