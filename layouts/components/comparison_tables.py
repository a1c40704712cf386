"""Tables of a comparison: overview, per class, confusion side by side, settings, recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, build_class_badge, format_class
from layouts.components.cards import build_card
from layouts.components.icons import build_icon
from layouts.components.numbers import count_of, format_number, format_percent
from layouts.components.results import build_confusion, build_interval, format_interval
from layouts.components.training_form import name_option
from layouts.figures.comparison import style_contestant

_OPTION = "options."
_MOST_RECORDINGS = 150
_NO_OPTION = "no such option"  # what the service says where a network has no such option
_NAMES = {
    "network": "Network",
    "dataset": "Dataset",
    "dataset_version": "Dataset version",
    "split": "Split",
    "channel": "Channel",
    "fine_tuned_from": "Fine-tuned from experiment",
}
# Column, its key among the best, and how a value is written.
_COLUMNS = (
    ("Macro F1, recordings", "recording_level.macro_f1", "share"),
    ("ECE, recordings", "recording_level.ece", "share"),
    ("Accuracy, windows", "window_level.accuracy", "share"),
    ("Validation accuracy, recordings", "validation_accuracy", "share"),
    ("Training (CPU s)", "train_cpu_s", "number"),
)

Comparison = Mapping[str, Any]


def build_letter(letter: str) -> html.Span:
    """Return a contestant's letter with the dot of its colour."""
    dot = html.Span(className="class-dot", style={"background": style_contestant(letter).colour})
    return html.Span([dot, html.Strong(letter)], className="class-badge compare-letter")


def _build_frame(head: Component, rows: Sequence[Component], caption: str, class_name: str) -> html.Div:
    words = html.Caption(caption, className="visually-hidden")
    table = html.Table(
        [words, html.Thead(head), html.Tbody(list(rows))], className=f"plain-table {class_name}"
    )
    return html.Div(
        table, className="plain-table-frame", tabIndex=0, role="region", **{"aria-label": caption}
    )


def _build_head(texts: Sequence[Any], numeric: Sequence[int] = ()) -> html.Tr:
    return html.Tr(
        [
            html.Th(text, scope="col", className="number" if index in numeric else None)
            for index, text in enumerate(texts)
        ]
    )


def build_overview(found: Comparison) -> html.Div:
    """Return one row per contestant: both levels, intervals, cost; the best of each column is marked."""
    headers = ("Training", "Accuracy, recordings", "95 % interval", *(name for name, _, _ in _COLUMNS))
    rows = [_build_contestant(each, found["best"]) for each in found["contestants"]]
    numeric = (1, *range(3, len(headers)))
    return _build_frame(_build_head(headers, numeric), rows, "Overview of the trainings", "compare-overview")


def _build_contestant(each: Mapping[str, Any], best: Mapping[str, Sequence[str]]) -> html.Tr:
    level = each["recording_level"]
    cells = [
        html.Th(_build_name(each), scope="row"),
        _build_value(each, best, "recording_level.accuracy", format_percent(level["accuracy"])),
        html.Td(_build_intervals(each)),
    ]
    for _, key, kind in _COLUMNS:
        value = _read(each, key)
        text = _write(value, kind)
        cells.append(_build_value(each, best, key, text))
    return html.Tr(cells)


def _write(value: float | None, kind: str) -> str:
    if value is None:
        return "–"
    return format_percent(value) if kind == "share" else format_number(value, 3)


def _read(each: Mapping[str, Any], key: str) -> float | None:
    value: Any = each
    for part in key.split("."):
        value = value[part]
    number: float | None = value
    return number


def _build_value(each: Mapping[str, Any], best: Mapping[str, Sequence[str]], key: str, text: str) -> html.Td:
    mark = [build_badge("best", tone="success", icon="trophy")] if each["letter"] in best[key] else []
    return html.Td([text, *mark], className="number")


