"""Bodies that a route reads itself, part by part: said at the route, written into the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from pydantic import BaseModel

from dashboard.auth.access import JSON_TYPE, UPLOAD_TYPE, View

_BODIES = "pfd_bodies"
_ARGUMENT = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


def describes_body(
    *, files: Iterable[str] = (), form: type[BaseModel] | None = None, json: type[BaseModel] | None = None
) -> Callable[[View], View]:
    """Say which bodies a route reads.

    Args:
        files: Parts of a multipart form that are files; a name that ends in ``[]`` may come several times.
        form: The other fields of the form.
        json: The same as JSON, where the route takes that too.
    """
    content: dict[str, Any] = {UPLOAD_TYPE: {"schema": _build_form(list(files), form)}}
    if json is not None:
        content[JSON_TYPE] = {"schema": json.model_json_schema()}

    def note(view: View) -> View:
        setattr(view, _BODIES, {"required": True, "content": content})
        return view

    return note


def _build_form(files: list[str], form: type[BaseModel] | None) -> dict[str, Any]:
    schema: dict[str, Any] = (
        {"type": "object", "properties": {}} if form is None else form.model_json_schema()
    )
    for name in files:
        file: dict[str, Any] = {"type": "string", "format": "binary"}
        several = {"type": "array", "items": file}
        schema["properties"][name.removesuffix("[]")] = several if name.endswith("[]") else file
    required = [name for name in files if not name.endswith("[]")]
    if required:
        schema["required"] = [*schema.get("required", []), *required]
    return schema


def write_bodies(server: Flask, paths: dict[str, Any]) -> None:
    """Write the noted bodies into the operations of an OpenAPI document."""
    for rule in server.url_map.iter_rules():
        body = getattr(server.view_functions[rule.endpoint], _BODIES, None)
        operations = paths.get(_ARGUMENT.sub(r"{\1}", rule.rule), {})
        for method in (rule.methods or set()) & {"POST", "PUT", "PATCH"}:
            if body is not None and method.lower() in operations:
                operations[method.lower()]["requestBody"] = body
