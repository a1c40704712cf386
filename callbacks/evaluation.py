"""The evaluation page: whose classifier, its ROC and PR, its errors, its slices."""

from __future__ import annotations

from typing import Any

import dash
from dash import ALL, Input, Output, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import current_actor, fills_area, keep_in_url, parse_id, triggered_index
from callbacks.evaluation_common import find_experiment, judge, read_cell, require_judged
from layouts.components import evaluation_curves as curves
from layouts.components import evaluation_parts as parts
from layouts.components.evaluation_models import describe_choice
from layouts.figures import evaluation as figures
from layouts.ids import pattern_id
from layouts.ids.evaluation import EvaluationId
from layouts.ids.frame import FrameId
from layouts.pages import evaluation as page
from services.evaluation_service import EvaluationService
from services.experiment_service import ExperimentService

_MOST = 200
_MOST_COMPARED = 40


@fills_area
def offer_experiments(place: dict[str, Any]) -> tuple[Any, ...]:
    """Offer what is finished; the one asked for, else the newest, is judged."""
    actor = current_actor()
    found = ExperimentService.list_experiments(status="done", per_page=_MOST, actor=actor)["items"]
    asked = find_experiment(place["experiment"])
    wanted = [number for text in place["ids"].split(",") if (number := parse_id(text))]
    if asked is not None and asked["experiment_id"] not in {each["experiment_id"] for each in found}:
        found = [asked, *found]
    found += _find_older(wanted[:_MOST_COMPARED], found)
    if not found:
        return page.build_nothing(), True, [], "", [], []
    options = [{"value": str(each["experiment_id"]), "label": parts.label_experiment(each)} for each in found]
    picks = [{"value": each["experiment_id"], "label": describe_choice(each)} for each in found]
    known = {each["experiment_id"] for each in found}
    ids = [number for number in wanted if number in known]
    chosen = asked or found[0]
    return None, False, options, str(chosen["experiment_id"]), picks, ids


