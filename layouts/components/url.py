"""The part of a page's state that its address holds."""

from __future__ import annotations

from dash import dcc


def build_url_store(store_id: str, *names: str, **defaults: str) -> dcc.Store:
    """Return the store that names the query parameters which `callbacks.context.keep_in_url` writes.

    ``defaults`` are what a parameter is where the address does not say it; such a value is not written. Lists
    are joined by commas. A list that has a default and holds nothing is written as "none".
    """
    return dcc.Store(id=store_id, data={"names": list(names), "defaults": defaults})
