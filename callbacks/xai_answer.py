"""The explanations' page: the answer of one recording, and its plots."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output, State, ctx, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import current_actor, fills_area, find_viewer, parse_id
from callbacks.xai_common import choose_kept, is_active, list_kept, name_methods, show_progress
from layouts.components import xai_answer as answers
from layouts.components.xai_plots import ORDERS
from layouts.figures import explanation_bands as band_figures
from layouts.figures import explanations as figures
from layouts.ids.frame import FrameId
from layouts.ids.xai import XaiId
from services.xai_service import XAIService

_TAB = "recording"
_VIEWS = ("WAVEFORM", "FEATURES", "FREQUENCY", "ENVELOPE", "BANDS", "REMOVAL")
_OWN, _LINES = ("time", "features"), ("frequency",)
# Over what the checks beside each view judged.
_TRUSTED_BY = (_OWN, _OWN, _LINES, _LINES, _LINES, (*_OWN, *_LINES))


def choose_answer(
    experiment: str | None,
    signal: str | None,
    method: str | None,
    asked: dict[str, Any] | None,
    place: dict[str, Any],
) -> int | None:
    """Show what was asked; after another choice what is kept of it, if anything."""
    number, signal_id = parse_id(experiment), parse_id(signal)
    if asked and ctx.triggered_id == XaiId.ASKED:
        return int(asked["explanation_id"])
    if number is None or signal_id is None or not method:
        return None
    headers = list_kept(number, signal_id=signal_id, method=method)
    return choose_kept(headers, parse_id(place["explanation"]))


def show_job(tab: str, current: int | None, _tick: int | None, _jobs: Any) -> Component | None:
    """Show how far the explanation is."""
    if tab != _TAB or current is None:
        return None
    return show_progress(XAIService.get_explanation(current, n_points=1, actor=current_actor()))


@fills_area
def show_answer(tab: str, current: int | None, _jobs: Any, drawn: dict[str, Any] | None) -> tuple[Any, ...]:
    """Show what the explanation says, and what it rests on."""
    if tab != _TAB:
        raise PreventUpdate
    nothing = {"explanation_id": None}
    if current is None:
        return answers.build_not_asked(), None, nothing, True, [], "0"
    found = XAIService.get_explanation(current, n_points=1, actor=current_actor())
    if found is None:
        return answers.build_gone(), None, nothing, True, [], "0"
    summary = found["summary"]
    if summary is None:
        state = answers.build_under_way() if is_active(found) else answers.build_failed(found["job"])
        return state, None, nothing, True, [], "0"
    now = {"explanation_id": current, "made": found["created_at"], "job_id": found["job_id"]}
    title = name_methods(found["experiment_id"]).get(found["method"], found["method"])
    return (
        answers.build_headline(found, title),
        answers.build_details(found, find_viewer(summary["recording"]["signal_id"], current_actor())),
        no_update if now == drawn else now,
        False,
        answers.build_window_options(summary),
        no_update if now == drawn else "0",
    )


def draw(
    drawn: dict[str, Any] | None, window: str | None, axis: str | None, theme: str | None
) -> tuple[Any, ...]:
    """Draw the explanation: over the waveform, features, frequency, envelope and bands."""
    current, n_views = (drawn or {}).get("explanation_id"), len(_VIEWS)
    found = None
    if current is not None:
        found = XAIService.get_explanation(int(current), int(window or 0), actor=current_actor())
    if found is None or found["summary"] is None:
        return *[True] * n_views, *[no_update] * n_views, *[None] * n_views, None, None
    summary, curves, look = found["summary"], found["curves"] or {}, theme or "light"
    orders = axis == ORDERS and bool(summary["shaft"]["frequency_hz"])
    has_place = "attribution" in curves.get("time", {})
    plots = (
        figures.build_waveform_figure(found, look) if has_place else None,
        figures.build_feature_figure(summary, look) if summary["features"] else None,
        figures.build_frequency_figure(found, "frequency", look, orders=orders)
        if "frequency" in curves
        else None,
        figures.build_frequency_figure(found, "envelope", look, orders=orders)
        if "envelope" in curves
        else None,
        band_figures.build_band_figure(summary["bands"], look) if summary["bands"] else None,
        figures.build_removal_figure(summary, look) if figures.list_removals(summary) else None,
    )
    strips = [
        None if plot is None else answers.build_trust_strip(summary, axes)
        for plot, axes in zip(plots, _TRUSTED_BY, strict=True)
    ]
    notes = [answers.describe_axis(summary, name, asked=axis == ORDERS) for name in ("frequency", "envelope")]
    return (
        *(plot is None for plot in plots),
        *(no_update if plot is None else plot for plot in plots),
        *strips,
        *notes,
    )


def register(app: dash.Dash) -> None:
    """Wire the answer."""
    tab, jobs = Input(XaiId.TABS, "data"), Input(FrameId.JOBS, "data")
    current = Input(XaiId.CURRENT, "data")
    app.callback(
        Output(XaiId.CURRENT, "data"),
        Input(XaiId.EXPERIMENT, "value"),
        Input(XaiId.SIGNAL, "value"),
        Input(XaiId.METHOD, "value"),
        Input(XaiId.ASKED, "data"),
        State(XaiId.PAGE, "data"),
    )(choose_answer)
    app.callback(
        Output(XaiId.JOB, "children"), tab, current, Input(FrameId.JOBS_INTERVAL, "n_intervals"), jobs
    )(show_job)
    app.callback(
        Output(XaiId.RESULT, "children"),
        Output(XaiId.DETAILS, "children"),
        Output(XaiId.DRAWN, "data"),
        Output(XaiId.CHOICES, "hidden"),
        Output(XaiId.WINDOW, "options"),
        Output(XaiId.WINDOW, "value"),
        tab,
        current,
        jobs,
        State(XaiId.DRAWN, "data"),
    )(show_answer)
    app.callback(
        *(Output(XaiId[f"{view}_SHOWN"], "hidden") for view in _VIEWS),
        *(Output(XaiId[view], "figure") for view in _VIEWS),
        *(Output(XaiId[f"{view}_TRUST"], "children") for view in _VIEWS),
        Output(XaiId.FREQUENCY_NOTE, "children"),
        Output(XaiId.ENVELOPE_NOTE, "children"),
        Input(XaiId.DRAWN, "data"),
        Input(XaiId.WINDOW, "value"),
        Input(XaiId.AXIS, "value"),
        Input(FrameId.THEME, "data"),
    )(draw)
