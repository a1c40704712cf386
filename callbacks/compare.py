"""Experiments beside one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash
import plotly.graph_objects as go
from dash import Input, Output, State, ctx
from dash.exceptions import PreventUpdate

from callbacks.context import current_actor, fills_area, keep_in_url, parse_id
from layouts.components import comparison_statistics as statistics
from layouts.components import comparison_tables as tables
from layouts.components.numbers import count_of
from layouts.figures import comparison as figures
from layouts.ids.compare import CompareId
from layouts.ids.frame import FrameId
from layouts.pages import compare as page
from services.comparison_service import ComparisonService
from utils.exceptions import ERROR_TABLE, ErrorCode


def _read(values: Sequence[Any] | None) -> list[int]:
    return [number for value in values or () if (number := parse_id(value)) is not None]


def show_choices(query: str | None, chosen: list[str] | None) -> tuple[Any, ...]:
    """Offer finished experiments; the chosen ones stay whatever is searched for."""
    ids = _read(chosen)
    found = ComparisonService.list_candidates(ids, query, actor=current_actor())
    blocked = (not ids, None if ids else page.NOTHING_CHOSEN)
    return page.build_options(found), count_of(len(ids), "chosen", "chosen"), *blocked, *blocked


def change_choice(_add: int | None, _clear: int | None, chosen: list[str] | None) -> list[str]:
    """Add the other finished seeds of the chosen groups, or start again."""
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        raise PreventUpdate
    if ctx.triggered_id == CompareId.CLEAR:
        return []
    return [str(number) for number in ComparisonService.list_seeds(_read(chosen), actor=current_actor())]


@fills_area
def show_comparison(chosen: list[str] | None) -> tuple[Any, bool, Any, Any]:
    """Say what the chosen experiments were tested on, or why they can't be compared."""
    ids, actor = _read(chosen), current_actor()
    if len(ids) < 2:
        n_candidates = len(ComparisonService.list_candidates([], None, actor=actor))
        return page.build_nothing_chosen(n_candidates), True, None, None
    found = ComparisonService.get_comparison_data(ids, actor=actor)
    if not found["success"]:
        code = ErrorCode(found["error_code"])
        title = "These can't be compared" if code == ErrorCode.CONFLICT else ERROR_TABLE[code].title
        return page.build_refused(found["error"], title), True, None, None
    warnings = statistics.build_warnings(found["warnings"], "warning")
    return page.describe_test(found), False, page.build_exports(ids), warnings


def _load(chosen: list[str] | None, tab: str, wanted: str) -> dict[str, Any]:
    """Return the comparison for the tab that is open; what can't be compared is said above the tabs."""
    ids = _read(chosen)
    if tab != wanted or len(ids) < 2:
        raise PreventUpdate
    found = ComparisonService.get_comparison_data(ids, actor=current_actor())
    if not found["success"]:
        raise PreventUpdate
    return found


@fills_area
def show_overview(chosen: list[str] | None, tab: str, theme: str | None) -> tuple[Any, ...]:
    """Show how well each training did."""
    found, look = _load(chosen, tab, "overview"), theme or "light"
    return (
        tables.build_overview(found),
        tables.build_class_table(found),
        tables.build_confusions(found),
        figures.build_accuracies(found["contestants"], look),
        figures.build_classes(found["contestants"], look),
    )


@fills_area
def show_statistics(chosen: list[str] | None, tab: str, theme: str | None) -> tuple[Any, ...]:
    """Say which differ, by how much and how surely."""
    found, look = _load(chosen, tab, "statistics"), theme or "light"
    return statistics.build_reading(found), statistics.build_tests(found), *_draw_differences(found, look)


