"""One experiment: monitor and results."""

from __future__ import annotations

from typing import Any

import dash
from dash import ALL, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    keep_in_url,
    may_write,
    parse_id,
    triggered_index,
)
from layouts.components import experiment_results as tab
from layouts.components import results
from layouts.components.badges import format_class
from layouts.components.experiment_page import build_missing
from layouts.ids import pattern_id
from layouts.ids.experiment import ExperimentId
from layouts.pages import experiment as page
from services.experiment_service import ExperimentService


def show_header(place: dict[str, Any], _seen: Any, _saved: Any, _thrown: Any) -> tuple[Any, ...]:
    """Name the experiment and offer what can be done with it."""
    found = _find(place)
    if found is None:
        return "Experiment not found", "", None, no_update
    links = page.build_links(found, may_write=may_write())
    question = f"Cancel the training of {found['name']} (seed {found['seed']})?"
    return found["name"], page.describe_experiment(found), links, question


def _find(place: dict[str, Any]) -> dict[str, Any] | None:
    number = parse_id(place["experiment_id"])
    return None if number is None else ExperimentService.get_experiment(number, actor=current_actor())


@fills_area
def show_results(
    _seen: dict[str, Any] | None, part: str, level: str, cell: str | None, place: dict[str, Any]
) -> tuple[Any, Any, Any, bool]:
    """Show how well the classifier did."""
    experiment, actor = _find(place), current_actor()
    if experiment is None:
        return build_missing(), None, None, True
    found = ExperimentService.get_results(experiment["experiment_id"], actor=actor)
    if found is None or found[part] is None:
        missing = tab.build_no_results(experiment["status"], part if found else None)
        return missing, None, None, True
    group = ExperimentService.get_group_summary(experiment["group_key"], actor=actor)
    judged, noun = found[part][level], results.LEVELS[level][1]
    opens = level == "recording_level"
    return (
        tab.build_verdict(experiment, found, part, group),
        results.build_confusion(judged, noun, chosen=cell or "", opens=opens),
        results.build_per_class(judged, noun),
        False,
    )


def choose_cell(_clicks: list[int | None]) -> str:
    """Remember which cell of the confusion matrix was chosen."""
    key = triggered_index()
    if key is None:
        raise PreventUpdate
    return "" if key == "all" else str(key)


@fills_area
def show_recordings(_seen: dict[str, Any] | None, part: str, cell: str | None, place: dict[str, Any]) -> Any:
    """List the judged signals: all of the part, or those of one cell."""
    experiment = _find(place)
    if experiment is None:
        raise PreventUpdate
    if experiment["classifier_sha256"] is None:
        return tab.build_no_results(experiment["status"])
    names = experiment["class_names"]
    pair = _read_cell(cell, len(names))
    chosen = {} if pair is None else {"target": names[pair[0]], "predicted": names[pair[1]]}
    found = ExperimentService.list_predictions(
        experiment["experiment_id"], part, actor=current_actor(), **chosen
    )
    title = f"All of the {part} part"
    if pair is not None:
        title = f"Label {format_class(chosen['target'])}, answer {format_class(chosen['predicted'])}"
    return results.build_predictions(
        found, names, title, chosen=cell if pair else "", explain_with=experiment["experiment_id"]
    )


def _read_cell(cell: str | None, n_classes: int) -> tuple[int, int] | None:
    parts = (cell or "").split("-")
    if len(parts) != 2 or not all(part.isdecimal() and int(part) < n_classes for part in parts):
        return None
    return int(parts[0]), int(parts[1])


def register(app: dash.Dash) -> None:
    """Wire the page."""
    place = Input(ExperimentId.PAGE, "data")
    seen = Input(ExperimentId.SEEN, "data")
    app.callback(
        Output(ExperimentId.TITLE, "children"),
        Output(ExperimentId.SENTENCE, "children"),
        Output(ExperimentId.LINKS, "children"),
        Output(ExperimentId.CANCEL_TITLE, "children"),
        place,
        seen,
        Input(ExperimentId.SAVED, "data"),
        Input(ExperimentId.THROWN, "data"),
    )(show_header)
    _register_results(app, seen)
    keep_in_url(
        app,
        ExperimentId.URL,
        Input(ExperimentId.TABS, "data"),
        Input(ExperimentId.PART, "value"),
        Input(ExperimentId.LEVEL, "value"),
        Input(ExperimentId.CHOSEN_CELL, "data"),
        Input(ExperimentId.OVER, "value"),
        Input(ExperimentId.SCALE, "value"),
        Input(ExperimentId.SMOOTHING, "value"),
    )


def _register_results(app: dash.Dash, seen: Input) -> None:
    part, cell = Input(ExperimentId.PART, "value"), Input(ExperimentId.CHOSEN_CELL, "data")
    place = State(ExperimentId.PAGE, "data")
    app.callback(
        Output(ExperimentId.VERDICT, "children"),
        Output(ExperimentId.CONFUSION, "children"),
        Output(ExperimentId.PER_CLASS, "children"),
        Output(ExperimentId.TABLES, "hidden"),
        seen,
        part,
        Input(ExperimentId.LEVEL, "value"),
        cell,
        place,
    )(show_results)
    app.callback(
        Output(ExperimentId.CHOSEN_CELL, "data"),
        Input(pattern_id(ExperimentId.CELL, ALL), "n_clicks"),
        prevent_initial_call=True,
    )(choose_cell)
    app.callback(Output(ExperimentId.RECORDINGS, "children"), seen, part, cell, place)(show_recordings)
