"""What is true of a training right now, in words, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_job_state_badge
from layouts.components.cards import build_key_figures
from layouts.components.jobs import build_progress, word_wait
from layouts.components.numbers import format_duration, format_number, format_percent
from layouts.components.states import build_note

_NOTHING = "–"
FINAL_STATES = ("done", "failed", "cancelled", "dead")
_ASKED = {
    "pause": "Pause requested: it pauses at its next batch and keeps its full state.",
    "stop": "Stop requested: it ends at its next batch and keeps its best epoch.",
    "cancel": "Cancel requested: it ends at its next batch and leaves no result.",
    "yield": "The worker is shutting down: the training goes on from its checkpoint when a worker is back.",
}


def build_state(
    experiment: Mapping[str, Any], health: Mapping[str, Any] | None, *, lost_worker: bool = False
) -> html.Div:
    """Return badge, sentence and progress of a training; ``health`` is the queue's, where it matters."""
    job = experiment["job"]
    head = [
        build_job_state_badge(job["state"]),
        html.Span(describe_state(experiment, health, lost_worker=lost_worker)),
    ]
    parts: list[Component] = [html.Div(head, className="state-line")]
    if job["state"] in ("running", "paused"):
        parts.append(build_progress(job))
    if job["command"] and job["state"] == "running":
        parts.append(build_note(_ASKED[job["command"]]))
    if job["state"] in ("failed", "dead"):
        parts.append(_build_failure(job))
    return html.Div(parts, className="stack-tight")


def describe_state(
    experiment: Mapping[str, Any], health: Mapping[str, Any] | None, *, lost_worker: bool = False
) -> str:
    """Return where the training stands in one sentence that holds also when something is down."""
    job = experiment["job"]
    again = (
        "" if job["attempt"] <= 1 else f" This is attempt {job['attempt']}: it goes on from its checkpoint."
    )
    if job["state"] == "queued":
        return _describe_waiting(job, health) + (
            " It goes on from its checkpoint." if job["attempt"] >= 1 else ""
        )
    if job["state"] == "running" and experiment.get("members"):
        return "Putting the members' classifiers together."
    if job["state"] == "running":
        if lost_worker or (health or {}).get("workers", {}).get("train") == 0:
            return "Its worker does not answer. The training goes on from its checkpoint, on another worker."
        return f"Training.{again}"
    if job["state"] == "paused":
        return "Paused: nothing runs, its full state is kept. Resume goes on where it was."
    if job["state"] == "done":
        judged = " Its test recordings were judged once, after training." if experiment["test"] else ""
        if experiment["stopped_early"]:
            return f"Stopped early on request, with its best epoch kept.{judged}"
        if experiment.get("members"):
            judged = judged.replace(", after training", "")
            return f"Finished: {len(experiment['members'])} classifiers vote as one.{judged}"
        return f"Finished.{judged}"
    return {
        "failed": "The training failed; nothing of it counts as a result.",
        "cancelled": "Cancelled: it left no result.",
        "dead": "Lost three times; it is not started again by itself.",
    }[job["state"]]


def _describe_waiting(job: Mapping[str, Any], health: Mapping[str, Any] | None) -> str:
    if reason := word_wait(health, "train"):
        return reason
    if job["command"] == "stop":
        return "Waiting for a worker to end it with its best epoch."
    return "Waiting for a free training worker."


def _build_failure(job: Mapping[str, Any]) -> Component:
    words: list[Any] = [html.Div(job["error"] or "No reason was recorded.")]
    if job["reference_id"]:
        words.append(html.Div(["Reference ", html.Code(job["reference_id"])]))
    return build_note(words, level="danger")


