"""How well a classifier did: accuracies by level, per-class table, confusion matrix, stamp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, build_class_badge, build_split_badge, format_class
from layouts.components.cards import build_card
from layouts.components.findings import build_finding_notes
from layouts.components.numbers import count_of, format_percent
from layouts.components.tables import build_plain_table
from layouts.ids import pattern_id
from layouts.ids.experiment import ExperimentId

LEVELS = {"recording_level": ("Recording-level", "recording"), "window_level": ("Window-level", "window")}
NO_WINDOW_INTERVAL = "Windows of one recording are not independent: no interval."
_DEEPEST_PERCENT = 42
_NARROW_PERCENT = 2


def build_accuracy(level: str, judged: Mapping[str, Any], part: str) -> html.Div:
    """Return one accuracy with its level, part and count, that of recordings with its 95 % interval."""
    title, noun = LEVELS[level]
    n_right = round((judged["accuracy"] or 0.0) * judged["n"])
    below = [html.Div(NO_WINDOW_INTERVAL, className="row-detail")]
    if level == "recording_level":
        remark = html.Div("One answer per recording: the number to go by.", className="row-detail")
        below = [build_interval(judged["accuracy"], judged["accuracy_interval"]), remark]
    return html.Div(
        [
            html.Div([html.Span(title), build_badge(part)], className="accuracy-head"),
            html.Div(format_percent(judged["accuracy"]), className="accuracy-number"),
            html.Div(f"{n_right} of {count_of(judged['n'], noun)} right", className="accuracy-count"),
            *below,
        ],
        className=f"accuracy surface {'is-main' if level == 'recording_level' else ''}",
    )


def build_subsets(subsets: Mapping[str, Mapping[str, Any]]) -> html.Section:
    """Return how the classifier does on the variants of the test part, such as one with noise on it."""
    rows = []
    for part, judged in sorted(subsets.items(), key=lambda pair: _order_subset(pair[0])):
        level = judged["recording_level"]
        rows.append(
            [
                part,
                level["n"],
                format_percent(level["accuracy"]),
                build_interval(level["accuracy"], level["accuracy_interval"], brief=True),
                *(format_percent(level[name]) for name in ("macro_f1", "ece")),
                format_percent(judged["window_level"]["accuracy"]),
            ]
        )
    headers = (
        *("Part", "Recordings", "Recording-level accuracy", "95 % interval"),
        *("Macro F1", "ECE", "Window-level accuracy"),
    )
    caption = "Variants of the test part"
    return build_card(caption, build_plain_table(headers, rows, caption=caption), flush=True)


def _order_subset(part: str) -> tuple[str, float]:
    """White before pink or by name, the louder noise further down: ``test_snr20`` before ``test_snr5``."""
    name = part.rstrip("-.0123456789")
    try:
        return name, -float(part.removeprefix(name))
    except ValueError:
        return name, 0.0


def build_interval(share: float | None, interval: Sequence[float] | None, *, brief: bool = False) -> html.Div:
    """Return a 95 % interval as words and as a bar from 0 to 100 %; ``brief`` below a header that says so."""
    if share is None or interval is None:
        return html.Div("no interval", className="muted")
    low, high = (100 * value for value in interval)
    bar = html.Div(
        [
            html.Span(
                className="interval-range", style={"left": f"{low:.2f}%", "width": f"{high - low:.2f}%"}
            ),
            html.Span(className="interval-mark", style={"left": f"{100 * share:.2f}%"}),
        ],
        className="interval-bar",
        **{"aria-hidden": "true"},
    )
    words = format_interval(interval)
    return html.Div(
        [bar, html.Span(words if brief else f"95 % interval {words}", className="interval-words")]
    )


def format_interval(interval: Sequence[float]) -> str:
    """Return "72 to 100 %"; a narrow interval with one digit more."""
    low, high = (100 * value for value in interval)
    digits = 1 if high - low < _NARROW_PERCENT else 0
    return f"{low:.{digits}f} to {high:.{digits}f} %"


def build_stamp(colour: str, findings: Sequence[Mapping[str, Any]], accepted_reason: str | None) -> html.Div:
    """Return what the leak check said of the split; amber is never silent."""
    head = {
        "amber": "Amber split: these numbers may flatter. ",
        "note": "Leak check passed; mind what the test part can't show. ",
    }.get(colour, "Leak check passed. ")
    parts: list[Component] = [
        html.Div([html.Strong(head), build_split_badge(colour)], className="stamp-head"),
        *build_finding_notes(findings),
    ]
    if accepted_reason:
        parts.append(html.Div(["Accepted because: ", html.Q(accepted_reason)], className="stamp-reason"))
    return html.Div(parts, className=f"surface stamp stamp-{colour}")


def build_per_class(judged: Mapping[str, Any], noun: str) -> html.Div:
    """Return precision, recall with interval and F1 of every class."""
    spanned = noun == "recording"
    span = ("95 % interval of recall",) if spanned else ()
    heads = ("Class", f"{noun.capitalize()}s", "Recall", *span, "Precision", "F1")
    numeric = set(range(1, len(heads))) - ({3} if spanned else set())
    head = html.Tr(
        [
            html.Th(text, scope="col", className="number" if index in numeric else None)
            for index, text in enumerate(heads)
        ]
    )
    rows = [_build_class_row(row, spanned=spanned) for row in judged["per_class"]]
    caption = html.Caption(f"Per class, {noun} level", className="visually-hidden")
    table = html.Table([caption, html.Thead(head), html.Tbody(rows)], className="plain-table per-class")
    return html.Div(
        table,
        className="plain-table-frame",
        tabIndex=0,
        role="region",
        **{"aria-label": f"Per class, {noun} level"},
    )


def _build_class_row(row: Mapping[str, Any], *, spanned: bool) -> html.Tr:
    span = [html.Td(build_interval(row["recall"], row["recall_interval"], brief=True))] if spanned else []
    return html.Tr(
        [
            html.Th(build_class_badge(row["class_name"]), scope="row"),
            html.Td(f"{row['support']:,}", className="number"),
            html.Td(_percent(row["recall"]), className="number"),
            *span,
            html.Td(_percent(row["precision"]), className="number"),
            html.Td(_percent(row["f1"]), className="number"),
        ]
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else format_percent(share)


def build_confusion(
    judged: Mapping[str, Any],
    noun: str,
    *,
    chosen: str = "",
    opens: bool = True,
    cell_id: str = ExperimentId.CELL,
) -> html.Div:
    """Return the confusion matrix as a table; where it ``opens``, a cell is a button.

    The arrow keys go from button to button (`assets/confusion_keys.js`). ``cell_id`` is the buttons' kind.
    """
    names = [row["class_name"] for row in judged["per_class"]]
    head = html.Tr(
        [
            html.Th("label ↓   answer →", scope="col", className="matrix-corner"),
            *(html.Th(build_class_badge(name), scope="col") for name in names),
        ]
    )
    rows = []
    for target, counts in enumerate(judged["confusion"]):
        cells = [
            _build_cell(
                *(target, predicted, counts, names, noun),
                chosen=chosen,
                opens=opens,
                cell_id=cell_id,
            )
            for predicted in range(len(names))
        ]
        rows.append(html.Tr([html.Th(build_class_badge(names[target]), scope="row"), *cells]))
    caption = html.Caption(f"Confusion matrix, {noun} level", className="visually-hidden")
    table = html.Table([caption, html.Thead(head), html.Tbody(rows)], className="matrix")
    return html.Div(
        table,
        className="plain-table-frame",
        tabIndex=0,
        role="region",
        **{"aria-label": f"Confusion matrix, {noun} level"},
    )


def _build_cell(
    target: int,
    predicted: int,
    counts: Sequence[int],
    names: Sequence[str],
    noun: str,
    *,
    chosen: str,
    opens: bool,
    cell_id: str,
) -> html.Td:
    count, total = counts[predicted], sum(counts)
    depth = round(_DEEPEST_PERCENT * count / total) if total else 0
    tone = "var(--pfd-accent)" if target == predicted else "var(--pfd-danger)"
    style = {"background": f"color-mix(in srgb, {tone} {depth}%, transparent)"} if count else {}
    share = f"{100 * count / total:.0f} %" if total else ""
    content = [html.Span(f"{count:,}", className="matrix-count"), html.Span(share, className="matrix-share")]
    if not opens or not count:
        return html.Td(html.Div(content if count else "0", className="matrix-cell"), style=style)
    key = f"{target}-{predicted}"
    pair = f"Label {format_class(names[target])}, answer {format_class(names[predicted])}"
    words = f"{pair}: {count_of(count, noun)}"
    button = html.Button(
        content,
        id=pattern_id(cell_id, key),
        type="button",
        className="matrix-cell matrix-button",
        title=f"{words}. Show them.",
        **{"aria-label": f"{words}. Show them.", "aria-pressed": "true" if key == chosen else "false"},
    )
    return html.Td(button, style=style)


def build_questions(signal_id: int | None, explain_with: int | None) -> list[Component]:
    """Return the ways to ask further about a signal: a diagnosis, and what the classifier looked at."""
    if signal_id is None:
        return []
    links: list[Component] = [dcc.Link("Diagnose", href=f"/diagnose?signal={signal_id}")]
    if explain_with is not None:
        links.append(dcc.Link("Explain", href=f"/xai?experiment={explain_with}&signal={signal_id}"))
    return links


def build_predictions(
    predictions: Sequence[Mapping[str, Any]],
    class_names: Sequence[str],
    title: str,
    *,
    chosen: str,
    explain_with: int | None = None,
) -> html.Div:
    """Return the judged signals with links to the viewer, wrong ones first.

    ``explain_with`` is the experiment that can say what it looked at in them.
    """
    ordered = sorted(predictions, key=lambda each: each["correct"])
    n_wrong = sum(not each["correct"] for each in predictions)
    words = f"{title}: {count_of(len(predictions), 'signal')}, {n_wrong or 'none'} wrong"
    reset = html.Button(
        "Show all", id=pattern_id(ExperimentId.CELL, "all"), type="button", className="btn btn-light btn-sm"
    )
    heads = ("Recording", "Channel", "Load", "Label", "Answer")
    head = html.Tr(
        [
            *(html.Th(text, scope="col") for text in heads),
            html.Th("Probability of the answer", scope="col", className="number"),
            html.Th("Windows right", scope="col", className="number"),
            html.Th(html.Span("Ask further", className="visually-hidden"), scope="col"),
        ]
    )
    rows = [_build_prediction(each, class_names, explain_with) for each in ordered]
    caption = html.Caption(words, className="visually-hidden")
    table = html.Table([caption, html.Thead(head), html.Tbody(rows)], className="plain-table judged")
    return html.Div(
        [
            html.Div([html.Span(words, role="status"), *([reset] if chosen else [])], className="list-head"),
            html.Div(
                table, className="plain-table-frame", tabIndex=0, role="region", **{"aria-label": title}
            ),
        ]
    )


def _build_prediction(
    each: Mapping[str, Any], class_names: Sequence[str], explain_with: int | None
) -> html.Tr:
    mark = build_badge("right", tone="success", icon="check-lg")
    if not each["correct"]:
        mark = build_badge("wrong", tone="danger", icon="x-lg")
    share = each["probabilities"][list(class_names).index(each["predicted"])]
    path = f"/signals/{each['dataset_id']}/{each['recording_id']}?channel={each['channel']}"
    return html.Tr(
        [
            html.Td(dcc.Link(each["recording"], href=path, className="row-title")),
            html.Td(each["channel"]),
            html.Td(each["load"] or "unknown"),
            html.Td(build_class_badge(each["target"])),
            html.Td([build_class_badge(each["predicted"]), " ", mark]),
            html.Td(format_percent(share), className="number"),
            html.Td(f"{each['n_windows_correct']} of {each['n_windows']}", className="number"),
            html.Td(build_questions(each["signal_id"], explain_with), className="row-links"),
        ]
    )