def _find_older(wanted: list[int], listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those that are asked for, finished, and too old to be listed."""
    known = {each["experiment_id"] for each in listed}
    older = (find_experiment(number) for number in wanted if number not in known)
    return [each for each in older if each is not None and each["status"] == "done"]


@fills_area
def show_stamp(experiment: str | None, _jobs: Any) -> Component:
    """Say what is judged, and how often its test part has been looked at."""
    found = find_experiment(experiment)
    if found is None:
        return parts.build_refused("There is no such experiment.")
    used = EvaluationService.get_test_use(found["experiment_id"], actor=current_actor())
    return html.Div([parts.build_stamp_line(found), parts.build_test_use(used)], className="judged-lines")


@fills_area
def show_curves(
    tab: str,
    experiment: str | None,
    part: str,
    judged: dict[str, Any] | None,
    level: str,
    band: str,
    theme: str | None,
) -> tuple[Any, ...]:
    """Draw ROC and PR."""
    number = require_judged(tab, "roc", experiment, part, judged)
    results, refused = judge(number, "roc", {"part": part})
    if results is None:
        return refused, True, *[no_update] * 6
    found = results[level]
    if found is None:
        return parts.build_no_windows(), True, *[no_update] * 6
    look, names = theme or "light", results["class_names"]
    shown = band if band in names else figures.MACRO
    return (
        parts.build_notes(results["notes"]) if results["notes"] else None,
        False,
        figures.build_roc_figure(found, look, shown),
        figures.build_pr_figure(found, look, shown),
        curves.build_areas(found),
        curves.describe_curves(results, level),
        curves.list_shown(names),
        shown,
    )


@fills_area
def show_errors(
    tab: str, experiment: str | None, part: str, judged: dict[str, Any] | None, level: str, cell: str | None
) -> tuple[Any, Any]:
    """Show the confusions, and the recordings of the chosen cell or the hardest ones."""
    number = require_judged(tab, "errors", experiment, part, judged)
    results, refused = judge(number, "errors", {"part": part})
    if results is None:
        return refused, None
    found, names = results[level], results["class_names"]
    if found is None:
        return parts.build_no_windows(), None
    matrix = curves.build_errors(found, names, level, cell or "")
    basis = html.Div(parts.describe_basis(results, level, found["n"]), className="row-detail")
    pair = read_cell(cell, len(names))
    right = _list_right(number, part, level, names[pair[0]]) if pair and pair[0] == pair[1] else []
    listed = curves.build_cell(found, names, level, pair, right, explain_with=number)
    return html.Div([basis, matrix, parts.build_notes(results["notes"])], className="stack-tight"), listed


def _list_right(experiment_id: int, part: str, level: str, class_name: str) -> list[dict[str, Any]]:
    """Return the recordings of a class that are answered rightly, or those whose windows are."""
    said = EvaluationService.load_experiment_predictions(experiment_id, actor=current_actor())
    if said is None or part not in said["parts"]:
        return []
    return curves.pick_right(said["parts"][part]["recording_level"]["recordings"], class_name, level)


def choose_cell(_clicks: list[int | None]) -> str:
    """Remember which cell was chosen."""
    key = triggered_index()
    if key is None:
        raise PreventUpdate
    return "" if key == "all" else str(key)


@fills_area
def show_slices(tab: str, experiment: str | None, part: str, judged: dict[str, Any] | None) -> Component:
    """Show the accuracy by speed, load, severity and noise."""
    number = require_judged(tab, "slices", experiment, part, judged)
    results, refused = judge(number, "slices", {"part": part})
    if results is None:
        return refused or curves.build_no_slices()
    if not results["slices"]:
        return curves.build_no_slices()
    return html.Div([curves.build_slices(results), parts.build_notes(results["notes"])], className="stack")


def register(app: dash.Dash) -> None:
    """Wire the page."""
    tab, chosen = Input(EvaluationId.TABS, "data"), Input(EvaluationId.EXPERIMENT, "value")
    part, level = Input(EvaluationId.PART, "value"), Input(EvaluationId.LEVEL, "value")
    cell = Input(EvaluationId.CHOSEN_CELL, "data")
    judged = (tab, chosen, part, Input(EvaluationId.JUDGED, "data"))
    app.callback(
        Output(EvaluationId.AREA, "children"),
        Output(EvaluationId.CONTENT, "hidden"),
        Output(EvaluationId.EXPERIMENT, "options"),
        Output(EvaluationId.EXPERIMENT, "value"),
        Output(EvaluationId.OTHERS, "options"),
        Output(EvaluationId.OTHERS, "value"),
        Input(EvaluationId.PAGE, "data"),
    )(offer_experiments)
    app.callback(Output(EvaluationId.STAMP, "children"), chosen, Input(FrameId.JOBS, "data"))(show_stamp)
    app.callback(
        Output(EvaluationId.CURVES, "children"),
        Output(EvaluationId.CURVES_SHOWN, "hidden"),
        Output(EvaluationId.ROC, "figure"),
        Output(EvaluationId.PR, "figure"),
        Output(EvaluationId.AREAS, "children"),
        Output(EvaluationId.BASIS, "children"),
        Output(EvaluationId.BAND, "options"),
        Output(EvaluationId.BAND, "value"),
        *judged,
        level,
        Input(EvaluationId.BAND, "value"),
        Input(FrameId.THEME, "data"),
    )(show_curves)
    app.callback(
        Output(EvaluationId.ERRORS, "children"),
        Output(EvaluationId.CELL_LIST, "children"),
        *judged,
        level,
        cell,
    )(show_errors)
    app.callback(
        Output(EvaluationId.CHOSEN_CELL, "data"),
        Input(pattern_id(EvaluationId.CELL, ALL), "n_clicks"),
        prevent_initial_call=True,
    )(choose_cell)
    app.callback(Output(EvaluationId.SLICES, "children"), *judged)(show_slices)
    keep_in_url(
        app,
        EvaluationId.URL,
        chosen,
        tab,
        part,
        level,
        Input(EvaluationId.BAND, "value"),
        cell,
        Input(EvaluationId.COVERAGE, "value"),
        Input(EvaluationId.QUANTITY, "value"),
        Input(EvaluationId.COST, "value"),
        Input(EvaluationId.OTHERS, "value"),
    )
