"""The part of a page's state that its address holds."""

from __future__ import annotations

from dash import dcc


def build_url_store(store_id: str, *names: str) -> dcc.Store:
    """Return the store that names the query parameters which `callbacks.context.keep_in_url` writes."""
    return dcc.Store(id=store_id, data=list(names))
