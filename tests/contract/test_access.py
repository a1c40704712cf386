"""Who may do what: every route, page and callback of the running app against a table that is kept by hand.

A new one without a row fails; the failure prints the row to add, once its role has been thought about.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g

from dashboard.auth import callbacks_guard
from dashboard.auth.access import STATIC_ENDPOINTS, Access, get_access
from dashboard_config import Settings
from layouts.pages import PAGES
from models.user import Role
from services.authentication_service import AuthenticationService
from services.shared import passwords
from services.shared.actors import Actor
from services.shared.api_keys import SCOPES
from tests.integration.auth.browser import CALLBACK_PATH, JSON, Browser, build_callback_body
from tests.integration.auth.conftest import make_user

TABLE = Path(__file__).with_name("access_table.toml")
RANK = {"public": 0, "viewer": 1, "engineer": 2, "admin": 3}


@pytest.fixture(scope="module")
def server(_no_settings_of_the_developer: None, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Return the web application."""
    from dashboard.app import create_app  # loaded here: collecting tests needs no Dash

    return create_app(Settings(data_dir=tmp_path_factory.mktemp("web")))


@pytest.fixture(scope="module")
def table() -> dict[str, dict[str, str]]:
    """Return the table's parts: routes, pages, callbacks."""
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


@pytest.fixture
def browsers(server: Flask, database: Settings, monkeypatch: pytest.MonkeyPatch) -> dict[str, Browser]:
    """Return a signed-in browser for each role."""
    monkeypatch.setattr(passwords, "ROUNDS", 4)
    found = {}
    for role in Role:
        make_user(f"{role}@example.org", role)
        found[role.value] = Browser(server)
        found[role.value].sign_in(f"{role}@example.org")
    return found


def list_routes(server: Flask) -> dict[str, tuple[str, Access]]:
    """Return the endpoint and its marks by ``METHOD path``, but for files and pages."""
    with server.app_context():
        marks = {endpoint: get_access(endpoint) for endpoint in server.view_functions}
    found = {}
    for rule in server.url_map.iter_rules():
        if rule.endpoint in STATIC_ENDPOINTS or str(rule) in {"/", "/<path:path>", CALLBACK_PATH}:
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            found[f"{method} {rule}"] = (rule.endpoint, marks[rule.endpoint])
    return found


def read_role(access: Access) -> str:
    """Return the lowest role that an endpoint's marks let in."""
    if access.is_public:
        return "public"
    if access.scope is not None:
        return SCOPES[access.scope].value
    return access.role or "viewer"


