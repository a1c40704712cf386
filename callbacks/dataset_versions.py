"""The versions of a dataset, and what differs between two of them."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import current_actor, fills_area, parse_id, unwrap
from layouts.components import dataset_versions as parts
from layouts.components.states import build_empty_state
from layouts.ids.dataset import DatasetId
from layouts.ids.frame import FrameId
from services.dataset_service import DatasetService
from utils.exceptions import NotFoundError


@fills_area
def show_versions(place: dict[str, Any], _edited: Any, _jobs: Any) -> tuple[Any, ...]:
    """List the versions and offer two of them for comparison: the last two."""
    dataset_id = parse_id(place["dataset_id"])
    details = dataset_id and DatasetService.get_dataset_details(dataset_id, actor=current_actor())
    if not dataset_id or not details:
        raise NotFoundError("There is no such dataset.")
    versions = details["versions"]
    numbers = [str(each["number"]) for each in versions]
    options = [{"value": number, "label": number} for number in numbers]
    older = numbers[1] if len(numbers) > 1 else numbers[0]
    return parts.build_version_list(dataset_id, versions), options, options, older, numbers[0]


@fills_area
def show_differences(older: str | None, newer: str | None, place: dict[str, Any]) -> Component:
    """Say what differs between the two chosen versions."""
    dataset_id, first, second = parse_id(place["dataset_id"]), parse_id(older), parse_id(newer)
    if dataset_id is None or first is None or second is None:
        raise PreventUpdate
    if first == second:
        return build_empty_state("Nothing to compare", "Choose two versions.", icon="layers")
    found = unwrap(DatasetService.compare_versions(dataset_id, first, second, actor=current_actor()))
    return parts.build_differences(found)


def register(app: dash.Dash) -> None:
    """Wire the tab."""
    place = Input(DatasetId.PAGE, "data")
    app.callback(
        Output(DatasetId.VERSIONS, "children"),
        Output(DatasetId.OLDER, "options"),
        Output(DatasetId.NEWER, "options"),
        Output(DatasetId.OLDER, "value"),
        Output(DatasetId.NEWER, "value"),
        place,
        Input(DatasetId.EDITED, "data"),
        Input(FrameId.JOBS, "data"),
    )(show_versions)
    app.callback(
        Output(DatasetId.DIFFERENCES, "children"),
        Input(DatasetId.OLDER, "value"),
        Input(DatasetId.NEWER, "value"),
        place,
    )(show_differences)
