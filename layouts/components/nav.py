"""The left navigation: pages that exist and that the signed-in role may open."""

from __future__ import annotations

from collections.abc import Sequence

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.icons import build_icon
from layouts.ids.frame import FrameId
from layouts.page_spec import NavGroup, PageSpec

_ROLES = ("viewer", "engineer", "admin")


def may_open(role: str, page: PageSpec) -> bool:
    """Tell whether a role is high enough for a page."""
    return _ROLES.index(role) >= _ROLES.index(page.role)


def build_nav(pages: Sequence[PageSpec], role: str) -> html.Aside:
    """Return the navigation of ``role``; groups without a page are left out."""
    parts: list[Component] = [_build_link("Start", "/", "house", exact=True)]
    for group in NavGroup:
        members = [page for page in pages if page.nav_group is group and may_open(role, page)]
        if members:
            parts.append(html.Div(group.value, className="nav-group", **{"aria-hidden": "true"}))
            links = [
                html.Li(_build_link(page.title, page.path, page.icon), title=page.title) for page in members
            ]
            parts.append(html.Ul(links, className="nav-list", **{"aria-label": group.value}))
    collapse = html.Button(
        [build_icon("layout-sidebar"), html.Span("Collapse", className="nav-label")],
        id=FrameId.NAV_COLLAPSE,
        type="button",
        className="nav-item nav-collapse",
        title="Collapse or expand the navigation",
        **{"aria-label": "Collapse or expand the navigation"},
    )
    nav = html.Nav(parts, className="nav-scroll", **{"aria-label": "Pages"})
    return html.Aside([nav, collapse], id=FrameId.NAV, className="side-nav")


def _build_link(title: str, path: str, icon: str, *, exact: bool = False) -> dbc.NavLink:
    return dbc.NavLink(
        [build_icon(icon), html.Span(title, className="nav-label")],
        href=path,
        active="exact" if exact else "partial",
        class_name="nav-item",
    )
