"""The explanations' page: what if a band were weaker."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output, State, ctx, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    parse_id,
    require_id,
    requires_role,
    unwrap,
)
from callbacks.xai_common import WHAT_IF, choose_kept, follow, is_active, list_kept, show_progress
from layouts.components import xai_what_if as parts
from layouts.components.xai_answer import build_failed
from layouts.components.xai_form import PREDICTED
from layouts.figures.explanation_bands import build_what_if_figure
from layouts.ids.frame import FrameId
from layouts.ids.xai import XaiId
from services.xai_service import XAIService
from utils.exceptions import InvalidInputError

_TAB = "recording"


def allow_own_band(source: str | None) -> tuple[bool, bool]:
    """Let a band be written where it is not the machine's own."""
    return source != parts.OWN, source != parts.OWN


@requires_role("engineer")
def ask(
    n_clicks: int | None,
    experiment: str | None,
    signal: str | None,
    target: str | None,
    source: str | None,
    low: str | None,
    high: str | None,
    gains: str | None,
) -> dict[str, Any]:
    """Ask how the probabilities move with a band's level."""
    if not n_clicks:
        raise PreventUpdate
    options: dict[str, Any] = {"gains_db": _read_gains(gains)}
    if source == parts.OWN:
        options["bands"] = [{"low_hz": _read_edge(low), "high_hz": _read_edge(high)}]
    if target and target != PREDICTED:
        options["target_class"] = target
    number, signal_id = require_id(experiment), require_id(signal)
    asked = unwrap(XAIService.request_what_if(number, signal_id, options, actor=current_actor()))
    return {"explanation_id": follow(asked, number, WHAT_IF, signal_id), "clicks": n_clicks}


def _read_gains(text: str | None) -> list[float]:
    try:
        return [float(part) for part in (text or "").replace(",", " ").split()]
    except ValueError as error:
        raise InvalidInputError(
            "Write the levels in dB as numbers with commas, such as -40, -20, 0, 10."
        ) from error


def _read_edge(text: str | None) -> float:
    try:
        return float((text or "").strip().replace(" ", ""))
    except ValueError as error:
        raise InvalidInputError(
            "Write both ends of the band in Hz as numbers, such as 2500 and 3500."
        ) from error


def choose_answer(
    experiment: str | None, signal: str | None, asked: dict[str, Any] | None, place: dict[str, Any]
) -> int | None:
    """Show what was asked; of another recording what is kept."""
    number, signal_id = parse_id(experiment), parse_id(signal)
    if asked and ctx.triggered_id == XaiId.WHAT_ASKED:
        return int(asked["explanation_id"])
    if number is None or signal_id is None:
        return None
    headers = list_kept(number, signal_id=signal_id, method=WHAT_IF)
    return choose_kept(headers, parse_id(place["explanation"]))


def show_job(tab: str, current: int | None, _tick: int | None, _jobs: Any) -> Component | None:
    """Show how far it is."""
    if tab != _TAB or current is None:
        return None
    return show_progress(XAIService.get_explanation(current, n_points=1, actor=current_actor()))


@fills_area
def show_answer(tab: str, current: int | None, _jobs: Any, drawn: dict[str, Any] | None) -> tuple[Any, ...]:
    """Say what the levels changed."""
    if tab != _TAB:
        raise PreventUpdate
    found = None
    if current is not None:
        found = XAIService.get_explanation(current, n_points=1, actor=current_actor())
    if found is None or found["summary"] is None:
        failed = None if found is None or is_active(found) else build_failed(found["job"])
        return failed, {"explanation_id": None}, True, [], parts.EVERY_BAND, None
    summary = found["summary"]
    now = {"explanation_id": current, "job_id": found["job_id"]}
    curves = parts.list_curves(summary)
    return (
        parts.build_what_if_words(summary),
        no_update if now == drawn else now,
        not summary["bands"],
        curves,
        no_update if now == drawn or not curves else curves[0]["value"],
        parts.build_what_if_table(summary) if summary["bands"] else None,
    )


def draw(drawn: dict[str, Any] | None, shown: str | None, theme: str | None) -> Any:
    """Draw the probabilities over the band's level."""
    current = (drawn or {}).get("explanation_id")
    if current is None:
        raise PreventUpdate
    found = XAIService.get_explanation(int(current), n_points=1, actor=current_actor())
    if found is None or not (found["summary"] or {}).get("bands"):
        raise PreventUpdate
    return build_what_if_figure(found["summary"], shown or parts.EVERY_BAND, theme or "light")


def register(app: dash.Dash) -> None:
    """Wire the card."""
    tab, jobs = Input(XaiId.TABS, "data"), Input(FrameId.JOBS, "data")
    current = Input(XaiId.WHAT_CURRENT, "data")
    app.callback(
        Output(XaiId.WHAT_LOW, "disabled"),
        Output(XaiId.WHAT_HIGH, "disabled"),
        Input(XaiId.WHAT_BAND, "value"),
    )(allow_own_band)
    fields = (
        *(XaiId.EXPERIMENT, XaiId.SIGNAL, XaiId.TARGET, XaiId.WHAT_BAND),
        *(XaiId.WHAT_LOW, XaiId.WHAT_HIGH, XaiId.WHAT_GAINS),
    )
    app.callback(
        Output(XaiId.WHAT_ASKED, "data"),
        Input(XaiId.WHAT_START, "n_clicks"),
        *(State(field, "value") for field in fields),
        prevent_initial_call=True,
    )(ask)
    app.callback(
        Output(XaiId.WHAT_CURRENT, "data"),
        Input(XaiId.EXPERIMENT, "value"),
        Input(XaiId.SIGNAL, "value"),
        Input(XaiId.WHAT_ASKED, "data"),
        State(XaiId.PAGE, "data"),
    )(choose_answer)
    app.callback(
        Output(XaiId.WHAT_JOB, "children"), tab, current, Input(FrameId.JOBS_INTERVAL, "n_intervals"), jobs
    )(show_job)
    app.callback(
        Output(XaiId.WHAT_STATE, "children"),
        Output(XaiId.WHAT_DRAWN, "data"),
        Output(XaiId.WHAT_SHOWN, "hidden"),
        Output(XaiId.WHAT_CURVES, "options"),
        Output(XaiId.WHAT_CURVES, "value"),
        Output(XaiId.WHAT_TABLE, "children"),
        tab,
        current,
        jobs,
        State(XaiId.WHAT_DRAWN, "data"),
    )(show_answer)
    app.callback(
        Output(XaiId.WHAT_PLOT, "figure"),
        Input(XaiId.WHAT_DRAWN, "data"),
        Input(XaiId.WHAT_CURVES, "value"),
        Input(FrameId.THEME, "data"),
    )(draw)
