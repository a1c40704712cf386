"""The explanations' page: what is asked, and the answer with its plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash
from dash import ALL, Input, Output, State
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    keep_in_url,
    may_write,
    parse_id,
    require_id,
    requires_role,
    unwrap,
)
from callbacks.xai_common import (
    find_experiment,
    find_methods,
    follow,
)
from layouts.components import xai_form as forms
from layouts.components.diagnosis_form import build_signal_note, build_signal_options
from layouts.components.evaluation_parts import build_refused, build_stamp_line, label_experiment
from layouts.components.forms import VIEWER_REASON
from layouts.ids import pattern_id
from layouts.ids.xai import XaiId
from layouts.pages import xai as page
from services.dataset_service import DatasetService
from services.experiment_service import ExperimentService
from services.xai_service import XAIService

_MOST = 200


@fills_area
def offer_experiments(place: dict[str, Any]) -> tuple[Any, ...]:
    """Offer what is finished; the one asked for, else the newest, is explained."""
    found = ExperimentService.list_experiments(status="done", per_page=_MOST, actor=current_actor())["items"]
    found = [each for each in found if each["classifier_sha256"]]
    asked = find_experiment(place["experiment"])
    if asked is not None and asked["classifier_sha256"] is None:
        asked = None
    if asked is not None and asked["experiment_id"] not in {each["experiment_id"] for each in found}:
        found = [asked, *found]
    if not found:
        return page.build_nothing(), True, [], ""
    options = [{"value": str(each["experiment_id"]), "label": label_experiment(each)} for each in found]
    return None, False, options, str((asked or found[0])["experiment_id"])


@fills_area
def show_stamp(experiment: str | None) -> Component:
    """Say whose answers are explained."""
    found = find_experiment(experiment)
    return build_refused("There is no such experiment.") if found is None else build_stamp_line(found)


def offer_methods(experiment: str | None, chosen: str | None, place: dict[str, Any]) -> tuple[Any, ...]:
    """Offer the methods and classes of the experiment; what can't apply says why."""
    found = find_methods(require_id(experiment))
    offered = {each["name"]: each["title"] for each in found["methods"] if each["is_offered"]}
    method = next((each for each in (chosen, place["method"]) if each in offered), found["default_method"])
    titles = [{"value": name, "label": title} for name, title in offered.items()]
    return (
        forms.build_method_options(found["methods"]),
        method,
        forms.build_class_options(found["class_names"]),
        forms.PREDICTED,
        titles,
        method,
    )


def list_signals(
    experiment: str | None, search_query: str | None, chosen: str | None, place: dict[str, Any]
) -> tuple[list[dict[str, str]], str | None, Component | None]:
    """Offer the signals of the experiment's dataset; one that the address names is always among them."""
    found, actor = find_experiment(experiment), current_actor()
    if found is None:
        raise PreventUpdate
    query = (search_query or "").strip()
    filters = {"q": query} if query else {}
    if found["channel"]:
        filters["channel"] = found["channel"]
    listed = DatasetService.list_signals(
        found["dataset_id"], per_page=_MOST, filters=filters or None, actor=actor
    )
    signals = list(listed["items"])
    asked = parse_id(place["signal"])
    known = {each["signal_id"] for each in signals}
    named = DatasetService.get_signal(asked, actor=actor) if asked and asked not in known else None
    if named is not None and not query:
        signals.insert(0, named)
    values = [str(each["signal_id"]) for each in signals]
    value = next((each for each in (chosen, str(asked)) if each in values), values[0] if values else None)
    return build_signal_options(signals), value, build_signal_note(len(listed["items"]), listed["total"])


def show_options(method: str | None, experiment: str | None) -> Component:
    """Show what the chosen method can be asked with."""
    found = find_methods(require_id(experiment))
    spec = next((each for each in found["methods"] if each["name"] == method), None)
    if spec is None:
        raise PreventUpdate
    return forms.build_option_fields(spec, found["signal_options"], found["baselines"])


