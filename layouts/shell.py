"""The frame around every page: top bar, navigation, banner, toasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash
import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.icons import build_icon
from layouts.components.jobs import build_job_list
from layouts.components.nav import build_nav
from layouts.components.states import build_note
from layouts.ids.frame import FrameId
from layouts.pages import PAGES

POLL_MS = 2000


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in person, as far as the frame shows them."""

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The page that the frame opens with: Dash's router then has nothing left to ask for."""

    path: str
    search: str
    title: str
    content: Component


@dataclass(frozen=True, slots=True)
class JobsShown:
    """What the frame says of jobs: those under way, those that ended lately, why none starts."""

    active: Sequence[dict[str, Any]] = ()
    finished: Sequence[dict[str, Any]] = ()
    n_active: int = 0
    banner: str | None = None
    toasts_wait: bool = False

    @property
    def count_words(self) -> str:
        """How many jobs are under way; nothing for none."""
        return str(self.n_active) if self.n_active else ""

    @property
    def is_quiet(self) -> bool:
        """True where nothing is to be asked again soon."""
        return not (self.active or self.banner or self.toasts_wait)

    @property
    def states(self) -> dict[str, str]:
        """The states by id: they tell whether anything changed."""
        return {str(job["id"]): job["state"] for job in (*self.active, *self.finished)}

    def build_banner(self) -> Component | None:
        """Return why no job starts."""
        return build_note(self.banner, level="warning") if self.banner else None

    def build_list(self) -> list[Component]:
        """Return the popover's content."""
        return build_job_list(self.active, self.finished)


def build_shell(viewer: Viewer, jobs: JobsShown | None = None, opened: Opened | None = None) -> html.Div:
    """Return the whole page of ``viewer``; Dash puts later pages into its container."""
    jobs = jobs or JobsShown()
    return html.Div(
        [
            html.A("Skip to the content", href="#main", className="skip-link"),
            _build_top_bar(viewer, jobs),
            build_nav(PAGES, viewer.role),
            html.Div(id=FrameId.NAV_BACKDROP, className="nav-backdrop", n_clicks=0),
            html.Main(
                [html.Div(jobs.build_banner(), id=FrameId.BANNER, role="status"), _build_container(opened)],
                id="main",
                className="page-main",
                tabIndex=-1,
            ),
            html.Div(id=FrameId.TOASTS, className="toasts", **{"aria-live": "polite"}),
            *_build_stores(jobs),
        ],
        className=f"frame role-{viewer.role}",
    )


def _build_container(opened: Opened | None) -> Component:
    """Return Dash's container of pages, with a page in it where one is known."""
    if opened is None:
        return dash.page_container
    return html.Div(
        [
            dcc.Location(
                id=FrameId.LOCATION, pathname=opened.path, search=opened.search, refresh="callback-nav"
            ),
            html.Div(opened.content, id=FrameId.CONTENT, disable_n_clicks=True),
            dcc.Store(id=FrameId.PAGE_TITLE, data={"title": opened.title}),
            html.Div(id=FrameId.PAGE_TITLE_SET, disable_n_clicks=True),
        ]
    )


def _build_stores(jobs: JobsShown) -> list[dcc.Store | dcc.Interval]:
    return [
        dcc.Store(id=FrameId.THEME),
        dcc.Store(id=FrameId.NAV_COLLAPSED, storage_type="local"),
        dcc.Store(id=FrameId.TOAST_FEED),
        dcc.Store(id=FrameId.JOBS, data=jobs.states),
        dcc.Interval(id=FrameId.JOBS_INTERVAL, interval=POLL_MS, disabled=jobs.is_quiet),
    ]


def _build_top_bar(viewer: Viewer, jobs: JobsShown) -> html.Header:
    return html.Header(
        [
            _build_icon_button(FrameId.NAV_OPEN, "list", "Open the navigation", "nav-open"),
            dcc.Link(
                [build_mark(), html.Span("LSTM-PFD", className="brand-name")], href="/", className="brand"
            ),
            html.Div(className="top-space"),
            _build_jobs(jobs),
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


def _build_jobs(jobs: JobsShown) -> html.Details:
    button = html.Summary(
        [
            build_icon("activity"),
            html.Span("Jobs", className="top-label"),
            html.Span(jobs.count_words, id=FrameId.JOBS_COUNT, className="count"),
        ],
        id=FrameId.JOBS_BUTTON,
        className="icon-button",
        title="Running jobs",
    )
    panel = html.Div(jobs.build_list(), id=FrameId.JOBS_LIST, className="menu-panel jobs-panel")
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
