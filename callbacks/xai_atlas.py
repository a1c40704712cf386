"""The explanations' page: the atlas of the classes, and what is kept."""

from __future__ import annotations

from typing import Any

import dash
from dash import ALL, Input, Output, State, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    may_write,
    parse_id,
    require_id,
    requires_role,
    show_toast,
    triggered_index,
    unwrap,
)
from callbacks.xai_common import (
    choose_kept,
    find_experiment,
    follow,
    is_active,
    list_kept,
    name_methods,
    show_progress,
)
from layouts.components import xai_atlas as parts
from layouts.components import xai_kept as kept
from layouts.components.forms import VIEWER_REASON
from layouts.components.xai_answer import build_failed, build_under_way
from layouts.figures.explanation_bands import build_atlas_figure
from layouts.ids import pattern_id
from layouts.ids.frame import FrameId
from layouts.ids.xai import XaiId
from services.explanation_cache import ExplanationCache
from services.xai_service import XAIService

_TAB, _KEPT_TAB = "classes", "kept"
_N_LISTED = 50


def allow_atlas(experiment: str | None, method: str | None) -> tuple[bool, str | None]:
    """Say what is missing before an atlas can be asked for."""
    reason = None if may_write() else VIEWER_REASON
    if reason is None and not (experiment and method):
        reason = "Choose an experiment and a method first."
    if reason is None and (find_experiment(experiment) or {}).get("trashed_at"):
        reason = "This experiment is in the trash. Restore it first."
    return reason is not None, reason


@requires_role("engineer")
def ask(
    n_clicks: int | None, experiment: str | None, part: str, method: str | None, most: Any
) -> dict[str, Any]:
    """Have every recording of the part explained."""
    if not n_clicks:
        raise PreventUpdate
    options = {"max_recordings": most} if most else {}
    number, how = require_id(experiment), method or ""
    asked = unwrap(XAIService.explain_part(number, part, how, options, actor=current_actor()))
    return {"explanation_id": follow(asked, number, how), "clicks": n_clicks}


def _find_atlas(
    experiment: str | None, part: str, method: str | None, asked: dict[str, Any] | None
) -> dict[str, Any] | None:
    number = parse_id(experiment)
    if number is None or not method:
        return None
    headers = [each for each in list_kept(number, method=method) if each["part"] == part]
    chosen = choose_kept(headers, (asked or {}).get("explanation_id"))
    if chosen is None:
        return None
    return XAIService.get_explanation(chosen, actor=current_actor())


def show_job(
    tab: str,
    experiment: str | None,
    part: str,
    method: str | None,
    asked: dict[str, Any] | None,
    _tick: int | None,
    _jobs: Any,
) -> Component | None:
    """Show how far the atlas is."""
    if tab != _TAB:
        raise PreventUpdate
    return show_progress(_find_atlas(experiment, part, method, asked))


@fills_area
def show_atlas(
    tab: str,
    experiment: str | None,
    part: str,
    method: str | None,
    asked: dict[str, Any] | None,
    theme: str | None,
    _jobs: Any,
) -> tuple[Any, ...]:
    """Show where the classifier looks for each class."""
    if tab != _TAB:
        raise PreventUpdate
    found = _find_atlas(experiment, part, method, asked)
    if found is None:
        return parts.build_no_atlas(part), True, no_update, None
    if found["summary"] is None:
        state = build_under_way() if is_active(found) else build_failed(found["job"])
        return state, True, no_update, None
    classes = [each for each in found["summary"]["classes"] if each["bands"]]
    return (
        parts.build_atlas_words(found),
        False,
        build_atlas_figure(classes, theme or "light"),
        parts.build_atlas_tables(found),
    )


@fills_area
def show_kept(
    tab: str, experiment: str | None, whose: str, _forgotten: Any, _jobs: Any
) -> tuple[Component, str]:
    """List the explanations that are kept."""
    number = parse_id(experiment)
    if tab != _KEPT_TAB or number is None:
        raise PreventUpdate
    actor = current_actor()
    found = XAIService.list_explanations(None if whose == "all" else number, per_page=_N_LISTED, actor=actor)
    statistics = ExplanationCache.get_cache_statistics(actor=actor)
    listed = kept.build_kept(found["items"], found["total"], name_methods(number), may_write=may_write())
    return listed, kept.describe_cache(statistics) if statistics else ""


@requires_role("engineer")
def forget(_clicks: list[int | None]) -> int:
    """Delete a kept explanation."""
    explanation_id = triggered_index()
    if explanation_id is None:
        raise PreventUpdate
    unwrap(XAIService.delete_explanation(int(explanation_id), actor=current_actor()))
    show_toast("Explanation forgotten", "It is worked out anew when it is asked for.", level="success")
    return int(explanation_id)


def register(app: dash.Dash) -> None:
    """Wire both tabs."""
    tab, jobs = Input(XaiId.TABS, "data"), Input(FrameId.JOBS, "data")
    experiment, method = Input(XaiId.EXPERIMENT, "value"), Input(XaiId.ATLAS_METHOD, "value")
    part, asked = Input(XaiId.ATLAS_PART, "value"), Input(XaiId.ATLAS_ASKED, "data")
    app.callback(
        Output(XaiId.ATLAS_START, "disabled"), Output(XaiId.ATLAS_START, "title"), experiment, method
    )(allow_atlas)
    app.callback(
        Output(XaiId.ATLAS_ASKED, "data"),
        Input(XaiId.ATLAS_START, "n_clicks"),
        *(
            State(field, "value")
            for field in (XaiId.EXPERIMENT, XaiId.ATLAS_PART, XaiId.ATLAS_METHOD, XaiId.ATLAS_MOST)
        ),
        prevent_initial_call=True,
    )(ask)
    app.callback(
        Output(XaiId.ATLAS_JOB, "children"),
        *(tab, experiment, part, method, asked),
        Input(FrameId.JOBS_INTERVAL, "n_intervals"),
        jobs,
    )(show_job)
    app.callback(
        Output(XaiId.ATLAS, "children"),
        Output(XaiId.ATLAS_SHOWN, "hidden"),
        Output(XaiId.ATLAS_PLOT, "figure"),
        Output(XaiId.ATLAS_TABLE, "children"),
        *(tab, experiment, part, method, asked),
        Input(FrameId.THEME, "data"),
        jobs,
    )(show_atlas)
    app.callback(
        Output(XaiId.KEPT, "children"),
        Output(XaiId.CACHE, "children"),
        tab,
        experiment,
        Input(XaiId.KEPT_OF, "value"),
        Input(XaiId.FORGOTTEN, "data"),
        jobs,
    )(show_kept)
    app.callback(
        Output(XaiId.FORGOTTEN, "data"),
        Input(pattern_id(XaiId.FORGET, ALL), "n_clicks"),
        prevent_initial_call=True,
    )(forget)
