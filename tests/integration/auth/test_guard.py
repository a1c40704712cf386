"""The guard and its headers: properties over all routes and callbacks of the running app."""

from __future__ import annotations

import itertools
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard_config import Settings
from database.connection import get_db_session
from layouts.ids import pattern_id
from layouts.ids.experiment import ExperimentId
from models.user import LoginSession
from services.api_key_service import APIKeyService
from services.authentication_service import AuthenticationService
from tests.integration.auth.browser import CALLBACK_PATH, HTML, JSON, Browser, build_callback_body

OPEN_PATHS = {"/health", "/ready", "/login", "/setup"}
STATIC = (
    *("/assets/", "/bundle/", "/static/", "/bootstrap/static/"),
    *("/_dash-component-suites/", "/_favicon.ico"),
)

PAGE_BODY: dict[str, Any] = {
    "output": ".._pages_content.children..._pages_store.data..",
    "outputs": [
        {"id": "_pages_content", "property": "children"},
        {"id": "_pages_store", "property": "data"},
    ],
    "inputs": [
        {"id": "_pages_location", "property": "pathname", "value": "/"},
        {"id": "_pages_location", "property": "search", "value": ""},
    ],
    "state": [],
    "changedPropIds": ["_pages_location.pathname"],
}


def list_routes(server: Flask) -> list[tuple[str, str]]:
    """Return (method, path) of every route, with arguments that fit."""
    routes = []
    for rule in server.url_map.iter_rules():
        path = re.sub(r"<int:\w+>", "999999", str(rule))
        path = re.sub(r"<(\w+:)?\w+>", "none", path)
        routes += [(method, path) for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})]
    return routes


@pytest.fixture
def viewer(server: Flask, people: dict[str, int]) -> Browser:
    """Return the browser of a signed-in viewer."""
    browser = Browser(server)
    assert browser.sign_in("viewer@example.org").status_code == 303
    return browser


@pytest.fixture
def engineer(server: Flask, people: dict[str, int]) -> Browser:
    """Return the browser of a signed-in engineer."""
    browser = Browser(server)
    assert browser.sign_in("engineer@example.org").status_code == 303
    return browser


class TestWithoutASession:
    """Nothing is given away."""

    def test_every_route_but_the_open_ones_answers_401_or_sends_to_sign_in(
        self, server: Flask, people: dict[str, int]
    ) -> None:
        for method, path in list_routes(server):
            if path in OPEN_PATHS or path.startswith(STATIC):
                continue
            program = Browser(server).open(path, method, headers=JSON)
            assert program.status_code == 401, (method, path)
            assert program.json["code"] == "unauthenticated"
            person = Browser(server).open(path, method, headers=HTML)
            assert person.status_code in {303, 401}, (method, path)

    @pytest.mark.parametrize(
        "path",
        [
            "/_dash-layout",
            "/_dash-dependencies",
            "/_reload-hash",
            "//_dash-layout",
            "/assets/../_dash-layout",
        ],
    )
    def test_dashs_own_paths_give_nothing_away(
        self, server: Flask, people: dict[str, int], path: str
    ) -> None:
        answer = Browser(server).open(path, headers=JSON)
        assert answer.status_code in {308, 401, 404}
        assert "_pages" not in answer.text

    @pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "PUT", "DELETE", "PATCH", "TRACE"])
    def test_no_method_slips_through(self, server: Flask, people: dict[str, int], method: str) -> None:
        for path in ("/_dash-layout", CALLBACK_PATH, "/api/v1/me", "/nothing"):
            assert Browser(server).open(path, method, headers=JSON).status_code == 401, path

    def test_health_needs_nothing_and_readiness_the_database(
        self, server: Flask, configure: Any, tmp_path: Path
    ) -> None:
        configure(DATABASE_URL=f"sqlite:///{tmp_path}/empty.sqlite3")
        assert Browser(server).open("/health").json == {"status": "ok"}
        answer = Browser(server).open("/ready")
        assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
        assert "sqlite" not in answer.text

    def test_a_database_that_is_away_is_a_503_not_a_sign_in_page(
        self, server: Flask, configure: Any, tmp_path: Path
    ) -> None:
        browser = Browser(server)
        browser.client.set_cookie("pfd_session", "x", domain="localhost")
        configure(DATABASE_URL=f"sqlite:///{tmp_path}/empty.sqlite3")
        answer = browser.open("/")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]


