"""What stands below the answer of a diagnosis: curves with lines, past cases, attribution, feedback."""

from __future__ import annotations

from typing import Any

import dash
import plotly.graph_objects as go
from dash import Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from callbacks.context import (
    current_actor,
    fills_area,
    find_viewer,
    may_write,
    requires_role,
    show_toast,
    unwrap,
    watch_jobs,
)
from layouts.components import diagnosis as parts
from layouts.components import diagnosis_attribution as attribution
from layouts.components import diagnosis_evidence as evidence
from layouts.components import diagnosis_feedback as feedback
from layouts.components.forms import VIEWER_REASON
from layouts.components.states import build_partial_note
from layouts.figures.diagnosis import build_band_figure, build_timeline_figure, build_view_figure
from layouts.ids.diagnose import DiagnoseId
from layouts.ids.frame import FrameId
from layouts.pages import diagnose as page
from services.dataset_service import DatasetService
from services.experiment_service import ExperimentService
from services.xai_service import XAIService
from utils.clock import monotonic_s

# Drawn are the bands alone.
_LEAST_POINTS = 10
_NO_OPINION = "Choose what you say first."
_NO_CLASS = "Choose the class that it is."
_NO_LABEL = "No feedback gives a label now."


def _find(diagnosis_id: int | None) -> dict[str, Any]:
    """Return a diagnosis with its answer; do nothing where there is none (any more)."""
    actor = current_actor()
    found = ExperimentService.get_diagnosis(diagnosis_id, actor=actor) if diagnosis_id else None
    if found is None or found["answer"] is None:
        raise PreventUpdate
    return {**found, "answer": parts.complete_answer(found["answer"])}


@fills_area
def show_parts(done: int | None) -> tuple[Any, Any, Any]:
    """Show past cases, probabilities, and where classifier and recording come from."""
    found = _find(done)
    answer = found["answer"]
    cases = ExperimentService.list_similar_cases(found["diagnosis_id"], actor=current_actor())
    return (
        evidence.build_similar(cases),
        parts.build_probabilities(answer["probabilities"]),
        parts.build_facts(answer, find_viewer(answer["recording"]["signal_id"], current_actor())),
    )


@fills_area
def list_views(done: int | None) -> tuple[Any, bool, Any, str | None]:
    """Offer the curves of the recording, or say why there are none."""
    found = _find(done)
    drawn = ExperimentService.get_diagnosis_views(found["diagnosis_id"], actor=current_actor())
    if drawn is None or drawn["missing"]:
        note = build_partial_note(drawn["missing"]) if drawn else None
        return note, True, [], None
    options, first = page.build_view_options(drawn["views"])
    return None, False, options, first


def show_view(done: int | None, key: str | None, theme: str | None) -> tuple[go.Figure, str]:
    """Draw the chosen curve."""
    if not done or not key:
        raise PreventUpdate
    drawn = ExperimentService.get_diagnosis_views(done, keys=[key], actor=current_actor())
    view = next((view for view in (drawn or {"views": []})["views"] if view["key"] == key), None)
    if view is None:  # the choice of another diagnosis
        raise PreventUpdate
    return build_view_figure(view, theme or "light"), page.build_view_note(view)


def show_timeline(done: int | None, theme: str | None) -> tuple[Any, bool]:
    """Draw what the classifier said of each window, where one was asked."""
    windows = _find(done)["answer"]["windows"]
    if not windows:
        return no_update, True
    return build_timeline_figure(windows, theme or "light"), False


@fills_area
def show_attribution(done: int | None, theme: str | None) -> tuple[Any, bool, go.Figure, bool]:
    """Show what the classifier looked at, where an explanation is kept, and the way to ask for one."""
    found = _find(done)
    classifier, signal_id = found["answer"]["classifier"], found["answer"]["recording"]["signal_id"]
    if classifier is None:
        return None, True, no_update, True
    kept = None
    if signal_id is not None:
        kept = XAIService.find_attribution(
            classifier["experiment_id"], signal_id, classifier["sha256"], _LEAST_POINTS, actor=current_actor()
        )
    words = attribution.build_words(classifier["experiment_id"], signal_id, kept)
    bands = attribution.choose_bands(kept["summary"]["bands"]) if kept else []
    if not bands:
        return words, False, no_update, True
    return words, False, build_band_figure(bands, theme or "light"), False


@fills_area
def show_feedback(done: int | None, _stamp: Any) -> tuple[Any, Any, bool, Any, bool, str | None]:
    """Show what was said, and what it would change in the dataset."""
    found = _find(done)
    said = feedback.build_said(found["feedback"])
    classes = feedback.list_classes(found["answer"])
    dataset_id = found["answer"]["recording"]["dataset_id"]
    preview = None
    if dataset_id and any(not each["dataset_version"] for each in found["feedback"]):
        preview = ExperimentService.preview_feedback(dataset_id, actor=current_actor())
    if preview is None:
        return said, None, True, classes, True, _NO_LABEL
    dataset = DatasetService.get_dataset_details(dataset_id, actor=current_actor())
    pending = feedback.build_pending(preview, dataset["name"] if dataset else "the dataset")
    reason = None if may_write() else VIEWER_REASON
    reason = reason or (None if preview["items"] else _NO_LABEL)
    return said, pending, False, classes, reason is not None, reason


