"""The condition trend of a series: choose it, have it computed, read it."""

from __future__ import annotations

import json
from typing import Any

import dash
from dash import Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    keep_in_url,
    may_write,
    navigate,
    parse_id,
    requires_role,
    unwrap,
    watch_jobs,
)
from layouts.components import trend_facts as facts
from layouts.components.forms import VIEWER_REASON
from layouts.components.jobs import ACTIVE_STATES
from layouts.components.numbers import count_of
from layouts.components.states import build_empty_state, build_error_state
from layouts.figures.trend import build_trend_figure
from layouts.ids.condition_trend import TrendId
from layouts.ids.frame import FrameId
from layouts.pages.condition_trend import LOADING
from services.data_service import DataService
from services.dataset_service import DatasetService
from utils.exceptions import InvalidInputError


@fills_area
def show_series(place: dict[str, Any]) -> tuple:
    """Offer the dataset's series."""
    dataset_id = parse_id(place["dataset_id"])
    details = DatasetService.get_dataset_details(dataset_id, actor=current_actor()) if dataset_id else None
    if details is None:
        gone = build_empty_state("There is no such dataset", "It may have been deleted.", icon="database")
        return gone, "Condition trend", [{"value": "", "label": "none"}], ""
    listed = unwrap(
        DataService.list_trend_series(dataset_id, parse_id(place["version"]), actor=current_actor())
    )
    title = f"Condition trend of {details['name']}"
    if not listed["series"]:
        return facts.build_no_series(listed), title, [{"value": "", "label": "none"}], ""
    options = [{"value": _write_series(each), "label": _word_series(each)} for each in listed["series"]]
    values = [option["value"] for option in options]
    wanted = place["series"] or _write_series({"channel": place["channel"], "group": place["group"] or None})
    return None, title, options, wanted if wanted in values else values[0]


def _write_series(series: dict[str, Any]) -> str:
    return json.dumps([series["channel"], series["group"]])


def _read_series(value: str) -> tuple[str, str | None]:
    try:
        channel, group = json.loads(value)
    except (TypeError, ValueError) as error:
        raise InvalidInputError("The address names no series.") from error
    return str(channel), None if group is None else str(group)


def _word_series(series: dict[str, Any]) -> str:
    group = f" · {series['group']}" if series["group"] else ""
    return f"{series['channel']}{group} · {count_of(series['n'], 'recording')}"


def _share(percent: Any) -> float:
    try:
        return float(percent) / 100.0
    except (TypeError, ValueError) as error:
        raise InvalidInputError("Give the reference period and the rates in percent.") from error


@fills_area
def show_trend(
    series: str | None,
    indicator: str,
    start: Any,
    end: Any,
    alert: Any,
    alarm: Any,
    scale: str,
    theme: str | None,
    _jobs: Any,
    _asked: Any,
    place: dict[str, Any],
) -> tuple:
    """Draw the chosen indicator, or say what is missing for it."""
    dataset_id = parse_id(place["dataset_id"])
    if series == LOADING:
        raise PreventUpdate
    if not series or dataset_id is None:
        return None, True, True, False, None, *[no_update] * 4
    channel, group = _read_series(series)
    trend = DataService.get_condition_trend(
        dataset_id,
        parse_id(place["version"]),
        channel=channel,
        group=group,
        indicator=indicator or "rms",
        reference=(_share(start), _share(end)),
        alert_rate=_share(alert),
        alarm_rate=_share(alarm),
        actor=current_actor(),
    )
    if not trend["success"]:
        refused = build_error_state(trend["error"], title="This trend can't be shown")
        return refused, True, True, False, None, *[no_update] * 4
    if not trend["ready"]:
        busy = trend["job"] is not None and trend["job"]["state"] in ACTIVE_STATES
        reason = None if may_write() else VIEWER_REASON
        offered = [_offer_indicator(each) for each in trend["indicators"]]
        return facts.build_work(trend["job"]), busy, True, bool(reason), reason, *[no_update] * 3, offered
    return (
        None,
        True,
        False,
        False,
        None,
        build_trend_figure(trend, theme or "light", logarithmic=scale == "log"),
        _describe(trend),
        facts.build_facts(dataset_id, trend),
        [_offer_indicator(each) for each in trend["indicators"]],
    )


def _offer_indicator(indicator: dict[str, Any]) -> dict[str, str]:
    missing = "" if indicator["available"] else " (not known here)"
    return {"value": indicator["name"], "label": indicator["title"] + missing}


def _describe(trend: dict[str, Any]) -> str:
    words = f"{count_of(trend['n_observations'], 'observation')}, one per recording"
    return f"{words}, thinned: extremes stay" if trend["points"]["thinned"] else words


@requires_role("engineer")
def compute(n_clicks: int | None, series: str, place: dict[str, Any]) -> Any:
    """Have the indicators computed."""
    dataset_id = parse_id(place["dataset_id"])
    if not n_clicks or dataset_id is None:
        raise PreventUpdate
    channel, group = _read_series(series)
    asked = unwrap(
        DataService.request_condition_trend(
            dataset_id, parse_id(place["version"]), channel=channel, group=group, actor=current_actor()
        )
    )
    watch_jobs()
    return asked["job_id"]


def open_recording(clicked: dict[str, Any] | None, place: dict[str, Any]) -> None:
    """Open the recording of a point in the viewer."""
    points = (clicked or {}).get("points") or []
    recording_id = parse_id(points[0]["customdata"][0]) if points and "customdata" in points[0] else None
    dataset_id = parse_id(place["dataset_id"])
    if recording_id is None or dataset_id is None:
        raise PreventUpdate
    navigate(f"/signals/{dataset_id}/{recording_id}")


def register(app: dash.Dash) -> None:
    """Wire the page."""
    place = State(TrendId.PAGE, "data")
    choices = (
        Input(TrendId.SERIES, "value"),
        Input(TrendId.INDICATOR, "value"),
        Input(TrendId.REFERENCE_FROM, "value"),
        Input(TrendId.REFERENCE_TO, "value"),
        Input(TrendId.ALERT_RATE, "value"),
        Input(TrendId.ALARM_RATE, "value"),
        Input(TrendId.SCALE, "value"),
    )
    app.callback(
        Output(TrendId.PROBLEM, "children"),
        Output(TrendId.TITLE, "children"),
        Output(TrendId.SERIES, "options"),
        Output(TrendId.SERIES, "value"),
        Input(TrendId.PAGE, "data"),
    )(show_series)
    app.callback(
        Output(TrendId.STATE, "children"),
        Output(TrendId.OFFER, "hidden"),
        Output(TrendId.SHOWN, "hidden"),
        Output(TrendId.COMPUTE, "disabled"),
        Output(TrendId.COMPUTE, "title"),
        Output(TrendId.PLOT, "figure"),
        Output(TrendId.NOTE, "children"),
        Output(TrendId.FACTS, "children"),
        Output(TrendId.INDICATOR, "options"),
        *choices,
        Input(FrameId.THEME, "data"),
        Input(FrameId.JOBS, "data"),
        Input(TrendId.ASKED, "data"),
        place,
    )(show_trend)
    app.callback(
        Output(TrendId.ASKED, "data"),
        Input(TrendId.COMPUTE, "n_clicks"),
        State(TrendId.SERIES, "value"),
        place,
        prevent_initial_call=True,
    )(compute)
    app.callback(Input(TrendId.PLOT, "clickData"), place, prevent_initial_call=True)(open_recording)
    keep_in_url(app, TrendId.URL, *choices)
