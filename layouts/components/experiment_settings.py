"""The Settings tab of an experiment: its name and notes, how it was made, and how to repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, build_split_badge
from layouts.components.cards import build_card, build_definitions, build_hash
from layouts.components.experiment_family import build_trash_card, link_members
from layouts.components.findings import build_finding_notes
from layouts.components.forms import build_button, build_field
from layouts.components.icons import build_icon
from layouts.components.numbers import count_of, format_moment, format_number
from layouts.components.states import build_skeleton
from layouts.components.training_form import name_option, word_empty
from layouts.ids.experiment import ExperimentId

Plain = Mapping[str, Any]
_NOT_YET = "The experiment is not known yet."
_MOST_NOTES = 4000


def build_settings() -> html.Div:
    """Return the tab; its callbacks fill it."""
    form = html.Div(
        [
            build_field(
                "Name", dbc.Input(id=ExperimentId.NAME, type="text", maxLength=160, autocomplete="off")
            ),
            build_field(
                "Notes",
                dbc.Textarea(id=ExperimentId.NOTES, maxLength=_MOST_NOTES, rows=5),
                help_text="What was tried and why. Everybody can read it.",
            ),
            html.Div(
                build_button(
                    "Save", ExperimentId.SAVE, icon="check-lg", tone="primary", disabled_because=_NOT_YET
                ),
                className="form-actions",
            ),
        ],
        className="stack-form",
    )
    return html.Div(
        [
            dcc.Store(id=ExperimentId.SAVED),
            dcc.Store(id=ExperimentId.THROWN),
            html.Div(
                [
                    html.Div(
                        [
                            build_card("How it was made", html.Div(build_skeleton(6), id=ExperimentId.CARD)),
                            build_card(
                                "Trained together", html.Div(build_skeleton(2), id=ExperimentId.FAMILY)
                            ),
                        ],
                        className="stack",
                    ),
                    html.Div(
                        [
                            build_card("Name and notes", form),
                            build_card("Repeat it", html.Div(build_skeleton(2), id=ExperimentId.COMMAND)),
                            build_trash_card(),
                        ],
                        className="stack",
                    ),
                ],
                className="grid-2",
            ),
            build_card("Options", html.Div(build_skeleton(6), id=ExperimentId.OPTIONS), flush=True),
        ],
        className="stack",
    )


def build_experiment_card(
    experiment: Plain, parent: Plain | None = None, members: Sequence[tuple[int, str | None]] = ()
) -> Component:
    """Return data, split and hashes of an experiment.

    ``parent`` is what it was fine-tuned from, ``members`` are (id, name) of an ensemble's experiments.
    """
    dataset_id = experiment["dataset_id"]
    version = f"/datasets/{dataset_id}?version={experiment['dataset_version']}"
    split = dcc.Link(experiment["split"], href=f"/datasets/{dataset_id}?tab=splits")
    rows: list[tuple[str, Any]] = [
        ("Experiment", f"#{experiment['experiment_id']}, created {format_moment(experiment['created_at'])}"),
        (
            "Dataset",
            dcc.Link(f"{experiment['dataset']}, version {experiment['dataset_version']}", href=version),
        ),
        ("Split", html.Span([split, " ", build_split_badge(experiment["split_colour"])])),
        ("Channel", experiment["channel"] or "every labelled channel"),
        ("Network", experiment["network_title"]),
        ("Seed", str(experiment["seed"])),
        ("Analysis rate", _describe_rate(experiment["analysis_rate_hz"])),
    ]
    if members:
        rows.append(("Members", link_members(members)))
        rows.append(("Training of the members", _describe_effort(experiment["train_cpu_s"])))
    else:
        rows.append(("Best epoch", _describe_best(experiment)))
        rows.append(("Training", _describe_effort(experiment["train_cpu_s"])))
    if parent is not None:
        link = dcc.Link(parent["name"], href=f"/experiment/{parent['experiment_id']}?tab=results")
        rows.append(("Fine-tuned from", link))
    if experiment.get("baseline_of"):
        rows.append(("Trained as", "the classical baseline beside a network"))
    if experiment["classifier_sha256"]:
        rows.append(("Classifier (SHA-256)", build_hash(experiment["classifier_sha256"])))
    notes = build_finding_notes(experiment["split_findings"])
    return html.Div([build_definitions(rows), *notes], className="stack-tight")


def _describe_rate(rate_hz: float | None) -> str:
    return f"{format_number(rate_hz)} Hz, every signal resampled to it" if rate_hz else "not known yet"


def _describe_best(experiment: Plain) -> str:
    if experiment["best_epoch"] is None:
        return "none"
    return f"{experiment['best_epoch']} of {experiment['epochs_run']} run"


def _describe_effort(cpu_s: float | None) -> str:
    return "not finished" if cpu_s is None else f"{format_number(cpu_s, 3)} CPU s"


def list_changed(experiment: Plain, spec: Plain | None) -> list[str]:
    """Return the names of the options that are not at their default."""
    defaults = {each["name"]: each["default"] for each in spec["options"]} if spec else {}
    return [
        name
        for name, value in experiment["options"].items()
        if name not in defaults or defaults[name] != value
    ]


def build_options(experiment: Plain, spec: Plain | None) -> Component:
    """Return every option with its value; what is not at its default comes first and says so."""
    known = {each["name"]: each for each in spec["options"]} if spec else {}
    changed = list_changed(experiment, spec)
    others = [name for name in experiment["options"] if name not in changed]
    rows = [
        _build_option(name, experiment["options"][name], known.get(name), changed=name in changed)
        for name in (*changed, *others)
    ]
    head = html.Tr([html.Th(text, scope="col") for text in ("Option", "Value", "Default", "What it does")])
    words = f"{count_of(len(changed), 'option')} of {len(rows)} not at the default"
    caption = html.Caption("Options of the training", className="visually-hidden")
    table = html.Table([caption, html.Thead(head), html.Tbody(rows)], className="plain-table options-table")
    frame = html.Div(
        table,
        className="plain-table-frame epochs-frame",
        tabIndex=0,
        role="region",
        **{"aria-label": "Options of the training"},
    )
    return html.Div([html.Div(words, className="list-head"), frame])


def _build_option(name: str, value: Any, spec: Plain | None, *, changed: bool) -> html.Tr:
    label, unit = name_option(name)
    help_text = spec["help"] if spec else ""
    mark = [" ", build_badge("changed", tone="info", icon="pencil")] if changed else []
    return html.Tr(
        [
            html.Th(html.Span([label, *mark], title=name), scope="row"),
            html.Td(_say_option(value, unit, help_text)),
            html.Td(_say_option(spec["default"], unit, help_text) if spec else "–", className="muted"),
            html.Td(help_text, className="muted"),
        ]
    )


def _say_option(value: Any, unit: str, help_text: str) -> str:
    if value is None:
        return word_empty(help_text)
    if isinstance(value, bool):
        return "yes" if value else "no"
    said = format_number(value) if isinstance(value, int | float) else str(value)
    return f"{said} {unit}".strip()


def write_command(experiment: Plain, changed: Sequence[str]) -> str:
    """Return the command that trains the same again."""
    words = ["--dataset", experiment["dataset"], "--split", experiment["split"]]
    words += ["--network", experiment["network"]]
    if experiment["channel"]:
        words += ["--channel", experiment["channel"]]
    for name in changed:
        value = experiment["options"][name]
        if value is not None:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            words += ["--option", f"{name}={text}"]
    words += ["--seeds", str(experiment["seed"])]
    return f"python -m dashboard train {shlex.join(words)}"


def build_command(experiment: Plain, spec: Plain | None) -> Component:
    """Return that command to copy; an ensemble has none."""
    if experiment.get("members"):
        return html.P(
            [
                "Select its members in the list of ",
                dcc.Link("experiments", href="/experiments"),
                ", then Combine.",
            ]
        )
    command = write_command(experiment, list_changed(experiment, spec))
    copy = html.Button(
        [build_icon("copy"), html.Span("Copy")],
        type="button",
        className="btn btn-light btn-sm action",
        **{"data-action": "copy-text"},
    )
    return html.Div(
        [
            html.P("The same data, split, options and seed give the same weights on the same machine."),
            html.Div([html.Code(command, className="command-line"), copy], className="command-box"),
        ],
        className="stack-tight",
    )
