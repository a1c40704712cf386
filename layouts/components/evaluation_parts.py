"""What the evaluation's tabs share: notes, recordings with their links, tables with intervals, jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, build_class_badge, build_split_badge
from layouts.components.jobs import build_job_row
from layouts.components.numbers import count_of, format_number, format_percent
from layouts.components.results import build_interval, build_questions
from layouts.components.states import build_empty_state, build_error_state, build_note

Plain = Mapping[str, Any]
LEVELS = (("recording_level", "Recording level"), ("window_level", "Window level"))
NOUNS = {"recording_level": "recording", "window_level": "window"}
LEVEL_WORDS = {"recording_level": "Recording-level", "window_level": "Window-level"}
_NO_WINDOWS = (
    "The probabilities of single windows were not kept when this experiment was trained, so that only "
    "recordings are judged here. Judge it again to have both."
)


def build_notes(notes: Sequence[str]) -> Component | None:
    """Return what has to be known to read the numbers right, in one note."""
    if not notes:
        return None
    if len(notes) == 1:
        return build_note(notes[0])
    return build_note(html.Ul([html.Li(note) for note in notes], className="note-list"))


def build_no_windows() -> Component:
    """Return why there are no window-level numbers."""
    return html.Div(build_empty_state("No window-level numbers", _NO_WINDOWS, icon="window"))


def build_refused(sentence: str, title: str = "This can't be worked out") -> Component:
    """Return why an evaluation is not there."""
    return html.Div(build_error_state(sentence, title=title), className="surface")


def is_ready(evaluation: Plain) -> bool:
    """Tell whether a listed evaluation has its results."""
    return evaluation["job"] is None or evaluation["job"]["state"] == "done"


def build_jobs(jobs: Sequence[Mapping[str, Any]]) -> Component | None:
    """Return the jobs under way, each with its progress and Cancel."""
    if not jobs:
        return None
    return html.Ul([build_job_row(dict(job)) for job in jobs], className="job-list surface surface-body")


def build_failure(job: Plain | None) -> Component | None:
    """Return why the newest job of a kind gave nothing, where that is so."""
    if job is None or job["state"] not in ("failed", "dead", "cancelled"):
        return None
    words = job["error"] or (
        "It was cancelled." if job["state"] == "cancelled" else "It ended without result."
    )
    return build_note(words, level="danger" if job["state"] != "cancelled" else "warning")


def build_stamp_line(experiment: Plain) -> html.Div:
    """Return what was judged: network, data, split with its colour, seed."""
    channel = f", channel {experiment['channel']}" if experiment["channel"] else ""
    number = experiment["experiment_id"]
    data = f"/datasets/{experiment['dataset_id']}?version={experiment['dataset_version']}"
    return html.Div(
        [
            dcc.Link(experiment["name"], href=f"/experiment/{number}?tab=results", className="row-title"),
            html.Span(experiment["network_title"]),
            dcc.Link(f"{experiment['dataset']} v{experiment['dataset_version']}", href=data),
            html.Span([f"split {experiment['split']}{channel}, seed {experiment['seed']}"]),
            build_split_badge(experiment["split_colour"]),
        ],
        className="judged-line",
    )


def label_experiment(experiment: Plain) -> str:
    """Return an experiment in one line, to choose it by."""
    judged = (experiment["test"] or {}).get("recording_level")
    share = f" · {format_percent(judged['accuracy'])} of {judged['n']} test recordings" if judged else ""
    return f"#{experiment['experiment_id']} {experiment['name']}, seed {experiment['seed']}{share}"


def build_test_use(used: Plain | None) -> Component | None:
    """Return how often the test part has been judged, and by what."""
    if used is None:
        return None
    times = "once" if used["n_test_evaluations"] == 1 else f"{used['n_test_evaluations']} times"
    items = html.Ul([html.Li(f"{each['what']} ({each['n']} ×)") for each in used["items"]])
    summary = html.Summary(f"The test part was judged {times}.")
    return html.Details([summary, items], className="disclosure test-use")


def describe_basis(results: Plain, level: str, n: int) -> str:
    """Return the level, part and count that a number stands on."""
    return f"{LEVEL_WORDS[level]}, {results['part']} part, {count_of(n, NOUNS[level])}"


def link_recording(recording: Plain) -> dcc.Link:
    """Return the way to a recording in the viewer, at the channel that was judged."""
    channel = f"?channel={recording['channels'][0]}" if recording["channels"] else ""
    path = f"/signals/{recording['dataset_id']}/{recording['recording_id']}{channel}"
    return dcc.Link(recording["recording"], href=path, className="row-title")


def describe_conditions(recording: Plain) -> str:
    """Return under what conditions a recording was made, as far as known."""
    words = []
    if recording["load"] is not None:
        words.append(f"load {recording['load']}")
    if recording["shaft_speed_rpm"] is not None:
        words.append(f"{format_number(recording['shaft_speed_rpm'])}\N{NO-BREAK SPACE}rpm")
    if recording["severity"]:
        words.append(str(recording["severity"]))
    if recording["snr_db"] is not None:
        level = f"{recording['snr_db']:.0f}".replace("-", "\N{MINUS SIGN}")
        words.append(f"SNR\N{NO-BREAK SPACE}{level}\N{NO-BREAK SPACE}dB (estimated)")
    return " · ".join(words) or "conditions unknown"


def build_recordings(
    recordings: Sequence[Plain],
    caption: str,
    *,
    windows_in_cell: bool = False,
    explain_with: int | None = None,
) -> html.Div:
    """Return recordings with label, answer and probabilities; each leads to the viewer.

    ``explain_with`` is the experiment that can say what it looked at in them.
    """
    heads = ["Recording", "Conditions", "Label", "Answer"]
    numbers = ["P(label)", "P(answer)", "Windows in the cell" if windows_in_cell else "Windows right"]
    head = html.Tr(
        [
            *(html.Th(text, scope="col") for text in heads),
            *(html.Th(text, scope="col", className="number") for text in numbers),
            html.Th(html.Span("Ask further", className="visually-hidden"), scope="col"),
        ]
    )
    rows = [
        _build_recording(each, windows_in_cell=windows_in_cell, explain_with=explain_with)
        for each in recordings
    ]
    words = html.Caption(caption, className="visually-hidden")
    table = html.Table([words, html.Thead(head), html.Tbody(rows)], className="plain-table judged")
    return frame_table(table, caption)


def _build_recording(recording: Plain, *, windows_in_cell: bool, explain_with: int | None) -> html.Tr:
    right = recording["target"] == recording["predicted"]
    mark = build_badge(
        "right" if right else "wrong",
        tone="success" if right else "danger",
        icon="check-lg" if right else "x-lg",
    )
    n_windows = recording["n_windows_in_cell"] if windows_in_cell else recording["n_windows_correct"]
    signal = recording["signal_ids"][0] if recording["signal_ids"] else None
    return html.Tr(
        [
            html.Td(link_recording(recording)),
            html.Td(describe_conditions(recording), className="muted"),
            html.Td(build_class_badge(recording["target"])),
            html.Td([build_class_badge(recording["predicted"]), " ", mark]),
            html.Td(format_percent(recording["probability_target"]), className="number"),
            html.Td(format_percent(recording["probability_predicted"]), className="number"),
            html.Td(f"{n_windows} of {recording['n_windows']}", className="number"),
            html.Td(build_questions(signal, explain_with), className="row-links"),
        ]
    )


def frame_table(table: html.Table, label: str) -> html.Div:
    """Return a table that scrolls by itself, also by keyboard."""
    return html.Div(table, className="plain-table-frame", tabIndex=0, role="region", **{"aria-label": label})


def build_table(
    heads: Sequence[str], rows: Sequence[Sequence[Any]], caption: str, *, numeric: Sequence[int] = ()
) -> html.Div:
    """Return a table; the columns in ``numeric`` align right, the first cell of a row heads it."""
    head = [
        html.Th(text, scope="col", className="number" if index in numeric else None)
        for index, text in enumerate(heads)
    ]
    body = [
        html.Tr(
            [
                html.Th(row[0], scope="row"),
                *(
                    html.Td(cell, className="number" if index in numeric else None)
                    for index, cell in enumerate(row[1:], 1)
                ),
            ]
        )
        for row in rows
    ]
    words = html.Caption(caption, className="visually-hidden")
    table = html.Table([words, html.Thead(html.Tr(head)), html.Tbody(body)], className="plain-table judging")
    return frame_table(table, caption)


def say_share(value: float | None, digits: int = 3) -> str:
    """Return a share of 1 as a number, or a dash."""
    return "–" if value is None else f"{value:.{digits}f}"


def say_percent(share: float | None) -> str:
    """Return a share in percent, or a dash."""
    return "–" if share is None else format_percent(share)


def build_span(value: float | None, interval: Sequence[float] | None, *, percent: bool = True) -> Component:
    """Return a 95 % interval as a bar and in words; a dash where there is none."""
    if value is None or interval is None:
        return html.Span("–", className="muted")
    shown = build_interval(value, interval, brief=True)
    if not percent:
        shown.children[-1].children = f"{interval[0]:.3f} to {interval[1]:.3f}"
    return shown