class TestOwnPages:
    """CSRF."""

    def test_every_state_changing_route_refuses_a_cookie_without_the_header(
        self, server: Flask, viewer: Browser
    ) -> None:
        for method, path in list_routes(server):
            if method == "GET" or path in OPEN_PATHS:
                continue
            for headers in (JSON, {**JSON, "X-CSRF-Token": "wrong"}):
                answer = viewer.open(path, method, headers=headers, json={})
                assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed"), (method, path)

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://localhost:81"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "none"},
        ],
    )
    def test_every_state_changing_route_refuses_other_sites(
        self, server: Flask, viewer: Browser, headers: dict[str, str]
    ) -> None:
        for method, path in list_routes(server):
            if method != "GET":
                answer = viewer.open(path, method, headers={**viewer.csrf, **headers}, json={})
                assert answer.status_code == 403, (method, path)

    def test_our_own_origin_passes(self, viewer: Browser) -> None:
        answer = viewer.post(
            "/api/v1/jobs/1/cancel", Origin="http://localhost", **{"Sec-Fetch-Site": "same-origin"}
        )
        assert answer.json["code"] == "forbidden"  # a viewer's role, not the origin

    def test_bodies_other_than_json_are_refused_but_on_declared_routes(
        self, server: Flask, engineer: Browser
    ) -> None:
        declared = {"/login", "/setup", "/logout"} | {
            str(rule)
            for rule in server.url_map.iter_rules()
            if getattr(server.view_functions[rule.endpoint], "pfd_access", {}).get("is_upload")
        }
        for rule in server.url_map.iter_rules():
            if str(rule) in declared:
                continue
            for method in {"POST", "PUT", "PATCH", "DELETE"} & (rule.methods or set()):
                path = re.sub(r"<int:\w+>", "999999", str(rule))
                for kind in (
                    "text/plain",
                    "application/x-www-form-urlencoded",
                    "multipart/form-data; boundary=x",
                ):
                    answer = engineer.open(
                        path, method, data=b"a=b", content_type=kind, headers=engineer.csrf
                    )
                    assert answer.status_code == 415, (method, path, kind)

    def test_the_page_gives_its_scripts_the_token_of_its_session(self, viewer: Browser) -> None:
        token = viewer.get_cookie("pfd_csrf")
        viewer.client.set_cookie("pfd_csrf", "stale", domain="localhost")
        assert viewer.post("/api/v1/jobs/1/cancel").json["code"] == "csrf_failed"
        viewer.open("/")
        assert viewer.get_cookie("pfd_csrf") == token

    def test_the_document_tells_dash_where_the_token_is(
        self, viewer: Browser, people: dict[str, int]
    ) -> None:
        page = viewer.open("/").text
        config = json.loads(re.search(r'id="_dash-config"[^>]*>(.*?)</script>', page).group(1))
        assert (config["csrf_token_name"], config["csrf_header_name"]) == ("pfd_csrf", "X-CSRF-Token")
        assert f'<meta name="pfd-user" content="{people["viewer"]}">' in page


