"""Reading what a layout holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dash.development.base_component import Component


def list_components(root: Component) -> list[Component]:
    """Return a component and all below it."""
    return list(_walk(root))


def _walk(node: Any) -> Iterator[Component]:
    if isinstance(node, Component):
        yield node
        yield from _walk(getattr(node, "children", None))
    elif isinstance(node, list | tuple):
        for each in node:
            yield from _walk(each)


def find_text(node: Any) -> str:
    """Return all words below a component, blank between two of them."""
    if isinstance(node, Component):
        return find_text(getattr(node, "children", None))
    if isinstance(node, list | tuple):
        return " ".join(filter(None, map(find_text, node)))
    return "" if node is None else str(node)
