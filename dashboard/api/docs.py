"""The OpenAPI document and its pages, for administrators; nothing of them comes from elsewhere."""

from __future__ import annotations

from typing import Any

from apiflask import APIFlask
from flask import Blueprint, Response, render_template, send_from_directory
from swagger_ui_bundle import swagger_ui_path

from dashboard.api.scopes import requires
from dashboard.auth.access import needs_role

SPEC_PATH = "/api/openapi.json"
_FILES = frozenset({"swagger-ui.css", "swagger-ui-bundle.js"})

blueprint = Blueprint("docs", __name__, template_folder="../templates")


@blueprint.get("/docs")
@needs_role("admin")
def show_docs() -> str:
    """Show the REST interface; requests can be tried with one's own session."""
    return render_template("docs.html", spec_path=SPEC_PATH)


@blueprint.get("/docs/files/<name>")
@needs_role("admin")
def send_docs_file(name: str) -> Response:
    """Send a file of the viewer's package."""
    return send_from_directory(swagger_ui_path, name if name in _FILES else "")


def describe_api(server: APIFlask) -> None:
    """Open the OpenAPI document to administrators, and say in it what the routes themselves can't."""
    requires("admin")(server.view_functions["openapi.spec"])
    server.config["DESCRIPTION"] = (
        "Import recordings, train classifiers and diagnose bearings. Failures are `application/problem+json` "
        "with a `code`."
    )
    server.config["AUTO_SERVERS"] = False
    server.config["SERVERS"] = [{"url": "/"}]
    server.config["SECURITY_SCHEMES"] = {
        "ApiKey": {"type": "http", "scheme": "bearer", "description": "A key that begins with `sk_live_`."}
    }

    @server.spec_processor
    def keep_own_routes(spec: dict[str, Any]) -> dict[str, Any]:
        """Leave Dash's own routes out, and close what is left to callers without a key."""
        spec["paths"] = {path: item for path, item in spec["paths"].items() if path.startswith("/api/v1/")}
        spec["tags"] = [tag for tag in spec.get("tags", []) if tag["name"] in _list_tags(spec)]
        spec["security"] = [{"ApiKey": []}]
        return spec


def _list_tags(spec: dict[str, Any]) -> set[str]:
    operations = (operation for item in spec["paths"].values() for operation in item.values())
    return {
        tag for operation in operations if isinstance(operation, dict) for tag in operation.get("tags", [])
    }