def build_figures(
    experiment: Mapping[str, Any], last: Mapping[str, Any] | None, eta_s: float | None
) -> html.Div:
    """Return the key figures of a training: how far, how long, how good on validation.

    ``last`` is its newest epoch, ``eta_s`` the estimate of what is left.
    """
    job = experiment["job"]
    if experiment.get("members"):
        return _build_ensemble_figures(experiment)
    figures = [
        (name_step(experiment), _count_epochs(experiment, last), ""),
        ("Time left", _say_left(experiment, eta_s), ""),
        ("Attempt", str(job["attempt"] or _NOTHING), ""),
        ("Training", _say_cpu(experiment), "CPU s" if experiment["train_cpu_s"] is not None else ""),
        ("Validation now, recording-level", _say_last(last, "validation_recording_accuracy"), ""),
        ("Validation now, window-level", _say_last(last, "validation_window_accuracy"), ""),
        (
            f"Best {name_step(experiment).lower()}",
            str(experiment["best_epoch"]) if experiment["best_epoch"] is not None else _NOTHING,
            "",
        ),
    ]
    return html.Div(build_key_figures([each for each in figures if each[1] != _NOTHING]))


def _build_ensemble_figures(experiment: Mapping[str, Any]) -> html.Div:
    figures = [("Members", str(len(experiment["members"])), "")]
    if experiment["train_cpu_s"] is not None:
        figures.append(("Training of the members", _say_cpu(experiment), "CPU s"))
    return html.Div(build_key_figures(figures))


def name_step(experiment: Mapping[str, Any]) -> str:
    """Return what an "epoch" of this experiment is."""
    return "Epoch" if "epochs" in experiment["options"] else "Chunk of trees"


def _count_epochs(experiment: Mapping[str, Any], last: Mapping[str, Any] | None) -> str:
    run = last["epoch"] if last else 0
    most = experiment["options"].get("epochs")
    return f"{run} of at most {most}" if most else str(run)


def _say_left(experiment: Mapping[str, Any], eta_s: float | None) -> str:
    if experiment["job"]["state"] in FINAL_STATES:
        return "none"
    if eta_s is None:
        return "not known yet"
    # patience may end it earlier
    return f"{'at most' if 'patience' in experiment['options'] else 'about'} {format_duration(eta_s)}"


def _say_cpu(experiment: Mapping[str, Any]) -> str:
    return _NOTHING if experiment["train_cpu_s"] is None else format_number(experiment["train_cpu_s"], 3)


def _say_last(last: Mapping[str, Any] | None, field: str) -> str:
    share = last.get(field) if last else None
    return _NOTHING if share is None else format_percent(share)


def build_epochs(history: Sequence[Mapping[str, Any]], step: str, best_epoch: int | None) -> html.Div:
    """Return the table of epochs, newest first."""
    columns = (
        ("train_loss", "Training loss (nats)", 1.0, 4),
        ("validation_loss", "Validation loss (nats)", 1.0, 4),
        ("train_accuracy", "Training, window-level (%)", 100.0, 4),
        ("validation_window_accuracy", "Validation, window-level (%)", 100.0, 4),
        ("validation_recording_accuracy", "Validation, recording-level (%)", 100.0, 4),
        ("learning_rate", "Learning rate", 1.0, 3),
        ("gradient_norm", "Gradient norm", 1.0, 3),
        ("duration_s", "Duration (s)", 1.0, 3),
        ("waiting_s", "Waited for windows (s)", 1.0, 3),
    )
    shown = [column for column in columns if any(each.get(column[0]) is not None for each in history)]
    heads = [step, *(label for _, label, _, _ in shown)]
    head = html.Tr([html.Th(text, scope="col", className="number") for text in heads])
    rows = [
        html.Tr(
            [
                html.Th(each["epoch"], scope="row", className="number"),
                *(
                    html.Td(_say(each.get(field), factor, digits), className="number")
                    for field, _, factor, digits in shown
                ),
            ],
            className="best-row" if each["epoch"] == best_epoch else None,
        )
        for each in reversed(history)
    ]
    caption = html.Caption("Epochs, newest first", className="visually-hidden")
    table = html.Table([caption, html.Thead(head), html.Tbody(rows)], className="plain-table epochs")
    return html.Div(
        table,
        className="plain-table-frame epochs-frame",
        tabIndex=0,
        role="region",
        **{"aria-label": "Epochs"},
    )


def _say(value: float | None, factor: float, digits: int) -> str:
    return _NOTHING if value is None else format_number(factor * value, digits)


def build_results_link(experiment_id: int) -> Component:
    """Return the way to the results of a finished training."""
    return dcc.Link("See the results", href=f"/experiment/{experiment_id}?tab=results")
