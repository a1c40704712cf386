"""Noisy copies of a split's test part, started on a dataset's page."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output, State
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    may_write,
    parse_id,
    requires_role,
    unwrap,
    watch_jobs,
)
from layouts.components import noise_variants as form
from layouts.components.generator_parts import OPEN_STATES, build_job, build_no_job
from layouts.ids.dataset import DatasetId
from layouts.ids.frame import FrameId
from layouts.ids.noise_variants import NoiseId
from services.dataset_service import DatasetService
from services.jobs import board
from utils.exceptions import InvalidInputError


def offer_splits(
    place: dict[str, Any], _created: Any, _carried: Any, chosen: str | None
) -> tuple[bool, Any, Any, bool, str | None]:
    """Offer the splits that have a test part; a viewer gets no form."""
    dataset_id = parse_id(place["dataset_id"])
    if dataset_id is None or not may_write():
        return True, [], None, True, form.NO_SPLIT
    options = form.list_splits_with_test(DatasetService.list_splits(dataset_id, actor=current_actor()))
    values = [option["value"] for option in options]
    value = chosen if chosen in values else next(iter(values), "")
    because = None if options else form.NO_SPLIT
    return False, options or [{"value": "", "label": "No split yet"}], value, not options, because


@requires_role("engineer")
def start(
    clicks: int | None,
    split: str | None,
    ratios: str | None,
    colours: list[str] | None,
    seed: int | None,
    name: str | None,
) -> str:
    """Start the making of the noisy copies."""
    split_id = parse_id(split)
    if not clicks or split_id is None:
        raise PreventUpdate
    parsed = form.read_ratios(ratios)
    if parsed is None:
        raise InvalidInputError("Write the ratios as numbers in dB, such as 20, 10, 5.")
    started = unwrap(
        DatasetService.make_noise_variants(
            split_id, parsed, colours or [], name=name or "", seed=int(seed or 0), actor=current_actor()
        )
    )
    watch_jobs()
    return str(started["job_id"])


@fills_area
def show_job(job: str | None, _tick: Any, _states: Any) -> Any:
    """Show how the work goes, and its dataset at the end."""
    if job is None:
        raise PreventUpdate
    job_id = parse_id(job)
    found = board.get_job(job_id, actor=current_actor()) if job_id is not None else None
    if found is None:
        return build_no_job()
    if found["state"] in OPEN_STATES:
        watch_jobs()
    return build_job(found)


def register(app: dash.Dash) -> None:
    """Wire the form."""
    app.callback(
        Output(NoiseId.AREA, "hidden"),
        Output(NoiseId.SPLIT, "options"),
        Output(NoiseId.SPLIT, "value"),
        Output(NoiseId.START, "disabled"),
        Output(NoiseId.START, "title"),
        Input(DatasetId.PAGE, "data"),
        Input(DatasetId.CREATED, "data"),
        Input(DatasetId.CARRIED, "data"),
        State(NoiseId.SPLIT, "value"),
    )(offer_splits)
    app.callback(
        Output(NoiseId.JOB, "data"),
        Input(NoiseId.START, "n_clicks"),
        State(NoiseId.SPLIT, "value"),
        State(NoiseId.SNRS, "value"),
        State(NoiseId.COLOURS, "value"),
        State(NoiseId.SEED, "value"),
        State(NoiseId.NAME, "value"),
        prevent_initial_call=True,
    )(start)
    app.callback(
        Output(NoiseId.JOB_AREA, "children"),
        Input(NoiseId.JOB, "data"),
        Input(FrameId.JOBS_INTERVAL, "n_intervals"),
        Input(FrameId.JOBS, "data"),
    )(show_job)
