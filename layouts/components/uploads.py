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
    keep_tables: bool = False,
) -> html.Div:
    """Return a button and drop area for one file, or ``many`` files and folders.

    When files have arrived, the store ``store_id`` holds ``{"uploads": [{upload_id, file_name, n_bytes,
    sha256}], "failed": [{file_name, sentence}], "left_out": [file_name], "tables": [{file_name, text}],
    "stamp"}``. The element ``status_id`` shows how far an upload is, and what failed with a way to try
    again. With ``keep_tables``, metadata tables (CSV with a column ``file``) are not uploaded but put into
    ``tables``.
    """
    marks = {"data-upload-store": store_id, "data-upload-status": status_id}
    if many:
        marks["data-upload-many"] = "true"
    if endings:
        marks["data-upload-accept"] = ",".join(endings)
    if keep_tables:
        marks["data-upload-tables"] = "true"
    folder = [_build_action("Choose a folder", "choose-folder", "folder")] if many else []
    return html.Div(
        [
            dcc.Store(id=store_id),
            _build_action(label, "choose-files", "upload"),
            *folder,
            _build_action("Cancel upload", "cancel-upload", "x-lg"),
            html.Span("or drop them here" if many else "or drop it here", className="upload-hint"),
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
