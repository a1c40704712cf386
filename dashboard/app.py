"""create_app: the one place where the web process is put together."""

from __future__ import annotations

import hashlib
import re
from functools import partial
from pathlib import Path
from typing import Any, Final

import dash
import dash_ag_grid
import flask_bootstrap
from apiflask import APIFlask
from dash import html
from dash._utils import to_json
from dash.development.base_component import Component
from dash.fingerprint import build_fingerprint
from flask import Flask, g, has_request_context, request, url_for
from flask.json.provider import DefaultJSONProvider
from flask_bootstrap import Bootstrap5
from markupsafe import escape
from werkzeug.middleware.proxy_fix import ProxyFix

from callbacks import PAGE_WRAPS, register_all
from callbacks.context import show_failure
from dashboard.api import register_api
from dashboard.api.docs import SPEC_PATH
from dashboard.auth import callbacks_guard, views
from dashboard.auth.callbacks_guard import find_timer_ids
from dashboard.auth.cookies import CSRF_COOKIE, CSRF_HEADER
from dashboard.auth.guard import install_guard
from dashboard.auth.headers import build_policy, install_headers
from dashboard.bundle import install_bundle
from dashboard.errors import register_error_handlers
from dashboard.first_page import serve_first_layout
from dashboard_config import Settings, get_settings
from layouts.document import EARLY_PATTERN, EARLY_SCRIPTS, STYLESHEETS, build_index_string
from layouts.pages import PAGES, register_pages
from utils.logger import configure_logging

_FOLDER: Final = Path(__file__).resolve().parent
_BOOTSTRAP_FOLDER: Final = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5"
# What a table is drawn by is asked for only when the table is: pages that begin with one ask at once.
_TABLE_SCRIPT: Final = "async-community.js"
# Dash's own table, which no page shows (kept by tests/contract/test_wiring.py).
_DATA_TABLE: Final = re.compile(r'<script src="[^"]*/dash/dash_table/[^"]*"></script>\n?')
_MAX_JSON_BYTES: Final = 64 * 1024**2  # a diagnosis may bring its samples as JSON


class StrictJsonProvider(DefaultJSONProvider):
    """JSON without NaN and Infinity, which are not JSON."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Parse ``s``; raise `ValueError` for NaN and Infinity."""
        return super().loads(s, parse_constant=_refuse_constant, **kwargs)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


class PfdDash(dash.Dash):
    """Dash, with a document that names the person whose page it is and asks early for what it needs."""

    own_script: str = ""
    table_pages: frozenset[str] = frozenset()
    table_script: str = ""
    callbacks_address: str = "/_dash-dependencies"

    def interpolate_index(self, **parts: Any) -> str:
        """Return the document; scripts compare the person after a new sign-in."""
        actor = g.get("actor") if has_request_context() else None
        if actor is not None:
            parts["metas"] += f'\n<meta name="pfd-user" content="{escape(actor.user_id)}">'
        parts["metas"] += f'\n<meta name="pfd-callbacks" content="{self.callbacks_address}">'
        scripts = _DATA_TABLE.sub("", parts["scripts"])
        early = []
        if has_request_context() and callbacks_guard.find_module(request.path) in self.table_pages:
            early.append(self.table_script)
        parts["scripts"] = "\n".join([*map(_script, early), scripts, _script(self.own_script)])
        return super().interpolate_index(**parts)


def create_app(settings: Settings | None = None) -> Flask:
    """Return the web application: guard, sign-in, REST and Dash on one server (``.dash_app``)."""
    settings = settings or get_settings()
    configure_logging(settings.effective_log_level, settings.effective_log_format)
    server = _build_server(settings)
    install_guard(server, settings)
    register_error_handlers(server)
    server.register_blueprint(views.blueprint)
    register_api(server)
    app = _build_dash(server)
    server.dash_app = app
    _warm_up(server, app)
    install_headers(server, build_policy(app.csp_hashes()))
    return server