def name_callbacks(server: Flask) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (function's name, output id, entry) of every callback that runs on the server."""
    for output, entry in server.dash_app.callback_map.items():
        if "callback" in entry:
            function = entry["callback"]
            yield f"{function.__module__}.{function.__qualname__}", output, entry


def compare(found: dict[str, str], rows: dict[str, str]) -> str:
    """Return what the table lacks or has wrong, as rows to write."""
    lines = [f'"{name}" = "{role}"' for name, role in sorted(found.items()) if rows.get(name) != role]
    lines += [f"remove: {name}" for name in sorted(rows.keys() - found.keys())]
    return "\n".join(lines)


def test_every_route_has_its_row(server: Flask, table: dict[str, dict[str, str]]) -> None:
    found = {name: read_role(access) for name, (_endpoint, access) in list_routes(server).items()}
    assert compare(found, table["routes"]) == ""


def test_every_page_has_its_row(table: dict[str, dict[str, str]]) -> None:
    found = {page.path_template or page.path: page.role for page in PAGES}
    assert compare(found, table["pages"]) == ""


def test_every_callback_has_its_row(server: Flask, table: dict[str, dict[str, str]]) -> None:
    found = {
        name: callbacks_guard.get_callback_role(entry).value for name, _, entry in name_callbacks(server)
    }
    assert compare(found, table["callbacks"]) == ""


def test_a_row_too_few_or_too_many_is_noticed() -> None:
    assert compare({"a": "viewer"}, {}) == '"a" = "viewer"'
    assert compare({"a": "viewer"}, {"a": "admin"}) == '"a" = "viewer"'
    assert compare({}, {"a": "admin"}) == "remove: a"
    assert compare({"a": "viewer"}, {"a": "viewer"}) == ""


def test_each_route_lets_in_exactly_the_roles_of_its_row(
    server: Flask,
    table: dict[str, dict[str, str]],
    browsers: dict[str, Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Views are replaced: who gets past the guard is asked, not what happens then."""
    routes = list_routes(server)
    marks = {
        endpoint: getattr(server.view_functions[endpoint], "pfd_access", {})
        for endpoint, _ in routes.values()
    }
    for endpoint, known in marks.items():
        view = _build_stand_in(known)
        monkeypatch.setitem(server.view_functions, endpoint, view)
    for name, lowest in table["routes"].items():
        method, _, rule = name.partition(" ")
        path = re.sub(r"<(\w+:)?\w+>", "1", re.sub(r"<int(\([^)]*\))?:\w+>", "1", rule))
        for role, browser in browsers.items():
            answer = browser.open(path, method, headers=browser.csrf)
            expected = 200 if RANK[role] >= RANK[lowest] else 403
            assert answer.status_code == expected, (name, role)
        stranger = Browser(server).open(path, method, headers=JSON)
        assert stranger.status_code == (200 if lowest == "public" else 401), name


def _build_stand_in(marks: dict[str, Any]) -> Any:
    def stand_in(**_arguments: Any) -> str:
        return "passed"

    stand_in.pfd_access = marks  # type: ignore[attr-defined]  # what the guard reads
    return stand_in


def test_each_page_opens_to_exactly_the_roles_of_its_row(
    table: dict[str, dict[str, str]], browsers: dict[str, Browser]
) -> None:
    for template, lowest in table["pages"].items():
        path = re.sub(r"<\w+>", "1", template)
        for role, browser in browsers.items():
            refused = RANK[role] < RANK[lowest]
            assert (browser.open(path).status_code == 403) is refused, (template, role)
            answer = browser.post(CALLBACK_PATH, _build_page_body(path))
            assert (answer.status_code == 403) is refused, (template, role)


def _build_page_body(path: str) -> dict[str, Any]:
    outputs = [{"id": "_pages_content", "property": "children"}, {"id": "_pages_store", "property": "data"}]
    inputs = [
        {"id": "_pages_location", "property": "pathname", "value": path},
        {"id": "_pages_location", "property": "search", "value": ""},
    ]
    return {
        "output": ".._pages_content.children..._pages_store.data..",
        "outputs": outputs,
        "inputs": inputs,
        "state": [],
        "changedPropIds": [],
    }


def test_each_callback_answers_exactly_the_roles_of_its_row(
    server: Flask, table: dict[str, dict[str, str]], browsers: dict[str, Browser]
) -> None:
    """Refusals are asked over HTTP; permissions of the guard alone, so that nothing is done here."""
    for name, output, entry in name_callbacks(server):
        body = build_callback_body(entry, output)
        for role, browser in browsers.items():
            if RANK[role] < RANK[table["callbacks"][name]]:
                assert browser.post(CALLBACK_PATH, body).json["code"] == "forbidden", (name, role)
            elif "_pages_content" not in output:
                with server.test_request_context(CALLBACK_PATH, method="POST", json=body):
                    g.actor = Actor(user_id=1, role=Role(role), name=role)
                    callbacks_guard.require_callback_role(g.actor, body)
        assert Browser(server).post(CALLBACK_PATH, body).status_code == 401, name


def test_no_rest_route_is_without_a_scope(server: Flask) -> None:
    closed = [
        name
        for name, (_endpoint, access) in list_routes(server).items()
        if name.partition(" ")[2].startswith("/api") and access.scope is None
    ]
    assert closed == []


def test_set_up_is_the_only_way_in_without_an_account(database: Settings) -> None:
    assert not AuthenticationService.has_users()
    assert AuthenticationService.authenticate("admin", "admin")["error_code"] == "unauthenticated"
