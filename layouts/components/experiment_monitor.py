"""The Monitor tab of an experiment: where it stands, its curves, its log, its epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components import training_state
from layouts.components.cards import build_card
from layouts.components.experiment_family import link_members
from layouts.components.forms import ALL, build_button, build_field, build_select
from layouts.components.icons import build_icon
from layouts.components.plots import build_plot
from layouts.components.states import build_empty_state, build_skeleton
from layouts.ids.experiment import ExperimentId

OVERS = (("epoch", "Epochs"), ("time", "Time of training"))
SCALES = (("linear", "Linear"), ("log", "Logarithmic"))
SMOOTHINGS = (("0", "None"), ("0.6", "Light"), ("0.9", "Strong"))
LOG_LEVELS = ((ALL, "Everything"), ("warning", "Warnings only"))
_NEWEST_EPOCHS = 200


def build_monitor(over: str, scale: str, smoothing: str) -> html.Div:
    """Return the tab; its callbacks fill it."""
    status = html.Div(build_skeleton(3), id=ExperimentId.STATUS, **{"aria-live": "polite"})
    return html.Div(
        [
            build_card(None, html.Div([status, _build_controls()])),
            html.Div(id=ExperimentId.NO_CURVES),
            html.Div(
                _build_curves(over, scale, smoothing),
                id=ExperimentId.CURVES,
                className="stack drawn",
                hidden=True,
            ),
            build_card(
                "Log",
                html.Div(build_skeleton(3), id=ExperimentId.LOG),
                actions=[build_field("Show", build_select(ExperimentId.LOG_LEVEL, LOG_LEVELS, ALL))],
                class_name="log-card",
                flush=True,
            ),
        ],
        className="stack",
    )


def _build_controls() -> html.Div:
    reason = "The state of the training is not known yet."
    return html.Div(
        [
            build_button("Pause", ExperimentId.PAUSE, icon="pause-fill", disabled_because=reason),
            build_button("Resume", ExperimentId.RESUME, icon="play-fill", disabled_because=reason),
            build_button("Stop, keep the best", ExperimentId.STOP, icon="stop-fill", disabled_because=reason),
            build_button("Cancel", ExperimentId.CANCEL, icon="x-lg", tone="danger", disabled_because=reason),
        ],
        id=ExperimentId.CONTROLS,
        className="form-actions",
        hidden=True,
    )


def _choose(choices: Sequence[tuple[str, str]], wanted: str) -> str:
    return wanted if wanted in dict(choices) else choices[0][0]


def _build_curves(over: str, scale: str, smoothing: str) -> list[Component]:
    choices = html.Div(
        [
            build_field("Over", build_select(ExperimentId.OVER, OVERS, _choose(OVERS, over))),
            build_field("Losses and norms", build_select(ExperimentId.SCALE, SCALES, _choose(SCALES, scale))),
            build_field(
                "Smoothing",
                build_select(ExperimentId.SMOOTHING, SMOOTHINGS, _choose(SMOOTHINGS, smoothing)),
            ),
            dcc.Store(id=ExperimentId.LINKED),
        ],
        className="filter-bar curve-choices",
    )
    return [
        choices,
        _build_reading(),
        html.Div([_build_loss(), _build_accuracy(), *_build_further()], className="grid-2 curve-grid"),
        build_card("Step by step", html.Div(build_skeleton(4), id=ExperimentId.EPOCHS), flush=True),
    ]


def _build_reading() -> html.Div:
    """A ruler over all curves (`assets/experiment_curves.js`): the mouse or the arrow keys move it."""
    return html.Div(
        "Point at a curve, or come here by Tab and use the arrow keys: the values of that epoch.",
        id=ExperimentId.READING,
        className="curve-reading",
        role="slider",
        tabIndex=0,
        **{
            "aria-label": "Epoch that is read off",
            "aria-valuemin": "0",
            "aria-valuemax": "0",
            "aria-valuenow": "0",
        },
    )


def _build_loss() -> Component:
    plot = build_plot(ExperimentId.LOSS, "Loss", note="cross-entropy over windows", height="280px")
    return build_card(None, plot)


def _build_accuracy() -> Component:
    plot = build_plot(
        ExperimentId.ACCURACY, "Accuracy", note="the level stands in the legend", height="280px"
    )
    return build_card(None, plot)


def _build_further() -> list[Component]:
    """Return the curves that not every training has."""
    classes = build_plot(
        ExperimentId.CLASSES, "F1 per class", note="validation, window-level", height="280px"
    )
    rate = build_plot(ExperimentId.LEARNING_RATE, "Learning rate", note="at the epoch's end", height="280px")
    norm = build_plot(
        ExperimentId.GRADIENT_NORM, "Gradient norm", note="mean over the batches", height="280px"
    )
    return [
        html.Div(build_card(None, classes), id=ExperimentId.CLASS_CURVES),
        html.Div(build_card(None, rate), id=ExperimentId.RATE_CURVES),
        html.Div(build_card(None, norm), id=ExperimentId.NORM_CURVES),
    ]


def build_status(
    experiment: Mapping[str, Any],
    last: Mapping[str, Any] | None,
    eta_s: float | None,
    health: Mapping[str, Any] | None,
    *,
    lost_worker: bool,
) -> html.Div:
    """Return the state of the training, its key figures, and the way on."""
    parts: list[Component] = [
        training_state.build_state(experiment, health, lost_worker=lost_worker),
        training_state.build_figures(experiment, last, eta_s),
    ]
    if experiment["status"] == "done":
        parts.append(training_state.build_results_link(experiment["experiment_id"]))
    return html.Div(parts, className="stack-tight")


def describe_controls(status: str, command: str | None, *, may_write: bool) -> list[tuple[bool, str | None]]:
    """Return (disabled, reason) for pause, resume, stop, cancel, in this order."""
    if not may_write:
        return [(True, "Your role may look, not change.")] * 4
    if command == "cancel":
        return [(True, "It is being cancelled.")] * 4
    asked = f"A {command} is already requested." if command in ("pause", "stop") else None
    pause = asked if status == "running" else None if status == "queued" else "It does not run."
    resume = None if status == "paused" else "Only a paused training can be resumed."
    if status == "running" and command == "pause":
        resume = None
    stop = asked if command == "stop" else None
    return [(reason is not None, reason) for reason in (pause, resume, stop, None)]


def build_no_curves(status: str, members: Sequence[tuple[int, str | None]] = ()) -> Component:
    """Return why there are no curves (yet); an ensemble, of ``members`` (id, name), never has any."""
    if members:
        words = html.Div(
            [
                html.P(f"Nothing was trained here: {len(members)} classifiers vote as one. Their curves:"),
                link_members(members),
            ]
        )
        return html.Div(
            build_empty_state("No training, no curves", words, icon="collection"), className="surface"
        )
    sentences = {
        "queued": "The curves begin with the first epoch, once a worker has taken the training up.",
        "running": "The curves begin when the first epoch is through.",
        "paused": "It was paused before its first epoch was through.",
    }
    sentence = sentences.get(status, "The training ended before its first epoch was through.")
    return html.Div(build_empty_state("No epochs yet", sentence, icon="graph-up"), className="surface")


def build_epochs(history: Sequence[Mapping[str, Any]], step: str, best_epoch: int | None) -> Component:
    """Return the table of the newest epochs and, where there are more, a word about the others."""
    table = training_state.build_epochs(history[-_NEWEST_EPOCHS:], step, best_epoch)
    if len(history) <= _NEWEST_EPOCHS:
        return table
    words = f"The newest {_NEWEST_EPOCHS} of {len(history):,}; the plots' CSV holds all of them."
    return html.Div([html.Div(words, className="list-head"), table])


def build_log(messages: Sequence[Mapping[str, Any]], level: str, status: str) -> Component:
    """Return the training's log, newest first."""
    shown = [each for each in reversed(messages) if level in (ALL, each["level"])]
    if not shown:
        return html.Div(build_empty_state(*_word_silence(messages, status), icon="journal-text"))
    items = [_build_message(each) for each in shown]
    return html.Ol(items, className="log-list", tabIndex=0, role="log", **{"aria-label": "Log, newest first"})


def _word_silence(messages: Sequence[Mapping[str, Any]], status: str) -> tuple[str, str]:
    if messages:
        return "No warnings", "What the training said was ordinary. Choose Everything to read it."
    if status not in training_state.FINAL_STATES:
        return "Nothing logged yet", "The training speaks when it resumes, or when it meets something odd."
    if status != "done":
        return (
            "Nothing logged",
            "The training ended before it had anything to say; how it ended stands above.",
        )
    return "Nothing logged", "Nothing out of the ordinary happened: no resumption, no guard, no warning."


def _build_message(message: Mapping[str, Any]) -> html.Li:
    warns = message["level"] == "warning"
    moment = datetime.fromisoformat(message["created_at"]).astimezone(UTC)
    epoch = f"epoch {message['epoch']}" if message["epoch"] is not None else ""
    return html.Li(
        [
            html.Time(moment.strftime("%H:%M:%S"), title=moment.strftime("%Y-%m-%d %H:%M:%S UTC")),
            html.Span(epoch, className="log-epoch"),
            build_icon("exclamation-triangle" if warns else "info-circle"),
            html.Span([html.Strong("Warning: ") if warns else "", message["text"]], className="log-words"),
        ],
        className=f"log-line log-{message['level']}",
    )
