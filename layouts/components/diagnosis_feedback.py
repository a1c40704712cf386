"""What an analyst says of a diagnosis, and how that becomes the next version of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_class_badge, format_class
from layouts.components.cards import build_card
from layouts.components.diagnosis_evidence import build_opinion
from layouts.components.forms import build_button, build_field, build_group, build_select
from layouts.components.numbers import count_of, format_moment
from layouts.components.states import build_note
from layouts.ids.diagnose import DiagnoseId
from utils.constants import FAULT_CLASSES, ROLLING_FAULT_CLASSES

OPINIONS = (
    ("confirmed", "Confirm: the answer is right"),
    ("rejected", "Reject: the answer is wrong"),
    ("relabelled", "Relabel: it is another class"),
)
_MOST_PENDING = 20


def build_feedback_card() -> html.Section:
    """Return the form for an opinion, what was said before, and the way into the dataset."""
    choice = dbc.RadioItems(
        id=DiagnoseId.OPINION,
        options=[{"value": value, "label": label} for value, label in OPINIONS],
        value=None,
    )
    note = dbc.Textarea(id=DiagnoseId.NOTE, rows=2, maxlength=2000, placeholder="What you saw")
    save = build_button(
        "Save feedback",
        DiagnoseId.SAVE_FEEDBACK,
        icon="check2",
        tone="primary",
        disabled_because="Choose what you say first.",
    )
    form = html.Div(
        [
            build_group("What do you say?", choice),
            html.Div(
                build_field("Its class", build_select(DiagnoseId.RIGHT_CLASS, [])),
                id=DiagnoseId.RIGHT_CLASS_FIELD,
                hidden=True,
            ),
            build_field("Note", note),
            html.Div(save, className="form-actions"),
        ],
        className="stack-form needs-engineer",
    )
    said = html.Div(id=DiagnoseId.SAID, **{"aria-live": "polite"})
    return build_card("Your feedback", html.Div([said, form, _build_apply()], className="stack-form"))


def _build_apply() -> html.Div:
    reason = dbc.Input(
        id=DiagnoseId.APPLY_REASON, maxlength=300, placeholder="for example: seen at the inspection"
    )
    apply = build_button(
        "Take up into the dataset",
        DiagnoseId.APPLY_FEEDBACK,
        icon="layers",
        disabled_because="No feedback gives a label.",
    )
    return html.Div(
        [
            html.Div(id=DiagnoseId.PENDING),
            build_field("Reason, kept with the version", reason),
            html.Div(apply, className="form-actions"),
        ],
        id=DiagnoseId.APPLY,
        className="stack-form needs-engineer apply-feedback",
        hidden=True,
    )


def list_classes(answer: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the classes that a recording may be relabelled to: its machine kind's and the classifier's."""
    kind, classifier = answer["recording"].get("machine_kind"), answer["classifier"]
    own = classifier["class_names"] if classifier else []
    known = {"rolling": ROLLING_FAULT_CLASSES, "journal": tuple(FAULT_CLASSES)}
    names = [*own, *known.get(kind or "", (*ROLLING_FAULT_CLASSES, *FAULT_CLASSES))]
    return [{"value": name, "label": format_class(name)} for name in dict.fromkeys(names)]


def build_said(feedback: Sequence[Mapping[str, Any]]) -> Component:
    """Return what was said, the newest first."""
    if not feedback:
        return html.P("Nobody has said anything of this answer yet.", className="muted")
    return html.Ul([_build_entry(each) for each in feedback], className="said-list")


def _build_entry(each: Mapping[str, Any]) -> html.Li:
    version = each["dataset_version"]
    taken = f" · in dataset version {version['version']}" if version else ""
    who = f"{each['created_by'] or 'somebody'}, {format_moment(each['created_at'])}{taken}"
    return html.Li(
        [
            build_opinion(each["opinion"], each["fault_class"]),
            *([html.Q(each["note"], className="said-note")] if each["note"] else []),
            html.Div(who, className="row-detail"),
        ]
    )


def build_pending(preview: Mapping[str, Any], dataset: str) -> Component:
    """Return which labels the feedback of a dataset's diagnoses would change."""
    items = preview["items"]
    changes = [each for each in items if each["label_now"] != each["label_new"]]
    if changes:
        count = count_of(len(changes), "label")
        words = f"Feedback on {dataset} changes {count}; version {preview['version']} stays as it is."
    else:
        words = _word_unchanged(preview, dataset)
    shown = (changes or items)[:_MOST_PENDING]
    left = len(changes or items) - len(shown)
    more = [html.Li(f"and {left} more", className="muted")] if left > 0 else []
    listed = [html.Ul([*map(_build_change, shown), *more], className="said-list")] if shown else []
    return html.Div([build_note(words), *listed])


def _build_change(each: Mapping[str, Any]) -> html.Li:
    """Return what happens to one label, and the way to the report that says why."""
    number = each["diagnosis_id"]
    now, new = build_class_badge(each["label_now"]), build_class_badge(each["label_new"])
    labels = [now, " stays"] if each["label_now"] == each["label_new"] else [now, " → ", new]
    way = dcc.Link(f"report of diagnosis {number}", href=f"/reports/{number}")
    return html.Li([f"{each['recording']}: ", *labels, " · ", way])


def _word_unchanged(preview: Mapping[str, Any], dataset: str) -> str:
    n_items = len(preview["items"])
    if not n_items:
        return f"Feedback on {dataset} gives no label now."
    noun = "label as it is" if n_items == 1 else "labels as they are"
    return f"Feedback on {dataset} bears out {n_items} {noun}: taking it up notes it, without a new version."


def word_applied(made: Mapping[str, Any]) -> str:
    """Return what became of feedback that was taken up."""
    if made["job_ids"]:
        return "The next dataset version is being made"
    if made["n_signals"]:
        return f"Dataset version {made['version']} made"
    return f"Noted: version {made['version']} has these labels already"
