"""A diagnosis as a person reads it: the answer, what it can't tell, where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import (
    build_badge,
    build_class_badge,
    build_job_state_badge,
    build_split_badge,
    format_class,
)
from layouts.components.cards import build_card, build_definitions, build_hash
from layouts.components.icons import build_icon
from layouts.components.jobs import build_progress, word_wait
from layouts.components.numbers import UNKNOWN, format_age, format_moment, format_number, format_percent
from layouts.components.results import format_interval
from layouts.components.states import build_empty_state, build_error_state, build_note
from layouts.figures.theme import class_colour

_HALF = 0.5
_STATUS_ICONS = {"undecided": "question-lg", "unknown": "question-diamond", "refused": "slash-circle"}
_STATUS_TONES = {"undecided": "warning", "unknown": "warning", "refused": "danger"}
DECIDERS = {
    "evidence": "the lines alone",
    "classifier": "the classifier alone",
    "both": "lines and classifier",
    "checks": "the checks of the recording",
}
_TRUST = {"evidence": " by the rules", "pooled": ", pooled, not calibrated"}
_LEVELS = (("recording_level", "recording-level"), ("window_level", "window-level"))


def build_verdict(answer: Mapping[str, Any], label: str | None) -> html.Section:
    """Return the answer: class or why none, sentence, confidence; ``label`` is the recording's own."""
    verdict = answer["verdict"]
    named = verdict["fault_class"] if verdict["status"] == "diagnosed" else None
    body = [
        html.Div([html.Span("Recording-level answer", className="verdict-level")]),
        html.Div(_build_headline(answer), className="verdict-class"),
        html.P(verdict["sentence"], className="verdict-sentence"),
        *([html.P(verdict["rule"], className="verdict-rule")] if verdict.get("rule") else []),
        html.Div(_list_figures(answer, label), className="verdict-figures"),
    ]
    return html.Section(
        body,
        className="surface verdict",
        style={"borderLeftColor": class_colour(named)},
        **{"aria-label": "Verdict"},
    )


def build_answer_badge(verdict: Mapping[str, Any]) -> list[Component]:
    """Return the class that a verdict names, or its status with the class it leans to."""
    status = verdict["status"]
    nearest = verdict.get("nearest_class") or verdict["fault_class"]
    if status == "diagnosed":
        return [build_class_badge(verdict["fault_class"])]
    badge = build_badge(status, tone=_STATUS_TONES[status], icon=_STATUS_ICONS[status])
    return [badge, *([html.Span(f" nearest: {format_class(nearest)}", className="muted")] if nearest else [])]


def _build_headline(answer: Mapping[str, Any]) -> list[Component]:
    verdict = answer["verdict"]
    status = verdict["status"]
    if status == "diagnosed":
        weak = [build_badge("weak: no majority", tone="warning", icon="question-lg")]
        return [build_class_badge(verdict["fault_class"]), *(weak if _is_weak(answer) else [])]
    nearest = verdict.get("nearest_class") or verdict["fault_class"]
    word = html.Span(
        [build_icon(_STATUS_ICONS[status]), html.Span(status.capitalize())],
        className=f"verdict-word {status}",
    )
    return [word, *([html.Span(["nearest: ", build_class_badge(nearest)])] if nearest else [])]


def _is_weak(answer: Mapping[str, Any]) -> bool:
    """Tell whether the answer has no majority: of the probability or, where it is theirs, of the windows."""
    verdict, windows = answer["verdict"], answer["windows"]
    if verdict["confidence"] < _HALF:
        return True
    return (
        bool(windows)
        and verdict["decided_by"] == "classifier"
        and windows["n_agreeing"] < _HALF * windows["n"]
    )


def _shows_the_opinion(answer: Mapping[str, Any]) -> bool:
    """Tell whether the headline's class is the classifier's: its windows say nothing about another's."""
    verdict = answer["verdict"]
    opinion = (answer.get("opinion") or {}).get("fault_class")
    return opinion is None or opinion == (verdict["fault_class"] or verdict.get("nearest_class"))


