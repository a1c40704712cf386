"""HTML of our own making as PDF, laid out by WeasyPrint, which fetches nothing from anywhere."""

from __future__ import annotations

from typing import Any

from utils.exceptions import MissingDependencyError


def print_pdf(html: str, *, instead: str) -> bytes:
    """Return an HTML document as PDF; the same document gives the same bytes.

    Raises:
        MissingDependencyError: WeasyPrint, or a system library it needs, is not there; ``instead`` is a
            sentence that says what works without it.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError):
        raise MissingDependencyError(
            f"PDF is not available: install weasyprint and the system library Pango. {instead}"
        ) from None
    fetcher: Any = URLFetcher(allowed_protocols=())
    written: bytes = HTML(string=html, url_fetcher=fetcher).write_pdf()
    return written