class TestCallbacks:
    """Dash's one route for all callbacks."""

    @staticmethod
    def _callbacks(server: Flask) -> dict[str, dict[str, Any]]:
        return {key: entry for key, entry in server.dash_app.callback_map.items() if "callback" in entry}

    def test_every_callback_is_closed_without_a_session(self, server: Flask, people: dict[str, int]) -> None:
        for output, entry in self._callbacks(server).items():
            answer = Browser(server).post(CALLBACK_PATH, build_callback_body(entry, output))
            assert answer.status_code == 401, output

    @pytest.mark.parametrize(
        "body",
        [
            None,
            [],
            {},
            {"output": 3},
            {"output": "nobody.children", "inputs": []},
            {**PAGE_BODY, "outputs": []},
            {**PAGE_BODY, "inputs": PAGE_BODY["inputs"][:1]},
            {**PAGE_BODY, "state": [{"id": "x", "property": "y"}]},
            {**PAGE_BODY, "changedPropIds": [3]},
            {"output": "_pages_dummy.children", "inputs": []},
            {"output": ".._pages_content.children..._pages_store.data..", "inputs": []},
            {
                "output": ".._pages_content.children..._pages_store.data..",
                "inputs": [1, 2],
                "changedPropIds": [],
            },
            {
                "output": ".._pages_content.children..._pages_store.data..",
                "inputs": [{"id": "x", "property": "pathname"}, {"id": "y", "property": "search"}],
            },
            {**PAGE_BODY, "inputs": PAGE_BODY["inputs"][::-1]},
            {**PAGE_BODY, "inputs": [[], PAGE_BODY["inputs"][1]]},
        ],
    )
    def test_a_body_of_another_form_is_refused(self, viewer: Browser, body: Any) -> None:
        assert viewer.post(CALLBACK_PATH, body).status_code in {400, 404, 415}

    @pytest.mark.parametrize(
        "body",
        ["{", "NaN", '{"output": NaN}', "[" * 50_000, b"\xff\xfe", '{"output": "\\ud800"}', "9" * 5000],
    )
    def test_broken_json_is_refused(self, viewer: Browser, body: Any) -> None:
        answer = viewer.open(
            CALLBACK_PATH, "POST", data=body, content_type="application/json", headers=viewer.csrf
        )
        assert answer.status_code in {400, 404}

    def test_an_engineers_page_does_not_come_in_the_place_of_another_argument(self, viewer: Browser) -> None:
        path, _search = PAGE_BODY["inputs"]
        wanted = {"id": "other", "property": "value", "value": "/data-generation"}
        answer = viewer.post(CALLBACK_PATH, {**PAGE_BODY, "inputs": [wanted, path]})
        assert answer.status_code == 400

    def test_the_arguments_of_a_pattern_have_its_form(self, server: Flask, viewer: Browser) -> None:
        output = f"{ExperimentId.CHOSEN_CELL}.data"
        body = build_callback_body(server.dash_app.callback_map[output], output)
        ids: dict[int, list[Any]] = {
            400: [ExperimentId.CELL, pattern_id(ExperimentId.CHOSEN_CELL, "0-0")],
            200: [pattern_id(ExperimentId.CELL, "0-0")],
        }
        for status, sent_ids in ids.items():
            for sent_id in sent_ids:
                cell = {"id": sent_id, "property": "n_clicks", "value": 1}
                changed = [f"{json.dumps(sent_id, separators=(',', ':'), sort_keys=True)}.n_clicks"]
                sent = {**body, "inputs": [[cell]], "changedPropIds": changed}
                assert viewer.post(CALLBACK_PATH, sent).status_code == status

    def test_pages_come_through_the_router_with_their_roles(self, viewer: Browser) -> None:
        answer = viewer.post(CALLBACK_PATH, PAGE_BODY)
        assert answer.status_code == 200
        assert "_pages_content" in answer.json["response"]