def complete_answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer that an older version gave with what it lacks; any other as it is."""
    if "decision" in answer:
        return dict(answer)
    verdict = answer["verdict"]
    said = {name: verdict.get(name) for name in ("fault_class", "confidence")}
    return {
        **answer,
        "verdict": {
            "status": "diagnosed",
            "nearest_class": None,
            "rule": "",
            "decided_by": "classifier",
            **verdict,
        },
        "decision": None,
        "faults": [],
        "evidence_missing": "An older version made this diagnosis, without evidence: diagnose again.",
        "opinion": {**said, "standing": None, "rejected": False, "refused": None},
    }


def _list_figures(answer: Mapping[str, Any], label: str | None) -> list[Component]:
    verdict, windows = answer["verdict"], answer["windows"]
    figures = []
    if verdict["confidence"] is not None:
        what = "confidence" if verdict["status"] == "diagnosed" else "for the nearest class"
        words = f" {what}{word_trust(answer)}"
        figures.append(html.Span([html.Strong(format_percent(verdict["confidence"])), words]))
    if verdict.get("decided_by"):
        figures.append(html.Span(["decided by ", html.Strong(DECIDERS[verdict["decided_by"]])]))
    if windows and _shows_the_opinion(answer):
        figures.append(
            html.Span([html.Strong(f"{windows['n_agreeing']} of {windows['n']}"), " windows agree"])
        )
    if label:
        figures.append(_compare(verdict["fault_class"], label))
    return figures


def word_trust(answer: Mapping[str, Any]) -> str:
    """Return whose the confidence is and whether it is calibrated; nothing where an older answer lacks it."""
    verdict = answer["verdict"]
    if verdict.get("confidence_source") == "classifier":
        return ", calibrated" if verdict["calibrated"] else ", not calibrated"
    return _TRUST.get(verdict.get("confidence_source"), "")


def _compare(said: str | None, label: str) -> html.Span:
    words: list[Any] = ["labelled ", html.Strong(format_class(label)), " "]
    if said is not None:
        agrees = said == label
        badge = build_badge(
            "agrees" if agrees else "differs",
            tone="success" if agrees else "danger",
            icon="check-lg" if agrees else "x-lg",
        )
        words.append(badge)
    return html.Span(words)


def build_limits(limits: Sequence[str]) -> Component | None:
    """Return what the answer can't tell; nothing where nothing was answered."""
    if not limits:
        return None
    items = [html.Li(sentence) for sentence in limits]
    head = html.H2([build_icon("exclamation-triangle"), " Limits of this answer"], className="card-heading")
    return html.Section([head, html.Ul(items, className="limit-list")], className="surface limits")


def build_notes(notes: Sequence[str]) -> Component | None:
    """Return what was done to the recording, for example that it was resampled."""
    return (
        html.Div([build_note(note[:1].upper() + note[1:]) for note in notes], className="stack-tight")
        if notes
        else None
    )


def build_probabilities(probabilities: Mapping[str, float]) -> Component:
    """Return a bar per class, the likeliest first."""
    if not probabilities:
        return html.P("None: nothing was decided.", className="muted")
    ordered = sorted(probabilities.items(), key=lambda item: -item[1])
    rows = [
        html.Tr(
            [
                html.Th(build_class_badge(name), scope="row"),
                html.Td(
                    html.Div(
                        className="share-fill",
                        style={"width": f"{100 * share:.2f}%", "background": class_colour(name)},
                    ),
                    className="share-bar",
                ),
                html.Td(format_percent(share), className="number"),
            ]
        )
        for name, share in ordered
    ]
    caption = html.Caption("Probability of each class, recording level", className="visually-hidden")
    return html.Table([caption, html.Tbody(rows)], className="share-table")


def build_facts(answer: Mapping[str, Any], recording_link: str | None) -> html.Div:
    """Return the classifier's origin beside the recording's facts."""
    classifier = answer["classifier"]
    cards = [build_card("The recording", _build_recording(answer["recording"], recording_link))]
    if classifier is not None:
        cards.insert(0, build_card("The classifier", build_classifier(classifier)))
    return html.Div(cards, className="grid-2")


def build_classifier(classifier: Mapping[str, Any]) -> html.Div:
    """Return where a classifier comes from and how well it did, each accuracy with its level."""
    link = dcc.Link(
        f"{classifier['name']} (experiment {classifier['experiment_id']})",
        href=f"/experiment/{classifier['experiment_id']}",
    )
    classes = ", ".join(format_class(name) for name in classifier["class_names"])
    rows: list[tuple[str, Any]] = [
        ("Experiment", link),
        ("Network", f"{classifier['network_title']}, seed {classifier['seed']}"),
        ("Trained on", describe_data(classifier)),
        ("Split", html.Span([classifier["split"], " ", build_split_badge(classifier["split_colour"])])),
        *_list_accuracies(classifier["test"]),
        ("Classes", classes),
        ("Analysis rate", _say(classifier["analysis_rate_hz"], "Hz")),
        ("SHA-256", build_hash(classifier["sha256"])),
    ]
    stamp = classifier["split_accepted_reason"]
    note = [build_note(["Amber split, accepted because: ", html.Q(stamp)], level="warning")] if stamp else []
    return html.Div([build_definitions(rows), *note])


def describe_data(classifier: Mapping[str, Any]) -> str:
    """Return dataset, version and channel in words."""
    channel = classifier["channel"] or "every channel"
    return f"{classifier['dataset']} v{classifier['dataset_version']}, {channel}"


