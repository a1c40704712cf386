"""The four states that a page's area can be in besides full: empty, loading, error, partial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.icons import build_icon


def build_empty_state(
    title: str, why: str, *, action: Component | None = None, icon: str = "inbox"
) -> html.Div:
    """Return the empty state: why there is nothing here, and the next step."""
    parts = [build_icon(icon, "state-icon"), html.P(title, className="state-title"), html.P(why)]
    return html.Div([*parts, *([action] if action is not None else [])], className="state state-empty")


def build_skeleton(n_lines: int = 3, *, height: str | None = None) -> html.Div:
    """Return the loading state: grey lines, or one block of the CSS ``height`` for a plot or table."""
    if height is not None:
        bars = [html.Div(className="bone", style={"height": height})]
    else:
        bars = [html.Div(className=f"bone bone-{index % 3}") for index in range(n_lines)]
    return html.Div([*bars, html.Span("Loading", className="visually-hidden")], className="skeleton")


def build_error_state(
    sentence: str, *, reference_id: str | None = None, title: str | None = None
) -> html.Div:
    """Return the error state: what happened and what to do, with the reference to give to support."""
    parts: list[Any] = [
        build_icon("exclamation-octagon", "state-icon"),
        html.P(title or "This could not be loaded", className="state-title"),
        html.P(sentence),
    ]
    if reference_id:
        parts.append(html.P(["Reference ", html.Code(reference_id)], className="state-reference"))
    return html.Div(parts, className="state state-error", role="alert")


def build_partial_note(missing: str) -> html.Div:
    """Return the partial state's note: what is missing from what is shown below it."""
    return build_note(missing, level="warning")


_NOTE_ICONS = {
    "info": "info-circle",
    "success": "check-circle",
    "warning": "exclamation-triangle",
    "danger": "x-octagon",
}


def build_note(content: Any, *, level: str = "info", actions: Sequence[Component] = ()) -> html.Div:
    """Return a line that stays: ``level`` info, success, warning or danger."""
    words = html.Div(content, className="note-words")
    return html.Div(
        [build_icon(_NOTE_ICONS[level]), words, *actions], className=f"note note-{level}", role="note"
    )


def build_button_link(
    label: str, href: str, *, icon: str | None = None, primary: bool = True, needs: str = "viewer"
) -> dbc.Button:
    """Return a link that looks like a button; roles below ``needs`` don't see it."""
    return dbc.Button(
        [*([build_icon(icon)] if icon else []), html.Span(label)],
        href=href,
        color="primary" if primary else "light",
        class_name=f"action needs-{needs}",
    )