class TestActivity:
    """What keeps a session alive."""

    @staticmethod
    def _set_idle_minutes(minutes: float) -> None:
        with get_db_session() as session:
            row = session.scalars(select(LoginSession).order_by(LoginSession.id.desc())).first()
            assert row is not None
            row.last_seen_at = row.last_seen_at - timedelta(minutes=minutes)
            session.commit()

    @staticmethod
    def _read_last_seen() -> Any:
        with get_db_session(read_only=True) as session:
            return session.scalars(select(LoginSession.last_seen_at).order_by(LoginSession.id.desc())).first()

    @pytest.mark.parametrize(
        ("changed", "counts"),
        [
            (["frame-jobs-interval.n_intervals"], False),
            (["_pages_location.pathname", "_pages_location.search"], False),
            (["frame-jobs-interval.disabled"], False),
            ([], False),
            (["frame-jobs-button.n_clicks"], True),
            (["frame-jobs-interval.n_intervals", "frame-jobs-button.n_clicks"], True),
        ],
    )
    def test_a_callback_counts_only_if_a_person_caused_it(
        self, server: Flask, viewer: Browser, changed: list[str], counts: bool
    ) -> None:
        output, entry = next(
            (key, entry)
            for key, entry in server.dash_app.callback_map.items()
            if key.startswith("..frame-jobs-list.children")
        )
        body = build_callback_body(entry, output, changed)
        self._set_idle_minutes(20)
        before = self._read_last_seen()
        assert viewer.post(CALLBACK_PATH, body).status_code == 200
        assert (self._read_last_seen() > before) is counts

    def test_opening_a_page_counts(self, viewer: Browser) -> None:
        self._set_idle_minutes(20)
        before = self._read_last_seen()
        viewer.open("/")
        assert self._read_last_seen() > before

    def test_an_idle_session_is_over(self, viewer: Browser) -> None:
        self._set_idle_minutes(31)
        assert viewer.open("/api/v1/me", headers=JSON).json["code"] == "unauthenticated"
        assert viewer.open("/datasets").location == "/login?next=%2Fdatasets"