def _list_accuracies(test: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    if test is None:
        return [("Test accuracy", "never tested")]
    return [(f"Test, {words}", describe_level(test[level])) for level, words in _LEVELS]


def describe_level(level: Mapping[str, Any]) -> str:
    """Return an accuracy with its count and interval."""
    words = f"{format_percent(level['accuracy'])}, n = {format_number(level['n'])}"
    if level["accuracy_interval"]:
        words += f", 95 % interval {format_interval(level['accuracy_interval'])}"
    return words


def _build_recording(recording: Mapping[str, Any], link: str | None) -> html.Div:
    duration = f"{format_number(recording['duration_s'])} s, {format_number(recording['n_samples'])} samples"
    rows: list[tuple[str, Any]] = [
        ("Name", dcc.Link(recording["name"], href=link) if link else recording["name"]),
        ("Channel", recording["channel"] or UNKNOWN),
        ("Sample rate", _say(recording["sample_rate_hz"], "Hz")),
        ("Length", duration),
        ("Shaft speed", _say(recording["shaft_speed_rpm"], "rpm")),
        ("Load", recording["load"] or UNKNOWN),
        ("Machine", recording["machine"] or UNKNOWN),
        ("Bearing", recording["bearing"] or UNKNOWN),
        ("Unit", recording["unit"] or UNKNOWN),
        *([("SHA-256", build_hash(recording["sha256"]))] if recording.get("sha256") else []),
    ]
    return html.Div(build_definitions(rows))


def _say(value: float | None, unit: str) -> str:
    return UNKNOWN if value is None else f"{format_number(value)} {unit}"


def build_waiting(
    diagnosis: Mapping[str, Any], job: Mapping[str, Any] | None, health: Mapping[str, Any] | None
) -> html.Section:
    """Return a diagnosis that is still on its way, and why it waits where it does."""
    parts: list[Component] = [
        html.Div(
            [build_job_state_badge(diagnosis["state"]), html.Span(f"Diagnosing {diagnosis['source_name']}")],
            className="state-line",
        )
    ]
    reason = word_wait(health, "quick")
    if reason:
        parts.append(build_note(reason, level="warning"))
    elif job and diagnosis["state"] == "running":
        parts.append(build_progress(job))
    else:
        parts.append(html.Span("Waiting for a free worker.", className="muted"))
    return html.Section(html.Div(parts, className="stack-tight surface-body"), className="surface")


def build_failure(diagnosis: Mapping[str, Any]) -> html.Section:
    """Return why there is no answer and what to do."""
    if diagnosis["state"] == "cancelled":
        state = build_empty_state(
            "Cancelled", "This diagnosis was cancelled before it had an answer.", icon="slash-circle"
        )
    else:
        sentence = diagnosis["error"] or "The job was lost three times; ask again."
        state = build_error_state(sentence, title=f"No diagnosis of {diagnosis['source_name']}")
    return html.Section(state, className="surface")


def build_history(diagnoses: Sequence[Mapping[str, Any]], total: int, current: int | None) -> Component:
    """Return the latest diagnoses, each with its answer."""
    if not diagnoses:
        return build_empty_state(
            "No diagnoses yet", "Every answer is kept here with its classifier.", icon="clock-history"
        )
    heads = ("Recording", "Answer", "Confidence", "Asked of", "Analyst", "State", "Asked")
    head = html.Tr(
        [html.Th(text, scope="col", className="number" if text == "Confidence" else None) for text in heads]
    )
    rows = [_build_past(each, current) for each in diagnoses]
    caption = html.Caption("Diagnoses, newest first", className="visually-hidden")
    table = html.Table([caption, html.Thead(head), html.Tbody(rows)], className="plain-table past")
    rest = total - len(diagnoses)
    words = f"All diagnoses, {rest} older ones too" if rest > 0 else "All diagnoses, to search and filter"
    more = [html.P(dcc.Link(words, href="/reports"), className="list-more")]
    frame = html.Div(
        table, className="plain-table-frame", tabIndex=0, role="region", **{"aria-label": "Diagnoses"}
    )
    return html.Div([frame, *more])


def _build_past(each: Mapping[str, Any], current: int | None) -> html.Tr:
    verdict, number = each["verdict"], each["diagnosis_id"]
    link = dcc.Link(each["source_name"], href=f"/diagnose?diagnosis={number}", className="row-title")
    confidence = verdict["confidence"] if verdict else None
    return html.Tr(
        [
            html.Td(link),
            html.Td(build_answer_badge(verdict) if verdict else "–"),
            html.Td("–" if confidence is None else format_percent(confidence), className="number"),
            html.Td(_word_asked(each["experiment_id"])),
            html.Td(each.get("opinion") or "–"),
            html.Td(build_job_state_badge(each["state"])),
            html.Td(
                format_age(each["created_at"]), title=format_moment(each["created_at"]), className="no-break"
            ),
        ],
        className="current-row" if number == current else None,
    )


def _word_asked(experiment_id: int | None) -> Any:
    if experiment_id is None:
        return "the lines alone"
    return dcc.Link(f"experiment {experiment_id}", href=f"/experiment/{experiment_id}")