def choose_opinion(opinion: str | None, right_class: str | None) -> tuple[bool, bool, str | None]:
    """Ask for the class of a relabelling; say what is missing before an opinion can be saved."""
    reason = None
    if not may_write():
        reason = VIEWER_REASON
    elif not opinion:
        reason = _NO_OPINION
    elif opinion == "relabelled" and not right_class:
        reason = _NO_CLASS
    return opinion != "relabelled", reason is not None, reason


@requires_role("engineer")
def give_feedback(
    saved: int | None,
    applied: int | None,
    done: int | None,
    opinion: str | None,
    right_class: str | None,
    note: str | None,
    reason: str | None,
) -> tuple[float, str | None, str]:
    """Keep an opinion, or take all that were given up into the dataset."""
    if not done or not (saved or applied):
        raise PreventUpdate
    actor = current_actor()
    if ctx.triggered_id == DiagnoseId.APPLY_FEEDBACK:
        dataset_id = _find(done)["answer"]["recording"]["dataset_id"]
        made = unwrap(
            ExperimentService.apply_feedback(dataset_id, reason=(reason or "").strip(), actor=actor)
        )
        watch_jobs()
        link = f"/datasets/{dataset_id}?tab=versions"
        show_toast(feedback.word_applied(made), level="success", link=link)
        return monotonic_s(), opinion, note or ""
    named = right_class if opinion == "relabelled" else None
    unwrap(
        ExperimentService.give_feedback(
            done, opinion or "", fault_class=named, note=(note or "").strip(), actor=actor
        )
    )
    show_toast("Feedback saved", level="success")
    return monotonic_s(), None, ""


def register(app: dash.Dash) -> None:
    """Wire what stands below the answer."""
    done, theme = Input(DiagnoseId.DONE, "data"), Input(FrameId.THEME, "data")
    app.callback(
        Output(DiagnoseId.SIMILAR, "children"),
        Output(DiagnoseId.PROBABILITIES, "children"),
        Output(DiagnoseId.DETAILS, "children"),
        done,
    )(show_parts)
    app.callback(
        Output(DiagnoseId.VIEWS_MISSING, "children"),
        Output(DiagnoseId.VIEWS, "hidden"),
        Output(DiagnoseId.VIEW, "options"),
        Output(DiagnoseId.VIEW, "value"),
        done,
    )(list_views)
    app.callback(
        Output(DiagnoseId.VIEW_FIGURE, "figure"),
        Output(DiagnoseId.VIEW_NOTE, "children"),
        done,
        Input(DiagnoseId.VIEW, "value"),
        theme,
    )(show_view)
    app.callback(
        Output(DiagnoseId.TIMELINE, "figure"), Output(DiagnoseId.TIMELINE_CARD, "hidden"), done, theme
    )(show_timeline)
    app.callback(
        Output(DiagnoseId.ATTRIBUTION, "children"),
        Output(DiagnoseId.ATTRIBUTION_CARD, "hidden"),
        Output(DiagnoseId.ATTRIBUTION_BANDS, "figure"),
        Output(DiagnoseId.ATTRIBUTION_PLOT, "hidden"),
        done,
        theme,
    )(show_attribution)
    _register_feedback(app, done)


def _register_feedback(app: dash.Dash, done: Input) -> None:
    stamp = Input(DiagnoseId.SAID_STAMP, "data")
    app.callback(
        Output(DiagnoseId.SAID, "children"),
        Output(DiagnoseId.PENDING, "children"),
        Output(DiagnoseId.APPLY, "hidden"),
        Output(DiagnoseId.RIGHT_CLASS, "options"),
        Output(DiagnoseId.APPLY_FEEDBACK, "disabled"),
        Output(DiagnoseId.APPLY_FEEDBACK, "title"),
        done,
        stamp,
    )(show_feedback)
    opinion, right_class = (DiagnoseId.OPINION, "value"), (DiagnoseId.RIGHT_CLASS, "value")
    app.callback(
        Output(DiagnoseId.RIGHT_CLASS_FIELD, "hidden"),
        Output(DiagnoseId.SAVE_FEEDBACK, "disabled"),
        Output(DiagnoseId.SAVE_FEEDBACK, "title"),
        Input(*opinion),
        Input(*right_class),
    )(choose_opinion)
    app.callback(
        Output(DiagnoseId.SAID_STAMP, "data"),
        Output(*opinion),
        Output(DiagnoseId.NOTE, "value"),
        Input(DiagnoseId.SAVE_FEEDBACK, "n_clicks"),
        Input(DiagnoseId.APPLY_FEEDBACK, "n_clicks"),
        State(DiagnoseId.DONE, "data"),
        State(*opinion),
        State(*right_class),
        State(DiagnoseId.NOTE, "value"),
        State(DiagnoseId.APPLY_REASON, "value"),
        prevent_initial_call=True,
    )(give_feedback)