class TestRoles:
    """Pages and errors for people."""

    def test_the_api_documents_are_the_administrators(self, server: Flask, viewer: Browser) -> None:
        assert viewer.open("/docs").status_code == 403
        assert "administrator" in viewer.open("/docs").text
        assert viewer.open("/api/openapi.json", headers=JSON).json["code"] == "forbidden"
        admin = Browser(server)
        admin.sign_in("admin@example.org")
        assert admin.open("/docs").status_code == 200
        assert admin.open("/docs/files/swagger-ui-bundle.js").status_code == 200
        assert admin.open("/docs/files/index.html").status_code == 404
        spec = admin.open("/api/openapi.json", headers=JSON).json
        assert spec["openapi"].startswith("3.1")
        assert "/api/v1/me" in spec["paths"]
        assert all(path.startswith("/api/v1/") for path in spec["paths"])

    def test_an_unknown_page_is_dashs_own_with_status_404(self, viewer: Browser) -> None:
        answer = viewer.open("/no/such/page")
        assert answer.status_code == 404
        assert "_dash-renderer" in answer.text
        assert viewer.open("/").status_code == 200

    def test_an_unknown_file_is_a_404_without_a_list_of_files(self, viewer: Browser) -> None:
        for path in (
            "/_dash-component-suites/os/path.py",
            "/_dash-component-suites/dash/none.js",
            "/assets/none.js",
        ):
            answer = viewer.open(path, headers=JSON)
            assert answer.status_code == 404
            assert "registered" not in answer.text

    def test_an_unexpected_error_has_a_reference_and_no_trace(
        self, server: Flask, viewer: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail() -> None:
            raise RuntimeError("/secret/path")

        monkeypatch.setitem(server.view_functions, "/_reload-hash", fail)
        answer = viewer.open("/_reload-hash", headers=JSON)
        assert answer.status_code == 500
        assert len(answer.json["reference_id"]) == 8
        assert "secret" not in answer.text


class TestRest:
    """Keys, scopes and problems."""

    @staticmethod
    def _make_key(user_id: int, *scopes: str) -> dict[str, str]:
        key = APIKeyService.generate_key(user_id, "test", scopes=list(scopes))["key"]
        return {**JSON, "Authorization": f"Bearer {key}"}

    def test_a_key_opens_the_rest_interface_and_nothing_else(
        self, server: Flask, people: dict[str, int]
    ) -> None:
        headers = self._make_key(people["admin"], "read", "write", "train", "diagnose", "admin")
        me = Browser(server).open("/api/v1/me", headers=headers)
        assert (me.json["role"], me.json["authenticated_by"]) == ("admin", "api_key")
        for path in ("/", "/_dash-layout", "/_dash-dependencies", "/docs"):
            assert Browser(server).open(path, headers=headers).status_code in {303, 401}, path
        assert Browser(server).open(CALLBACK_PATH, "POST", headers=headers, json={}).status_code == 401

    def test_a_key_may_also_come_in_its_own_header(self, server: Flask, people: dict[str, int]) -> None:
        key = self._make_key(people["viewer"], "read")["Authorization"].removeprefix("Bearer ")
        assert Browser(server).open("/api/v1/me", headers={"X-API-Key": key}).status_code == 200

    def test_a_key_needs_no_csrf_header_but_its_scope(self, server: Flask, people: dict[str, int]) -> None:
        reader, writer = (self._make_key(people["engineer"], scope) for scope in ("read", "write"))
        refused = Browser(server).open("/api/v1/jobs/999/cancel", "POST", headers=reader)
        assert (refused.status_code, refused.json["code"]) == (403, "forbidden")
        assert "`write`" in refused.json["detail"]
        assert Browser(server).open("/api/v1/jobs/999/cancel", "POST", headers=writer).status_code == 404
        assert Browser(server).open("/api/v1/jobs", headers=writer).status_code == 403

    def test_a_key_never_does_more_than_its_owner(self, server: Flask, people: dict[str, int]) -> None:
        headers = self._make_key(people["engineer"], "write")
        with get_db_session() as session:
            from models.user import User

            session.get_one(User, people["engineer"]).role = "viewer"
            session.commit()
        assert Browser(server).open("/api/v1/jobs/999/cancel", "POST", headers=headers).status_code == 403

    def test_a_wrong_key_is_refused_even_beside_a_good_session(self, viewer: Browser) -> None:
        answer = viewer.open("/api/v1/me", headers={**JSON, "Authorization": "Bearer sk_live_x"})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    def test_a_key_in_the_address_is_refused(
        self, server: Flask, viewer: Browser, people: dict[str, int]
    ) -> None:
        key = self._make_key(people["viewer"], "read")["Authorization"].removeprefix("Bearer ")
        for browser in (Browser(server), viewer):
            answer = browser.open(f"/api/v1/me?api_key={key}", headers=JSON)
            assert answer.status_code == 401
            assert key not in answer.text

    @pytest.mark.parametrize(
        ("path", "method", "status", "code"),
        [
            ("/api/typo", "GET", 404, "not_found"),
            ("/api/v1/typo", "POST", 404, "not_found"),
            ("/api", "GET", 404, "not_found"),
            ("/api/v1/me", "DELETE", 405, "method_not_allowed"),
            ("/api/v1/jobs/999999", "GET", 404, "not_found"),
            ("/api/v1/jobs/99999999999999999999999", "GET", 404, "not_found"),
            ("/api/v1/jobs?page=0", "GET", 422, "invalid_input"),
            ("/api/v1/jobs?per_page=x", "GET", 422, "invalid_input"),
            ("/api/v1/jobs?surprise=1", "GET", 422, "invalid_input"),
            ("/api/v1/jobs?state=flying", "GET", 422, "invalid_input"),
        ],
    )
    def test_failures_are_problems_with_a_code(
        self, engineer: Browser, path: str, method: str, status: int, code: str
    ) -> None:
        answer = engineer.open(path, method, headers=engineer.csrf)
        assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
        assert (answer.json["code"], answer.json["status"]) == (code, status)

    def test_lists_have_the_agreed_shape(self, viewer: Browser) -> None:
        assert viewer.open("/api/v1/jobs", headers=JSON).json == {
            "items": [],
            "total": 0,
            "page": 1,
            "per_page": 50,
        }


class TestHeaders:
    """What every response carries."""

    def test_every_response_is_closed_to_frames_sniffing_and_inline_scripts(
        self, server: Flask, viewer: Browser
    ) -> None:
        paths = [
            "/",
            "/login",
            "/health",
            "/api/v1/me",
            "/api/typo",
            "/assets/app.css",
            "/_dash-layout",
            "/docs",
        ]
        for browser, path in itertools.product((Browser(server), viewer), paths):
            answer = browser.open(path)
            policy = answer.headers["Content-Security-Policy"]
            scripts = re.search(r"script-src ([^;]*)", policy).group(1)
            assert "unsafe" not in scripts
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            if not path.startswith("/assets"):
                assert answer.headers["Cache-Control"] == "no-store", path

    def test_every_inline_script_of_the_page_is_in_the_policy(self, viewer: Browser) -> None:
        import base64
        import hashlib

        answer = viewer.open("/")
        inline = re.findall(
            r"<script(?![^>]*src=)(?![^>]*application/json)[^>]*>(.*?)</script>", answer.text, re.DOTALL
        )
        assert inline
        for script in inline:
            digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in answer.headers["Content-Security-Policy"]

    def test_nothing_on_the_pages_comes_from_elsewhere(self, server: Flask, viewer: Browser) -> None:
        for browser, path in ((viewer, "/"), (Browser(server), "/login")):
            sources = re.findall(r'(?:src|href)="([^"]*)"', browser.open(path).text)
            assert sources
            assert all(source.startswith("/") and not source.startswith("//") for source in sources)

    def test_files_that_name_their_version_are_kept_for_ever_and_compressed(self, viewer: Browser) -> None:
        import brotli

        sources = re.findall(
            r'(?:src|href)="(/(?:_dash-component|assets|bootstrap)[^"]*)"', viewer.open("/").text
        )
        assert len(sources) > 5
        for source in sources:
            plain = viewer.open(source)
            packed = viewer.open(source, headers={"Accept-Encoding": "br, gzip"})
            if len(plain.data) > 1000:
                assert packed.headers["Content-Encoding"] == "br", source
                assert brotli.decompress(packed.data) == plain.data
            if re.search(r"\.v[\w-]+m\d+\.|\?m=", source):
                assert "immutable" in packed.headers["Cache-Control"], source

    def test_a_packed_file_that_is_known_is_not_sent_again(self, viewer: Browser) -> None:
        path = "/_dash-component-suites/dash_ag_grid/async-community.js"
        packed = viewer.open(path, headers={"Accept-Encoding": "br"})
        assert (packed.status_code, packed.headers["Content-Encoding"]) == (200, "br")
        known = {"Accept-Encoding": "br", "If-None-Match": packed.headers["ETag"]}
        again = viewer.open(path, headers=known)
        assert (again.status_code, again.data) == (304, b"")
        known["If-None-Match"] = '"another"'
        assert viewer.open(path, headers=known).data == packed.data

    def test_a_page_brings_ids_and_kinds_of_components_and_nothing_else_of_other_pages(
        self, viewer: Browser
    ) -> None:
        found = re.search(r'id="_dash-config"[^>]*>(.*?)</script>', viewer.open("/").text, re.S)
        assert found is not None
        parts = json.loads(found[1])["validation_layout"]["props"]["children"]
        assert {"frame-jobs-button", "experiments-table"} <= {
            part["props"]["id"] for part in parts if isinstance(part["props"]["id"], str)
        }
        assert all(set(part["props"]) == {"id"} for part in parts)

    def test_without_tls_there_is_no_hsts(self, viewer: Browser) -> None:
        assert "Strict-Transport-Security" not in viewer.open("/").headers


def test_forwarded_headers_count_only_behind_a_declared_proxy(
    configure: Any, quick_hashes: None, people: dict[str, int]
) -> None:
    from dashboard.app import create_app

    forwarded = {
        **JSON,
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Host": "pfd.example",
    }
    plain = create_app(Settings())
    behind = create_app(Settings(run_mode="internal", trusted_proxies=1))
    assert "Strict-Transport-Security" not in Browser(plain).open("/health", headers=forwarded).headers
    assert "Strict-Transport-Security" in Browser(behind).open("/health", headers=forwarded).headers


def test_two_applications_in_one_process_have_the_same_callbacks(server: Flask, settings: Settings) -> None:
    from dashboard.app import create_app

    assert set(create_app(settings).dash_app.callback_map) == set(server.dash_app.callback_map)


def test_sign_in_of_a_session_ends_in_every_door(
    server: Flask, viewer: Browser, people: dict[str, int]
) -> None:
    AuthenticationService.revoke_other_sessions(people["viewer"], -1)
    assert viewer.open("/api/v1/me", headers=JSON).status_code == 401
    assert viewer.open("/_dash-layout", headers=JSON).status_code == 401
