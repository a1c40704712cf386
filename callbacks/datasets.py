"""List of datasets."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output
from dash.development.base_component import Component

from callbacks.context import current_actor, fills_area, keep_in_url
from layouts.ids.datasets import DatasetsId
from layouts.ids.frame import FrameId
from layouts.pages import datasets as page
from services.dataset_service import DatasetService

_MOST_SHOWN = 200


@fills_area
def show_datasets(
    _page: Any, search_query: str | None, with_archived: bool | None, _states: Any
) -> Component:
    """Show the datasets that match."""
    query = (search_query or "").strip()
    found = DatasetService.list_datasets(
        limit=_MOST_SHOWN,
        search_query=query or None,
        include_archived=bool(with_archived),
        actor=current_actor(),
    )
    return page.build_list(found["items"], total=found["total"], search_query=query)


def register(app: dash.Dash) -> None:
    """Wire the page."""
    search, archived = Input(DatasetsId.SEARCH, "value"), Input(DatasetsId.ARCHIVED, "value")
    app.callback(
        Output(DatasetsId.CONTENT, "children"),
        Input(DatasetsId.PAGE, "data"),
        search,
        archived,
        Input(FrameId.JOBS, "data"),
    )(show_datasets)
    keep_in_url(app, DatasetsId.URL, search, archived)
