"""A browser without a window: cookies, form tokens, CSRF header, over Flask's test client."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.integration.auth.conftest import PASSWORD

HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
JSON = {"Accept": "application/json"}
CALLBACK_PATH = "/_dash-update-component"


class Browser:
    """One person's browser."""

    def __init__(self, server: Flask, address: str = "192.0.2.1", base_url: str = "http://localhost") -> None:
        self.client = server.test_client()
        self._environ = {"REMOTE_ADDR": address}
        self._base_url = base_url

    def open(self, path: str, method: str = "GET", **options: Any) -> TestResponse:
        """Send a request as it is."""
        options.setdefault("headers", HTML if method == "GET" else JSON)
        return self.client.open(
            path,
            method=method,
            environ_overrides=self._environ,
            base_url=self._base_url,
            buffered=True,
            **options,
        )

    def read_form_token(self, path: str) -> str:
        """Open a form and return its token."""
        found = re.search(r'name="form_token" value="([0-9a-f]+)"', self.open(path).text)
        assert found, "no form token in the page"
        return found.group(1)

    def sign_in(self, email: str, password: str = PASSWORD, **fields: str) -> TestResponse:
        """Fill the sign-in form and send it."""
        data = {"email": email, "password": password, "form_token": self.read_form_token("/login"), **fields}
        return self.open("/login", "POST", data=data, headers=HTML)

    def get_cookie(self, name: str) -> str | None:
        """Return a cookie's value."""
        cookie = self.client.get_cookie(name)
        return cookie.value if cookie else None

    @property
    def csrf(self) -> dict[str, str]:
        """The header that the page's scripts send."""
        return {**JSON, "X-CSRF-Token": self.get_cookie("pfd_csrf") or ""}

    def post(self, path: str, json: Any = None, **headers: str) -> TestResponse:
        """Send JSON as a page of ours does."""
        return self.open(path, "POST", json=json, headers={**self.csrf, **headers})


def build_callback_body(
    entry: dict[str, Any], output: str, changed: list[str] | None = None
) -> dict[str, Any]:
    """Return a request in the form that Dash's renderer sends for a callback of ``callback_map``."""

    def arguments(declared: list[dict[str, Any]]) -> list[Any]:
        return [
            []
            if '["ALL"]' in str(item["id"])
            else {"id": item["id"], "property": item["property"], "value": None}
            for item in declared
        ]

    declared_outputs = entry["output"] if isinstance(entry["output"], list) else [entry["output"]]
    outputs: list[Any] = arguments([each.to_dict() for each in declared_outputs])
    return {
        "output": output,
        "outputs": outputs if output.startswith("..") or not outputs else outputs[0],
        "inputs": arguments(entry["inputs"]),
        "state": arguments(entry["state"]),
        "changedPropIds": changed or [],
    }
