"""The data explorer: everything from the stored features of the chosen dataset version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash
from dash import Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    keep_in_url,
    may_write,
    parse_id,
    requires_role,
    unwrap,
    watch_jobs,
)
from layouts.components.badges import build_class_badge
from layouts.components.cards import build_card
from layouts.components.feature_choice import build_no_features, build_refusal
from layouts.components.forms import VIEWER_REASON
from layouts.components.numbers import count_of, format_number
from layouts.components.states import build_empty_state
from layouts.components.tables import build_plain_table
from layouts.figures import features as figures
from layouts.ids.data_explorer import ExplorerId
from layouts.ids.frame import FrameId
from services.feature_service import FeatureService

_PERCENTILES = ("p5", "p25", "p50", "p75", "p95")


def show_features(feature_set: str | None, current: str | None, asked: dict[str, Any]) -> tuple:
    """Offer the features of the set; the current one stays chosen as long as it is there."""
    set_id = parse_id(feature_set)
    found = FeatureService.get_feature_set(set_id, actor=current_actor()) if set_id else None
    names = found["feature_names"] if found else []
    options = [{"value": name, "label": name} for name in names]
    wanted = current or asked.get("feature")
    return options, wanted if wanted in names else (names[0] if names else "")


@fills_area
def show_distribution(
    tab: str,
    feature: str | None,
    theme: str | None,
    feature_set: str | None,
    dataset: str | None,
    version: str | None,
) -> tuple:
    """Draw one feature's distribution per class."""
    if tab != "distributions":
        return no_update, no_update, no_update, no_update, no_update
    set_id = parse_id(feature_set)
    if set_id is None or not feature:
        return build_no_features(dataset, version), True, no_update, None, None
    found = FeatureService.get_distribution(set_id, feature, actor=current_actor())
    if not found["success"]:
        return build_refusal(found["error"]), True, no_update, None, None
    return (
        None,
        False,
        figures.build_distribution(found, theme or "light"),
        f"{found['feature']['meaning']} · window-level; the end bins hold what lies beyond",
        _build_percentiles(found),
    )


def _build_percentiles(found: Mapping[str, Any]) -> Any:
    unit = found["feature"]["unit"]
    rows = [
        [
            build_class_badge(each["fault_class"]),
            format_number(each["n_recordings"]),
            format_number(each["n_windows"]),
            format_number(each["minimum"]),
            *(format_number(each["percentiles"][name]) for name in _PERCENTILES),
            format_number(each["maximum"]),
        ]
        for each in found["classes"]
    ]
    headers = [
        "Class",
        "Recordings",
        "Windows",
        "Smallest",
        "5 %",
        "25 %",
        "Median",
        "75 %",
        "95 %",
        "Largest",
    ]
    title = f"{found['feature']['name']} per class" + (f" ({unit})" if unit else "")
    return build_card(title, build_plain_table(headers, rows, caption=title), flush=True)


@fills_area
def show_projection(
    tab: str,
    feature_set: str | None,
    method: str,
    theme: str | None,
    _jobs: Any,
    dataset: str | None,
    version: str | None,
) -> tuple:
    """Draw the stored projection, or offer to lay the windows out."""
    if tab != "projection":
        return (no_update,) * 5
    set_id = parse_id(feature_set)
    if set_id is None:
        return build_no_features(dataset, version), True, no_update, None, True
    found = FeatureService.get_projection(set_id, method, actor=current_actor())
    if not found["success"]:
        return build_refusal(found["error"]), True, no_update, None, True
    if not found["ready"]:
        state = build_empty_state(
            "Not laid out yet",
            "t-SNE puts windows that are alike side by side. It is computed once, in a job, and stored.",
            icon="diagram-3",
        )
        return html.Div(state, className="surface"), True, no_update, None, False
    return None, False, figures.build_projection(found, theme or "light"), _word_projection(found), True


def _word_projection(found: Mapping[str, Any]) -> str:
    shown = count_of(found["n_shown"], "window")
    if found["n_shown"] < found["n_rows"]:
        shown = f"{shown} of {format_number(found['n_rows'])}, drawn evenly"
    if found["method"] == "pca":
        return f"{shown} · standardised features"
    return (
        f"{shown} · perplexity {format_number(found['perplexity'])} · distances between groups mean nothing"
    )


def allow_projection(_place: Any) -> tuple:
    """Disable the button for viewers, with the reason."""
    return (False, "") if may_write() else (True, VIEWER_REASON)