def _build_name(each: Mapping[str, Any]) -> html.Div:
    links: list[Any] = []
    for classifier in each["classifiers"]:
        if links:
            links.append(", ")
        links.append(
            dcc.Link(f"seed {classifier['seed']}", href=f"/experiment/{classifier['experiment_id']}")
        )
    n_left = each["n_finished_seeds"] - len(each["experiment_ids"])
    left = f" · {count_of(n_left, 'further seed')} of its group not compared" if n_left > 0 else ""
    data = f"{each['network_title']} · {each['dataset']} v{each['dataset_version']} · "
    return html.Div(
        [
            html.Div([build_letter(each["letter"]), " ", each["label"]], className="compare-name"),
            html.Div([data, *links, left], className="row-detail"),
        ]
    )


def _build_intervals(each: Mapping[str, Any]) -> html.Div:
    level = each["recording_level"]
    over = [build_interval(level["accuracy"], level["interval"], brief=True)]
    over.append(html.Div(f"over {count_of(level['n'], 'recording')}", className="row-detail"))
    if level["seeds_interval"]:
        words = f"{format_interval(level['seeds_interval'])} over {each['n_seeds']} seeds"
    elif each["n_seeds"] > 1:
        words = f"{each['n_seeds']} seeds: too few for an interval over seeds"
    else:
        words = "one seed: its luck is not known"
    return html.Div([*over, html.Div(words, className="row-detail")])


def build_class_table(found: Comparison) -> html.Div:
    """Return recall and F1 of every class, contestants side by side."""
    contestants = found["contestants"]
    names = list(dict.fromkeys(row["class_name"] for each in contestants for row in each["per_class"]))
    headers = [
        *("Class", "Recordings"),
        *(html.Span([build_letter(each["letter"]), " recall"]) for each in contestants),
        *(html.Span([build_letter(each["letter"]), " F1"]) for each in contestants),
    ]
    rows = []
    for name in names:
        found_rows = [_find_class(each, name) for each in contestants]
        support = next((row["support"] for row in found_rows if row), 0)
        cells = [html.Th(build_class_badge(name), scope="row"), html.Td(f"{support:,}", className="number")]
        for measure in ("recall", "f1"):
            values = [row[measure] if row else None for row in found_rows]
            cells += [_build_share(value, values) for value in values]
        rows.append(html.Tr(cells))
    head = _build_head(headers, range(1, len(headers)))
    return _build_frame(head, rows, "Recall and F1 per class, recording level", "compare-classes")


