"""A report's document as a file to take away: HTML without any reference to the outside, or PDF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import dashboard_config
from services.shared.pdf import print_pdf
from utils.exceptions import InvalidInputError

# Format to file ending and media type.
FORMATS = {"pdf": "application/pdf", "html": "text/html; charset=utf-8"}


def write_report(document: Mapping[str, Any], format: str) -> dict[str, Any]:
    """Return ``content``, ``file_name`` and ``media_type``.

    Raises:
        InvalidInputError: Such a format does not exist.
        MissingDependencyError: The PDF writer is not installed.
    """
    if format not in FORMATS:
        raise InvalidInputError(f"There is no format '{format}'. Known: {', '.join(FORMATS)}.")
    html = write_html(document)
    content = html.encode() if format == "html" else print_pdf(html, instead="HTML works.")
    return {
        "content": content,
        "file_name": f"diagnosis-{document['diagnosis_id']}.{format}",
        "media_type": FORMATS[format],
    }


def write_html(document: Mapping[str, Any]) -> str:
    """Return the document as one HTML page."""
    folder = dashboard_config.DASH_APP_DIR / "templates" / "reports"
    templates = Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return templates.get_template("diagnosis.html").render(document)
