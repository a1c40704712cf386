"""The page that a document opens with, put into the first layout: the browser asks once, not twice."""

from __future__ import annotations

from typing import Any, Final

from dash import _pages  # the functions by which Dash itself decides which page a path opens
from dash.development.base_component import Component
from flask import g, has_request_context, request

from callbacks.frame import serve_layout
from dashboard.auth.callbacks_guard import NOT_FOUND, get_page_role
from layouts.shell import Opened
from services.shared.actors import require_role
from utils.exceptions import AccessDeniedError
from utils.logger import setup_logger

logger = setup_logger(__name__)

# Set by assets/early_requests.js: the path and query of the document that asks.
PAGE_HEADER: Final = "X-PFD-Page"


def serve_first_layout() -> Component:
    """Return the frame with the page that the document asks for in it (`app.layout` is this function)."""
    address = request.headers.get(PAGE_HEADER, "") if has_request_context() else ""
    return serve_layout(open_page(address) if address.startswith("/") and g.get("actor") else None)


def open_page(address: str) -> Opened | None:
    """Return the page behind a path with its query, as Dash's router would.

    None where it is not for this person or cannot be built: the router then asks for it and says why.
    """
    path, mark, query = address.partition("?")
    try:
        require_role(g.actor, get_page_role(path))
        title, content = _build(path, mark + query)
    except AccessDeniedError:
        return None
    except Exception:  # the router's callback meets the same failure and shows it
        logger.warning("the first layout goes without its page", exc_info=True)
        return None
    return Opened(path=path, search=mark + query, title=title, content=content)


def _build(path: str, search: str) -> tuple[str, Component]:
    page, variables = _pages._path_to_page(path.strip("/"))
    page = page or _pages.PAGE_REGISTRY[NOT_FOUND]
    arguments: dict[str, Any] = {**(variables or {}), **_pages._parse_query_string(search)}
    return page["title"], page["layout"](**arguments)
