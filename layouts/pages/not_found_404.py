"""What an unknown path shows. The module's name is how Dash finds it."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.components.header import build_page_header
from layouts.components.states import build_button_link, build_empty_state
from layouts.page_spec import PageSpec


def build_layout(**_query: Any) -> Component:
    """Return the page."""
    state = build_empty_state(
        "Nothing is here",
        "The link may be old, or the thing it named has been deleted.",
        action=build_button_link("Go to the start page", "/", icon="house"),
        icon="signpost-split",
    )
    return html.Div([build_page_header("Page not found"), html.Div(state, className="surface")])


PAGE = PageSpec(
    module="layouts.pages.not_found_404", path="/not-found", title="Page not found", layout=build_layout
)
