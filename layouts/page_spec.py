"""What the frame knows of a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from dash.development.base_component import Component


class NavGroup(StrEnum):
    """The groups of the left navigation, in their order."""

    DATA = "Data"
    LEARNING = "Learning"
    INSIGHT = "Insight"


@dataclass(frozen=True, slots=True)
class PageSpec:
    """One page.

    ``path`` is unique, also for a page with a ``path_template`` (``/datasets/<dataset_id>``), where it is
    never visited. ``role`` is the lowest role that may open it: viewer, engineer or admin. A page with a
    ``nav_group`` stands in the navigation under ``title``. ``layout`` takes only optional arguments and
    swallows unknown query parameters (``**_query``): Dash calls it without any to learn its ids.
    """

    module: str
    path: str
    title: str
    layout: Callable[..., Component]
    role: str = "viewer"
    path_template: str | None = None
    nav_group: NavGroup | None = None
    icon: str = "file-earmark"