def _build_server(settings: Settings) -> APIFlask:
    server = APIFlask(
        "dashboard",
        title="LSTM-PFD",
        version="v1",
        json_errors=False,
        docs_path=None,
        spec_path=SPEC_PATH,
        static_folder=str(_FOLDER / "static"),
        template_folder=str(_FOLDER / "templates"),
    )
    server.json = StrictJsonProvider(server)
    server.config.update(MAX_CONTENT_LENGTH=_MAX_JSON_BYTES, BOOTSTRAP_SERVE_LOCAL=True)
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        server.wsgi_app = ProxyFix(server.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    Bootstrap5(server)
    server.jinja_env.globals.update(
        static_url=_static_url, asset_url=_asset_url, bootstrap_url=_bootstrap_url
    )
    return server


def _static_url(name: str) -> str:
    return _file_url(_FOLDER / "static", url_for("static", filename="").rstrip("/"), name)


def _file_url(folder: Path, prefix: str, name: str) -> str:
    """Return a file's address with its date, so that it can be kept for ever."""
    return f"{prefix}/{name}?m={(folder / name).stat().st_mtime}"


_asset_url = partial(_file_url, _FOLDER / "assets", "/assets")
_bootstrap_url = partial(_file_url, _BOOTSTRAP_FOLDER, "/bootstrap/static")


def _build_dash(server: Flask) -> dash.Dash:
    address_of = install_bundle(server, _FOLDER / "assets", leave_out=EARLY_PATTERN)
    app = PfdDash(
        "dashboard",
        server=server,
        use_pages=True,
        pages_folder="",
        assets_folder=str(_FOLDER / "assets"),
        assets_ignore=r"\.(css|js)$",  # they come as one file of each kind
        index_string=build_index_string([_asset_url(name) for name in EARLY_SCRIPTS]),
        external_stylesheets=[*(_bootstrap_url(name) for name in STYLESHEETS), address_of("css")],
        suppress_callback_exceptions=False,
        include_pages_meta=False,
        add_log_handler=False,
        title="LSTM-PFD",
        update_title="",
        csrf_token_name=CSRF_COOKIE,
        csrf_header_name=CSRF_HEADER,
        on_error=show_failure,
    )
    register_pages(PAGE_WRAPS)
    app.layout = serve_first_layout
    app.own_script = address_of("js")
    register_all(app)
    return app


def _warm_up(server: Flask, app: dash.Dash) -> None:
    """Let Dash do now what it would do in the first request: it adds callbacks and an inline script.

    The guard is left out: nobody is signed in here.
    """
    with server.test_request_context("/"):
        _guard, *others = server.before_request_funcs[None]
        for prepare in others:
            prepare()
    server.extensions["pfd_timer_ids"] = find_timer_ids(app._callback_list)
    _outline(app)
    app.table_pages, app.table_script = _find_table_pages(), _find_table_script()
    digest = hashlib.sha256(to_json(app._callback_list).encode()).hexdigest()[:16]
    app.callbacks_address = f"/_dash-dependencies?hash={digest}"
    server.extensions["pfd_callbacks_hash"] = digest


def _script(address: str) -> str:
    return f'<script src="{address}"></script>'


def _find_table_script() -> str:
    file = Path(dash_ag_grid.__file__).parent / _TABLE_SCRIPT
    name = build_fingerprint(_TABLE_SCRIPT, dash_ag_grid.__version__, int(file.stat().st_mtime))
    return f"/_dash-component-suites/dash_ag_grid/{name}"


def _find_table_pages() -> frozenset[str]:
    """Return the modules of the pages that begin with a table."""
    return frozenset(
        page.module
        for page in PAGES
        if any(getattr(part, "_type", None) == "AgGrid" for part in page.layout()._traverse())
    )


def _outline(app: Any) -> None:
    """Keep ids and kinds: the browser checks callbacks against no more, and gets it with every page."""
    outlines: list[Any] = [
        {"props": {"id": found}, "type": part._type, "namespace": part._namespace}
        for part in app.validation_layout._traverse()
        if isinstance(part, Component) and (found := getattr(part, "id", None)) is not None
    ]
    app.validation_layout = html.Div(outlines)
