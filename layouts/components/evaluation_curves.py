"""ROC and PR of a classifier, error slices, and its confusions with their recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.components.badges import build_badge, build_class_badge, format_class
from layouts.components.cards import build_card
from layouts.components.evaluation_parts import (
    NOUNS,
    build_recordings,
    build_span,
    build_table,
    describe_basis,
    say_percent,
    say_share,
)
from layouts.components.numbers import count_of, format_number, format_percent
from layouts.components.results import build_confusion
from layouts.components.states import build_empty_state, build_note
from layouts.figures.evaluation import MACRO
from layouts.ids import pattern_id
from layouts.ids.evaluation import EvaluationId

Plain = Mapping[str, Any]


def describe_curves(results: Plain, level: str) -> str:
    """Return what the curves and their intervals stand on."""
    judged = results[level]
    words = describe_basis(results, level, judged["n"])
    groups = "" if level == "recording_level" else f" of {count_of(judged['n_groups'], 'recording')}"
    return (
        f"{words}{groups}; 95 % intervals from {format_number(judged['n_bootstrap'])} bootstrap samples of "
        f"recordings (seed {judged['seed']}). The broken line is the mean of the classes."
    )


def build_areas(judged: Plain) -> html.Div:
    """Return the areas under the curves of every class with their intervals."""
    rows: list[list[Any]] = [
        _build_area_row(build_class_badge(each["class_name"]), str(each["support"]), each)
        for each in judged["per_class"]
    ]
    rows.append(_build_area_row("mean of the classes", str(judged["n"]), judged["macro"]))
    heads = ("Class", "Number", "AUC", "95 % interval", "Average precision", "95 % interval")
    return build_table(heads, rows, "Areas under the ROC and PR curves", numeric=(1, 2, 4))


def _build_area_row(name: Any, number: str, curves: Plain) -> list[Any]:
    return [
        name,
        number,
        say_share(curves["auc"]),
        build_span(curves["auc"], curves["auc_interval"], percent=False),
        say_share(curves["average_precision"]),
        build_span(curves["average_precision"], curves["average_precision_interval"], percent=False),
    ]


def list_shown(class_names: Sequence[str]) -> list[dict[str, str]]:
    """Return the options of whose 95 % band is drawn."""
    mean = {"value": MACRO, "label": "Mean of the classes"}
    return [mean, *({"value": name, "label": format_class(name)} for name in class_names)]


def build_errors(judged: Plain, class_names: Sequence[str], level: str, chosen: str) -> html.Div:
    """Return the confusion matrix whose cells open their recordings."""
    matrix = {
        "per_class": [{"class_name": name} for name in class_names],
        "confusion": judged["confusion"],
    }
    return build_confusion(matrix, NOUNS[level], chosen=chosen, cell_id=EvaluationId.CELL)


def build_cell(
    judged: Plain,
    class_names: Sequence[str],
    level: str,
    pair: tuple[int, int] | None,
    right: Sequence[Plain] = (),
    *,
    explain_with: int | None = None,
) -> html.Div:
    """Return the recordings of the chosen cell, or those that the classifier found hardest.

    ``right`` are the recordings of a cell on the diagonal, of which an evaluation keeps the count only;
    ``explain_with`` is the experiment that can say what it looked at.
    """
    if pair is None:
        return _build_first_look(judged, level, explain_with)
    names = [format_class(class_names[index]) for index in pair]
    title = f"Label {names[0]}, answer {names[1]}"
    wanted = (class_names[pair[0]], class_names[pair[1]])
    cell = next((each for each in judged["cells"] if (each["target"], each["predicted"]) == wanted), None)
    if pair[0] == pair[1]:
        cell = _build_right_cell(judged["confusion"][pair[0]], pair[0], right)
    if cell is None:
        return html.Div([_head_list(f"{title}: nothing", reset=True)])
    words = f"{title}: {count_of(cell['n'], NOUNS[level])}, {format_percent(cell['share'])} of the label's"
    listed = build_recordings(
        cell["recordings"], title, windows_in_cell=level == "window_level", explain_with=explain_with
    )
    return html.Div([_head_list(words, reset=True), listed])


def _build_right_cell(counts: Sequence[int], label: int, right: Sequence[Plain]) -> dict[str, Any] | None:
    n = counts[label]
    return {"n": n, "share": n / sum(counts), "recordings": right} if n else None


def pick_right(recordings: Sequence[Plain], class_name: str, level: str) -> list[dict[str, Any]]:
    """Return the recordings in a cell on the diagonal: the least sure first, or those with most windows."""
    mine = [each for each in recordings if each["target"] == class_name]
    if level == "recording_level":
        found = [dict(each) for each in mine if each["predicted"] == class_name]
        return sorted(found, key=lambda each: each["probability_target"])
    found = [{**each, "n_windows_in_cell": each["n_windows_correct"]} for each in mine]
    return sorted(
        (each for each in found if each["n_windows_in_cell"]), key=lambda each: -each["n_windows_in_cell"]
    )


def _build_first_look(judged: Plain, level: str, explain_with: int | None) -> html.Div:
    if level == "window_level":
        words = f"{format_number(judged['n_wrong'])} of {count_of(judged['n'], 'window')} wrong. "
        return html.Div([_head_list(words + "Choose a cell to see whose windows are in it.", reset=False)])
    words = f"{judged['n_wrong'] or 'None'} of {count_of(judged['n'], 'recording')} wrong. The hardest first:"
    listed = build_recordings(judged["hardest"], "Hardest recordings", explain_with=explain_with)
    return html.Div([_head_list(words, reset=False), listed])


def _head_list(words: str, *, reset: bool) -> html.Div:
    button = html.Button(
        "Show the hardest",
        id=pattern_id(EvaluationId.CELL, "all"),
        type="button",
        className="btn btn-light btn-sm",
        hidden=not reset,
    )
    return html.Div([html.Span(words, role="status"), button], className="list-head")


def build_slices(results: Plain) -> html.Div:
    """Return how the classifier does at every speed, load, severity and noise, the weakest pointed out."""
    told = [each for each in results["slices"] if each["rows"]]
    silent = [each for each in results["slices"] if not each["rows"]]
    weakest = _find_weakest(told)
    parts: list[Component] = []
    if weakest is not None:
        parts.append(build_note(_word_weakest(*weakest), level="warning"))
    elif told:
        parts.append(build_note("No slice has a wrong recording.", level="success"))
    parts.append(
        html.Div([_build_slice(each, weakest[1] if weakest else None) for each in told], className="grid-2")
    )
    if silent:
        reasons = html.Ul([html.Li(f"{each['title']}: {each['reason']}") for each in silent])
        parts.append(build_card("What can't be told apart here", reasons))
    return html.Div(parts, className="stack")


def _name_row(each: Plain, row: Plain) -> Any:
    return build_class_badge(row["label"]) if each["by"] == "fault_class" else row["label"]


def _find_weakest(slices: Sequence[Plain]) -> tuple[Plain, Plain] | None:
    """Return (slice, row) with the lowest recording-level accuracy below 1; the larger one where equal."""
    found = [
        (each, row)
        for each in slices
        for row in each["rows"]
        if row["recording_level"]["n_correct"] < row["recording_level"]["n"]
    ]
    if not found:
        return None
    return min(
        found, key=lambda pair: (pair[1]["recording_level"]["accuracy"], -pair[1]["recording_level"]["n"])
    )


def _word_weakest(each: Plain, row: Plain) -> str:
    judged = row["recording_level"]
    return (
        f"Weakest: {each['title'].lower()} {format_class(row['label'])}, {judged['n_correct']} of "
        f"{count_of(judged['n'], 'recording')} right ({format_percent(judged['accuracy'])})."
    )


def _build_slice(each: Plain, weakest: Plain | None) -> html.Section:
    unit = f" ({each['unit']})" if each["unit"] else ""
    heads = (f"{each['title']}{unit}", "Right", "Recording-level", "95 % interval", "Window-level")
    rows = []
    for row in each["rows"]:
        judged, windows = row["recording_level"], row["window_level"]
        label: list[Any] = [_name_row(each, row)]
        if row is weakest:
            label += [" ", build_badge("weakest", tone="warning", icon="exclamation-triangle")]
        rows.append(
            [
                label,
                f"{judged['n_correct']} of {judged['n']}",
                format_percent(judged["accuracy"]),
                build_span(judged["accuracy"], judged["interval"]),
                say_percent(windows["accuracy"] if windows else None),
            ]
        )
    body: list[Component] = [build_table(heads, rows, f"By {each['title']}", numeric=(1, 2, 4))]
    if each["n_without"]:
        words = f"{count_of(each['n_without'], 'recording')} without a value are left out."
        body.append(html.Div(words, className="row-detail slice-note"))
    return build_card(f"By {each['title'].lower()}", html.Div(body), class_name="slice-card", flush=True)


def build_no_slices() -> Component:
    """Return what stands where nothing distinguishes the recordings."""
    return build_empty_state("Nothing to slice by", "The recordings carry no speed, load, severity or noise.")
