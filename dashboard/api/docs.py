"""The OpenAPI document and its pages, for administrators; nothing of them comes from elsewhere."""

from __future__ import annotations

from typing import Any

from apiflask import APIFlask
from flask import Blueprint, Response, current_app, jsonify, render_template, send_from_directory, url_for
from swagger_ui_bundle import swagger_ui_path

from dashboard.api.bodies import write_bodies
from dashboard.api.scopes import requires
from dashboard.auth.access import needs_role

SPEC_PATH = "/api/openapi.json"
_FILES = frozenset({"swagger-ui.css", "swagger-ui-bundle.js"})

blueprint = Blueprint("docs", __name__, template_folder="../templates")


@blueprint.get("/docs")
@needs_role("admin")
def show_docs() -> str:
    """Show the REST interface; requests can be tried with one's own session."""
    return render_template("docs.html", spec_path=url_for("docs.show_viewer_document"))


@blueprint.get("/docs/openapi.json")
@needs_role("admin")
def show_viewer_document() -> Response:
    """Return the OpenAPI document in the version that the packaged viewer can draw."""
    document = current_app._get_spec("json")  # type: ignore[attr-defined]  # APIFlask's
    return jsonify({**to_openapi_30(document), "openapi": "3.0.3"})


def to_openapi_30(node: Any) -> Any:
    """Return a part of an OpenAPI 3.1 document in the words of 3.0: null, constants and bounds differ."""
    if isinstance(node, list):
        return [to_openapi_30(each) for each in node]
    if not isinstance(node, dict):
        return node
    converted = {key: to_openapi_30(value) for key, value in node.items()}
    choices = converted.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        kept = [choice for choice in choices if choice != {"type": "null"}]
        del converted["anyOf"]
        converted.update({"allOf": kept} if len(kept) == 1 else {"anyOf": kept}, nullable=True)
    if "const" in converted:
        converted["enum"] = [converted.pop("const")]
    for bound in ("Minimum", "Maximum"):
        limit = converted.get(f"exclusive{bound}")
        if isinstance(limit, int | float) and not isinstance(limit, bool):
            converted.update({bound.lower(): limit, f"exclusive{bound}": True})
    return converted


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
        write_bodies(server, spec["paths"])
        spec["tags"] = [tag for tag in spec.get("tags", []) if tag["name"] in _list_tags(spec)]
        spec["security"] = [{"ApiKey": []}]
        return spec


def _list_tags(spec: dict[str, Any]) -> set[str]:
    operations = (operation for item in spec["paths"].values() for operation in item.values())
    return {
        tag for operation in operations if isinstance(operation, dict) for tag in operation.get("tags", [])
    }
