"""Icons of the packaged Bootstrap icon font. They decorate: the words stand beside them."""

from __future__ import annotations

from dash import html


def build_icon(name: str, class_name: str = "") -> html.I:
    """Return one icon, hidden from screen readers."""
    return html.I(className=f"bi bi-{name} {class_name}".strip(), **{"aria-hidden": "true"})
