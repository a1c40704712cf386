"""The Settings tab of an experiment: what it was made of, its name and its notes."""

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
    show_toast,
    unwrap,
)
from callbacks.experiment_common import list_family, name_members
from layouts.components import experiment_family as relatives
from layouts.components import experiment_settings as tab
from layouts.components.experiment_page import build_missing
from layouts.components.forms import VIEWER_REASON
from layouts.ids.experiment import ExperimentId
from services.experiment_service import ExperimentService


@fills_area
def show_settings(_seen: Any, _thrown: Any, place: dict[str, Any]) -> tuple[Any, ...]:
    """Show how the experiment was made, and the command that repeats it."""
    number, actor = parse_id(place["experiment_id"]), current_actor()
    experiment = None if number is None else ExperimentService.get_experiment(number, actor=actor)
    if experiment is None:
        return build_missing(), None, None, None
    networks = ExperimentService.list_networks(actor=actor)
    spec = next((each for each in networks if each["name"] == experiment["network"]), None)
    parent_id = experiment.get("parent_id")
    parent = None if parent_id is None else ExperimentService.get_experiment(parent_id, actor=actor)
    return (
        tab.build_experiment_card(experiment, parent, name_members(experiment)),
        tab.build_options(experiment, spec),
        tab.build_command(experiment, spec),
        relatives.build_family(experiment, list_family(experiment)),
    )


def fill_form(place: dict[str, Any]) -> tuple[str, str, bool, str | None]:
    """Fill name and notes once, so that nothing is taken from under somebody's fingers."""
    number = parse_id(place["experiment_id"])
    found = None if number is None else ExperimentService.get_experiment(number, actor=current_actor())
    if found is None:
        return "", "", True, "There is no such experiment."
    reason = None if may_write() else VIEWER_REASON
    return found["name"], found["notes"], reason is not None, reason


@requires_role("engineer")
def save(n_clicks: int | None, name: str | None, notes: str | None, place: dict[str, Any]) -> int:
    """Keep name and notes."""
    number = parse_id(place["experiment_id"])
    if not n_clicks or number is None:
        raise PreventUpdate
    unwrap(
        ExperimentService.update_experiment(number, name=name or "", notes=notes or "", actor=current_actor())
    )
    show_toast("Saved", level="success")
    return n_clicks


def register(app: dash.Dash) -> None:
    """Wire the tab."""
    place = State(ExperimentId.PAGE, "data")
    app.callback(
        Output(ExperimentId.CARD, "children"),
        Output(ExperimentId.OPTIONS, "children"),
        Output(ExperimentId.COMMAND, "children"),
        Output(ExperimentId.FAMILY, "children"),
        Input(ExperimentId.SEEN, "data"),
        Input(ExperimentId.THROWN, "data"),
        place,
    )(show_settings)
    app.callback(
        Output(ExperimentId.NAME, "value"),
        Output(ExperimentId.NOTES, "value"),
        Output(ExperimentId.SAVE, "disabled"),
        Output(ExperimentId.SAVE, "title"),
        Input(ExperimentId.PAGE, "data"),
    )(fill_form)
    app.callback(
        Output(ExperimentId.SAVED, "data"),
        Input(ExperimentId.SAVE, "n_clicks"),
        State(ExperimentId.NAME, "value"),
        State(ExperimentId.NOTES, "value"),
        place,
        prevent_initial_call=True,
    )(save)
