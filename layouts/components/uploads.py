"""A place for files of the person's own computer; `assets/uploads.js` streams them to the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from layouts.components.icons import build_icon


def build_upload_zone(
    store_id: str,
    status_id: str,
    label: str,
    *,
    help_text: str = "",
    many: bool = False,
    endings: Sequence[str] = (),
) -> html.Div:
    """Return a button and drop area for one file, or ``many``.

    When files have arrived, the store ``store_id`` holds ``{"uploads": [{upload_id, file_name, n_bytes}],
    "failed": [{file_name, sentence}], "stamp"}``. The text ``status_id`` says how far an upload is.
    """
    marks = {"data-upload-store": store_id, "data-upload-status": status_id}
    if many:
        marks["data-upload-many"] = "true"
    if endings:
        marks["data-upload-accept"] = ",".join(endings)
    return html.Div(
        [
            dcc.Store(id=store_id),
            _build_action(label, "choose-files", "upload"),
            _build_action("Cancel upload", "cancel-upload", "x-lg"),
            html.Span("or drop it here" if not many else "or drop them here", className="upload-hint"),
            html.Div(help_text, className="field-help upload-help"),
            html.Div(id=status_id, className="upload-status", role="status"),
        ],
        className="upload-zone",
        **marks,
    )


def _build_action(label: str, action: str, icon: str) -> html.Button:
    named: dict[str, Any] = {"data-action": action}
    return html.Button(
        [build_icon(icon), html.Span(label)],
        type="button",
        className=f"btn btn-light action {action}",
        **named,
    )
