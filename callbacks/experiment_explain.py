"""One experiment: what explains its classifier, and what is explained already."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output, State
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import fills_area
from callbacks.xai_common import find_experiment, find_methods, list_kept
from layouts.components import experiment_explain as parts
from layouts.components.experiment_page import build_missing
from layouts.ids.experiment import ExperimentId
from layouts.ids.frame import FrameId


@fills_area
def show_explain(tab: str, _seen: Any, _jobs: Any, place: dict[str, Any]) -> Component:
    """Show the ways to an explanation and what is kept."""
    if tab != "explain":
        raise PreventUpdate
    experiment = find_experiment(place["experiment_id"])
    if experiment is None:
        return build_missing()
    if experiment["classifier_sha256"] is None:
        return parts.build_not_trained(experiment["status"])
    number = experiment["experiment_id"]
    return parts.build_content(number, find_methods(number)["methods"], list_kept(number))


def register(app: dash.Dash) -> None:
    """Wire the tab."""
    app.callback(
        Output(ExperimentId.EXPLAIN, "children"),
        Input(ExperimentId.TABS, "data"),
        Input(ExperimentId.SEEN, "data"),
        Input(FrameId.JOBS, "data"),
        State(ExperimentId.PAGE, "data"),
    )(show_explain)