@requires_role("engineer")
def lay_out(n_clicks: int | None, feature_set: str | None) -> None:
    """Have the windows laid out by t-SNE."""
    set_id = parse_id(feature_set)
    if not n_clicks or set_id is None:
        raise PreventUpdate
    unwrap(FeatureService.request_projection(set_id, actor=current_actor()))
    watch_jobs()


def show_point(clicked: dict[str, Any] | None) -> Any:
    """Lead to the recording of the point that was clicked."""
    points = (clicked or {}).get("points") or []
    if not points or "customdata" not in points[0]:
        raise PreventUpdate
    href, recording, channel, start_s = points[0]["customdata"]
    words = f"{recording}, channel {channel}, window at {format_number(start_s)} s"
    if not href or not str(href).startswith("/signals/"):
        return "This set was given by hand: its windows lead to no recording."
    return [f"{words}: ", dcc.Link("open the recording", href=href)]


@fills_area
def show_spectra(
    tab: str, feature_set: str | None, theme: str | None, dataset: str | None, version: str | None
) -> tuple:
    """Draw the classes' spectra with their percentile bands."""
    if tab != "spectra":
        return (no_update,) * 4
    set_id = parse_id(feature_set)
    if set_id is None:
        return build_no_features(dataset, version), True, no_update, None
    found = FeatureService.get_class_spectra(set_id, actor=current_actor())
    if not found["success"]:
        return build_refusal(found["error"]), True, no_update, None
    note = f"Median and 10th to 90th percentile over the signals · Δf = {found['resolution_hz']:.3g} Hz"
    return None, False, figures.build_spectra(found, theme or "light"), note


def register(app: dash.Dash) -> None:
    """Wire the page."""
    tab, chosen = Input(ExplorerId.TABS, "data"), Input(ExplorerId.SET, "value")
    theme = Input(FrameId.THEME, "data")
    where = (State(ExplorerId.DATASET, "value"), State(ExplorerId.VERSION, "value"))
    feature = Input(ExplorerId.FEATURE, "value")
    app.callback(
        Output(ExplorerId.FEATURE, "options"),
        Output(ExplorerId.FEATURE, "value"),
        chosen,
        State(ExplorerId.FEATURE, "value"),
        State(ExplorerId.PAGE, "data"),
    )(show_features)
    app.callback(
        Output(ExplorerId.DISTRIBUTION, "children"),
        Output(ExplorerId.DISTRIBUTION_SHOWN, "hidden"),
        Output(ExplorerId.DISTRIBUTION_PLOT, "figure"),
        Output(ExplorerId.DISTRIBUTION_NOTE, "children"),
        Output(ExplorerId.DISTRIBUTION_TABLE, "children"),
        tab,
        feature,
        theme,
        chosen,
        *where,
    )(show_distribution)
    app.callback(
        Output(ExplorerId.PROJECTION, "children"),
        Output(ExplorerId.PROJECTION_SHOWN, "hidden"),
        Output(ExplorerId.PROJECTION_PLOT, "figure"),
        Output(ExplorerId.PROJECTION_NOTE, "children"),
        Output(ExplorerId.PROJECT_OFFER, "hidden"),
        tab,
        chosen,
        Input(ExplorerId.METHOD, "value"),
        theme,
        Input(FrameId.JOBS, "data"),
        *where,
    )(show_projection)
    app.callback(
        Output(ExplorerId.PROJECT, "disabled"),
        Output(ExplorerId.PROJECT, "title"),
        Input(ExplorerId.PAGE, "data"),
    )(allow_projection)
    app.callback(
        Input(ExplorerId.PROJECT, "n_clicks"),
        State(ExplorerId.SET, "value"),
        prevent_initial_call=True,
    )(lay_out)
    app.callback(
        Output(ExplorerId.POINT, "children"),
        Input(ExplorerId.PROJECTION_PLOT, "clickData"),
        prevent_initial_call=True,
    )(show_point)
    app.callback(
        Output(ExplorerId.SPECTRA, "children"),
        Output(ExplorerId.SPECTRA_SHOWN, "hidden"),
        Output(ExplorerId.SPECTRA_PLOT, "figure"),
        Output(ExplorerId.SPECTRA_NOTE, "children"),
        tab,
        chosen,
        theme,
        *where,
    )(show_spectra)
    keep_in_url(
        app,
        ExplorerId.URL,
        Input(ExplorerId.DATASET, "value"),
        Input(ExplorerId.VERSION, "value"),
        chosen,
        tab,
        feature,
        Input(ExplorerId.METHOD, "value"),
    )