def _find_class(each: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    return next((row for row in each["per_class"] if row["class_name"] == name), None)


def _build_share(value: float | None, values: Sequence[float | None]) -> html.Td:
    known = [each for each in values if each is not None]
    is_best = value is not None and value == max(known) and min(known) < max(known)
    text = "–" if value is None else format_percent(value)
    return html.Td(html.Strong(text) if is_best else text, className="number")


def build_confusions(found: Comparison) -> html.Div:
    """Return the confusion matrices side by side, each with the way to its errors."""
    cards = []
    for each in found["contestants"]:
        judged = {"per_class": each["per_class"], "confusion": each["confusion"]}
        first = each["experiment_ids"][0]
        seeds = f", {each['n_seeds']} seeds counted together" if each["n_seeds"] > 1 else ""
        links = html.Div(
            [
                dcc.Link("Results", href=f"/experiment/{first}?tab=results"),
                " · ",
                dcc.Link("Errors", href=f"/evaluation?experiment={first}&tab=errors"),
            ],
            className="row-detail",
        )
        title = html.Span([build_letter(each["letter"]), f" recording level{seeds}"])
        matrix = build_confusion(judged, "recording", opens=False)
        setattr(matrix, "aria-label", f"Confusion matrix of {each['letter']}, recording level")
        cards.append(build_card(title, [matrix, links]))
    return html.Div(cards, className="grid-2")


def build_settings(found: Comparison) -> html.Div:
    """Return the settings that differ; those alike unfold below."""
    letters = [build_letter(each["letter"]) for each in found["contestants"]]
    titles = {each["network"]: each["network_title"] for each in found["contestants"]}
    different, alike = found["settings"]["different"], found["settings"]["alike"]
    parts: list[Component] = []
    if different:
        rows = [_build_setting(row, titles, marked=True) for row in different]
        parts.append(
            _build_frame(_build_head(["Setting", *letters]), rows, "Settings that differ", "settings")
        )
    else:
        parts.append(html.P("No setting differs: the same training, made again.", className="compare-none"))
    summary = html.Summary(f"{count_of(len(alike), 'setting')} alike")
    table = _build_frame(
        _build_head(["Setting", *letters]),
        [_build_setting(row, titles, marked=False) for row in alike],
        "Settings that are alike",
        "settings",
    )
    parts.append(html.Details([summary, table], className="compare-alike"))
    return html.Div(parts)


def _build_setting(row: Mapping[str, Any], titles: Mapping[str, str], *, marked: bool) -> html.Tr:
    texts = [_write_setting(row["field"], value) for value in row["values"]]
    if row["field"] == "network":
        texts = [titles[text] for text in texts]
    cells = [_build_setting_cell(text, marked=marked and text != texts[0]) for text in texts]
    return html.Tr([html.Th(name_setting(row["field"]), scope="row"), *cells])


def _build_setting_cell(text: str, *, marked: bool) -> html.Td:
    if text == _NO_OPTION:
        return html.Td(text, className="muted")
    return html.Td(html.Strong(text) if marked else text)


def name_setting(field: str) -> str:
    """Return a setting's name for people."""
    if field.startswith(_OPTION):
        label, unit = name_option(field.removeprefix(_OPTION))
        return f"{label} ({unit})" if unit else label
    return _NAMES.get(field, field)


def _write_setting(field: str, value: Any) -> str:
    if value is None:
        return "worked out" if field.startswith(_OPTION) else "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format_number(value) if isinstance(value, int | float) else str(value)


def build_recordings(found: Comparison, show: str) -> html.Div:
    """Return the recordings on which answers differ, or which nobody gets right."""
    parts = found["disagreements"]
    rows = [row for row in parts["rows"] if (row["differ"] if show == "differ" else row["n_right"] == 0)]
    words = (
        f"Of {count_of(parts['n'], 'test recording')}, all are right on {parts['n_all_right']} and all are "
        f"wrong on {parts['n_all_wrong']}; the answers differ on {parts['n_differ']}."
    )
    if len(rows) > _MOST_RECORDINGS:
        words += f" The first {_MOST_RECORDINGS} are listed; the CSV has more."
        rows = rows[:_MOST_RECORDINGS]
    head = html.Div(html.Span(words, role="status"), className="list-head")
    if not rows:
        none = "The answers differ nowhere." if show == "differ" else "Every recording is right for somebody."
        return html.Div([head, html.P(none, className="compare-none")])
    letters = [build_letter(each["letter"]) for each in found["contestants"]]
    headers = ["Recording", "Channel", "Label", *letters]
    table = _build_frame(_build_head(headers), [_build_recording(row) for row in rows], words, "judged")
    return html.Div([head, table])


def _build_recording(row: Mapping[str, Any]) -> html.Tr:
    path = f"/signals/{row['dataset_id']}/{row['recording_id']}?channel={row['channels'][0]}"
    return html.Tr(
        [
            html.Td(dcc.Link(row["recording"], href=path, className="row-title")),
            html.Td(", ".join(row["channels"])),
            html.Td(build_class_badge(row["target"])),
            *(html.Td(_build_answer(answer)) for answer in row["answers"]),
        ]
    )


def _build_answer(answer: Mapping[str, Any]) -> html.Div:
    icon, tone, word = ("check-lg", "success", "right") if answer["correct"] else ("x-lg", "danger", "wrong")
    seeds = (
        f" · {answer['n_seeds_right']} of {answer['n_seeds']} seeds right" if answer["n_seeds"] > 1 else ""
    )
    mark = html.Span(
        [build_icon(icon), html.Span(word, className="visually-hidden")], className=f"tag tag-{tone}"
    )
    return html.Div(
        [mark, " ", format_class(answer["answer"]), html.Span(seeds, className="row-detail")],
        className="compare-answer",
    )
