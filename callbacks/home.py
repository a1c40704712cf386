"""Start page: what runs, last results, datasets, next steps."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output
from dash.development.base_component import Component

from callbacks.context import current_actor, fills_area
from layouts.components.jobs import ACTIVE_STATES
from layouts.ids.frame import FrameId
from layouts.ids.home import HomeId
from layouts.pages import home as page
from services.dataset_service import DatasetService
from services.experiment_service import ExperimentService
from services.jobs import board

_N_SHOWN = 6


@fills_area
def show_running(_page: Any, _states: Any, _tick: int) -> Component:
    """Show the jobs under way."""
    jobs = board.list_jobs(actor=current_actor(), states=list(ACTIVE_STATES), per_page=_N_SHOWN)
    return page.build_running(jobs["items"])


@fills_area
def show_results(_page: Any, _states: Any) -> Component:
    """Show the newest finished experiments."""
    newest = ExperimentService.list_experiments(status="done", per_page=_N_SHOWN, actor=current_actor())
    return page.build_results(newest["items"])


@fills_area
def show_datasets(_page: Any, _states: Any) -> Component:
    """Show the newest datasets."""
    return page.build_datasets(DatasetService.list_datasets(limit=_N_SHOWN, actor=current_actor())["items"])


def show_steps(_page: Any, _states: Any) -> Component | None:
    """Show what a newcomer does next, until all of it has been done once."""
    actor = current_actor()
    trained = ExperimentService.list_experiments(status="done", per_page=1, actor=actor)
    diagnosed = board.list_jobs(kind="diagnose", states=["done"], per_page=1, actor=actor)
    imported = DatasetService.list_datasets(limit=1, actor=actor)
    return page.build_steps([answer["total"] > 0 for answer in (imported, trained, diagnosed)])


def register(app: dash.Dash) -> None:
    """Wire the page."""
    loaded, changed = Input(HomeId.PAGE, "data"), Input(FrameId.JOBS, "data")
    app.callback(Output(HomeId.STEPS, "children"), loaded, changed)(show_steps)
    app.callback(Output(HomeId.RESULTS, "children"), loaded, changed)(show_results)
    app.callback(Output(HomeId.DATASETS, "children"), loaded, changed)(show_datasets)
    app.callback(
        Output(HomeId.RUNNING, "children"), loaded, changed, Input(FrameId.JOBS_INTERVAL, "n_intervals")
    )(show_running)
