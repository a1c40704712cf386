"""The frame around every page: top bar, navigation, banner, toasts."""

from __future__ import annotations

from dataclasses import dataclass

import dash
import dash_bootstrap_components as dbc
from dash import dcc, html

from layouts.components.icons import build_icon
from layouts.components.nav import build_nav
from layouts.ids.frame import FrameId
from layouts.pages import PAGES

POLL_MS = 2000


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in person, as far as the frame shows them."""

    name: str
    role: str


def build_shell(viewer: Viewer) -> html.Div:
    """Return the whole page of ``viewer``; Dash puts the current page into its container."""
    return html.Div(
        [
            html.A("Skip to the content", href="#main", className="skip-link"),
            _build_top_bar(viewer),
            build_nav(PAGES, viewer.role),
            html.Div(id=FrameId.NAV_BACKDROP, className="nav-backdrop", n_clicks=0),
            html.Main(
                [html.Div(id=FrameId.BANNER, role="status"), dash.page_container],
                id="main",
                className="page-main",
                tabIndex=-1,
            ),
            html.Div(id=FrameId.TOASTS, className="toasts", **{"aria-live": "polite"}),
            *_build_stores(),
        ],
        className=f"frame role-{viewer.role}",
    )


def _build_stores() -> list[dcc.Store | dcc.Interval]:
    return [
        dcc.Store(id=FrameId.THEME),
        dcc.Store(id=FrameId.NAV_COLLAPSED, storage_type="local"),
        dcc.Store(id=FrameId.TOAST_FEED),
        dcc.Store(id=FrameId.JOBS),
        dcc.Interval(id=FrameId.JOBS_INTERVAL, interval=POLL_MS, disabled=True),
    ]


def _build_top_bar(viewer: Viewer) -> html.Header:
    return html.Header(
        [
            _build_icon_button(FrameId.NAV_OPEN, "list", "Open the navigation", "nav-open"),
            dcc.Link(
                [build_mark(), html.Span("LSTM-PFD", className="brand-name")], href="/", className="brand"
            ),
            html.Div(className="top-space"),
            _build_jobs(),
            _build_icon_button(FrameId.THEME_TOGGLE, "circle-half", "Switch between light and dark"),
            _build_user_menu(viewer),
        ],
        className="top-bar",
    )


def build_mark() -> html.Span:
    """Return the product's mark: a bearing with one ball in another colour (drawn in CSS)."""
    return html.Span(className="brand-mark", **{"aria-hidden": "true"})


def _build_icon_button(component_id: str, icon: str, label: str, class_name: str = "") -> html.Button:
    return html.Button(
        build_icon(icon),
        id=component_id,
        type="button",
        title=label,
        className=f"icon-button {class_name}".strip(),
        **{"aria-label": label},
    )


def _build_jobs() -> html.Details:
    button = html.Summary(
        [
            build_icon("activity"),
            html.Span("Jobs", className="top-label"),
            html.Span(id=FrameId.JOBS_COUNT, className="count"),
        ],
        id=FrameId.JOBS_BUTTON,
        className="icon-button",
        title="Running jobs",
    )
    panel = html.Div(id=FrameId.JOBS_LIST, className="menu-panel jobs-panel")
    return html.Details([button, panel], className="menu", **{"data-menu": "jobs"})


def _build_user_menu(viewer: Viewer) -> html.Details:
    button = html.Summary(
        [html.Span(viewer.name[:1].upper(), className="avatar", **{"aria-hidden": "true"})],
        className="icon-button",
        title=f"Signed in as {viewer.name}",
        **{"aria-label": f"User menu of {viewer.name}"},
    )
    words = html.Div([html.Strong(viewer.name), html.Span(viewer.role, className="menu-detail")])
    sign_out = dbc.Button(
        [build_icon("box-arrow-right"), html.Span("Sign out")],
        id=FrameId.SIGN_OUT,
        color="light",
        class_name="action menu-action",
    )
    panel = html.Div([html.Div(words, className="menu-words"), sign_out], className="menu-panel user-panel")
    return html.Details([button, panel], className="menu", **{"data-menu": "user"})
