"""The product's own scripts and styles, each kind as one file: a page asks for two instead of forty."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from flask import Flask, Response, abort, request

from dashboard.auth.access import BUNDLE_ENDPOINT

_TYPES: Final = {"css": "text/css", "js": "text/javascript"}


def install_bundle(server: Flask, folder: Path, leave_out: str) -> Callable[[str], str]:
    """Serve the joined files of ``folder`` and return what gives the address of a kind, "css" or "js".

    Files are joined in the order of their names; ``leave_out`` is a pattern of names that stay alone.
    """
    joined = {kind: _join(folder, kind, leave_out) for kind in _TYPES}

    def serve(kind: str) -> Response:
        if kind not in joined:
            abort(404)
        response = Response(joined[kind], content_type=f"{_TYPES[kind]}; charset=utf-8")
        response.add_etag()
        return response.make_conditional(request.environ)

    server.add_url_rule("/bundle/app.<kind>", BUNDLE_ENDPOINT, serve)
    digests = {kind: hashlib.sha256(content).hexdigest()[:16] for kind, content in joined.items()}
    return lambda kind: f"/bundle/app.{kind}?hash={digests[kind]}"


def _join(folder: Path, kind: str, leave_out: str) -> bytes:
    files = sorted(file for file in folder.glob(f"*.{kind}") if not re.search(leave_out, file.name))
    return b"\n".join(file.read_bytes() for file in files)
