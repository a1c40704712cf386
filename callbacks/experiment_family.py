"""The Settings tab of an experiment: moving it, with a baseline of its own, to the trash and back."""

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
from callbacks.experiment_common import list_family
from layouts.components import experiment_family as relatives
from layouts.components.forms import VIEWER_REASON
from layouts.components.numbers import count_of
from layouts.ids.experiment import ExperimentId
from services.experiment_service import ExperimentService


@fills_area
def show_shelf(_seen: Any, _thrown: Any, place: dict[str, Any]) -> tuple[Any, ...]:
    """Say whether the experiment is in the trash, and offer the other."""
    number = parse_id(place["experiment_id"])
    found = None if number is None else ExperimentService.get_experiment(number, actor=current_actor())
    if found is None:
        missing = "There is no such experiment."
        return missing, True, missing, True, missing
    beside = relatives.find_beside(list_family(found), found["experiment_id"])
    reason = None if may_write() else VIEWER_REASON
    return relatives.describe_shelf(found, len(beside)), *relatives.offer_trash(found, reason)


@requires_role("engineer")
def throw_away(n_trash: int | None, n_restore: int | None, place: dict[str, Any]) -> dict[str, Any]:
    """Move the experiment, and a baseline of its own, to the trash or back."""
    number, actor = parse_id(place["experiment_id"]), current_actor()
    if number is None or not (n_trash or n_restore):
        raise PreventUpdate
    found = ExperimentService.get_experiment(number, actor=actor)
    if found is None:
        raise PreventUpdate
    ids = [number, *relatives.find_beside(list_family(found), number)]
    if dash.ctx.triggered_id == ExperimentId.TRASH:
        moved = unwrap(ExperimentService.trash_experiments(ids, actor=actor))["n_moved"]
        words = "They can be restored for 30 days."
        show_toast(
            f"{count_of(moved, 'training')} in the trash",
            words,
            level="success",
            link="/experiments?shelf=trash",
        )
    else:
        moved = unwrap(ExperimentService.restore_experiments(ids, actor=actor))["n_moved"]
        show_toast(f"{count_of(moved, 'training')} restored", level="success", link="/experiments")
    return {"ids": ids, "stamp": [n_trash, n_restore]}


def register(app: dash.Dash) -> None:
    """Wire the trash."""
    place = State(ExperimentId.PAGE, "data")
    app.callback(
        Output(ExperimentId.SHELF, "children"),
        *(
            Output(button, prop)
            for button in (ExperimentId.TRASH, ExperimentId.RESTORE)
            for prop in ("disabled", "title")
        ),
        Input(ExperimentId.SEEN, "data"),
        Input(ExperimentId.THROWN, "data"),
        place,
    )(show_shelf)
    app.callback(
        Output(ExperimentId.THROWN, "data"),
        Input(ExperimentId.TRASH, "n_clicks"),
        Input(ExperimentId.RESTORE, "n_clicks"),
        place,
        prevent_initial_call=True,
    )(throw_away)
