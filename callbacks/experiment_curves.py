"""The Results tab of an experiment: its ROC, PR and reliability, and the way to the whole evaluation."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from callbacks.context import current_actor, fills_area, parse_id
from layouts.components import evaluation_curves as curves
from layouts.components import experiment_results as tab
from layouts.figures import evaluation as figures
from layouts.ids.experiment import ExperimentId
from layouts.ids.frame import FrameId
from services.evaluation_service import EvaluationService


@fills_area
def show_judgement(
    opened: str,
    seen: dict[str, Any] | None,
    part: str,
    level: str,
    theme: str | None,
    place: dict[str, Any],
) -> tuple[Any, ...]:
    """Draw ROC, PR and reliability of a finished experiment."""
    number = parse_id(place["experiment_id"])
    if opened != "results" or number is None or seen is None:
        raise PreventUpdate
    if seen["status"] != "done":
        return None, True, no_update, no_update, no_update, None, None
    actor = current_actor()
    roc = EvaluationService.get_evaluation(number, "roc", {"part": part}, actor=actor)
    calibration = EvaluationService.get_evaluation(number, "calibration", {"part": part}, actor=actor)
    if roc is None or calibration is None or roc["results"][level] is None:
        return tab.build_no_judgement(number), True, no_update, no_update, no_update, None, None
    judged, reliability = roc["results"][level], calibration["results"][level]
    look = theme or "light"
    return (
        None,
        False,
        figures.build_roc_figure(judged, look),
        figures.build_pr_figure(judged, look),
        figures.build_reliability_figure(reliability, look) if reliability else no_update,
        tab.build_areas_line(judged, number, part, level),
        reliability["sentence"] if reliability else curves.describe_curves(roc["results"], level),
    )


def register(app: dash.Dash) -> None:
    """Wire the plots."""
    app.callback(
        Output(ExperimentId.NO_JUDGEMENT, "children"),
        Output(ExperimentId.JUDGEMENT, "hidden"),
        Output(ExperimentId.ROC, "figure"),
        Output(ExperimentId.PR, "figure"),
        Output(ExperimentId.RELIABILITY, "figure"),
        Output(ExperimentId.AREAS, "children"),
        Output(ExperimentId.CALIBRATION, "children"),
        Input(ExperimentId.TABS, "data"),
        Input(ExperimentId.SEEN, "data"),
        Input(ExperimentId.PART, "value"),
        Input(ExperimentId.LEVEL, "value"),
        Input(FrameId.THEME, "data"),
        State(ExperimentId.PAGE, "data"),
    )(show_judgement)