def allow_start(experiment: str | None, signal: str | None, method: str | None) -> tuple[Any, ...]:
    """Say what is missing before something can be asked."""
    reason = None
    if not may_write():
        reason = VIEWER_REASON
    elif not experiment:
        reason = "Choose an experiment first."
    elif (find_experiment(experiment) or {}).get("trashed_at"):
        reason = "This experiment is in the trash. Restore it first."
    elif not signal:
        reason = "Choose a recording first."
    missing = reason or (None if method else "Choose a method first.")
    return missing is not None, missing, reason is not None, reason


@requires_role("engineer")
def ask(
    n_clicks: int | None,
    experiment: str | None,
    signal: str | None,
    method: str | None,
    target: str | None,
    values: Sequence[Any],
    ids: Sequence[Mapping[str, str]],
) -> dict[str, Any]:
    """Ask for an explanation; what is kept comes at once."""
    if not n_clicks:
        raise PreventUpdate
    options = {each["index"]: value for each, value in zip(ids, values, strict=True)}
    options = {name: "" if value is None else value for name, value in options.items()}
    if target and target != forms.PREDICTED:
        options["target_class"] = target
    number, signal_id, how = require_id(experiment), require_id(signal), method or ""
    asked = unwrap(XAIService.request_explanation(number, signal_id, how, options, actor=current_actor()))
    return {"explanation_id": follow(asked, number, how, signal_id), "clicks": n_clicks}


def register(app: dash.Dash) -> None:
    """Wire the page."""
    place = Input(XaiId.PAGE, "data")
    experiment, signal = Input(XaiId.EXPERIMENT, "value"), Input(XaiId.SIGNAL, "value")
    method = Input(XaiId.METHOD, "value")
    app.callback(
        Output(XaiId.AREA, "children"),
        Output(XaiId.CONTENT, "hidden"),
        Output(XaiId.EXPERIMENT, "options"),
        Output(XaiId.EXPERIMENT, "value"),
        place,
    )(offer_experiments)
    app.callback(Output(XaiId.STAMP, "children"), experiment)(show_stamp)
    _register_form(app, experiment, signal, method)
    keep_in_url(
        app,
        XaiId.URL,
        experiment,
        signal,
        method,
        Input(XaiId.CURRENT, "data"),
        Input(XaiId.TABS, "data"),
        Input(XaiId.ATLAS_PART, "value"),
        Input(XaiId.AXIS, "value"),
    )


def _register_form(app: dash.Dash, experiment: Input, signal: Input, method: Input) -> None:
    place = State(XaiId.PAGE, "data")
    app.callback(
        Output(XaiId.METHOD, "options"),
        Output(XaiId.METHOD, "value"),
        Output(XaiId.TARGET, "options"),
        Output(XaiId.TARGET, "value"),
        Output(XaiId.ATLAS_METHOD, "options"),
        Output(XaiId.ATLAS_METHOD, "value"),
        experiment,
        State(XaiId.METHOD, "value"),
        place,
    )(offer_methods)
    app.callback(
        Output(XaiId.SIGNAL, "options"),
        Output(XaiId.SIGNAL, "value"),
        Output(XaiId.SIGNAL_NOTE, "children"),
        experiment,
        Input(XaiId.SEARCH, "value"),
        State(XaiId.SIGNAL, "value"),
        place,
    )(list_signals)
    app.callback(Output(XaiId.OPTIONS, "children"), method, State(XaiId.EXPERIMENT, "value"))(show_options)
    app.callback(
        Output(XaiId.START, "disabled"),
        Output(XaiId.START, "title"),
        Output(XaiId.WHAT_START, "disabled"),
        Output(XaiId.WHAT_START, "title"),
        experiment,
        signal,
        method,
    )(allow_start)
    app.callback(
        Output(XaiId.ASKED, "data"),
        Input(XaiId.START, "n_clicks"),
        *(State(each, "value") for each in (XaiId.EXPERIMENT, XaiId.SIGNAL, XaiId.METHOD, XaiId.TARGET)),
        State(pattern_id(XaiId.OPTION, ALL), "value"),
        State(pattern_id(XaiId.OPTION, ALL), "id"),
        prevent_initial_call=True,
    )(ask)
