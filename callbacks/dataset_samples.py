"""What the samples of a dataset look like: traces per class, level and shape."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output, ctx
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import current_actor, fills_area, parse_id, unwrap, watch_jobs
from layouts.components import dataset_samples as parts
from layouts.components.forms import ALL
from layouts.ids.dataset import DatasetId
from layouts.ids.frame import FrameId
from services.dataset_service import DatasetService
from services.jobs import board
from utils.exceptions import NotFoundError


@fills_area
def show_preview(
    tab: str, channel: str | None, version: str | None, theme: str | None, place: dict[str, Any]
) -> Component:
    """Draw a few recordings of each class, once the tab is open."""
    dataset_id = parse_id(place["dataset_id"])
    if tab != "preview" or dataset_id is None:
        raise PreventUpdate
    preview = DatasetService.get_dataset_preview(
        dataset_id,
        channel=None if channel in (None, ALL) else channel,
        version=parse_id(version),
        actor=current_actor(),
    )
    if preview is None:
        raise NotFoundError("There is no such dataset.")
    return parts.build_previews(dataset_id, preview, theme or "light")


@fills_area
def show_statistics(
    tab: str, version: str | None, _again: int | None, _jobs: Any, _tick: Any, place: dict[str, Any]
) -> Component:
    """Show level and shape once the tab is open; those of a large version come from a job."""
    dataset_id = parse_id(place["dataset_id"])
    if tab != "statistics" or dataset_id is None:
        raise PreventUpdate
    found = unwrap(
        DatasetService.request_statistics(
            dataset_id,
            parse_id(version),
            again=ctx.triggered_id == DatasetId.STATISTICS_AGAIN,
            actor=current_actor(),
        )
    )
    if found["statistics"] is not None:
        return parts.build_statistics(found["statistics"])
    watch_jobs()
    return parts.build_statistics_job(board.get_job(found["job_id"], actor=current_actor()))


def register(app: dash.Dash) -> None:
    """Wire the tabs."""
    tab, version = Input(DatasetId.TABS, "data"), Input(DatasetId.VERSION, "value")
    place = Input(DatasetId.PAGE, "data")
    app.callback(
        Output(DatasetId.PREVIEW, "children"),
        tab,
        Input(DatasetId.PREVIEW_CHANNEL, "value"),
        version,
        Input(FrameId.THEME, "data"),
        place,
    )(show_preview)
    app.callback(
        Output(DatasetId.STATISTICS, "children"),
        tab,
        version,
        Input(DatasetId.STATISTICS_AGAIN, "n_clicks"),
        Input(FrameId.JOBS, "data"),
        Input(FrameId.JOBS_INTERVAL, "n_intervals"),
        place,
    )(show_statistics)
