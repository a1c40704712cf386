"""Which dataset, version and feature set the two pages about features show."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output, State, no_update

from callbacks.context import current_actor, fills_area, offer_datasets, parse_id
from layouts.components.feature_choice import (
    build_no_datasets,
    build_no_features,
    build_pairs,
    build_refusal,
    word_set,
)
from layouts.components.forms import LATEST
from layouts.figures.features import build_correlation
from layouts.ids.data_explorer import ExplorerId
from layouts.ids.feature_engineering import FeaturesId
from layouts.ids.frame import FrameId
from services.dataset_service import DatasetService
from services.feature_service import FeatureService


@fills_area
def show_datasets(place: dict[str, Any]) -> tuple:
    """Fill the list of datasets and choose the one asked for, else the newest."""
    offered = offer_datasets(place["dataset"], current_actor())
    return (build_no_datasets(), True, [], no_update) if offered is None else (None, False, *offered)


def show_versions(dataset: str | None, place: dict[str, Any]) -> tuple:
    """Offer the versions of the dataset; the one asked for stays chosen."""
    dataset_id = parse_id(dataset)
    details = DatasetService.get_dataset_details(dataset_id, actor=current_actor()) if dataset_id else None
    versions = details["versions"] if details else []
    options = [{"value": str(each["number"]), "label": f"Version {each['number']}"} for each in versions]
    if versions:
        options[0] = {"value": LATEST, "label": f"Newest ({versions[0]['number']})"}
    values = [option["value"] for option in options]
    asked = place["version"] if dataset == place["dataset"] else LATEST
    return options, asked if asked in values else LATEST


def show_sets(
    dataset: str | None,
    version: str | None,
    _jobs: Any,
    current: str | None,
    place: dict[str, Any],
    changed: dict[str, Any] | None = None,
) -> tuple:
    """Offer the stored sets of the version; the current one stays chosen as long as it is there."""
    dataset_id = parse_id(dataset)
    found = (
        FeatureService.list_feature_sets(dataset_id, _number(dataset_id, version), actor=current_actor())
        if dataset_id
        else []
    )
    options = [{"value": str(each["feature_set_id"]), "label": word_set(each)} for each in found]
    values = [option["value"] for option in options]
    wanted = [str((changed or {}).get("set") or ""), current or "", place["set"]]
    chosen = next((each for each in wanted if each in values), values[0] if values else "")
    return options, chosen


def _number(dataset_id: int, version: str | None) -> int | None:
    """Return a version's number; the newest one's, where none is chosen."""
    asked = parse_id(version)
    if asked is not None:
        return asked
    details = DatasetService.get_dataset_details(dataset_id, actor=current_actor())
    return details["version"] if details else None


@fills_area
def show_correlation(
    tab: str, feature_set: str | None, theme: str | None, dataset: str | None, version: str | None
) -> tuple:
    """Draw the correlation once the tab is open."""
    if tab != "correlation":
        return no_update, no_update, no_update, no_update
    set_id = parse_id(feature_set)
    if set_id is None:
        return build_no_features(dataset, version), True, no_update, None
    found = FeatureService.get_correlation(set_id, actor=current_actor())
    if not found["success"]:
        return build_refusal(found["error"]), True, no_update, None
    return None, False, build_correlation(found, theme or "light"), build_pairs(found["closest"])


def register(app: dash.Dash) -> None:
    """Wire both pages."""
    for ids in (FeaturesId, ExplorerId):
        place, dataset = Input(ids.PAGE, "data"), Input(ids.DATASET, "value")
        version, chosen = Input(ids.VERSION, "value"), Input(ids.SET, "value")
        app.callback(
            Output(ids.AREA, "children"),
            Output(ids.CONTENT, "hidden"),
            Output(ids.DATASET, "options"),
            Output(ids.DATASET, "value"),
            place,
        )(show_datasets)
        app.callback(
            Output(ids.VERSION, "options"),
            Output(ids.VERSION, "value"),
            dataset,
            State(ids.PAGE, "data"),
        )(show_versions)
        app.callback(
            Output(ids.SET, "options"),
            Output(ids.SET, "value"),
            dataset,
            version,
            Input(FrameId.JOBS, "data"),
            State(ids.SET, "value"),
            State(ids.PAGE, "data"),
            *([Input(FeaturesId.CHANGED, "data")] if ids is FeaturesId else []),
        )(show_sets)
        app.callback(
            Output(ids.CORRELATION, "children"),
            Output(ids.CORRELATION_SHOWN, "hidden"),
            Output(ids.CORRELATION_PLOT, "figure"),
            Output(ids.CORRELATION_PAIRS, "children"),
            Input(ids.TABS, "data"),
            chosen,
            Input(FrameId.THEME, "data"),
            State(ids.DATASET, "value"),
            State(ids.VERSION, "value"),
        )(show_correlation)
