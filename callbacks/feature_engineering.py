"""Features of a dataset version: extract, rate, choose, keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash
from dash import ALL as EVERY
from dash import Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    keep_in_url,
    may_write,
    parse_id,
    requires_role,
    show_toast,
    triggered_index,
    unwrap,
    watch_jobs,
)
from layouts.components import feature_sets as parts
from layouts.components.feature_choice import build_no_features
from layouts.components.forms import ALL, LATEST, VIEWER_REASON
from layouts.components.states import build_empty_state
from layouts.figures.features import build_importance
from layouts.ids import pattern_id
from layouts.ids.feature_engineering import FeaturesId
from layouts.ids.frame import FrameId
from layouts.pages.feature_engineering import IMPORTANCE_METHODS, SELECTION_METHODS
from services.dataset_service import DatasetService
from services.feature_service import FeatureService
from services.jobs import board

_KIND = "features"


def show_channels(dataset: str | None, version: str | None) -> list[dict[str, str]]:
    """Offer the channels of the version."""
    dataset_id = parse_id(dataset)
    details = (
        DatasetService.get_dataset_details(dataset_id, parse_id(version), actor=current_actor())
        if dataset_id
        else None
    )
    channels = details["channels"] if details else []
    return [{"value": ALL, "label": "All"}, *({"value": name, "label": name} for name in channels)]


def allow_work(_place: Any) -> tuple:
    """Disable what a viewer may not do, with the reason."""
    reason = None if may_write() else VIEWER_REASON
    return (bool(reason), reason or "") * 4


@fills_area
def show_summary(feature_set: str | None) -> Any:
    """Show what is known of the chosen set."""
    set_id = parse_id(feature_set)
    if set_id is None:
        state = build_empty_state(
            "No features extracted yet",
            "Choose domain and window above. An extraction is stored with this version and used again "
            "everywhere.",
            icon="bar-chart-steps",
        )
        return _frame(state)
    found = FeatureService.get_feature_set(set_id, actor=current_actor())
    if found is None:
        state = build_empty_state(
            "This feature set can't be read",
            "It may have been deleted, or its file is damaged. Extract it again.",
            icon="exclamation-octagon",
        )
        return _frame(state)
    return parts.build_summary(found)


@requires_role("engineer")
def extract(
    n_clicks: int | None,
    dataset: str | None,
    version: str | None,
    domain: str,
    channel: str | None,
    window_s: float | None,
    hop_s: float | None,
    rate_hz: float | None,
    limit: int | None,
) -> Any:
    """Start an extraction; one that is stored already is opened."""
    dataset_id = parse_id(dataset)
    if not n_clicks or dataset_id is None:
        raise PreventUpdate
    config = {
        "window_s": window_s,
        "hop_s": hop_s,
        "channel": None if channel in (None, ALL) else channel,
        "analysis_rate_hz": rate_hz,
        "max_windows_per_signal": limit,
    }
    started = unwrap(
        FeatureService.extract_features(
            dataset_id, domain, config, version=parse_id(version), as_job=True, actor=current_actor()
        )
    )
    if started["job_id"] is None:
        show_toast("These features are stored already", level="info")
        return {"set": started["feature_set_id"]}
    watch_jobs()
    return {"job": started["job_id"]}


def show_progress(_tick: Any, _jobs: Any, _changed: Any) -> Any:
    """Show the jobs of features that wait or run."""
    found = board.list_jobs(states=["queued", "running"], kind=_KIND, per_page=5, actor=current_actor())
    if found["items"]:
        watch_jobs()
    return parts.build_jobs(found["items"])


def list_splits(dataset: str | None, version: str | None) -> tuple:
    """Offer the splits of the version to both tabs."""
    dataset_id = parse_id(dataset)
    details = (
        DatasetService.get_dataset_details(dataset_id, parse_id(version), actor=current_actor())
        if dataset_id
        else None
    )
    number = details["version"] if details else None
    found = DatasetService.list_splits(dataset_id, actor=current_actor()) if dataset_id else []
    options = [
        {"value": str(each["split_id"]), "label": each["name"]} for each in found if each["version"] == number
    ]
    first = options[0]["value"] if options else ""
    return options, first, options, first


def _find_ranking(set_id: int, kind: str, method: str, split_id: int | None) -> Mapping[str, Any] | None:
    """Return the newest stored ranking of a kind by this method on this split."""
    for each in FeatureService.list_rankings(set_id, actor=current_actor()):
        if (each["kind"], each["method"], each["split_id"]) == (kind, method, split_id):
            return each
    return None


@fills_area
def show_importance(
    tab: str,
    feature_set: str | None,
    split: str | None,
    method: str,
    theme: str | None,
    _jobs: Any,
    dataset: str | None,
    version: str | None,
) -> tuple:
    """Draw the importance that was worked out for this method and split, or offer it."""
    if tab != "importance":
        return no_update, no_update, no_update, no_update
    set_id, split_id = parse_id(feature_set), parse_id(split)
    if set_id is None:
        return build_no_features(dataset, version), True, no_update, None
    if split_id is None:
        return _offer_split(), True, no_update, None
    ranking = _find_ranking(set_id, "importance", method, split_id)
    if ranking is None:
        return _offer("Not rated yet", dict(IMPORTANCE_METHODS), method), True, no_update, None
    return None, False, build_importance(ranking, method, theme or "light"), parts.word_training(ranking)


def _offer(title: str, methods: dict[str, str], method: str) -> Any:
    words = f"{methods[method]}: press the button above. A job does it, on the split's training part only."
    return _frame(build_empty_state(title, words, icon="bar-chart-steps"))


def _frame(state: Component) -> html.Div:
    return html.Div(state, className="surface")


def _offer_split() -> Any:
    state = build_empty_state(
        "This version has no split",
        "Importance and selection look at the training part of a split only, so that nothing of the test "
        "part shapes a classifier. Make a split on the page of the dataset.",
        icon="signpost-split",
    )
    return _frame(state)


@requires_role("engineer")
def rate_features(n_clicks: int | None, feature_set: str | None, split: str | None, method: str) -> None:
    """Have the importance worked out."""
    _rank(n_clicks, feature_set, split, {"kind": "importance", "method": method})


@requires_role("engineer")
def choose_features(
    n_clicks: int | None, feature_set: str | None, split: str | None, method: str, number: int | None
) -> None:
    """Have features chosen."""
    _rank(n_clicks, feature_set, split, {"kind": "selection", "method": method, "num_features": number or 15})


def _rank(n_clicks: int | None, feature_set: str | None, split: str | None, request: dict[str, Any]) -> None:
    set_id, split_id = parse_id(feature_set), parse_id(split)
    if not n_clicks:
        raise PreventUpdate
    if set_id is None or split_id is None:
        show_toast("Choose a feature set and a split first", level="warning")
        return
    started = unwrap(FeatureService.rank_features(set_id, split_id, **request, actor=current_actor()))
    if started["job_id"] is None:
        show_toast("This was worked out before: it is shown", level="info")
    watch_jobs()


@fills_area
def show_selection(
    tab: str,
    feature_set: str | None,
    split: str | None,
    method: str,
    _jobs: Any,
    dataset: str | None,
    version: str | None,
) -> tuple:
    """Show the features that were chosen by this method on this split, or offer it."""
    if tab != "selection":
        return no_update, no_update, no_update
    set_id, split_id = parse_id(feature_set), parse_id(split)
    if set_id is None:
        return build_no_features(dataset, version), [], True
    if split_id is None:
        return _offer_split(), [], True
    ranking = _find_ranking(set_id, "selection", method, split_id)
    if ranking is None:
        return _offer("Not chosen yet", dict(SELECTION_METHODS), method), [], True
    names = [item["feature"] for item in ranking["items"]]
    return parts.build_selection(ranking), names, False


@requires_role("engineer")
def keep_selection(
    n_clicks: int | None, name: str | None, names: list[str] | None, feature_set: str | None
) -> Any:
    """Keep the chosen features under a name."""
    set_id = parse_id(feature_set)
    if not n_clicks or set_id is None:
        raise PreventUpdate
    unwrap(FeatureService.save_selection(set_id, name or "", names or [], actor=current_actor()))
    show_toast(f"Saved as “{name}”", "It stands under Saved sets.", level="success")
    return None, {"saved": name, "times": n_clicks}


@fills_area
def show_list(tab: str, dataset: str | None, _jobs: Any, _changed: Any) -> Any:
    """List all sets of the dataset."""
    dataset_id = parse_id(dataset)
    if tab != "sets" or dataset_id is None:
        raise PreventUpdate
    found = FeatureService.list_feature_sets(dataset_id, actor=current_actor())
    return parts.build_sets(found, may_delete=may_write())


@requires_role("engineer")
def ask_to_delete(_clicks: list[int | None], _back: int | None, _deleted: Any) -> tuple:
    """Open the dialog that names what goes; going back or having done it closes it."""
    set_id = parse_id(triggered_index())
    if set_id is None:
        return False, no_update, None
    found = FeatureService.get_feature_set(set_id, actor=current_actor())
    words = parts.word_deletion(found) if found else "Its values can't be read any more; they are deleted."
    return True, words, set_id


@requires_role("engineer")
def delete_set(n_clicks: int | None, set_id: int | None) -> Any:
    """Delete the set that the dialog names."""
    if not n_clicks or set_id is None:
        raise PreventUpdate
    unwrap(FeatureService.delete_feature_set(set_id, actor=current_actor()))
    show_toast("The feature set was deleted", level="success")
    return {"deleted": set_id}


def note_change(extracted: Any, kept: Any, deleted: Any) -> Any:
    """Tell the lists what has just changed."""
    return {
        FeaturesId.EXTRACTED: extracted,
        FeaturesId.KEPT: kept,
        FeaturesId.DELETED: deleted,
    }.get(ctx.triggered_id)


def link_explorer(dataset: str | None, version: str | None, feature_set: str | None) -> str:
    """Lead to the explorer of what is chosen here."""
    return f"/data-explorer?dataset={dataset or ''}&version={version or LATEST}&set={feature_set or ''}"


def register(app: dash.Dash) -> None:
    """Wire the page."""
    dataset, version = Input(FeaturesId.DATASET, "value"), Input(FeaturesId.VERSION, "value")
    chosen, tab = Input(FeaturesId.SET, "value"), Input(FeaturesId.TABS, "data")
    jobs, changed = Input(FrameId.JOBS, "data"), Input(FeaturesId.CHANGED, "data")
    where = (State(FeaturesId.DATASET, "value"), State(FeaturesId.VERSION, "value"))
    app.callback(Output(FeaturesId.CHANNEL, "options"), dataset, version)(show_channels)
    buttons = (FeaturesId.EXTRACT, FeaturesId.RATE_FEATURES, FeaturesId.CHOOSE, FeaturesId.KEEP)
    app.callback(
        *[Output(button, prop) for button in buttons for prop in ("disabled", "title")],
        Input(FeaturesId.PAGE, "data"),
    )(allow_work)
    app.callback(Output(FeaturesId.SUMMARY, "children"), chosen)(show_summary)
    _register_changes(app, where)
    app.callback(
        Output(FeaturesId.PROGRESS, "children"), Input(FrameId.JOBS_INTERVAL, "n_intervals"), jobs, changed
    )(show_progress)
    app.callback(
        Output(FeaturesId.SPLIT, "options"),
        Output(FeaturesId.SPLIT, "value"),
        Output(FeaturesId.SELECTION_SPLIT, "options"),
        Output(FeaturesId.SELECTION_SPLIT, "value"),
        dataset,
        version,
    )(list_splits)
    app.callback(
        Output(FeaturesId.IMPORTANCE, "children"),
        Output(FeaturesId.IMPORTANCE_SHOWN, "hidden"),
        Output(FeaturesId.IMPORTANCE_PLOT, "figure"),
        Output(FeaturesId.IMPORTANCE_NOTE, "children"),
        tab,
        chosen,
        Input(FeaturesId.SPLIT, "value"),
        Input(FeaturesId.METHOD, "value"),
        Input(FrameId.THEME, "data"),
        jobs,
        *where,
    )(show_importance)
    app.callback(
        Output(FeaturesId.SELECTION, "children"),
        Output(FeaturesId.SELECTED, "data"),
        Output(FeaturesId.KEEP_FORM, "hidden"),
        tab,
        chosen,
        Input(FeaturesId.SELECTION_SPLIT, "value"),
        Input(FeaturesId.SELECTION_METHOD, "value"),
        jobs,
        *where,
    )(show_selection)
    app.callback(Output(FeaturesId.SETS, "children"), tab, dataset, jobs, changed)(show_list)
    app.callback(Output(FeaturesId.EXPLORE, "href"), dataset, version, chosen)(link_explorer)
    keep_in_url(app, FeaturesId.URL, dataset, version, chosen, tab)


def _register_changes(app: dash.Dash, where: tuple[State, State]) -> None:
    chosen = State(FeaturesId.SET, "value")
    app.callback(
        Output(FeaturesId.EXTRACTED, "data"),
        Input(FeaturesId.EXTRACT, "n_clicks"),
        *where,
        State(FeaturesId.DOMAIN, "value"),
        State(FeaturesId.CHANNEL, "value"),
        State(FeaturesId.WINDOW, "value"),
        State(FeaturesId.HOP, "value"),
        State(FeaturesId.RATE, "value"),
        State(FeaturesId.LIMIT, "value"),
        prevent_initial_call=True,
    )(extract)
    app.callback(
        Input(FeaturesId.RATE_FEATURES, "n_clicks"),
        chosen,
        State(FeaturesId.SPLIT, "value"),
        State(FeaturesId.METHOD, "value"),
        prevent_initial_call=True,
    )(rate_features)
    app.callback(
        Input(FeaturesId.CHOOSE, "n_clicks"),
        chosen,
        State(FeaturesId.SELECTION_SPLIT, "value"),
        State(FeaturesId.SELECTION_METHOD, "value"),
        State(FeaturesId.NUMBER, "value"),
        prevent_initial_call=True,
    )(choose_features)
    app.callback(
        Output(FeaturesId.SELECTION_NAME, "value"),
        Output(FeaturesId.KEPT, "data"),
        Input(FeaturesId.KEEP, "n_clicks"),
        State(FeaturesId.SELECTION_NAME, "value"),
        State(FeaturesId.SELECTED, "data"),
        chosen,
        prevent_initial_call=True,
    )(keep_selection)
    app.callback(
        Output(FeaturesId.DELETION_DIALOG, "is_open"),
        Output(FeaturesId.DELETION_WORDS, "children"),
        Output(FeaturesId.DELETION, "data"),
        Input(pattern_id(FeaturesId.DELETE_SET, EVERY), "n_clicks"),
        Input(FeaturesId.DELETION_BACK, "n_clicks"),
        Input(FeaturesId.DELETED, "data"),
        prevent_initial_call=True,
    )(ask_to_delete)
    app.callback(
        Output(FeaturesId.DELETED, "data"),
        Input(FeaturesId.DELETION_CONFIRM, "n_clicks"),
        State(FeaturesId.DELETION, "data"),
        prevent_initial_call=True,
    )(delete_set)
    app.callback(
        Output(FeaturesId.CHANGED, "data"),
        Input(FeaturesId.EXTRACTED, "data"),
        Input(FeaturesId.KEPT, "data"),
        Input(FeaturesId.DELETED, "data"),
        prevent_initial_call=True,
    )(note_change)
