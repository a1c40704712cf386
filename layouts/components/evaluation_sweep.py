"""Robustness sweep: what is asked for, and what it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts.components.cards import build_card
from layouts.components.evaluation_parts import (
    LEVEL_WORDS,
    build_notes,
    build_span,
    build_table,
    is_ready,
    say_percent,
    say_share,
)
from layouts.components.forms import build_button, build_field, build_group
from layouts.components.numbers import count_of, format_moment, format_percent
from layouts.components.states import build_empty_state, build_note
from layouts.ids.evaluation import EvaluationId

Plain = Mapping[str, Any]
NOISE_KINDS = (
    ("white", "White noise"),
    ("pink", "Pink noise"),
    ("mains", "Mains hum"),
    ("impulsive", "Impulses"),
    ("dropout", "Dropouts"),
    ("gain", "Sensor gain"),
)
QUANTITIES = (("accuracy", "Accuracy"), ("macro_f1", "Macro F1"))
NEWEST = "newest"
_ROBUST_POINTS = 0.005


def build_sweep_form() -> html.Section:
    """Return what a sweep can be asked for."""
    kinds = dbc.Checklist(
        id=EvaluationId.KINDS,
        options=[{"value": key, "label": label} for key, label in NOISE_KINDS],
        value=[key for key, _ in NOISE_KINDS],
        inline=True,
    )
    body = [
        build_group("Disturbances", kinds),
        html.Div(
            [
                build_field(
                    "Signal to disturbance",
                    dbc.Input(id=EvaluationId.NOISE_LEVELS, value="20, 10, 5, 0, -5", debounce=True),
                    unit="dB",
                    help_text="Each with every disturbance, on every recording.",
                ),
                build_field(
                    "Gain",
                    dbc.Input(id=EvaluationId.GAIN_LEVELS, value="-12, -6, 6, 12", debounce=True),
                    unit="dB",
                    help_text="12 dB is a factor of four.",
                ),
                build_field(
                    "At most so many recordings",
                    dbc.Input(
                        id=EvaluationId.MOST_RECORDINGS, type="number", min=1, step=1, placeholder="all"
                    ),
                    help_text="Drawn evenly over the classes; all of the part where empty.",
                ),
            ],
            className="form-grid",
        ),
        html.Div(
            [
                build_button(
                    "Run the sweep",
                    EvaluationId.SWEEP,
                    icon="play",
                    tone="primary",
                    disabled_because="Choose an experiment first.",
                )
            ],
            className="form-actions",
        ),
    ]
    return build_card("A new sweep", html.Div(body, className="stack-form"))


def list_sweeps(evaluations: Sequence[Plain]) -> list[dict[str, str]]:
    """Return the finished sweeps of an experiment as options, the newest first."""
    return [
        {"value": str(each["evaluation_id"]), "label": describe_sweep(each)}
        for each in evaluations
        if each["kind"] == "robustness" and is_ready(each)
    ]


def describe_sweep(evaluation: Plain) -> str:
    """Return a sweep in one line: when, on what, how much."""
    config = evaluation["config"]
    kinds = count_of(len(config["noise_types"]), "disturbance")
    most = f", at most {config['max_recordings']} recordings" if config["max_recordings"] else ""
    return f"{format_moment(evaluation['created_at'])}: {config['part']} part, {kinds}{most}"


def build_no_sweep() -> Component:
    """Return what stands where no sweep has run yet."""
    state = build_empty_state(
        "No sweep yet",
        "A sweep adds disturbances to the recordings, one by one, and sees which answers change. It runs as "
        "a job: seconds for a forest, minutes for a network.",
        icon="soundwave",
    )
    return html.Div(state, className="surface")


def build_notes_of(evaluation: Plain) -> Component | None:
    """Return what has to be known of a sweep, also that the classifier is another one by now."""
    notes = list(evaluation["results"]["notes"])
    if not evaluation["current"]:
        notes.insert(0, "This sweep judged an earlier classifier of the experiment.")
    return build_notes(notes) if notes else None


def build_sweep(results: Plain, level: str) -> html.Div:
    """Return the sweep's table, the worst first sentence, and what gain does."""
    rows = [_build_row("clean", "", results["clean"], level)]
    rows += [_build_row(each["title"], f"{each['level_db']:g}", each, level) for each in results["rows"]]
    heads = (
        *("Disturbance", "Level (dB)", "Accuracy", "95 % interval", "Macro F1", "ECE"),
        "Answers changed",
    )
    caption = f"Robustness, {LEVEL_WORDS[level].lower()}, {results['part']} part"
    table = build_table(heads, rows, caption, numeric=(1, 2, 4, 5, 6))
    return html.Div([*_word_gain(results), build_card(caption, table, flush=True)], className="stack")


def _build_row(title: str, level_db: str, point: Plain, level: str) -> list[Any]:
    judged = point[level]
    if judged is None:
        return [title, level_db, "–", "–", "–", "–", "–"]
    return [
        title,
        level_db,
        format_percent(judged["accuracy"]),
        build_span(judged["accuracy"], judged["accuracy_interval"]),
        say_share(judged["macro_f1"]),
        say_percent(judged["ece"]),
        f"{judged.get('n_changed') or 0} of {judged['n']}",
    ]


def _word_gain(results: Plain) -> list[Component]:
    clean = results["clean"]["recording_level"]["accuracy"]
    gains = [each for each in results["rows"] if each["noise_type"] == "gain"]
    if not gains:
        return []
    worst = max(abs(each["recording_level"]["accuracy"] - clean) for each in gains)
    changed = sum(each["recording_level"]["n_changed"] for each in gains)
    span = f"{min(each['level_db'] for each in gains):g} to {max(each['level_db'] for each in gains):g} dB"
    if not changed:
        return [build_note(f"Gain of {span} changes no answer of a recording.", level="success")]
    words = (
        f"Gain of {span} changes the recording-level accuracy by up to {100 * worst:.1f} points "
        f"({count_of(changed, 'answer')} changed)."
    )
    return [build_note(words, level="info" if worst <= _ROBUST_POINTS else "warning")]