def _draw_differences(found: dict[str, Any], look: str) -> tuple[go.Figure, str]:
    statistics_found = found["statistics"]
    if statistics_found["design"] != "folds":
        return figures.build_gaps(found, look), "Differences of the pairs, 95 % intervals"
    if statistics_found["friedman"]:
        ranks = figures.build_ranks(statistics_found["friedman"], look)
        return ranks, "Mean ranks ± half the critical difference: those that overlap are not shown to differ"
    return figures.build_test_sets(found, look), "Difference on each test set"


def draw_curves(
    chosen: list[str] | None, tab: str, quantity: str, against: str, theme: str | None
) -> tuple[go.Figure, str]:
    """Draw one quantity of all trainings over one another."""
    found = _load(chosen, tab, "curves")
    figure = figures.build_curves(found["histories"], theme or "light", quantity, against)
    if figure is None:
        return go.Figure(), "none of them has this quantity"
    return figure, "one line per seed"


@fills_area
def show_settings(chosen: list[str] | None, tab: str) -> Any:
    """Show which settings differ."""
    return tables.build_settings(_load(chosen, tab, "settings"))


@fills_area
def show_recordings(chosen: list[str] | None, tab: str, show: str) -> Any:
    """List the recordings on which they disagree."""
    return tables.build_recordings(_load(chosen, tab, "recordings"), show)


def register(app: dash.Dash) -> None:
    """Wire the page."""
    ids = Input(CompareId.IDS, "value")
    app.callback(
        Output(CompareId.IDS, "options"),
        Output(CompareId.CHOSEN, "children"),
        *(
            Output(button, prop)
            for button in (CompareId.ADD_SEEDS, CompareId.CLEAR)
            for prop in ("disabled", "title")
        ),
        Input(CompareId.SEARCH, "value"),
        ids,
    )(show_choices)
    app.callback(
        Output(CompareId.IDS, "value"),
        Input(CompareId.ADD_SEEDS, "n_clicks"),
        Input(CompareId.CLEAR, "n_clicks"),
        State(CompareId.IDS, "value"),
        prevent_initial_call=True,
    )(change_choice)
    app.callback(
        Output(CompareId.STATE, "children"),
        Output(CompareId.CONTENT, "hidden"),
        Output(CompareId.EXPORTS, "children"),
        Output(CompareId.WARNINGS, "children"),
        ids,
    )(show_comparison)
    _register_tabs(app, ids, Input(CompareId.TABS, "data"))
    keep_in_url(
        app,
        CompareId.URL,
        ids,
        Input(CompareId.TABS, "data"),
        Input(CompareId.QUANTITY, "value"),
        Input(CompareId.AGAINST, "value"),
        Input(CompareId.SHOW, "value"),
    )


def _register_tabs(app: dash.Dash, ids: Input, tab: Input) -> None:
    """Fill a tab when it is opened, not before."""
    theme = Input(FrameId.THEME, "data")
    app.callback(
        Output(CompareId.OVERVIEW, "children"),
        Output(CompareId.CLASS_TABLE, "children"),
        Output(CompareId.CONFUSIONS, "children"),
        Output(CompareId.ACCURACIES, "figure"),
        Output(CompareId.CLASSES, "figure"),
        *(ids, tab, theme),
    )(show_overview)
    app.callback(
        Output(CompareId.READING, "children"),
        Output(CompareId.TESTS, "children"),
        Output(CompareId.GAPS, "figure"),
        Output(CompareId.GAPS_TITLE, "children"),
        *(ids, tab, theme),
    )(show_statistics)
    app.callback(
        Output(CompareId.CURVES, "figure"),
        Output(CompareId.CURVES_NOTE, "children"),
        *(ids, tab),
        Input(CompareId.QUANTITY, "value"),
        Input(CompareId.AGAINST, "value"),
        theme,
    )(draw_curves)
    app.callback(Output(CompareId.SETTINGS, "children"), ids, tab)(show_settings)
    app.callback(Output(CompareId.RECORDINGS, "children"), ids, tab, Input(CompareId.SHOW, "value"))(
        show_recordings
    )
